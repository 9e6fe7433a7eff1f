"""Durations: of days and time, or of years and months; the two never mix (10.3.2.3.8, 10.3.2.3.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from engine.feel.temporal.times import DAY_S, NS_PER_S, fraction, parse_fraction

MAX_NS = 10**18 * NS_PER_S
MAX_MONTHS = 10**12
"""Far beyond any calendar, near enough that sums stay quick."""

_DAYS_TIME = re.compile(
    r"(-)?P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d*))?S)?)?", re.ASCII
)
_YEARS_MONTHS = re.compile(r"(-)?P(?=.)(?:(\d+)Y)?(?:(\d+)M)?", re.ASCII)
_WEEKS = re.compile(r"(-)?P(\d+)W", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class DaysTimeDuration:
    """A duration of days, hours, minutes and seconds, kept in nanoseconds.

    Raises:
        ValueError: It is longer than any clock runs.
    """

    nanoseconds: int

    def __post_init__(self) -> None:
        if abs(self.nanoseconds) > MAX_NS:
            raise ValueError("the duration is too long")

    def part(self, unit: str) -> int:
        """Return its ``days``, ``hours``, ``minutes`` or ``seconds`` as it is written, with its sign."""
        seconds = abs(self.nanoseconds) // NS_PER_S
        parts = {
            "days": seconds // DAY_S,
            "hours": seconds // 3600 % 24,
            "minutes": seconds // 60 % 60,
            "seconds": seconds % 60,
        }
        return -parts[unit] if self.nanoseconds < 0 else parts[unit]

    def timedelta(self) -> timedelta:
        """Return it for Python's own clock arithmetic, to the microsecond.

        Raises:
            OverflowError: It is longer than a timedelta holds.
        """
        return timedelta(microseconds=self.nanoseconds // 1000)

    def __str__(self) -> str:
        seconds, nanosecond = divmod(abs(self.nanoseconds), NS_PER_S)
        days, rest = divmod(seconds, DAY_S)
        hours, minutes, second = rest // 3600, rest // 60 % 60, rest % 60
        clock = f"{hours}H" if hours else ""
        clock += f"{minutes}M" if minutes else ""
        clock += f"{second}{fraction(nanosecond)}S" if second or nanosecond else ""
        text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "") or "T0S"
        return f"{'-' if self.nanoseconds < 0 else ''}P{text}"


@dataclass(frozen=True, slots=True, order=True)
class YearsMonthsDuration:
    """A duration of years and months, kept in months.

    Raises:
        ValueError: It is longer than any calendar.
    """

    months: int

    def __post_init__(self) -> None:
        if abs(self.months) > MAX_MONTHS:
            raise ValueError("the duration is too long")

    def part(self, unit: str) -> int:
        """Return its ``years`` or ``months`` as it is written, with its sign."""
        part = abs(self.months) // 12 if unit == "years" else abs(self.months) % 12
        return -part if self.months < 0 else part

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        text = (f"{years}Y" if years else "") + (f"{months}M" if months else "") or "0M"
        return f"{'-' if self.months < 0 else ''}P{text}"


Duration = DaysTimeDuration | YearsMonthsDuration


def parse_duration(text: str, *, weeks: bool = True) -> Duration:
    """Read a duration as ISO 8601 writes it.

    Args:
        text: Such as ``PT4H``, ``P3DT12H``, ``P1Y6M``; years and months do not mix with days.
        weeks: Take ``P2W`` too, which ISO 8601 knows and FEEL does not.

    Raises:
        ValueError: It is not a duration.
    """
    if len(text) > 60:
        raise ValueError("not a duration: it is too long")
    if match := _DAYS_TIME.fullmatch(text):
        sign, days, hours, minutes, seconds, digits = match.groups()
        total = (int(days or 0) * 24 + int(hours or 0)) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
        nanoseconds = total * NS_PER_S + parse_fraction(digits)
        return DaysTimeDuration(-nanoseconds if sign else nanoseconds)
    if match := _YEARS_MONTHS.fullmatch(text):
        sign, years, months = match.groups()
        total = int(years or 0) * 12 + int(months or 0)
        return YearsMonthsDuration(-total if sign else total)
    if weeks and (match := _WEEKS.fullmatch(text)):
        return DaysTimeDuration((-7 if match[1] else 7) * int(match[2]) * DAY_S * NS_PER_S)
    raise ValueError(f"not a duration: {text!r}")
