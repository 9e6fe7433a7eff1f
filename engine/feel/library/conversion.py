"""Conversion functions (10.3.4.1)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from engine.errors import Phrase
from engine.feel.comparing import order
from engine.feel.display import text_of
from engine.feel.errors import FeelError
from engine.feel.library.table import builtin
from engine.feel.numbers import parse_number, whole
from engine.feel.ranges import Range, compared_range
from engine.feel.runtime import Run
from engine.feel.temporal import (
    MIDNIGHT,
    UTC,
    Date,
    DateTime,
    DaysTimeDuration,
    Duration,
    Offset,
    Time,
    YearsMonthsDuration,
    Zone,
    offset_zone,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_temporal,
    parse_time,
    parse_zone,
)
from engine.i18n import _

_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_S_NS = 10**9


def _read(parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise FeelError(
            _("%(text)s cannot be read."), text=text[:40] or Phrase(_("An empty text"))
        ) from error


def _make(make: Any, *parts: Any) -> Any:
    try:
        return make(*parts)
    except ValueError as error:
        raise FeelError(_("There is no such date or time.")) from error


@builtin("date", "from: string | date | date and time")
def date(run: Run, from_: str | Date | DateTime) -> Date:
    """Return a date from its text or from a date and time."""
    if isinstance(from_, str):
        result: Date = _read(parse_date, from_)
        return result
    return from_.date if isinstance(from_, DateTime) else from_


@builtin("date", "year: number", "month: number", "day: number")
def date_of_parts(run: Run, year: Decimal, month: Decimal, day: Decimal) -> Date:
    """Return a date from its numbers."""
    result: Date = _make(Date, whole(year), whole(month), whole(day))
    return result


@builtin("date and time", "from: string | date | date and time")
def date_and_time(run: Run, from_: str | Date | DateTime) -> DateTime:
    """Return a date and time from its text."""
    if isinstance(from_, str):
        result: DateTime = _read(parse_date_time, from_)
        return result
    return from_ if isinstance(from_, DateTime) else DateTime(from_, MIDNIGHT)


@builtin("date and time", "date: date | date and time", "time: time")
def date_and_time_of(run: Run, date: Date | DateTime, time: Time) -> DateTime:
    """Return a date and time from its two halves."""
    return DateTime(date.date if isinstance(date, DateTime) else date, time)


_PARTS = ("year: number", "month: number", "day: number", "hour: number", "minute: number", "second: number")


@builtin("date and time", *_PARTS)
@builtin("date and time", *_PARTS, "offset: days and time duration?")
@builtin("date and time", *_PARTS, "timezone: string")
def date_and_time_of_parts(
    run: Run,
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    zone: DaysTimeDuration | str | None = None,
) -> DateTime:
    """Return a date and time from its numbers."""
    return DateTime(date_of_parts(run, year, month, day), _time(hour, minute, second, _zone(zone)))


@builtin("time", "from: string | time | date and time | date")
def time(run: Run, from_: str | Time | DateTime | Date) -> Time:
    """Return a time from its text or from a date and time; that of a date is midnight in UTC."""
    if isinstance(from_, str):
        result: Time = _read(parse_time, from_)
        return result
    if isinstance(from_, Date):
        return Time(0, 0, 0, 0, UTC)
    return from_.time if isinstance(from_, DateTime) else from_


@builtin("time", "hour: number", "minute: number", "second: number", "offset?: days and time duration?")
def time_of_parts(
    run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: DaysTimeDuration | None = None
) -> Time:
    """Return a time from its numbers."""
    return _time(hour, minute, second, _zone(offset))


def _time(hour: Decimal, minute: Decimal, second: Decimal, zone: Zone | None) -> Time:
    nanosecond = int((second - int(second)) * _S_NS) if 0 <= second < 60 else 0
    result: Time = _make(Time, whole(hour), whole(minute), whole(second), nanosecond, zone)
    return result


def _zone(zone: DaysTimeDuration | str | None) -> Zone | None:
    if isinstance(zone, DaysTimeDuration):
        offset: Offset = _make(offset_zone, zone.nanoseconds // _S_NS)
        return offset
    region: Zone | None = _read(parse_zone, zone if zone in ("Z", "z") else f"@{zone}") if zone else None
    return region


@builtin("number", "from: string | number")
def number(run: Run, from_: str | Decimal) -> Decimal:
    """Return a number from its text."""
    return from_ if isinstance(from_, Decimal) else number_of(run, from_, None, None)


@builtin("number", "from: string", "grouping separator: string?", "decimal separator: string?")
def number_of(run: Run, from_: str, grouping: str | None, decimal: str | None) -> Decimal:
    """Return a number from a text that groups its digits, or has a point of its own."""
    if grouping not in (None, " ", ",", ".") or decimal not in (None, ",", "."):
        raise FeelError(_("Digits are parted by a space, a comma or a point."))
    if grouping is not None and grouping == decimal:
        raise FeelError(_("The two separators must differ."))
    plain = from_.replace(grouping, "") if grouping else from_
    if decimal == ",":
        plain = plain.replace(".", "x").replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        raise FeelError(_("%(text)s is not a number."), text=from_[:40])
    return parse_number(plain)


@builtin("string", "from: Any?")
def string(run: Run, from_: Any) -> str | None:
    """Return a value as text; null stays null."""
    return None if from_ is None else text_of(run, from_)


@builtin("duration", "from: string | days and time duration | years and months duration")
def duration(run: Run, from_: str | Duration) -> Duration:
    """Return a duration from its text."""
    if not isinstance(from_, str):
        return from_
    result: Duration = _read(lambda text: parse_duration(text, weeks=False), from_)
    return result


@builtin("years and months duration", "from: date | date and time", "to: date | date and time")
def years_and_months_duration(run: Run, from_: Date | DateTime, to: Date | DateTime) -> YearsMonthsDuration:
    """Return the whole months between two dates."""
    first, last = (value.date if isinstance(value, DateTime) else value for value in (from_, to))
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > 0 and last.day < first.day:
        months -= 1
    elif months < 0 and last.day > first.day:
        months += 1
    return YearsMonthsDuration(months)


_RANGE = re.compile(r"\s*([\[(\]])(.*?)\.\.(.*)([\])\[])\s*", re.DOTALL)


@builtin("range", "from: string")
def range_(run: Run, from_: str) -> Range:
    """Return a range from its text, whose ends are literals; an open end may be missing (rule 66)."""
    match = _RANGE.fullmatch(from_)
    if not match:
        raise FeelError(_("%(text)s is not a range."), text=from_[:40])
    start, end = (_endpoint(part.strip()) if part.strip() else None for part in match.group(2, 3))
    closed_start, closed_end = match[1] == "[", match[4] == "]"
    if start is None and end is not None and not closed_start:
        return compared_range("<=" if closed_end else "<", end)
    if end is None and start is not None and not closed_end:
        return compared_range(">=" if closed_start else ">", start)
    if start is None or end is None:
        raise FeelError(_("%(text)s is not a range."), text=from_[:40])
    if order(start, end) > 0:
        raise FeelError(_("The range ends before it starts."))
    return Range(start, end, closed_start, closed_end)


def _endpoint(text: str) -> Any:
    if re.fullmatch(r'"[^"\\]*"', text):
        return text[1:-1]
    if quoted := re.fullmatch(r'(?:@|(?:date|time|date and time|duration)\s*\(\s*)"([^"\\]*)"\s*\)?', text):
        return _read(parse_temporal, quoted[1])
    if _NUMBER.fullmatch(text):
        return parse_number(text)
    raise FeelError(_("%(text)s is not the end of a range."), text=text[:40])
