"""The fence: which addresses the product calls. A name is resolved once; what it resolved to is called."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from engine.context import Context
from engine.errors import TechnicalFailure
from engine.i18n import _
from engine.parameters import parameter
from engine.values import Json
from plugins.http import rules

ALLOWED_HOSTS = "http.allowed_hosts"
PRIVATE_NETWORKS = "http.private_networks"
_LONGEST_URL = 8_192


class Refused(TechnicalFailure):
    """This address may not be called."""

    code = "address_not_allowed"


class NotResolved(TechnicalFailure):
    """The host's name leads nowhere at the moment."""

    code = "host_not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is called.

    Args:
        scheme: ``http`` or ``https``.
        host: Lowercase, as the certificate says it; an IPv6 address in brackets.
        port: Where it listens.
        path: Path and query, percent-encoded.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """Host and port, as the header Host says them."""
        return self.host if self.port == rules.USUAL_PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.scheme}://{self.place}{self.path}"


def target_of(ctx: Context, url: str, query: Mapping[str, Json] | None = None) -> Target:
    """Read an address and make sure that an administrator allowed its host.

    Args:
        ctx: Any context.
        url: ``https://host/path``.
        query: What is added to it behind the question mark; a list says a name several times.

    Raises:
        Refused: It is no address, or its host is not allowed; the message names the setting.
    """
    try:
        read = parse_url(url) if len(url) <= _LONGEST_URL and url.isprintable() and "\\" not in url else None
    except LocationParseError:
        read = None
    scheme = read.scheme if read is not None else None
    if read is None or scheme is None or scheme not in rules.USUAL_PORTS or not read.host or " " in url:
        raise Refused(
            _("This is no address that can be called. Write one such as https://api.example.org/path."),
            permanent=True,
        )
    if read.auth is not None:
        raise Refused(
            _("A name and password do not belong into an address. Name a secret in a header."),
            permanent=True,
        )
    host, port = read.host.rstrip("."), read.port or rules.USUAL_PORTS[scheme]
    allowed = str(parameter(ctx, ALLOWED_HOSTS))
    if not rules.host_allowed(host, port, scheme, allowed):
        raise Refused(
            _("%(host)s is not among the hosts that may be called. An administrator adds it to %(setting)s."),
            permanent=True,
            host=host if port == rules.USUAL_PORTS[scheme] else f"{host}:{port}",
            setting=ALLOWED_HOSTS,
        )
    added = urlencode({name: _words(value) for name, value in (query or {}).items()}, doseq=True)
    path = read.path or "/"
    said = "&".join(part for part in (read.query, added) if part)
    return Target(scheme=scheme, host=host, port=port, path=f"{path}?{said}" if said else path)


def _words(value: Json) -> list[str]:
    """Write a value of the query as it is said in an address; nothing where there is none."""
    many = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in many if one is not None]


def resolve(target: Target, private_networks: str) -> str:
    """Return the address to call, resolved once: whoever calls connects to it and asks no name again.

    Args:
        target: What is called.
        private_networks: What the parameter of this name says.

    Raises:
        NotResolved: The name leads nowhere.
        Refused: It leads to an address that may not be reached. One such address is enough: a name that
            leads inside and outside is a trap.
    """
    try:
        found = socket.getaddrinfo(
            target.host.strip("[]"), target.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
    except (OSError, UnicodeError):
        raise NotResolved(_("The host %(host)s was not found."), host=target.host) from None
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(rules.address_allowed(one, private_networks) for one in addresses):
        raise Refused(
            _(
                "%(host)s leads to an address inside the house, which is not called. An administrator may "
                "name its network in %(setting)s."
            ),
            permanent=True,
            host=target.host,
            setting=PRIVATE_NETWORKS,
        )
    return addresses[0]
