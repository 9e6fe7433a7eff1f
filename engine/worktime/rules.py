"""Counting in working time: add, between, the next opening. Pure arithmetic over a Calendar.

Open time runs from a band's beginning up to its end. Adding a length of time gives the first instant at
which so much open time has passed, so four hours that fill a day end with it and not on the next morning.
Work that comes in while closed counts from the next opening.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from engine.i18n import _
from engine.worktime.calendar import Calendar, Span, instant_of, microseconds
from engine.worktime.duration import WorkDuration
from engine.worktime.errors import NoWorkingTime

HORIZON_YEARS = 20
FIRST_YEAR, LAST_YEAR = 2, 9998


def add(calendar: Calendar, instant: datetime, duration: str | timedelta | WorkDuration) -> datetime:
    """Return the instant a length of working time after another one, or before it.

    Days are working days: the same time by the clock on the wall, so many working days further; where
    that day is closed at that time, its next opening, else its close. Then hours, minutes and seconds of
    working time. An instant outside working time counts from the next opening (going back: from the close
    before it).

    Args:
        calendar: When work is done.
        instant: Aware.
        duration: ``"P3D"``, ``"PT4H"``, ``"-PT90M"`` or a timedelta, whose whole days are working days.

    Returns:
        An instant in working time, or the very end of a band; in UTC.

    Raises:
        NoWorkingTime: The calendar has none, or none within 20 years.
        ValueError: The instant is naive, or the text is no duration.
    """
    length = WorkDuration.of(duration)
    at = _checked(instant)
    back = length.days < 0 or length.time < timedelta()
    at, day = _enter(calendar, at, back=back)
    if length.days:
        at = _move_days(calendar, at, day, length.days)
    if length.time:
        at = _move_time(calendar, at, length.time // timedelta(microseconds=1))
    return instant_of(at)


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Return the working time from one instant to another, negative if the second comes first.

    Raises:
        ValueError: An instant is naive.
    """
    first, last = sorted((_checked(start), _checked(end)))
    first_year, last_year = _year_of(calendar, first), _year_of(calendar, last)
    passed = calendar.year(last_year).open_before(last) - calendar.year(first_year).open_before(first)
    passed += sum(calendar.year(year).total for year in range(first_year, last_year))
    return timedelta(microseconds=passed if start <= end else -passed)


def working_days_between(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Count the working days after the day of one instant, up to and with the day of another.

    It is the inverse of adding days: what comes in while closed belongs to the next working day, what ends
    while closed to the one before.

    Raises:
        NoWorkingTime: The calendar has none, or none within 20 years.
        ValueError: An instant is naive.
    """
    first, last = sorted((_checked(start), _checked(end)))
    _, first_day = _enter(calendar, first, back=False)
    _, last_day = _enter(calendar, last, back=True)
    if last_day <= first_day:
        return 0
    days = 0
    for year in range(date.fromordinal(first_day).year, date.fromordinal(last_day).year + 1):
        working = calendar.year(year).days
        days += bisect_right(working, last_day) - bisect_right(working, first_day)
    return days if start <= end else -days


def is_working(calendar: Calendar, instant: datetime) -> bool:
    """Whether work is done at an instant; a band's very end is no longer in it.

    Raises:
        ValueError: The instant is naive.
    """
    at = _checked(instant)
    year = calendar.year(_year_of(calendar, at))
    index = bisect_right(year.starts, at) - 1
    return index >= 0 and at < year.ends[index]


def next_opening(calendar: Calendar, instant: datetime) -> datetime:
    """Return the instant itself while work is done, else when it begins again; in UTC.

    Raises:
        NoWorkingTime: The calendar has none, or none within 20 years.
        ValueError: The instant is naive.
    """
    at = _checked(instant)
    return instant_of(at if is_working(calendar, instant) else _opening_after(calendar, at))


def _checked(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone")
    return microseconds(instant)


def _year_of(calendar: Calendar, at: int) -> int:
    return calendar.local(instant_of(at)).year


def _years_from(calendar: Calendar, first: int, step: int) -> Iterator[int]:
    """Give the years to look through; whoever comes past the last of them learns why."""
    if not calendar.has_bands:
        raise NoWorkingTime()
    last = min(max(first + step * HORIZON_YEARS, FIRST_YEAR), LAST_YEAR)
    yield from range(first, last + step, step)
    raise NoWorkingTime(
        _(
            "There is not that much working time within %(years)s years: look at the calendar's bands and "
            "days, and at the duration."
        ),
        years=HORIZON_YEARS,
    )


def _day_at(calendar: Calendar, at: int) -> int | None:
    """Find the working day an instant belongs to, the end of its last band included."""
    today = calendar.local(instant_of(at)).toordinal()
    # A band may reach over midnight; where clocks go back at midnight, tomorrow's may have begun.
    opened = {day: calendar.spans_on(date.fromordinal(day)) for day in (today + 1, today, today - 1)}
    for day, spans in opened.items():
        if any(start <= at < end for start, end in spans):
            return day
    return next((day for day, spans in opened.items() if any(at == end for _, end in spans)), None)


def _enter(calendar: Calendar, at: int, *, back: bool) -> tuple[int, int]:
    """Move an instant into working time, and say to which working day it then belongs."""
    day = _day_at(calendar, at)
    if day is None:
        at = _close_before(calendar, at) if back else _opening_after(calendar, at)
        day = _day_at(calendar, at)
        assert day is not None
    return at, day


def _opening_after(calendar: Calendar, at: int) -> int:
    for number in _years_from(calendar, _year_of(calendar, at), 1):
        starts = calendar.year(number).starts
        index = bisect_left(starts, at)
        if index < len(starts):
            return starts[index]
    raise AssertionError("unreachable")


def _close_before(calendar: Calendar, at: int) -> int:
    for number in _years_from(calendar, _year_of(calendar, at), -1):
        ends = calendar.year(number).ends
        index = bisect_right(ends, at) - 1
        if index >= 0:
            return ends[index]
    raise AssertionError("unreachable")


def _move_time(calendar: Calendar, at: int, length: int) -> int:
    """Go through so many microseconds of open time, forward or back."""
    first = _year_of(calendar, at)
    # Where to arrive, in open microseconds since the beginning of the year looked at.
    wanted = calendar.year(first).open_before(at) + length
    for number in _years_from(calendar, first, 1 if length > 0 else -1):
        year = calendar.year(number)
        if number != first and length < 0:
            wanted += year.total
        if length > 0 and wanted <= year.total:
            index = bisect_left(year.before, wanted) - 1
            return year.starts[index] + wanted - year.before[index]
        if length < 0 and wanted >= 0:
            index = bisect_right(year.before, wanted) - 1
            return year.starts[index] + wanted - year.before[index]
        if length > 0:
            wanted -= year.total
    raise AssertionError("unreachable")


def _move_days(calendar: Calendar, at: int, day: int, count: int) -> int:
    """Go to the same wall-clock time so many working days further or back."""
    local = calendar.local(instant_of(at))
    wall = local.replace(tzinfo=None) - datetime.combine(date.fromordinal(day), time())
    target = date.fromordinal(_nth_day(calendar, day, count))
    at = calendar.at(target, wall, later=bool(local.fold))
    return _within(calendar.spans_on(target), at)


def _nth_day(calendar: Calendar, day: int, count: int) -> int:
    first = date.fromordinal(day).year
    index = bisect_left(calendar.year(first).days, day) + count
    for number in _years_from(calendar, first, 1 if count > 0 else -1):
        days = calendar.year(number).days
        if number != first and count < 0:
            index += len(days)
        if 0 <= index < len(days):
            return days[index]
        if count > 0:
            index -= len(days)
    raise AssertionError("unreachable")


def _within(spans: tuple[Span, ...], at: int) -> int:
    """Move an instant into a day's open time: to the next opening of the day, else to its close."""
    for start, end in spans:
        if at <= end:
            return max(start, at)
    return spans[-1][1]
