"""Whether the provider said it: a signature over the raw body, and when it was made."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

_HOLE = re.compile(r"\{\{\s*(\w*)\s*\}\}")
# Where a timestamp has more, it counts milliseconds.
_LONGEST_IN_S = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How a provider signs what it posts.

    Args:
        header: The header that holds the HMAC, in hexadecimal digits or base64; ``sha256=`` may precede it.
        algorithm: The hash of the HMAC.
        content: What is signed: a text with the holes ``body`` (as it came), ``timestamp``, ``url``.
        timestamp: The header that says when, in seconds or milliseconds since 1970 or as RFC 3339; empty for
            none.
        window_s: How far that may be from our clock, in seconds.
        secret: The secret's name: what follows ``CALLWRIGHT_SMS_SECRET_``.
    """

    header: str
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    content: str = "{{ body }}"
    timestamp: str = ""
    window_s: int = 300
    secret: str = "WEBHOOK"

    @property
    def names_used(self) -> frozenset[str]:
        """The holes of what is signed."""
        return frozenset(_HOLE.findall(self.content))


def is_genuine(
    signature: Signature, secrets: Sequence[str], *, body: bytes, timestamp: str, url: str, said: str
) -> bool:
    """Whether a signature fits under one of the secrets; each comparison takes the same time.

    Args:
        signature: How it is signed.
        secrets: One, or two while one replaces the other.
        body: The raw body.
        timestamp: What the header of this name says, as it came.
        url: The whole address that was called.
        said: What the signature's header says.
    """
    parts = {"body": body, "timestamp": timestamp.encode(), "url": url.encode()}
    # Even places are text, odd ones names: what stands in a body is never taken for a hole.
    pieces = _HOLE.split(signature.content)
    signed = b"".join(parts[piece] if at % 2 else piece.encode() for at, piece in enumerate(pieces))
    given = said.strip().removeprefix(f"{signature.algorithm}=").encode()
    fits = False
    for secret in secrets:
        made = hmac.new(secret.encode(), signed, signature.algorithm).digest()
        fits |= hmac.compare_digest(given.lower(), made.hex().encode())
        fits |= hmac.compare_digest(given, base64.b64encode(made))
    return fits


def is_recent(signature: Signature, timestamp: str, now: datetime) -> bool:
    """Whether what is signed was made about now; always where nothing says when.

    Args:
        signature: How it is signed.
        timestamp: What the header of this name says.
        now: The aware instant.
    """
    if not signature.timestamp:
        return True
    at = _instant(timestamp.strip())
    return at is not None and abs(now - at) <= timedelta(seconds=signature.window_s)


def _instant(text: str) -> datetime | None:
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text) / (1 if len(text) <= _LONGEST_IN_S else 1000), UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else None
