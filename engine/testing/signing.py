"""A signature for tests: a small PNG such as a browser's canvas makes, with a stroke of ink in it."""

from __future__ import annotations

import struct
import zlib


def signature(*, width: int = 240, height: int = 80, ink: bool = True) -> bytes:
    """Draw a signature.

    Args:
        width: Pixels.
        height: Pixels.
        ink: Whether anything is drawn.

    Returns:
        A PNG with 8 bits a channel: colour, and how far it covers what is behind.
    """
    pixel = bytes((16, 32, 77, 255)) if ink else bytes(4)
    stroke = bytes(4) * (width // 4) + pixel * (width // 2)
    row = b"\0" + stroke + bytes(4) * (width - len(stroke) // 4)
    blank = b"\0" + bytes(4) * width
    rows = b"".join(row if height // 3 < at < height // 2 else blank for at in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
        for kind, part in chunks
    )
