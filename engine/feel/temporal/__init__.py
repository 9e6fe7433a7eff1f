"""FEEL's temporal values: dates, times, dates with times, two kinds of durations.

A module per kind; their own classes, because FEEL's years, fractions of a second and zones reach
further than Python's.
"""

from __future__ import annotations

from engine.feel.temporal.dates import Date, from_ordinal, parse_date
from engine.feel.temporal.datetimes import DateTime, from_instant, parse_date_time
from engine.feel.temporal.durations import DaysTimeDuration, Duration, YearsMonthsDuration, parse_duration
from engine.feel.temporal.times import MIDNIGHT, Time, parse_time, time_of_day
from engine.feel.temporal.zones import UTC, Offset, Region, Zone, offset_zone, parse_zone

Temporal = Date | Time | DateTime | DaysTimeDuration | YearsMonthsDuration


def parse_temporal(text: str) -> Temporal:
    """Read what may stand behind ``@``: a date, a time, a date and time, or a duration.

    Raises:
        ValueError: It is none of these.
    """
    if text[:1] == "P" or text[:2] == "-P":
        return parse_duration(text, weeks=False)
    if "T" in text.split("@")[0]:
        return parse_date_time(text)
    return parse_time(text) if text[2:3] == ":" else parse_date(text)


__all__ = [
    "MIDNIGHT",
    "UTC",
    "Date",
    "DateTime",
    "DaysTimeDuration",
    "Duration",
    "Offset",
    "Region",
    "Temporal",
    "Time",
    "YearsMonthsDuration",
    "Zone",
    "from_instant",
    "from_ordinal",
    "offset_zone",
    "parse_date",
    "parse_date_time",
    "parse_duration",
    "parse_temporal",
    "parse_time",
    "parse_zone",
    "time_of_day",
]
