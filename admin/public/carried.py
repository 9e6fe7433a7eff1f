"""What a page carries for the next request: signed, so that it comes back as it was given."""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from engine.values import Json, dumps, loads


def pack(purpose: str, value: Json) -> str:
    """Sign a value.

    Args:
        purpose: What it is for; under another purpose it does not open.
        value: What is carried.
    """
    return str(_serializer(purpose).dumps(dumps(value)))


def unpack(purpose: str, text: str | None) -> Json:
    """Return a value that was signed for a purpose; None where the text is no such thing."""
    try:
        return loads(_serializer(purpose).loads(text or ""))
    except BadSignature:
        return None


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"callwright.{purpose}")
