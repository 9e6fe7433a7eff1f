"""Tables of examples: nights, weekends, make-up days, clock changes."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.worktime import (
    Calendar,
    DayKind,
    InvalidCalendar,
    NoWorkingTime,
    WorkDuration,
    add,
    between,
    is_working,
    next_opening,
    working_days_between,
)

OFFICE = {"mon-fri": ["09:00-12:00", "13:30-18:00"]}
HONG_KONG = Calendar.of(zone="Asia/Hong_Kong", bands=OFFICE, region="HK")
MAINLAND = Calendar.of(zone="Asia/Shanghai", bands=OFFICE, region="CN")
NIGHT = Calendar.of(zone="Asia/Hong_Kong", bands={"mon-fri": ["22:00-06:00"]})
BERLIN = Calendar.of(zone="Europe/Berlin", bands={"mon-sun": ["22:00-06:00"]})
ALWAYS = Calendar.of(zone="Europe/Berlin")


def at(calendar: Calendar, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.zone), fold=fold)


def wall(calendar: Calendar, instant: datetime) -> str:
    assert instant.tzinfo is UTC
    return instant.astimezone(ZoneInfo(calendar.zone)).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        # Monday 2 March 2026
        ("2026-03-02 09:00", "PT3H", "2026-03-02 12:00"),  # to the close, not to the next opening
        ("2026-03-02 09:00", "PT3H1S", "2026-03-02 13:30:01"),
        ("2026-03-02 10:00", "PT4H", "2026-03-02 15:30"),  # over lunch
        ("2026-03-02 17:00", "PT4H", "2026-03-03 12:00"),  # over night
        ("2026-03-06 17:00", "PT4H", "2026-03-09 12:00"),  # over a weekend
        ("2026-03-07 11:00", "PT1H", "2026-03-09 10:00"),  # from a Saturday
        ("2026-03-02 12:30", "PT0S", "2026-03-02 13:30"),  # from a lunch
        ("2026-03-02 12:00", "PT0S", "2026-03-02 12:00"),
        ("2026-03-02 10:00", "PT7H30M", "2026-03-03 10:00"),  # a whole day of this calendar
        ("2026-03-02 10:00", "PT30H", "2026-03-06 10:00"),  # four of them, not a day and six hours
        ("2026-03-02 10:00", "P1D", "2026-03-03 10:00"),
        ("2026-03-06 10:00", "P1D", "2026-03-09 10:00"),
        ("2026-03-06 20:00", "P1D", "2026-03-10 09:00"),  # counts from Monday's opening
        ("2026-03-06 18:00", "P1D", "2026-03-09 18:00"),  # the very end of a day still belongs to it
        ("2026-03-02 10:00", "P1DT4H", "2026-03-03 15:30"),
        ("2026-03-02 10:00", timedelta(days=1, hours=4), "2026-03-03 15:30"),
        ("2026-02-16 10:00", "P1D", "2026-02-20 10:00"),  # Lunar New Year in Hong Kong: 17, 18, 19
        ("2026-04-02 17:00", "PT2H", "2026-04-08 10:00"),  # Easter and Ching Ming
        ("2026-03-03 10:00", "-PT1H", "2026-03-03 09:00"),
        ("2026-03-03 10:00", "-PT2H", "2026-03-02 17:00"),
        ("2026-03-09 08:00", "-PT1H", "2026-03-06 17:00"),
        ("2026-03-09 08:00", "-P1D", "2026-03-05 18:00"),
        ("2026-03-09 10:00", "-P1DT1H", "2026-03-06 09:00"),
        ("2026-12-31 17:00", "PT2H", "2027-01-04 10:00"),  # over a year's end
        ("2027-01-04 10:00", "-PT2H", "2026-12-31 17:00"),
        ("2026-12-31 17:00", "P1D", "2027-01-04 17:00"),
    ],
)
def test_an_office_in_hong_kong_counts_its_own_hours(start: str, duration: str | timedelta, end: str) -> None:
    assert wall(HONG_KONG, add(HONG_KONG, at(HONG_KONG, start), duration)) == end


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        # The State Council's notice for 2026: off 15 to 23 February, worked on Saturdays 14 and 28.
        ("2026-02-13 17:00", "PT2H", "2026-02-14 10:00"),
        ("2026-02-14 17:00", "PT2H", "2026-02-24 10:00"),
        ("2026-02-13 10:00", "P2D", "2026-02-24 10:00"),
        ("2026-02-27 10:00", "P1D", "2026-02-28 10:00"),
        ("2026-09-18 10:00", "P1D", "2026-09-20 10:00"),  # a Sunday, worked for National Day
        ("2026-09-30 10:00", "P3D", "2026-10-10 10:00"),
    ],
)
def test_make_up_days_of_the_mainland_are_worked(start: str, duration: str, end: str) -> None:
    assert wall(MAINLAND, add(MAINLAND, at(MAINLAND, start), duration)) == end


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-03-02 21:00", "PT3H", "2026-03-03 01:00"),
        ("2026-03-03 02:00", "P1D", "2026-03-04 02:00"),
        ("2026-03-07 05:00", "PT2H", "2026-03-09 23:00"),  # Friday's night ends on Saturday morning
        ("2026-03-07 05:00", "P1D", "2026-03-10 05:00"),  # it belongs to Friday; next is Monday's night
        ("2026-03-07 06:00", "P1D", "2026-03-10 06:00"),
        ("2026-03-09 23:00", "-PT2H", "2026-03-07 05:00"),
    ],
)
def test_a_night_belongs_to_the_day_it_begins_on(start: str, duration: str, end: str) -> None:
    assert wall(NIGHT, add(NIGHT, at(NIGHT, start), duration)) == end


def test_a_holiday_takes_the_whole_night_that_would_begin_on_it() -> None:
    nights = Calendar.of(
        zone="Asia/Hong_Kong",
        bands={"mon-fri": ["22:00-06:00"]},
        days={date(2026, 3, 3): DayKind.HOLIDAY},
    )
    assert is_working(nights, at(nights, "2026-03-03 05:59"))
    assert not is_working(nights, at(nights, "2026-03-03 22:30"))
    assert not is_working(nights, at(nights, "2026-03-04 05:00"))
    assert is_working(nights, at(nights, "2026-03-04 22:00"))


def test_the_night_of_the_clock_change_is_as_long_as_it_was() -> None:
    spring = between(BERLIN, at(BERLIN, "2026-03-28 22:00"), at(BERLIN, "2026-03-29 06:00"))
    autumn = between(BERLIN, at(BERLIN, "2026-10-24 22:00"), at(BERLIN, "2026-10-25 06:00"))
    assert (spring, autumn) == (timedelta(hours=7), timedelta(hours=9))
    assert wall(BERLIN, add(BERLIN, at(BERLIN, "2026-03-28 23:00"), "PT4H")) == "2026-03-29 04:00"
    assert wall(BERLIN, add(BERLIN, at(BERLIN, "2026-10-24 23:00"), "PT4H")) == "2026-10-25 02:00"


def test_a_band_inside_the_skipped_hour_is_cut_to_what_there_was() -> None:
    calendar = Calendar.of(zone="Europe/Berlin", bands={"sun": ["02:30-03:15"], "sat": ["02:15-02:45"]})
    assert between(calendar, at(calendar, "2026-03-29 00:00"), at(calendar, "2026-03-30 00:00")) == timedelta(
        minutes=15
    )
    only = Calendar.of(zone="Europe/Berlin", bands={"sun": ["02:15-02:45"]})
    assert not is_working(only, at(only, "2026-03-29 03:00"))
    # A day of which nothing is left is not a working day.
    assert working_days_between(only, at(only, "2026-03-22 02:30"), at(only, "2026-04-05 02:30")) == 1


def test_always_open_counts_every_hour_and_keeps_the_wall_clock_for_days() -> None:
    before = at(ALWAYS, "2026-03-28 10:00")
    assert add(ALWAYS, before, "PT24H") == before.astimezone(UTC) + timedelta(hours=24)
    assert wall(ALWAYS, add(ALWAYS, before, "P1D")) == "2026-03-29 10:00"
    assert between(ALWAYS, before, before + timedelta(days=10)) == at(
        ALWAYS, "2026-04-07 10:00"
    ) - before.astimezone(UTC)
    assert is_working(ALWAYS, before)
    assert next_opening(ALWAYS, before) == before


def test_a_day_that_a_zone_left_out_is_no_working_day() -> None:
    # Samoa had no 30 December 2011.
    samoa = Calendar.of(zone="Pacific/Apia", bands={"mon-sun": ["09:00-17:00"]})
    assert wall(samoa, add(samoa, at(samoa, "2011-12-29 16:00"), "PT2H")) == "2011-12-31 10:00"
    assert working_days_between(samoa, at(samoa, "2011-12-29 12:00"), at(samoa, "2011-12-31 12:00")) == 1


def test_clocks_that_go_back_at_midnight_do_not_double_anything() -> None:
    havana = Calendar.of(zone="America/Havana")
    day = (at(havana, "2025-11-01 00:00"), at(havana, "2025-11-03 00:00"))
    assert between(havana, *day) == timedelta(hours=49)
    assert add(havana, day[0], "PT49H") == day[1]


def test_days_between_a_weekend_are_none() -> None:
    assert (
        working_days_between(HONG_KONG, at(HONG_KONG, "2026-03-06 20:00"), at(HONG_KONG, "2026-03-09 08:00"))
        == 0
    )
    assert (
        working_days_between(HONG_KONG, at(HONG_KONG, "2026-03-06 17:00"), at(HONG_KONG, "2026-03-09 10:00"))
        == 1
    )
    assert (
        working_days_between(HONG_KONG, at(HONG_KONG, "2026-03-09 10:00"), at(HONG_KONG, "2026-03-06 17:00"))
        == -1
    )
    assert (
        working_days_between(HONG_KONG, at(HONG_KONG, "2025-12-31 10:00"), at(HONG_KONG, "2026-12-31 10:00"))
        == 247
    )


def test_manual_days_win_over_the_region() -> None:
    calendar = Calendar.of(
        zone="Asia/Hong_Kong",
        bands=OFFICE,
        region="HK",
        days={date(2026, 2, 17): DayKind.WORKDAY, date(2026, 3, 2): DayKind.HOLIDAY},
    )
    assert is_working(calendar, at(calendar, "2026-02-17 10:00"))
    assert not is_working(calendar, at(calendar, "2026-03-02 10:00"))


def test_an_imported_year_replaces_the_computed_one() -> None:
    calendar = Calendar.of(
        zone="Asia/Shanghai",
        bands=OFFICE,
        region="CN",
        days={date(2031, 1, 2): DayKind.HOLIDAY, date(2031, 1, 4): DayKind.WORKDAY},
        published_years=frozenset({2031}),
    )
    assert MAINLAND.is_provisional(2031)
    assert not calendar.is_provisional(2031)
    assert is_working(calendar, at(calendar, "2031-01-01 10:00"))
    assert not is_working(calendar, at(calendar, "2031-01-02 10:00"))
    assert is_working(calendar, at(calendar, "2031-01-04 10:00"))  # a Saturday


def test_a_calendar_without_working_time_says_so_at_once() -> None:
    empty = Calendar.of(zone="UTC", bands={"mon": []}, days={date(2026, 3, 2): DayKind.WORKDAY})
    now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    for call in (
        lambda: add(empty, now, "PT1S"),
        lambda: add(empty, now, "-P1D"),
        lambda: next_opening(empty, now),
        lambda: working_days_between(empty, now, now + timedelta(days=3)),
    ):
        with pytest.raises(NoWorkingTime, match="give at least one weekday a band"):
            call()
    assert between(empty, now, now + timedelta(days=300)) == timedelta()
    assert not is_working(empty, now)


@pytest.mark.parametrize("duration", ["P999999999D", "-P999999999D", "PT99999999H", "-PT99999999H"])
def test_a_duration_past_every_horizon_ends_with_a_clear_error(duration: str) -> None:
    began = time.process_time()
    with pytest.raises(NoWorkingTime, match="20 years"):
        add(HONG_KONG, datetime(2026, 3, 2, tzinfo=UTC), duration)
    assert time.process_time() - began < 10


@pytest.mark.parametrize("instant", [datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 12, 31, tzinfo=UTC)])
@pytest.mark.parametrize("region", ["none", "CN", "HK"])
def test_no_date_raises(region: str, instant: datetime) -> None:
    calendar = Calendar.of(zone="Asia/Shanghai", bands=OFFICE, region=region)
    assert add(calendar, instant, "P3DT4H") > instant
    assert add(calendar, instant, "-P3DT4H") < instant


def test_a_due_time_is_worked_out_in_microseconds_not_milliseconds() -> None:
    start = at(HONG_KONG, "2026-03-02 10:00")
    add(HONG_KONG, start, "P13DT4H")
    began = time.process_time()
    for _ in range(100):
        add(HONG_KONG, start, "P13DT4H")
    assert (time.process_time() - began) / 100 < 0.002


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "1D", "P1W", "P1M", "P1Y", "P1DT", "PT1.5H", "P-1D", "4 hours", "P9999999999D"]
)
def test_what_has_no_length_in_working_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration of working time"):
        WorkDuration.of(text)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        add(HONG_KONG, datetime(2026, 3, 2, 10), "PT1H")  # noqa: DTZ001


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"zone": "Asia/Hongkong_"}, "no time zone"),
        ({"zone": "../etc/passwd"}, "no time zone"),
        ({"zone": "UTC", "bands": {"monday": ["09:00-12:00"]}}, "no weekday"),
        ({"zone": "UTC", "bands": {"fri-mon": ["09:00-12:00"]}}, "no weekday"),
        ({"zone": "UTC", "bands": {"mon": ["9-12"]}}, "not a band"),
        ({"zone": "UTC", "bands": {"mon": ["24:00-25:00"]}}, "not a band"),
        ({"zone": "UTC", "bands": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "overlap"),
        ({"zone": "UTC", "region": "XX"}, "not known"),
    ],
)
def test_a_calendar_that_cannot_be_used_says_what_to_write(given: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidCalendar, match=reason):
        Calendar.of(**given)  # type: ignore[arg-type]
