"""A local server that answers as Twilio's Messages API does, and can be told to fail as a network does.

It is real HTTP on loopback: the product talks to it through Twilio's own client with
``CALLWRIGHT_TWILIO_API_URL``. It keeps what it accepted, counts it by the notification's key, and can send
status callbacks and inbound messages, signed as Twilio signs them. Its tests check it against Twilio's own
description of the API.
"""

from __future__ import annotations

import base64
import itertools
import json
import socket
import struct
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from engine.notify.sms_text import sms_size

# What a request may say; the tests hold it against the description.
SEND_PARAMETERS = frozenset(
    {
        "ApplicationSid", "AddressRetention", "Attempt", "Body", "ContentRetention", "ContentSid",
        "ContentVariables", "FallbackFrom", "ForceDelivery", "From", "MaxPrice", "MediaUrl",
        "MessagingServiceSid", "PersistentAction", "ProvideFeedback", "RiskCheck", "ScheduleType",
        "SendAsMms", "SendAt", "ShortenUrls", "SmartEncoded", "StatusCallback", "To", "TrafficType",
        "ValidityPeriod",
    }
)  # fmt: skip
LIST_PARAMETERS = frozenset(
    {"DateSent", "DateSent<", "DateSent>", "From", "Page", "PageSize", "PageToken", "To"}
)

Trouble = Literal["hang", "reset", "500", "429", "take_and_hang", "take_and_reset", "take_and_500"]

_MORE = "https://www.twilio.com/docs/errors/"


class _Refused(Exception):
    def __init__(self, status: int, code: int, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after_s = status, code, message, retry_after_s


class TwilioStandIn:
    """Twilio's Messages API on loopback. Use it as a context manager.

    Args:
        now: Tells the time that messages get.
        account_sid: The account it knows.
        auth_token: Its token, which also signs.
        callbacks: Whether it sends status callbacks by itself: sent, then delivered.
        hang_s: How long it keeps a client waiting that it was told to let hang, in seconds.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        account_sid: str = "AC" + "0" * 31 + "1",
        auth_token: str = "stand-in-token",
        callbacks: bool = False,
        hang_s: float = 5.0,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.callbacks = callbacks
        self.hang_s = hang_s
        self.messages: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.answers: list[int] = []
        self.answered_callbacks: list[tuple[str, str, int]] = []
        self._now = now
        self._callback_urls: dict[str, str] = {}
        self._troubles: list[Trouble] = []
        self._refused: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> TwilioStandIn:
        """Start on a free port of loopback."""
        standin = self

        class Handler(_Handler):
            twilio = standin

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        serve = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="twilio-standin",
            daemon=True,
        )
        serve.start()
        self._threads.append(serve)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, letting go whoever hangs."""
        self._stopped.set()
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)

    @property
    def url(self) -> str:
        """What ``CALLWRIGHT_TWILIO_API_URL`` is set to."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def trouble(self, *troubles: Trouble) -> None:
        """Treat the next requests to send, one after the other, as a bad network or a bad day would."""
        self._troubles.extend(troubles)

    def refuse(self, number: str, code: int) -> None:
        """Refuse to send to a number from now on, with an error of Twilio's such as 21610, opted out."""
        self._refused[number] = code

    @property
    def accepted_count(self) -> Counter[str]:
        """How many messages were accepted for each notification, by the key in the callback address."""
        return Counter(
            parse_qs(urlsplit(url).query).get("key", ["?"])[0] for url in self._callback_urls.values()
        )

    def sign(self, url: str, form: Mapping[str, str]) -> dict[str, str]:
        """Return the headers with which Twilio would send a form to an address."""
        return {"X-Twilio-Signature": RequestValidator(self.auth_token).compute_signature(url, form)}

    def report(self, sid: str, status: str, *, error_code: int | None = None) -> int | None:
        """Change a message's status and call back whoever sent it.

        Returns:
            The HTTP status of the answer; None where no callback was asked for.
        """
        message = self.messages[sid]
        message.update(status=status, error_code=error_code, date_updated=self._date())
        return self.call_back(sid, status)

    def call_back(self, sid: str, status: str) -> int | None:
        """Say a status of a message to whoever sent it, whatever its own is: again, late, out of order.

        Returns:
            The HTTP status of the answer, 0 where nobody answered; None where no callback was asked for.
        """
        url = self._callback_urls.get(sid)
        if url is None:
            return None
        form = {**self.status_form(sid), "MessageStatus": status, "SmsStatus": status}
        answered = self.post(url, form)
        self.answered_callbacks.append((sid, status, answered))
        return answered

    def status_form(self, sid: str) -> dict[str, str]:
        """Return the form of a status callback about a message as it stands."""
        message = self.messages[sid]
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": message["from"] or "",
            "MessageSid": sid,
            "MessageStatus": message["status"],
            "SmsSid": sid,
            "SmsStatus": message["status"],
            "To": message["to"],
        }
        if message["error_code"] is not None:
            form["ErrorCode"] = str(message["error_code"])
        return form

    def inbound_form(self, *, sender: str, recipient: str, body: str) -> dict[str, str]:
        """Return the form of a new message that somebody sent to a number of the account."""
        sid = self._sid()
        return {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": body,
            "From": sender,
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": str(sms_size(body).segment_count),
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": recipient,
        }

    def say(self, url: str, *, sender: str, recipient: str, body: str) -> int:
        """Send a new inbound message to a webhook and return the HTTP status of the answer."""
        return self.post(url, self.inbound_form(sender=sender, recipient=recipient, body=body))

    # What the handler calls.

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        """Check a request to send and keep the message."""
        unknown = sorted(set(form) - SEND_PARAMETERS)
        if unknown:
            raise _Refused(400, 20001, f"Unknown parameters: {', '.join(unknown)}")
        to, body = form.get("To", ""), form.get("Body", "")
        if not to:
            raise _Refused(400, 21604, "A 'To' phone number is required.")
        if not (form.get("From") or form.get("MessagingServiceSid")):
            raise _Refused(400, 21603, "A 'From' phone number is required.")
        if not body and not form.get("MediaUrl") and not form.get("ContentSid"):
            raise _Refused(400, 21602, "Message body is required.")
        if len(body) > 1600:
            raise _Refused(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if not to.startswith("+") or not to[1:].isdigit() or not 8 <= len(to) <= 16:
            raise _Refused(400, 21211, f"Invalid 'To' Phone Number: {to}")
        callback = form.get("StatusCallback")
        if callback and urlsplit(callback).scheme not in ("http", "https"):
            raise _Refused(400, 21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
        if to in self._refused:
            raise _Refused(400, self._refused[to], f"The message to {to} was refused.")
        return self._keep(to, body, form)

    def _keep(self, to: str, body: str, form: dict[str, str]) -> dict[str, Any]:
        sid, date = self._sid(), self._date()
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{sid}"
        message = {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": body,
            "date_created": date,
            "date_sent": None,
            "date_updated": date,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": "0" if form.get("MessagingServiceSid") else str(sms_size(body).segment_count),
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": "accepted" if form.get("MessagingServiceSid") else "queued",
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": to,
            "uri": f"{uri}.json",
        }
        with self._lock:
            self.messages[sid] = message
            if form.get("StatusCallback"):
                self._callback_urls[sid] = form["StatusCallback"]
        if self.callbacks and sid in self._callback_urls:
            self._start(self._report_all, sid)
        return dict(message)

    def _report_all(self, sid: str) -> None:
        for status in ("sent", "delivered"):
            if self._stopped.wait(0.05):
                return
            self.messages[sid]["date_sent"] = self._date()
            self.report(sid, status)

    def page(self, query: dict[str, str]) -> dict[str, Any]:
        """List messages, the newest first."""
        unknown = sorted(set(query) - LIST_PARAMETERS)
        if unknown:
            raise _Refused(400, 20001, f"Unknown parameters: {', '.join(unknown)}")
        with self._lock:
            found = [
                dict(message) for message in reversed(self.messages.values()) if _asked_for(message, query)
            ]
        size, number = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        if not 1 <= size <= 1000:
            raise _Refused(400, 20001, "Page size must be between 1 and 1000.")
        first = size * number

        def address(page: int) -> str:
            asked = {**query, "PageSize": str(size), "Page": str(page)}
            return f"/2010-04-01/Accounts/{self.account_sid}/Messages.json?{urlencode(asked)}"

        return {
            "end": min(first + size, len(found)) - 1 if found else 0,
            "first_page_uri": address(0),
            "messages": found[first : first + size],
            "next_page_uri": address(number + 1) if first + size < len(found) else None,
            "page": number,
            "page_size": size,
            "previous_page_uri": address(number - 1) if number else None,
            "start": first,
            "uri": address(number),
        }

    def trouble_of(self, form: Mapping[str, str]) -> Trouble | None:
        """What happens to a request to send that just came."""
        with self._lock:
            return self._troubles.pop(0) if self._troubles else None

    def wait(self) -> None:
        """Let somebody hang."""
        self._stopped.wait(self.hang_s)

    def _start(self, act: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=act, args=args, name="twilio-standin", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _sid(self) -> str:
        return f"SM{next(self._numbers):032x}"

    def _date(self) -> str:
        return format_datetime(self._now().astimezone(UTC))

    def post(self, url: str, form: Mapping[str, str]) -> int:
        """Send a signed form to a webhook and return the HTTP status of the answer, 0 where there is none."""
        request = urllib.request.Request(url, urlencode(form).encode(), self.sign(url, form), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                status = int(error.code)
        except OSError:
            status = 0
        self.answers.append(status)
        return status


def _asked_for(message: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    if any(query.get(name, message[key]) != message[key] for name, key in (("To", "to"), ("From", "from"))):
        return False
    sent = message["date_sent"]
    for name in ("DateSent", "DateSent<", "DateSent>"):
        if name in query:
            if sent is None:
                return False
            sent_on, asked_on = parsedate_to_datetime(sent).date().isoformat(), query[name][:10]
            if not {"DateSent": sent_on == asked_on, "DateSent<": sent_on <= asked_on}.get(
                name, sent_on >= asked_on
            ):
                return False
    return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    twilio: TwilioStandIn

    def do_GET(self) -> None:
        self._answer("GET", {})

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._answer("POST", {key: values[-1] for key, values in parse_qs(text, True).items()})

    def _answer(self, method: str, form: dict[str, str]) -> None:
        split = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(split.query).items()}
        self.twilio.requests.append((method, split.path, form or query))
        try:
            self._check_account()
            status, content = self._route(method, split.path, form, query)
            headers: dict[str, str] = {}
        except _Refused as refused:
            status = refused.status
            headers = {"Retry-After": str(refused.retry_after_s)} if refused.retry_after_s else {}
            content = {
                "code": refused.code,
                "message": refused.message,
                "more_info": f"{_MORE}{refused.code}",
                "status": refused.status,
            }
        except ConnectionAbortedError:
            return
        self._write(status, content, headers)

    def _check_account(self) -> None:
        said = self.headers.get("Authorization", "").removeprefix("Basic ")
        account = f"{self.twilio.account_sid}:{self.twilio.auth_token}"
        if said != base64.b64encode(account.encode()).decode():
            raise _Refused(401, 20003, "Authenticate")

    def _route(
        self, method: str, path: str, form: dict[str, str], query: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        base = f"/2010-04-01/Accounts/{self.twilio.account_sid}/Messages"
        if (method, path) == ("POST", f"{base}.json"):
            return 201, self._take(form)
        if (method, path) == ("GET", f"{base}.json"):
            return 200, self.twilio.page(query)
        message = self.twilio.messages.get(path.removeprefix(f"{base}/").removesuffix(".json"))
        if method == "GET" and message is not None:
            return 200, message
        raise _Refused(404, 20404, f"The requested resource {path} was not found")

    def _take(self, form: dict[str, str]) -> dict[str, Any]:
        trouble = self.twilio.trouble_of(form)
        if trouble == "429":
            raise _Refused(429, 20429, "Too Many Requests", retry_after_s=7)
        if trouble in ("500", "hang", "reset"):
            return self._fail(trouble)
        message = self.twilio.take(form)
        if trouble is not None:
            return self._fail(trouble.removeprefix("take_and_"))
        return message

    def _fail(self, how: str) -> dict[str, Any]:
        if how == "500":
            raise _Refused(500, 20500, "Internal Server Error")
        if how == "hang":
            self.twilio.wait()
        # An abrupt end: the client sees its connection reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        raise ConnectionAbortedError

    def _write(self, status: int, content: dict[str, Any], headers: Mapping[str, str]) -> None:
        body = json.dumps(content).encode()
        try:
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def handle(self) -> None:
        """Answer, as long as the client is there: one that was killed is nothing to speak of."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
