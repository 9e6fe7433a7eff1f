"""Keep calendars: load one, save one, mark a day, import a published year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from threading import Lock

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.context import Context, verb
from engine.errors import NotFound
from engine.i18n import _
from engine.ids import new_id
from engine.worktime.calendar import Calendar, DayKind
from engine.worktime.holidays import NO_REGION
from engine.worktime.models import DaySource, WorkCalendar, WorkCalendarDay

DEFAULT_KEY = "default"

_LATEST = 64
_loaded: dict[str, Calendar] = {}
_lock = Lock()


def load_calendar(session: Session, key: str = DEFAULT_KEY) -> Calendar:
    """Load a calendar; asked again unchanged it is the same object, with its years worked out.

    Args:
        session: Any open transaction's.
        key: Which one; ``default`` is the centre's.

    Raises:
        NotFound: There is none of that key.
    """
    row = session.get(WorkCalendar, key)
    if row is None:
        raise NotFound(_("There is no working-time calendar “%(key)s”."), key=key)
    # A revision is an id: never used twice, not even by two databases.
    with _lock:
        calendar = _loaded.get(row.revision)
    if calendar is None:
        calendar = _read(session, row)
        with _lock:
            while len(_loaded) >= _LATEST:
                _loaded.pop(next(iter(_loaded)))
            _loaded[row.revision] = calendar
    return calendar


@verb
def save_calendar(
    ctx: Context,
    *,
    key: str,
    name: str,
    zone: str,
    bands: Mapping[str, Sequence[str]] | None = None,
    region: str = NO_REGION,
) -> None:
    """Make a calendar or change it; its exceptional days stay.

    Args:
        ctx: Who acts.
        key: ``default`` for the centre's own, or a department's.
        name: What people call it.
        zone: IANA name.
        bands: As :meth:`Calendar.of` takes them; None means always open.
        region: Whose public holidays are free.

    Raises:
        InvalidCalendar: Something in it cannot be used; the message says what to write.
    """
    Calendar.of(zone=zone, bands=bands, region=region)
    row = ctx.session.get(WorkCalendar, key) or WorkCalendar(key=key)
    row.name, row.zone, row.bands, row.region, row.revision = name, zone, bands, region, new_id()
    ctx.session.add(row)
    ctx.session.flush()


@verb
def mark_day(ctx: Context, *, key: str, day: date, kind: DayKind | None, name: str = "") -> None:
    """Make a day a holiday or a working day by hand, or (None) as it would be otherwise.

    Raises:
        NotFound: There is no such calendar.
    """
    row = _changed(ctx, key)
    found = ctx.session.get(WorkCalendarDay, (row.key, day, DaySource.MANUAL))
    if kind is None:
        if found is not None:
            ctx.session.delete(found)
    else:
        found = found or WorkCalendarDay(calendar_key=row.key, day=day, source=DaySource.MANUAL)
        found.kind, found.name = kind, name
        ctx.session.add(found)
    ctx.session.flush()


@verb
def import_year(ctx: Context, *, key: str, year: int, days: Mapping[date, tuple[DayKind, str]]) -> None:
    """Take over a year's published notice; it replaces the computed holidays of that year.

    Args:
        ctx: Who acts.
        key: Which calendar.
        year: The notice's year; it may name days at the turn of the year before or after.
        days: Holidays and make-up working days with their names.

    Raises:
        NotFound: There is no such calendar.
    """
    row = _changed(ctx, key)
    published = (WorkCalendarDay.calendar_key == row.key, WorkCalendarDay.source == DaySource.PUBLISHED)
    ctx.session.execute(delete(WorkCalendarDay).where(*published, WorkCalendarDay.notice_year == year))
    ctx.session.execute(delete(WorkCalendarDay).where(*published, WorkCalendarDay.day.in_(list(days))))
    ctx.session.add_all(
        WorkCalendarDay(
            calendar_key=row.key,
            day=day,
            source=DaySource.PUBLISHED,
            kind=kind,
            name=name,
            notice_year=year,
        )
        for day, (kind, name) in days.items()
    )
    ctx.session.flush()


def _changed(ctx: Context, key: str) -> WorkCalendar:
    row = ctx.session.get(WorkCalendar, key)
    if row is None:
        raise NotFound(_("There is no working-time calendar “%(key)s”."), key=key)
    row.revision = new_id()
    return row


def _read(session: Session, row: WorkCalendar) -> Calendar:
    rows = session.scalars(select(WorkCalendarDay).where(WorkCalendarDay.calendar_key == row.key)).all()
    # What was marked by hand comes last and wins.
    rows = sorted(rows, key=lambda each: each.source == DaySource.MANUAL)
    return Calendar.of(
        key=row.key,
        zone=row.zone,
        bands=row.bands,
        region=row.region,
        days={each.day: DayKind(each.kind) for each in rows},
        published_years=frozenset(each.notice_year for each in rows if each.notice_year is not None),
    )
