"""What an SMS costs: its encoding and how many segments are billed.

GSM 03.38 counts septets (160 alone, 153 a part), everything else UTF-16 units (70 alone, 67 a part). A
character is never cut in two: one of two units that does not fit moves to the next part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")

_ALONE = {"GSM-7": 160, "UCS-2": 70}
_PART = {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSize:
    """What a text takes as an SMS.

    Args:
        encoding: ``GSM-7``, or ``UCS-2`` as soon as one character is outside of it.
        unit_count: Septets or UTF-16 units; an extension character or an emoji takes two.
        segment_count: Parts that are billed; an empty text is one.
        free_count: Units left in the last part.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    unit_count: int
    segment_count: int
    free_count: int


def sms_size(text: str) -> SmsSize:
    """Measure a text as an SMS."""
    gsm = all(character in _BASIC or character in _EXTENSION for character in text)
    encoding: Literal["GSM-7", "UCS-2"] = "GSM-7" if gsm else "UCS-2"
    widths = [_septets(character) if gsm else _units(character) for character in text]
    total = sum(widths)
    if total <= _ALONE[encoding]:
        return SmsSize(
            encoding=encoding, unit_count=total, segment_count=1, free_count=_ALONE[encoding] - total
        )
    part, segments, filled = _PART[encoding], 1, 0
    for width in widths:
        if filled + width > part:
            segments, filled = segments + 1, 0
        filled += width
    return SmsSize(encoding=encoding, unit_count=total, segment_count=segments, free_count=part - filled)


def _septets(character: str) -> int:
    return 2 if character in _EXTENSION else 1


def _units(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1
