"""Signatures as pictures: a PNG that a canvas made, small, with something drawn in it.

The picture is taken apart here, without a library: only what a browser's canvas writes is taken (8 bits a
channel, no palette, not interlaced), and never more is unpacked than its own measures say.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from engine.errors import InvalidSubmission, Problem
from engine.i18n import _

LARGEST_BYTES = 200_000
WIDTHS_PX = (100, 1200)
HEIGHTS_PX = (40, 600)

_HEAD = b"\x89PNG\r\n\x1a\n"
# Channels of a pixel, by the format's colour type: grey, colour, and both with a cover (alpha) behind.
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_COVERED = (4, 6)
# A pixel is ink where it covers what is behind it and is dark in any colour.
_COVER, _DARK = 128, 160
_LEAST_INK_PX = 60


def check_drawn(content: bytes) -> None:
    """Make sure that a picture is a signature somebody drew.

    Args:
        content: The picture's bytes; more than ``LARGEST_BYTES`` are too many.

    Raises:
        InvalidSubmission: It is no such picture, too large or too small, or nothing is drawn in it; the
            problem's path is ``signature``.
    """
    if len(content) > LARGEST_BYTES:
        raise _refused(_("The signature's picture is larger than %(limit)s KB."), limit=LARGEST_BYTES // 1000)
    try:
        width, height, channels, colour, packed = _read(content)
    except (ValueError, struct.error, zlib.error):
        raise _refused(_("This is no signature: send a PNG picture such as a canvas makes.")) from None
    least, most = (WIDTHS_PX[0], HEIGHTS_PX[0]), (WIDTHS_PX[1], HEIGHTS_PX[1])
    if not (least[0] <= width <= most[0] and least[1] <= height <= most[1]):
        raise _refused(
            _("The signature's picture must measure %(least)s to %(most)s pixels."),
            least=f"{least[0]}×{least[1]}",
            most=f"{most[0]}×{most[1]}",
        )
    try:
        drawn = _has_ink(packed, width, height, channels, covered=colour in _COVERED)
    except (ValueError, zlib.error):
        raise _refused(_("This is no signature: send a PNG picture such as a canvas makes.")) from None
    if not drawn:
        raise _refused(_("Nothing is drawn in the signature. Sign once more."))


def _refused(message: str, **params: object) -> InvalidSubmission:
    return InvalidSubmission(problems=[Problem(path="signature", message=message, params=params)])


def _read(content: bytes) -> tuple[int, int, int, int, bytes]:
    """Return width, height, channels, colour type and the packed rows.

    Raises:
        ValueError: It is no PNG of the kind that is taken.
    """
    chunks = list(_chunks(content))
    if not chunks or chunks[0][0] != b"IHDR" or chunks[-1] != (b"IEND", b""):
        raise ValueError
    width, height, depth, colour, packing, filtering, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or colour not in _CHANNELS or packing or filtering or interlaced:
        raise ValueError
    return (
        width,
        height,
        _CHANNELS[colour],
        colour,
        b"".join(part for kind, part in chunks if kind == b"IDAT"),
    )


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not content.startswith(_HEAD):
        raise ValueError
    at = len(_HEAD)
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        part = content[at + 8 : at + 8 + size]
        (kept,) = struct.unpack_from(">I", content, at + 8 + size)
        if zlib.crc32(kind + part) != kept:
            raise ValueError
        yield kind, part
        at += 12 + size


def _has_ink(packed: bytes, width: int, height: int, channels: int, *, covered: bool) -> bool:
    """Whether enough pixels of a picture are ink.

    Raises:
        ValueError: There are more or fewer rows than it says.
    """
    size = width * channels
    unpacking = zlib.decompressobj()
    rows = unpacking.decompress(packed, height * (size + 1) + 1)
    if len(rows) != height * (size + 1) or not unpacking.eof:
        raise ValueError
    above, ink_px = bytes(size), 0
    for at in range(0, len(rows), size + 1):
        above = _plain(rows[at], rows[at + 1 : at + 1 + size], above, channels)
        ink_px += _ink(above, channels, covered=covered)
        if ink_px >= _LEAST_INK_PX:
            return True
    return False


def _plain(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    """Undo a row's filter: PNG (third edition), 9.2 Filter types for filter method 0.

    Args:
        kind: Which filter.
        row: The filtered bytes.
        above: The plain row above; noughts above the first.
        step: Bytes a pixel.
    """
    if kind == 0:
        return row
    if kind in (2, 4) and not any(row):
        return above
    plain = bytearray(row)
    for at, byte in enumerate(row):
        left = plain[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = above[at]
        elif kind == 3:
            guess = (left + above[at]) // 2
        elif kind == 4:
            guess = _paeth(left, above[at], corner)
        else:
            raise ValueError
        plain[at] = (byte + guess) & 0xFF
    return bytes(plain)


def _paeth(left: int, above: int, corner: int) -> int:
    """Return which of three neighbours is nearest to what they make expect: PNG, 9.4."""
    guess = left + above - corner
    return min((left, above, corner), key=lambda one: abs(guess - one))


def _ink(row: bytes, channels: int, *, covered: bool) -> int:
    if covered and max(row[channels - 1 :: channels]) < _COVER:
        return 0
    colours = channels - 1 if covered else channels
    return sum(
        min(row[at : at + colours]) < _DARK and (not covered or row[at + colours] >= _COVER)
        for at in range(0, len(row), channels)
    )
