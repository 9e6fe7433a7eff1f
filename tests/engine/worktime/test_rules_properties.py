"""What holds for every calendar, instant and duration."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.worktime import (
    ALWAYS,
    Calendar,
    DayKind,
    add,
    between,
    is_working,
    next_opening,
    working_days_between,
)

WEEKS = [
    {"mon-fri": ["09:00-12:00", "13:30-18:00"]},
    {"mon-fri": ["08:00-20:00"], "sat": ["10:00-14:00"]},
    {"mon-sun": ["22:00-06:00"]},
    {"mon-thu": ["20:00-04:00"], "fri": ["05:00-11:00"], "sun": ["23:30-00:30"]},
    {"wed": ["00:00-24:00"]},
    None,
]
ZONES = ["Asia/Hong_Kong", "Europe/Berlin", "America/St_Johns", "America/Havana", "Australia/Lord_Howe"]
DAYS = {
    date(2026, 3, 4): DayKind.HOLIDAY,
    date(2026, 3, 28): DayKind.WORKDAY,
    date(2026, 10, 25): DayKind.WORKDAY,
}

calendars = st.sampled_from(
    [
        Calendar.of(zone=zone, bands=week, region=region, days=DAYS)
        for zone in ZONES
        for week in WEEKS
        for region in ("none", "CN")
    ]
)
steady = calendars.filter(lambda calendar: calendar.zone == "Asia/Hong_Kong")
# Where one day's last band touches the next day's first, midnight belongs to both.
apart = calendars.filter(lambda calendar: ALWAYS[0] not in calendar.week)
instants = st.datetimes(datetime(2025, 12, 1), datetime(2027, 2, 1), timezones=st.just(UTC))  # noqa: DTZ001
times = st.timedeltas(timedelta(0), timedelta(hours=23, minutes=59))
lengths = st.integers(0, 400).flatmap(lambda days: times.map(lambda time: timedelta(days=days) + time))
day_counts = st.integers(-300, 300)


def iso(time: timedelta) -> str:
    return f"PT{time // timedelta(seconds=1)}.{time.microseconds:06d}S"


@given(calendars, instants, st.timedeltas(timedelta(0), timedelta(hours=2000)), st.booleans())
@settings(max_examples=400, deadline=None)
def test_what_was_added_lies_between(
    calendar: Calendar, start: datetime, length: timedelta, back: bool
) -> None:
    end = add(calendar, start, ("-" if back else "") + iso(length))
    assert between(calendar, start, end) == (-length if back else length)
    assert between(calendar, end, start) == (length if back else -length)


@given(apart, instants, day_counts)
@settings(max_examples=300, deadline=None)
def test_as_many_working_days_lie_between_as_were_added(
    calendar: Calendar, start: datetime, count: int
) -> None:
    end = add(calendar, start, timedelta(days=count))
    assert working_days_between(calendar, start, end) == count


@given(calendars, instants, lengths, st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_result_is_never_inside_a_closed_interval(
    calendar: Calendar, start: datetime, length: timedelta, back: bool
) -> None:
    end = add(calendar, start, -length if back else length)
    assert is_working(calendar, end) or is_working(calendar, end - timedelta(microseconds=1))


@given(calendars, instants, instants, st.timedeltas(timedelta(0), timedelta(hours=500)))
@settings(max_examples=300, deadline=None)
def test_who_starts_later_is_never_due_earlier_in_hours(
    calendar: Calendar, one: datetime, other: datetime, length: timedelta
) -> None:
    first, second = sorted((one, other))
    assert add(calendar, first, iso(length)) <= add(calendar, second, iso(length))


@given(steady, instants, st.timedeltas(timedelta(0), timedelta(days=4)), lengths)
@settings(max_examples=300, deadline=None)
def test_who_starts_later_is_never_due_earlier_in_days(
    calendar: Calendar, first: datetime, gap: timedelta, length: timedelta
) -> None:
    assert add(calendar, first, length) <= add(calendar, first + gap, length)


@given(calendars, instants, lengths, lengths)
@settings(max_examples=200, deadline=None)
def test_more_is_never_earlier(calendar: Calendar, start: datetime, one: timedelta, other: timedelta) -> None:
    hours = sorted((one, other))
    assert add(calendar, start, iso(hours[0])) <= add(calendar, start, iso(hours[1]))


@given(calendars, instants, lengths, lengths)
@settings(max_examples=200, deadline=None)
def test_two_stretches_are_as_long_as_both(
    calendar: Calendar, start: datetime, one: timedelta, other: timedelta
) -> None:
    middle, end = start + one, start + one + other
    assert between(calendar, start, middle) + between(calendar, middle, end) == between(calendar, start, end)


@given(calendars, instants)
@settings(max_examples=200, deadline=None)
def test_the_next_opening_is_the_first_working_instant(calendar: Calendar, start: datetime) -> None:
    opening = next_opening(calendar, start)
    assert opening >= start
    assert is_working(calendar, opening)
    assert between(calendar, start, opening) == timedelta()
