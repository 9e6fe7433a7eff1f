"""Identities: UUID version 7, made before the insert; text everywhere."""

from __future__ import annotations

import os
import threading
import time

_lock = threading.Lock()
_last_ms = 0
_sequence = 0


def new_id() -> str:
    """Make an id that sorts by the time it was made.

    The layout is RFC 9562's version 7: 48 bits of milliseconds, a 12-bit sequence that keeps the order
    of ids made within one millisecond by one process, and 62 random bits.

    Returns:
        The id as text with dashes.
    """
    global _last_ms, _sequence
    with _lock:
        # An id's time orders rows; it is never read as the time of anything (that is Clock's).
        now_ms = time.time_ns() // 1_000_000
        if now_ms > _last_ms:
            _last_ms, _sequence = now_ms, int.from_bytes(os.urandom(1), "big")
        else:
            _sequence += 1
            if _sequence > 0xFFF:
                _last_ms, _sequence = _last_ms + 1, 0
        ms, sequence = _last_ms, _sequence
    tail = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    value = (ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | sequence << 64 | 0b10 << 62 | tail
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
