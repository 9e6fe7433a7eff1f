"""Dates, times and durations, beside Python's own where it reaches."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feel.temporal import (
    Date,
    DateTime,
    DaysTimeDuration,
    YearsMonthsDuration,
    from_instant,
    from_ordinal,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_time,
)

SETTINGS = settings(derandomize=True, deadline=None, max_examples=300)
EPOCH = date(1970, 1, 1)


@SETTINGS
@given(st.dates())
def test_the_calendar_agrees_with_pythons(day: date) -> None:
    ours = Date(day.year, day.month, day.day)
    assert ours.ordinal == (day - EPOCH).days
    assert from_ordinal(ours.ordinal) == ours
    assert ours.weekday == day.isoweekday()
    assert ours.week_of_year == day.isocalendar().week
    assert ours.day_of_year == day.timetuple().tm_yday
    assert parse_date(day.isoformat()) == ours == parse_date(str(ours))


@SETTINGS
@given(
    st.integers(-999_999_000, 999_999_000),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(-(10**6), 10**6),
)
def test_years_far_away_are_counted_too(year: int, month: int, day: int, days: int) -> None:
    here = Date(year, month, day)
    assert here.add_days(days).add_days(-days) == here
    assert here.add_days(days).ordinal - here.ordinal == days


@SETTINGS
@given(
    st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.sampled_from(
        [UTC, ZoneInfo("Asia/Hong_Kong"), ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")]
    ),
)
def test_instants_come_back_as_they_went(wall: datetime, zone: ZoneInfo) -> None:
    instant = wall.replace(tzinfo=zone)
    value = from_instant(instant)
    assert value.instant(UTC) == instant
    assert parse_date_time(str(value)) == value


@SETTINGS
@given(st.integers(-(10**20), 10**20))
def test_durations_of_days_and_time_are_written_as_they_are_read(nanoseconds: int) -> None:
    duration = DaysTimeDuration(nanoseconds)
    assert parse_duration(str(duration)) == duration


@SETTINGS
@given(st.integers(-(10**9), 10**9))
def test_durations_of_years_and_months_are_written_as_they_are_read(months: int) -> None:
    duration = YearsMonthsDuration(months)
    assert parse_duration(str(duration)) == duration


def test_iso_durations_are_read() -> None:
    duration = parse_duration("PT4H30M")
    assert isinstance(duration, DaysTimeDuration)
    assert duration.timedelta() == timedelta(hours=4, minutes=30)
    assert parse_duration("P2W") == parse_duration("P14D")
    assert parse_duration("P1Y6M") == YearsMonthsDuration(18)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "1D", "P1H", "P1Y2D", "P-1D", "PT1.5M", "p1d", "P1D ", "P１D"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["2026-02-29", "26-03-02", "2026-3-2", "2026-13-01", "+2026-03-02", "02026-03-02", "2026-03-02T"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|day"):
        parse_date(text)


@pytest.mark.parametrize(
    "text",
    ["24:00:01", "7:00:00", "07:00", "07:60:00", "07:00:00+19:00", "07:00:00@Nowhere/Land", "07:00:00@../x"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|zone"):
        parse_time(text)


def test_midnight_at_the_end_of_a_day_is_that_of_the_next() -> None:
    assert parse_date_time("2026-12-31T24:00:00") == parse_date_time("2027-01-01T00:00:00")


@SETTINGS
@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001
    st.integers(0, 400 * 24),
    st.sampled_from(["Asia/Hong_Kong", "Europe/Paris", "America/New_York", "Australia/Melbourne"]),
)
def test_hours_are_added_as_they_pass_even_where_clocks_are_changed(
    wall: datetime, hours: int, region: str
) -> None:
    start = wall.replace(tzinfo=UTC).astimezone(ZoneInfo(region))
    later = from_instant(start).add_ns(hours * 3600 * 10**9)
    elapsed = later.instant(UTC) - from_instant(start).instant(UTC)
    # The hour that a changed clock shows twice, or never, can be read either way.
    assert abs(elapsed - timedelta(hours=hours)) <= timedelta(hours=1)
    if (
        start.utcoffset()
        == (start + timedelta(days=1)).utcoffset()
        == (start - timedelta(days=1)).utcoffset()
    ):
        here = (start.astimezone(UTC) + timedelta(hours=hours)).astimezone(ZoneInfo(region))
        around = {(here + timedelta(days=days)).utcoffset() for days in (-1, 0, 1)}
        assert len(around) > 1 or elapsed == timedelta(hours=hours)


def test_a_time_without_a_zone_is_read_in_the_given_one() -> None:
    value = parse_date_time("2026-03-02T10:00:00")
    assert isinstance(value, DateTime)
    assert value.instant(ZoneInfo("Asia/Hong_Kong")) == datetime(2026, 3, 2, 2, tzinfo=UTC)
