"""One call over HTTP: to a pinned address, within a time and a size, redirects looked at anew.

urllib3's connections are used without its pools: they take the address to connect to and the name that
the certificate must bear apart from each other, and follow nothing by themselves.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from threading import Thread
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as TookTooLong

from engine.context import Context
from engine.errors import TechnicalFailure
from engine.i18n import _
from engine.parameters import parameter
from plugins.http import rules
from plugins.http.services.fence import PRIVATE_NETWORKS, Refused, Target, resolve, target_of

LARGEST = 1_000_000
LONGEST_S = 10.0
MOST_REDIRECTS = 3
_LONGEST_WAIT_S = 24 * 3600.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class NoAnswer(TechnicalFailure):
    """The other side did not answer in time."""

    code = "no_answer"


class NotReached(NoAnswer):
    """The other side was not reached: it got nothing of what was to be sent."""


class TooLarge(TechnicalFailure):
    """The answer is larger than may be taken in."""

    code = "answer_too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is sent.

    Args:
        method: ``GET``, ``POST``…
        target: Where to.
        headers: What is said of it; values that are safe to send.
        body: What is sent; None for nothing.
        timeout_s: How long all of it may take, redirects too, in seconds.
        redirects: How many redirects are followed.
        close: Names of headers that only the first host gets, lowercase.
    """

    method: str
    target: Target
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout_s: float = LONGEST_S
    redirects: int = MOST_REDIRECTS
    close: frozenset[str] = rules.CLOSE_HEADERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.

    Args:
        status: 200 to 599.
        headers: By lowercase name.
        body: At most a megabyte.
        host: Who answered.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    host: str

    def retry_after_s(self, now: datetime) -> float | None:
        """Return how long the other side asks to wait, in seconds, at most a day; None where it does not."""
        said = self.headers.get("retry-after", "").strip()
        if not said:
            return None
        if said.isascii() and said.isdigit():
            return min(float(said), _LONGEST_WAIT_S)
        try:
            until = parsedate_to_datetime(said)
            return min(max(0.0, (until - now).total_seconds()), _LONGEST_WAIT_S)
        except (ValueError, TypeError):
            return None


def call(ctx: Context, sent: Call) -> Answer:
    """Send something and return the answer, whatever its status.

    Args:
        ctx: No transaction is open.
        sent: What is sent.

    Raises:
        Refused: It, or a redirect, leads where nothing may be called.
        NotReached: Nobody was there who could have got any of it.
        NoAnswer: There was none in time, or the connection broke: it may have arrived.
        TooLarge: The answer has more than a megabyte.
    """
    until_s = time.monotonic() + sent.timeout_s
    for _turn in range(sent.redirects + 1):
        answer = _ask(ctx, sent, until_s)
        if answer.status not in _REDIRECTS or "location" not in answer.headers or sent.redirects == 0:
            return answer
        sent = _redirected(ctx, sent, answer)
    raise Refused(_("%(host)s redirects too often."), permanent=True, host=sent.target.host)


def _redirected(ctx: Context, sent: Call, answer: Answer) -> Call:
    """Follow a redirect: its address is looked at like any other, and who else answers gets no secret."""
    target = target_of(ctx, urljoin(sent.target.url, answer.headers["location"]))
    if sent.target.scheme == "https" and target.scheme != "https":
        raise Refused(
            _("%(host)s redirects to an address without TLS, which is not followed."),
            permanent=True,
            host=sent.target.host,
        )
    elsewhere = (target.host, target.port) != (sent.target.host, sent.target.port)
    headers = {
        name: value for name, value in sent.headers.items() if not (elsewhere and name.lower() in sent.close)
    }
    # As every browser does it: what was posted is not posted again elsewhere, except where 307 and 308 ask.
    if answer.status in (307, 308) or sent.method in ("GET", "HEAD"):
        return replace(sent, target=target, headers=headers)
    headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return replace(sent, target=target, headers=headers, method="GET", body=None)


def _ask(ctx: Context, sent: Call, until_s: float) -> Answer:
    """Ask in a thread of its own: neither a slow name nor an answer that drips may hold the caller longer."""
    exchange = _Exchange(sent, str(parameter(ctx, PRIVATE_NETWORKS)), until_s)
    answered: Future[Answer] = Future()

    def ask() -> None:
        try:
            answered.set_result(exchange.run())
        except BaseException as error:
            answered.set_exception(error)

    Thread(target=ask, name="http", daemon=True).start()
    host = sent.target.host
    try:
        return answered.result(max(0.0, until_s - time.monotonic()))
    except (TookTooLong, TimeoutError):
        exchange.give_up()
        raise exchange.failure(
            _("%(host)s did not answer within %(seconds)s seconds."),
            host=host,
            seconds=f"{sent.timeout_s:g}",
        ) from None
    except ssl.SSLError as error:
        raise exchange.failure(
            _("%(host)s could not be trusted: %(reason)s"), host=host, reason=error.reason or "TLS"
        ) from None
    except (HTTPError, OSError, ValueError) as error:
        raise exchange.failure(
            _("The connection to %(host)s failed: %(reason)s"), host=host, reason=_reason(error)
        ) from None


def _reason(error: BaseException) -> str:
    """Say why in a word: the libraries' own sentences name addresses and paths."""
    return type(error.__cause__ or error).__name__


class _Exchange:
    """One request and its answer over one connection, which another thread may end."""

    def __init__(self, sent: Call, private_networks: str, until_s: float) -> None:
        self.sent = sent
        self.private_networks = private_networks
        self.until_s = until_s
        self.connection: HTTPConnection | None = None
        # Whether any of it may have been sent over this connection.
        self.begun = False
        self.over = False

    @property
    def failure(self) -> type[NoAnswer]:
        """What it is that there is no answer."""
        return NoAnswer if self.begun else NotReached

    def run(self) -> Answer:
        """Resolve, connect, send and read."""
        sent, target = self.sent, self.sent.target
        address = resolve(target, self.private_networks)
        self.connection = _connection(target, address, max(0.1, self.until_s - time.monotonic()))
        try:
            self.connection.connect()
            self.begun = True
            # After the mark: whoever gives up looks at it after saying so.
            if self.over:
                raise TimeoutError
            self.connection.request(
                sent.method,
                target.path,
                body=sent.body,
                headers={
                    **sent.headers,
                    "Host": target.place,
                    "Accept-Encoding": "identity",
                    "Connection": "close",
                },
                preload_content=False,
            )
            answer = self.connection.getresponse()
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(status=answer.status, headers=headers, body=self._read(answer), host=target.host)
        finally:
            self.connection.close()

    def _read(self, answer: object) -> bytes:
        content = bytearray()
        while chunk := answer.read(65_536, decode_content=False):  # type: ignore[attr-defined]
            content += chunk
            if len(content) > LARGEST:
                raise TooLarge(
                    _("The answer of %(host)s is larger than %(most)s bytes."),
                    permanent=True,
                    host=self.sent.target.host,
                    most=LARGEST,
                )
        return bytes(content)

    def give_up(self) -> None:
        """End the connection, so that the thread that reads from it ends too."""
        self.over = True
        held = self.connection.sock if self.connection is not None else None
        if held is not None:
            try:
                held.shutdown(socket.SHUT_RDWR)
            except OSError:
                return


def _connection(target: Target, address: str, timeout_s: float) -> HTTPConnection:
    """Connect to the pinned address; the certificate must bear the name all the same."""
    if target.scheme == "http":
        return HTTPConnection(address, target.port, timeout=timeout_s)
    return HTTPSConnection(
        address,
        target.port,
        timeout=timeout_s,
        ssl_context=ssl.create_default_context(),
        server_hostname=target.host.strip("[]"),
    )
