"""Time zones: a fixed offset, or a region of the tz database whose offset depends on the day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

MAX_OFFSET_S = 18 * 3600
"""Eighteen hours: no zone of the world lies further from UTC."""

ZONE = r"(?P<zone>[Zz]|[+-]\d\d:\d\d(?::\d\d)?|@[A-Za-z][A-Za-z0-9_+/-]*)?"
"""How a zone is written after a time: ``Z``, ``+02:00``, ``@Europe/Paris``."""

_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)(?::(\d\d))?")
_A_WINTER_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - a wall-clock day, for times that have no date


@dataclass(frozen=True, slots=True)
class Offset:
    """A fixed distance from UTC, in seconds."""

    seconds: int

    def offset_at(self, wall: datetime | None) -> int:
        """Return the distance from UTC in seconds."""
        return self.seconds

    def __str__(self) -> str:
        if not self.seconds:
            return "Z"
        minutes, second = divmod(abs(self.seconds), 60)
        text = f"{'-' if self.seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
        return f"{text}:{second:02}" if second else text


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the tz database, such as ``Asia/Hong_Kong``."""

    key: str

    def offset_at(self, wall: datetime | None) -> int:
        """Return the distance from UTC in seconds at this wall-clock time."""
        offset = _zone_info(self.key).utcoffset(wall or _A_WINTER_DAY)
        return int(offset.total_seconds()) if offset else 0

    def __str__(self) -> str:
        return f"@{self.key}"


Zone = Offset | Region

UTC = Offset(0)


@lru_cache(maxsize=1024)
def _zone_info(key: str) -> ZoneInfo:
    return ZoneInfo(key)


def parse_zone(text: str | None) -> Zone | None:
    """Read a zone as it follows a time; nothing is no zone.

    Raises:
        ValueError: There is no such zone.
    """
    if not text:
        return None
    if text in ("Z", "z"):
        return UTC
    if text.startswith("@"):
        try:
            _zone_info(text[1:])
        except (KeyError, OSError) as error:
            raise ValueError(f"no time zone {text[1:]!r}") from error
        return Region(text[1:])
    match = _OFFSET.fullmatch(text)
    if not match:
        raise ValueError(f"not a time zone: {text!r}")
    sign, hours, minutes, seconds = match.groups()
    if int(minutes) > 59 or int(seconds or 0) > 59:
        raise ValueError(f"not a time zone: {text!r}")
    return offset_zone((int(hours) * 60 + int(minutes)) * 60 + int(seconds or 0), negative=sign == "-")


def offset_zone(seconds: int, *, negative: bool = False) -> Offset:
    """Make a zone from a distance to UTC in seconds.

    Raises:
        ValueError: It is more than 18 hours.
    """
    if abs(seconds) > MAX_OFFSET_S:
        raise ValueError("a time zone lies at most 18 hours from UTC")
    return Offset(-seconds if negative else seconds)
