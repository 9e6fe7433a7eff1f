"""Times of the day, with or without a zone (10.3.2.3.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.feel.temporal.zones import ZONE, Zone, parse_zone

TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))?" + ZONE
NS_PER_S = 1_000_000_000
DAY_S = 86_400

_TIME = re.compile(TIME)


@dataclass(frozen=True, slots=True)
class Time:
    """A time of the day.

    Raises:
        ValueError: There is no such time.
    """

    hour: int
    minute: int
    second: int
    nanosecond: int = 0
    zone: Zone | None = None

    def __post_init__(self) -> None:
        if not (
            0 <= self.hour <= 23
            and 0 <= self.minute <= 59
            and 0 <= self.second <= 59
            and 0 <= self.nanosecond < NS_PER_S
        ):
            raise ValueError(f"there is no time {self.hour}:{self.minute}:{self.second}")

    @property
    def second_of_day(self) -> int:
        """The whole seconds since midnight, by the wall clock."""
        return (self.hour * 60 + self.minute) * 60 + self.second

    @property
    def nanosecond_of_day(self) -> int:
        """The nanoseconds since midnight, by the wall clock."""
        return self.second_of_day * NS_PER_S + self.nanosecond

    @property
    def wall_s(self) -> int:
        """Its whole seconds by its own wall clock, to compare it with a time that has no zone."""
        return self.second_of_day

    @property
    def value_s(self) -> int:
        """The standard's number of a time: its whole seconds, less the zone's offset."""
        return self.second_of_day - (self.zone.offset_at(None) if self.zone else 0)

    def __str__(self) -> str:
        return f"{self.hour:02}:{self.minute:02}:{self.second:02}{fraction(self.nanosecond)}{self.zone or ''}"


MIDNIGHT = Time(0, 0, 0)


def fraction(nanosecond: int) -> str:
    """Write nanoseconds behind the point, without closing zeros."""
    return f".{nanosecond:09}".rstrip("0") if nanosecond else ""


def parse_fraction(digits: str | None) -> int:
    """Read the digits behind the point as nanoseconds; finer ones are cut off."""
    return int(digits[:9].ljust(9, "0")) if digits else 0


def time_of_day(nanosecond_of_day: int, zone: Zone | None) -> Time:
    """Return the time so many nanoseconds after midnight."""
    seconds, nanosecond = divmod(nanosecond_of_day, NS_PER_S)
    minutes, second = divmod(seconds, 60)
    return Time(minutes // 60, minutes % 60, second, nanosecond, zone)


def time_parts(match: re.Match[str]) -> tuple[Time, int]:
    """Return the time of a match of TIME, and 1 where 24:00:00 stands for the next midnight.

    Raises:
        ValueError: There is no such time.
    """
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"])
    nanosecond, zone = parse_fraction(match["fraction"]), parse_zone(match["zone"])
    if hour == 24 and not (minute or second or nanosecond):
        return Time(0, 0, 0, 0, zone), 1
    return Time(hour, minute, second, nanosecond, zone), 0


def parse_time(text: str) -> Time:
    """Read ``hh:mm:ss``, with a fraction and a zone where there are any.

    Raises:
        ValueError: It is not a time.
    """
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError(f"not a time: {text[:40]!r}")
    return time_parts(match)[0]
