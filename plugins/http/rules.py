"""What may be called and reached, and how an answer is read. No database, no network, no clock."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from engine.i18n import _

Address = IPv4Address | IPv6Address

USUAL_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
# Headers that say how a message travels: not a designer's to choose.
TRAVEL_HEADERS = frozenset(
    {
        "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
# Headers that belong to the host they were written for.
CLOSE_HEADERS = frozenset({"authorization", "cookie"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\u00a1-\u00ff]{0,8192}")
# Refusals that pass: request timeout, too early, too many requests.
_PASSING = frozenset({408, 425, 429})
# IPv6 addresses in which an IPv4 address travels in the last four bytes.
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))

EVENT_TITLES: Mapping[str, str] = {
    "instance.started": _("A process began"),
    "instance.completed": _("A process was completed"),
    "instance.failed": _("A process ended in an error"),
    "instance.cancelled": _("A process was cancelled"),
    "instance.suspended": _("A process was paused"),
    "instance.resumed": _("A process went on after a pause"),
    "instance.reopened": _("A process was opened again"),
    "task.opened": _("A task was opened"),
    "task.completed": _("A task was completed"),
    "task.cancelled": _("A task was cancelled"),
    "incident.opened": _("An incident was opened"),
    "incident.resolved": _("An incident was resolved"),
    "notification.sent": _("A message to somebody was sent"),
    "notification.failed": _("A message to somebody failed"),
    "webhook.test": _("A test"),
}
STATE_TITLES: Mapping[str, str] = {
    "active": _("Active"),
    "paused": _("Paused"),
    "waiting": _("Waiting"),
    "delivered": _("Delivered"),
    "failed": _("Failed"),
}


def host_allowed(host: str, port: int, scheme: str, allowed: str) -> bool:
    """Whether an administrator allowed a host.

    Args:
        host: Lowercase, an IPv6 address in brackets.
        port: Where it is called.
        scheme: ``http`` or ``https``: an entry without a port means the usual one.
        allowed: Entries such as ``api.example.org``, ``*.example.org`` or ``crm.example.org:8443``, with
            commas between them.
    """
    for entry in allowed.replace(",", " ").split():
        name, colon, said_port = entry.rpartition(":")
        if not colon or not said_port.isdigit():
            name, said_port = entry, str(USUAL_PORTS[scheme])
        matches = host.endswith(name[1:]) if name.startswith("*.") else host == name
        if matches and int(said_port) == port:
            return True
    return False


def address_allowed(text: str, private_networks: str) -> bool:
    """Whether an address may be reached: a public one, or one of the house's networks that were named.

    What stands inside an address (IPv4-mapped, 6to4, NAT64) is looked at too. Link-local addresses, where
    clouds keep their keys, are never reached.

    Args:
        text: What a name resolved to.
        private_networks: Networks such as ``10.20.0.0/16``, with commas between them.
    """
    named = [ip_network(word) for word in private_networks.replace(",", " ").split()]
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return all(_reachable(one, named) for one in _inside(address))


def _inside(address: Address) -> Iterable[Address]:
    """Yield an address, or the IPv4 address that it stands for."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            yield address.ipv4_mapped
            return
        if any(address in network for network in _NAT64):
            yield IPv4Address(int(address) & 0xFFFFFFFF)
            return
        if address.sixtofour is not None:
            yield address.sixtofour
    yield address


def _reachable(address: Address, named: Sequence[object]) -> bool:
    if address.is_multicast or address.is_link_local or address.is_unspecified:
        return False
    if any(address in network for network in named):  # type: ignore[operator]
        return True
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    return address.is_global and not address.is_reserved and not site_local


def is_expected(status: int, expected: Sequence[object] | None) -> bool:
    """Whether an answer's status is one that a list names.

    Args:
        status: 100 to 599.
        expected: Numbers such as ``404``, classes such as ``"2xx"``; None for ``2xx``.
    """
    words = [str(word).strip().lower() for word in (["2xx"] if expected is None else expected)]
    return str(status) in words or f"{status // 100}xx" in words


def is_header_name(name: str) -> bool:
    """Whether a header of this name may be set."""
    return _HEADER_NAME.fullmatch(name) is not None and name.lower() not in TRAVEL_HEADERS


def is_header_value(value: str) -> bool:
    """Whether a header may say this: no line ends, nothing that is not of Latin-1."""
    return _HEADER_VALUE.fullmatch(value) is not None


def is_status(word: object) -> bool:
    """Whether something names statuses: ``404`` or ``"4xx"``."""
    text = str(word).strip().lower()
    return len(text) == 3 and text[0] in "12345" and (text[1:].isdigit() or text[1:] == "xx")


def may_pass(status: int) -> bool:
    """Whether a refusal may be none at another try."""
    return status >= 500 or status in _PASSING


def without(text: str, secrets: Iterable[str]) -> str:
    """Return a text in which no secret stands: what was sent may come back in an answer.

    Args:
        text: Any text.
        secrets: What must not be shown; also the part behind ``Bearer``.
    """
    parts = {part for secret in secrets for part in (secret, secret.rpartition(" ")[2]) if len(part) > 3}
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, "•••")
    return text


def signature(secret: str, sent_at_s: int, body: bytes) -> str:
    """Return the header that proves who sent a body and when: ``t=1767225600,v1=<hex>``.

    Args:
        secret: What both sides know.
        sent_at_s: When it is sent, in seconds since 1970.
        body: What is sent; signed is ``<sent_at_s>.<body>`` by HMAC-SHA256.
    """
    made = hmac.new(secret.encode(), f"{sent_at_s}.".encode() + body, "sha256").hexdigest()
    return f"t={sent_at_s},v1={made}"
