"""What a file is, by its content and never by its name."""

from __future__ import annotations

import codecs
import csv
import re

import filetype

HEAD_BYTES = 65_536
UNKNOWN = "application/octet-stream"

# What a page of ours may show. Everything else is only handed out to be saved: above all what a browser
# would run as ours (HTML, SVG, XML). Scripts have no sign of their own: they are plain text, and shown as
# such under ``nosniff`` they run nowhere.
_INLINE = frozenset(
    {
        "image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "text/csv",
        "audio/mpeg", "audio/x-wav", "audio/ogg", "audio/mp4", "video/mp4", "video/webm",
    }
)  # fmt: skip

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PRINTED = (
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_SVG = re.compile(r"<(?:\w+:)?svg[\s>/]", re.IGNORECASE)
_HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|body|script|iframe|object|embed|style|link|meta|base|img|form|a)[\s>/]",
    re.IGNORECASE,
)
_CSV_ROWS = 20


def type_of(head: bytes) -> str:
    """Tell a file's media type.

    Args:
        head: The first ``HEAD_BYTES`` of it, or all where it is shorter.

    Returns:
        A media type; ``application/octet-stream`` for what nobody knows.
    """
    text = _as_text(head)
    if text is None:
        known = filetype.guess(head)
        return str(known.mime) if known else UNKNOWN
    for mark, printed in _PRINTED:
        if head.startswith(mark):
            return printed
    if _SVG.search(text):
        return "image/svg+xml"
    if _HTML.search(text):
        return "text/html"
    if text.lstrip().startswith("<?xml"):
        return "application/xml"
    return "text/csv" if _is_table(text, whole=len(head) < HEAD_BYTES) else "text/plain"


def is_inline(media_type: str) -> bool:
    """Whether a page may show such a file; every other one is only handed out to be saved."""
    return media_type in _INLINE


def _as_text(head: bytes) -> str | None:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), "utf-8")
    try:
        # The head may end in the middle of a character.
        text = codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else text


def _is_table(text: str, *, whole: bool) -> bool:
    lines = text.splitlines()
    lines = [line for line in (lines if whole else lines[:-1]) if line.strip()][:_CSV_ROWS]
    if len(lines) < 2:
        return False
    for delimiter in ",;\t":
        try:
            widths = {len(row) for row in csv.reader(lines, delimiter=delimiter, strict=True)}
        except csv.Error:
            continue
        if len(widths) == 1 and widths.pop() > 1:
            return True
    return False
