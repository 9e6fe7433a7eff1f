"""What the holes of a request may call beside FEEL's own functions: what providers make signatures with."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from engine import feel, values
from engine.values import Json

HASHES = ("md5", "sha1", "sha256", "sha512")


def _bytes(text: Json) -> bytes:
    if not isinstance(text, str):
        raise TypeError("a text is needed")
    return text.encode()


def _written(made: bytes, encoding: str) -> str:
    if encoding not in ("hex", "base64"):
        raise ValueError("hex, base64")
    return made.hex() if encoding == "hex" else base64.b64encode(made).decode()


def _known(algorithm: Json) -> str:
    if algorithm not in HASHES:
        raise ValueError(", ".join(HASHES))
    return str(algorithm)


def _digest(algorithm: Json, text: Json, encoding: str = "hex") -> str:
    return _written(hashlib.new(_known(algorithm), _bytes(text), usedforsecurity=False).digest(), encoding)


def _hmac(algorithm: Json, secret: Json, text: Json, encoding: str = "hex") -> str:
    return _written(hmac.new(_bytes(secret), _bytes(text), _known(algorithm)).digest(), encoding)


def _base64(text: Json) -> str:
    return base64.b64encode(_bytes(text)).decode()


def _json(value: Json) -> str:
    return values.dumps(feel.to_json(value))


def _percent(text: Json) -> str:
    return quote(_bytes(text), safe="")


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "digest": _digest,
    "hmac": _hmac,
    "base64": _base64,
    "json": _json,
    "percent": _percent,
}
