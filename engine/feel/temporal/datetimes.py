"""Dates with a time, with or without a zone (10.3.2.3.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from engine.feel.temporal.dates import DATE, Date, from_ordinal, parse_date
from engine.feel.temporal.times import DAY_S, MIDNIGHT, NS_PER_S, TIME, Time, time_of_day, time_parts
from engine.feel.temporal.zones import Offset, Region, Zone

_DATE_TIME = re.compile(f"{DATE}T{TIME}")
_DAY_NS = DAY_S * NS_PER_S


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date and time."""

    date: Date
    time: Time

    @property
    def zone(self) -> Zone | None:
        """The zone it was written in, if any."""
        return self.time.zone

    @property
    def offset_s(self) -> int | None:
        """The distance of its zone from UTC on that day, in seconds; None without a zone."""
        if not self.zone:
            return None
        year = min(max(self.date.year, 1), 9999)
        day = 28 if year != self.date.year and self.date.month == 2 else self.date.day
        wall = datetime(year, self.date.month, day, self.time.hour, self.time.minute)  # noqa: DTZ001
        return self.zone.offset_at(wall)

    @property
    def wall_s(self) -> int:
        """Its whole seconds since 1970 by its own wall clock, to compare it with one that has no zone."""
        return self.date.ordinal * DAY_S + self.time.second_of_day

    @property
    def value_s(self) -> int:
        """The standard's number of a date and time: its whole seconds since 1970, in UTC if it has a zone."""
        return self.wall_s - (self.offset_s or 0)

    @property
    def value_ns(self) -> int:
        """The same number in nanoseconds."""
        return self.value_s * NS_PER_S + self.time.nanosecond

    def add_months(self, months: int) -> DateTime:
        """Return the same time of day some months later."""
        return DateTime(self.date.add_months(months), self.time)

    def add_ns(self, nanoseconds: int) -> DateTime:
        """Return the date and time some nanoseconds later; where clocks are changed, by elapsed time."""
        later = self._by_wall_clock(nanoseconds)
        for _round in range(2 if isinstance(self.zone, Region) else 0):
            change_s = (later.offset_s or 0) - (self.offset_s or 0)
            later = self._by_wall_clock(nanoseconds + change_s * NS_PER_S)
        return later

    def _by_wall_clock(self, nanoseconds: int) -> DateTime:
        days, rest = divmod(self.time.nanosecond_of_day + nanoseconds, _DAY_NS)
        return DateTime(from_ordinal(self.date.ordinal + days), time_of_day(rest, self.zone))

    def instant(self, zone: tzinfo) -> datetime:
        """Return the aware instant in UTC, to the microsecond.

        Args:
            zone: Where a value without a zone of its own is read.

        Raises:
            ValueError: Its year is none of 1 to 9999.
        """
        if isinstance(self.zone, Region):
            zone = ZoneInfo(self.zone.key)
        elif self.zone:
            zone = timezone(timedelta(seconds=self.zone.seconds))
        date, time = self.date, self.time
        microsecond = time.nanosecond // 1000
        try:
            return datetime(
                date.year, date.month, date.day, time.hour, time.minute, time.second, microsecond, zone
            ).astimezone(UTC)
        except OverflowError as error:
            raise ValueError(f"{self} lies outside of the years 1 to 9999") from error

    def __str__(self) -> str:
        return f"{self.date}T{self.time}"


def from_instant(instant: datetime) -> DateTime:
    """Return an instant as a date and time, with its zone where it has one."""
    zone: Zone | None = None
    if isinstance(instant.tzinfo, ZoneInfo) and instant.tzinfo.key:
        zone = Region(instant.tzinfo.key)
        if zone.key in ("UTC", "Etc/UTC"):
            zone = Offset(0)
    elif (offset := instant.utcoffset()) is not None:
        zone = Offset(int(offset.total_seconds()))
    time = Time(instant.hour, instant.minute, instant.second, instant.microsecond * 1000, zone)
    return DateTime(Date(instant.year, instant.month, instant.day), time)


def parse_date_time(text: str) -> DateTime:
    """Read ``YYYY-MM-DDThh:mm:ss``, with fraction and zone; a date alone is its midnight.

    Raises:
        ValueError: It is not a date and time.
    """
    match = _DATE_TIME.fullmatch(text)
    if not match:
        return DateTime(parse_date(text), MIDNIGHT)
    time, next_day = time_parts(match)
    date = Date(int(match["year"]), int(match["month"]), int(match["day"]))
    return DateTime(date.add_days(next_day) if next_day else date, time)
