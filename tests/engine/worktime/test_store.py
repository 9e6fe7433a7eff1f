"""Calendars in the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.clock import MovableClock
from engine.context import SYSTEM, Centre, Context
from engine.db import Base, Database
from engine.errors import NotFound
from engine.plugin import Registry
from engine.settings import Settings
from engine.worktime import Calendar, DayKind, InvalidCalendar, add, is_working
from engine.worktime.models import WorkCalendar, WorkCalendarDay
from engine.worktime.store import import_year, load_calendar, mark_day, save_calendar

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)  # Monday 10:00 in Hong Kong
OFFICE = {"mon-fri": ["09:00-12:00", "13:30-18:00"]}
MONDAY = date(2026, 3, 2)


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    tables = [WorkCalendar.__table__, WorkCalendarDay.__table__]
    made = Context(
        centre=Centre(settings=Settings(), database=database, clock=MovableClock(NOW), registry=Registry()),
        actor=SYSTEM,
    )
    with made.write():
        Base.metadata.create_all(made.connection, tables=tables)  # type: ignore[arg-type]
    save_calendar(made, key="default", name="Office", zone="Asia/Hong_Kong", bands=OFFICE, region="HK")
    yield made
    database.dispose()


def loaded(ctx: Context, key: str = "default") -> Calendar:
    with ctx.read():
        return load_calendar(ctx.session, key)


def test_a_calendar_comes_back_as_it_was_saved(ctx: Context) -> None:
    calendar = loaded(ctx)
    assert add(calendar, NOW, "PT4H") == datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
    assert (calendar.zone, calendar.region, calendar.key) == ("Asia/Hong_Kong", "HK", "default")


def test_an_unchanged_calendar_is_read_once(ctx: Context) -> None:
    assert loaded(ctx) is loaded(ctx)


def test_a_marked_day_counts_at_once_and_can_be_taken_back(ctx: Context) -> None:
    assert is_working(loaded(ctx), NOW)
    mark_day(ctx, key="default", day=MONDAY, kind=DayKind.HOLIDAY, name="Typhoon")
    assert not is_working(loaded(ctx), NOW)
    mark_day(ctx, key="default", day=MONDAY, kind=None)
    assert is_working(loaded(ctx), NOW)


def test_what_was_rolled_back_is_not_remembered(ctx: Context) -> None:
    def close_and_fail() -> None:
        with ctx.write():
            mark_day(ctx, key="default", day=MONDAY, kind=DayKind.HOLIDAY)
            assert not is_working(load_calendar(ctx.session), NOW)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        close_and_fail()
    assert is_working(loaded(ctx), NOW)


def test_a_published_year_replaces_the_computed_one_and_can_be_imported_again(ctx: Context) -> None:
    save_calendar(ctx, key="cn", name="Mainland", zone="Asia/Shanghai", bands=OFFICE, region="CN")
    assert loaded(ctx, "cn").is_provisional(2031)
    notice = {
        date(2030, 12, 29): (DayKind.WORKDAY, "New Year"),
        date(2031, 1, 1): (DayKind.HOLIDAY, "New Year"),
        date(2031, 1, 2): (DayKind.HOLIDAY, "New Year"),
    }
    import_year(ctx, key="cn", year=2031, days=notice)
    calendar = loaded(ctx, "cn")
    assert not calendar.is_provisional(2031)
    assert calendar.is_provisional(2030)  # one day moved over the turn of the year publishes no year
    assert calendar.bands_on(date(2030, 12, 29))
    assert not calendar.bands_on(date(2031, 1, 2))
    assert calendar.bands_on(date(2031, 5, 1))
    del notice[date(2031, 1, 2)]
    import_year(ctx, key="cn", year=2031, days=notice)
    assert loaded(ctx, "cn").bands_on(date(2031, 1, 2))


def test_a_day_marked_by_hand_wins_over_the_notice(ctx: Context) -> None:
    mark_day(ctx, key="default", day=MONDAY, kind=DayKind.WORKDAY)
    import_year(ctx, key="default", year=2026, days={MONDAY: (DayKind.HOLIDAY, "Festival")})
    assert is_working(loaded(ctx), NOW)


def test_saving_a_calendar_again_keeps_its_days(ctx: Context) -> None:
    mark_day(ctx, key="default", day=MONDAY, kind=DayKind.HOLIDAY)
    save_calendar(ctx, key="default", name="Office", zone="Asia/Hong_Kong", bands=OFFICE)
    assert not is_working(loaded(ctx), NOW)
    assert loaded(ctx).region == "none"


def test_a_calendar_that_cannot_be_used_is_not_saved(ctx: Context) -> None:
    with pytest.raises(InvalidCalendar):
        save_calendar(ctx, key="default", name="Office", zone="Nowhere/Land", bands=OFFICE)
    assert loaded(ctx).zone == "Asia/Hong_Kong"


def test_a_calendar_nobody_made_is_not_found(ctx: Context) -> None:
    with pytest.raises(NotFound, match="night_shift"):
        loaded(ctx, "night_shift")
    with pytest.raises(NotFound, match="night_shift"):
        mark_day(ctx, key="night_shift", day=MONDAY, kind=DayKind.HOLIDAY)
