"""Fills the holes of a request. What is filled in is data: each place escapes it as its content type asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import phonenumbers

from engine import feel, values
from engine.errors import TechnicalFailure
from engine.i18n import _
from engine.values import Json
from plugins.http_sms_gateway.rules.functions import FUNCTIONS
from plugins.http_sms_gateway.rules.profile import Profile

_HOLE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_SECRET = re.compile(r"\bsecret\.([A-Z][A-Z0-9_]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A request that is ready to go out.

    Args:
        url: The address.
        query: What stands behind its question mark.
        headers: By name; ``Content-Type`` among them where there is a body.
        body: What is sent; None for nothing.
        hidden: What of it nobody may read: secrets, and texts that were made with them.
    """

    url: str = field(repr=False)
    query: Mapping[str, Json] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    hidden: tuple[str, ...] = field(repr=False)


def secrets_named(profile: Profile) -> frozenset[str]:
    """Return the names of the secrets in the holes of a request."""
    named: set[str] = set()
    for _key, text in profile.texts():
        for hole in _HOLE.findall(text):
            named.update(_SECRET.findall(hole))
    return frozenset(named)


def fill(
    profile: Profile,
    *,
    number: str,
    text: str,
    key: str,
    callback_url: str,
    secrets: Mapping[str, str],
    now: datetime,
) -> Filled:
    """Write the request that sends a message.

    Args:
        profile: What the administrator says of the provider.
        number: E.164.
        text: What is said.
        key: The notification's id.
        callback_url: Where receipts of this message go.
        secrets: By name.
        now: The aware instant, in the centre's zone.

    Raises:
        TechnicalFailure: A hole gives nothing.
    """
    scope: dict[str, Any] = {
        "text": text,
        "number": number,
        **_number_parts(number),
        "key": key,
        "sender": profile.sender or None,
        "callback_url": callback_url,
        "secret": dict(secrets),
        "timestamp_s": str(int(now.timestamp())),
        "timestamp_ms": str(int(now.timestamp() * 1000)),
        "timestamp_text": now.strftime("%Y%m%d%H%M%S"),
    }
    pen = _Pen(scope, now)
    url = _HOLE.sub(lambda hole: quote(pen.write("url", hole[0]), safe=""), profile.url)
    query = pen.fill("query", profile.query)
    headers: dict[str, str] = {}
    body = None
    if profile.json is not None:
        body = values.dumps(pen.fill("json", profile.json))
        headers["Content-Type"] = "application/json; charset=utf-8"
    elif profile.form is not None:
        body = urlencode(list(_pairs(pen.fill("form", profile.form))))
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    scope["body"] = body or ""
    own = pen.fill("headers", profile.headers)
    headers = {name: said for name, said in headers.items() if name.lower() not in map(str.lower, own)} | own
    return Filled(
        url=url,
        query=query,
        headers=headers,
        body=None if body is None else body.encode(),
        hidden=(*secrets.values(), *pen.hidden),
    )


def _number_parts(number: str) -> dict[str, str | None]:
    try:
        read = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return {"calling_code": None, "national_number": None}
    national = phonenumbers.national_significant_number(read)
    return {"calling_code": str(read.country_code), "national_number": national}


class _Pen:
    """Writes texts with holes, and remembers which of them nobody may read."""

    def __init__(self, scope: Mapping[str, Any], now: datetime) -> None:
        self.scope = scope
        self.now = now
        self.hidden: list[str] = []

    def fill(self, key: str, value: Json) -> Any:
        """Fill every text of a value; its shape stays."""
        if isinstance(value, str):
            return self.write(key, value)
        if isinstance(value, Mapping):
            return {name: self.fill(f"{key}.{name}", one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.fill(key, one) for one in value]
        return value

    def write(self, key: str, text: str) -> str:
        """Fill the holes of a text.

        Raises:
            TechnicalFailure: One gives nothing: a message without its number or its signature is no message.
        """
        for hole in feel.holes(text):
            if hole.evaluate(self.scope, functions=FUNCTIONS, now=self.now).value is None:
                raise TechnicalFailure(
                    _(
                        "%(key)s of the SMS provider: {{ %(hole)s }} gives nothing. Look at it under "
                        "Parameters."
                    ),
                    permanent=True,
                    key=key,
                    hole=hole.source,
                )
        written = feel.render(text, self.scope, functions=FUNCTIONS, now=self.now)
        if any(_SECRET.search(hole) for hole in _HOLE.findall(text)):
            self.hidden.append(written)
        return written


def _pairs(fields: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            yield name, str(one).lower() if isinstance(one, bool) else str(one)
