"""Overtime: what it is by the calendar, how much of it there may be, and what is given for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, select

from engine.context import Context, verb
from engine.db import alone_in, equal_to, order_by, page_of
from engine.errors import Conflict, InvalidSubmission, Problem
from engine.i18n import _
from engine.parameters import parameter
from engine.values import number_text
from engine.worktime import DayKind, region_year
from plugins.records import rules
from plugins.records.models import Overtime
from plugins.records.rules import COMPENSATION_TITLES, Stretch
from plugins.records.services.balances import read_balance, set_balance
from plugins.records.services.leave import calendar_of
from plugins.records.services.shifts import shifts_around, written
from plugins.records.services.subject import check_subject

OVERTIME_SORTS = {"day": Overtime.day, "starts_at": Overtime.starts_at, "person_key": Overtime.person_key}
TIME_OFF = "time_off"

_MONTH_LIMIT = "records.overtime_hours_a_month"
_DAY_LIMITS = {
    "workday": "records.overtime_hours_a_workday",
    "rest_day": "records.overtime_hours_a_free_day",
    "holiday": "records.overtime_hours_a_free_day",
}
_RATES = {
    "workday": "records.overtime_rate_workday",
    "rest_day": "records.overtime_rate_rest_day",
    "holiday": "records.overtime_rate_holiday",
}
_HOURS_A_DAY_OFF = "records.hours_a_day_off"


class TooMuch(Conflict):
    """That is more overtime than there may be."""

    code: ClassVar[str] = "too_much"


class OvertimeOverlaps(Conflict):
    """They work at that time anyway."""

    code: ClassVar[str] = "overlaps"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSums:
    """Somebody's overtime of a month, in hours.

    Args:
        hours: All of it.
        by_day_kind: Of working days, rest days and public holidays.
        by_compensation: Paid, and given as time off.
        limit: How much there may be.
    """

    hours: Decimal
    by_day_kind: Mapping[str, Decimal]
    by_compensation: Mapping[str, Decimal]
    limit: Decimal

    @property
    def left(self) -> Decimal:
        """How much more there may be."""
        return max(Decimal(), self.limit - self.hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class OvertimeLook:
    """What some overtime would be.

    Args:
        stretch: Its time.
        day_kind: ``workday``, ``rest_day`` or ``holiday``.
        rate: How many times it is paid.
        month_hours: All overtime of that month, this one among it.
        over_month: By how much that is over the limit of a month.
        over_day: By how much all overtime of that day is over the limit of such a day.
        overlaps: They work at that time anyway.
        is_over: It has ended.
    """

    stretch: Stretch
    day_kind: str
    rate: Decimal
    month_hours: Decimal
    over_month: Decimal
    over_day: Decimal
    overlaps: bool
    is_over: bool


def look_at_overtime(ctx: Context, *, person_key: str, day: date, starts: time, ends: time) -> OvertimeLook:
    """Say what overtime would be, and whether there may be so much.

    Args:
        ctx: Who asks.
        person_key: Who works.
        day: On which it begins.
        starts: By the centre's clock.
        ends: By the centre's clock; no later than the start is the day after.

    Raises:
        InvalidSubmission: The person or the times cannot be.
    """
    check_subject(ctx, person_key=person_key, kind="overtime")
    with ctx.read():
        stretch = written(ctx, day=day, starts=starts, ends=ends)
        day_kind = kind_of_day(ctx, day)
        booked = overtime_between(ctx, *month_of(day), person_keys=[person_key])
        hours_of_month = _sum(booked) + stretch.hours
        hours_of_day = _sum([one for one in booked if one.day == day]) + stretch.hours
        near = overtime_between(
            ctx, day - timedelta(days=1), day + timedelta(days=1), person_keys=[person_key]
        )
        work = [one.stretch for one in near]
        work += [one.stretch for one in shifts_around(ctx, person_key, [stretch])]
        return OvertimeLook(
            stretch=stretch,
            day_kind=day_kind,
            rate=_figure(ctx, _RATES[day_kind]),
            month_hours=hours_of_month,
            over_month=rules.beyond(hours_of_month, _figure(ctx, _MONTH_LIMIT)),
            over_day=rules.beyond(hours_of_day, _figure(ctx, _DAY_LIMITS[day_kind])),
            overlaps=any(rules.cross(stretch, other) for other in work),
            is_over=stretch.ends_at <= ctx.now,
        )


@verb
def book_overtime(
    ctx: Context,
    *,
    person_key: str,
    day: date,
    starts: time,
    ends: time,
    compensation: str,
    beyond: bool = False,
    instance_id: str | None = None,
    booking: str = "",
) -> Overtime:
    """Book overtime with its rate as of now; time off for it becomes leave, by halves of days.

    Booked again by the same instance under the same name it is what was booked: nothing happens twice.

    Args:
        ctx: Who acts.
        person_key: Who worked.
        day: On which it began.
        starts: By the centre's clock.
        ends: By the centre's clock; no later than the start is the day after.
        compensation: ``pay`` or ``time_off``.
        beyond: Whether it may be more than the limits say.
        instance_id: The instance that asks for it.
        booking: Tells apart what one instance books.

    Raises:
        InvalidSubmission: The person, the times or the compensation cannot be.
        TooMuch: It would be more than there may be on a day or in a month.
        OvertimeOverlaps: The person works at that time anyway.
        Conflict: The instance has booked something else under this name.
    """
    if compensation not in COMPENSATION_TITLES:
        message = _("Write one of %(known)s.")
        params = {"known": ", ".join(COMPENSATION_TITLES)}
        raise InvalidSubmission(problems=[Problem(path="compensation", message=message, params=params)])
    # Two bookings at once would each find the hours that the other takes.
    alone_in(ctx.connection, Overtime.__table__)
    before = _booked(ctx, instance_id, booking)
    if before is not None:
        stretch = written(ctx, day=day, starts=starts, ends=ends)
        if (before.person_key, before.stretch, before.compensation) != (person_key, stretch, compensation):
            raise Conflict(_("This process has booked other overtime already: give this one another name."))
        return before
    look = look_at_overtime(ctx, person_key=person_key, day=day, starts=starts, ends=ends)
    _check(ctx, look, person_key, beyond=beyond)
    year = (date(day.year, 1, 1), date(day.year, 12, 31))
    earned = _days_off(ctx, overtime_between(ctx, *year, person_keys=[person_key]))
    overtime = Overtime(
        person_key=person_key,
        day=day,
        starts_at=look.stretch.starts_at,
        ends_at=look.stretch.ends_at,
        hours=look.stretch.hours,
        day_kind=look.day_kind,
        rate=look.rate,
        compensation=compensation,
        instance_id=instance_id,
        booking=booking,
        booked_at=ctx.now,
        booked_by=ctx.actor.name,
    )
    ctx.session.add(overtime)
    ctx.session.flush()
    more = _days_off(ctx, overtime_between(ctx, *year, person_keys=[person_key])) - earned
    if more:
        granted = read_balance(ctx, person_key=person_key, kind=TIME_OFF, year=day.year).granted_days
        days = (granted or Decimal()) + more
        set_balance(ctx, person_key=person_key, kind=TIME_OFF, year=day.year, days=days)
    return overtime


def month_sums(ctx: Context, *, person_key: str, month: date) -> MonthSums:
    """Add up somebody's overtime of a month.

    Args:
        ctx: Who asks.
        person_key: Whose.
        month: Any day of it.

    Raises:
        InvalidSubmission: There is nobody of that key.
    """
    check_subject(ctx, person_key=person_key, kind="overtime")
    with ctx.read():
        found = overtime_between(ctx, *month_of(month), person_keys=[person_key])
        return sums_of(ctx, found)


def sums_of(ctx: Context, found: Collection[Overtime]) -> MonthSums:
    """Add up one person's overtime of one month.

    Args:
        ctx: With an open transaction.
        found: All of it.
    """
    return MonthSums(
        hours=_sum(found),
        by_day_kind={kind: _sum([one for one in found if one.day_kind == kind]) for kind in _RATES},
        by_compensation={
            name: _sum([one for one in found if one.compensation == name]) for name in COMPENSATION_TITLES
        },
        limit=_figure(ctx, _MONTH_LIMIT),
    )


def overtime_between(
    ctx: Context, first_on: date, last_on: date, *, person_keys: Collection[str] | None = None
) -> Sequence[Overtime]:
    """Return the overtime that belongs to some days, as it begins.

    Args:
        ctx: Who asks.
        first_on: The first day.
        last_on: The last day, which belongs to it.
        person_keys: Whose; everybody's where omitted.
    """
    whose = [] if person_keys is None else [Overtime.person_key.in_(sorted(person_keys))]
    with ctx.read():
        return ctx.session.scalars(
            select(Overtime)
            .where(*whose, *_on(first_on, last_on))
            .order_by(Overtime.starts_at, Overtime.person_key, Overtime.id)
        ).all()


def list_overtime(
    ctx: Context,
    *,
    person_key: str | None = None,
    first_on: date | None = None,
    last_on: date | None = None,
    compensation: str | None = None,
    sort: str = "-starts_at",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how much overtime there is, by pieces, and one page of it.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = equal_to({Overtime.person_key: person_key, Overtime.compensation: compensation})
    return page_of(
        ctx.connection,
        select(Overtime.__table__).where(*wanted, *_on(first_on, last_on)),
        order_by(sort, OVERTIME_SORTS, last=Overtime.id),
        page=page,
        page_size=page_size,
    )


def kind_of_day(ctx: Context, day: date) -> str:
    """Say what a day is by the centre's calendar: ``workday``, ``rest_day`` or ``holiday``.

    A rest day that a notice moves to the place of a working day is a rest day still.
    """
    with ctx.read():
        calendar = calendar_of(ctx)
        if calendar.bands_on(day):
            return "workday"
        public = region_year(calendar.region, day.year)
        if day in public.moved_days:
            return "rest_day"
        marked = calendar.days.get(day)
        if marked is not None or day.year in calendar.published_years:
            return "holiday" if marked is DayKind.HOLIDAY else "rest_day"
        return "holiday" if day in public.holidays else "rest_day"


def month_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of the month of a day."""
    first_on = day.replace(day=1)
    following = (first_on + timedelta(days=31)).replace(day=1)
    return first_on, following - timedelta(days=1)


def _check(ctx: Context, look: OvertimeLook, person_key: str, *, beyond: bool) -> None:
    if look.overlaps:
        raise OvertimeOverlaps(
            _("%(person)s works on %(day)s at that time anyway."),
            person=person_key,
            day=look.stretch.day.isoformat(),
        )
    if beyond:
        return
    if look.over_month:
        raise TooMuch(
            _("It makes %(hours)s hours in that month, and there may be %(limit)s."),
            hours=number_text(look.month_hours),
            limit=number_text(_figure(ctx, _MONTH_LIMIT)),
        )
    if look.over_day:
        raise TooMuch(
            _("There may be %(limit)s hours of overtime on that day, and it makes %(over)s more."),
            limit=number_text(_figure(ctx, _DAY_LIMITS[look.day_kind])),
            over=number_text(look.over_day),
        )


def _booked(ctx: Context, instance_id: str | None, booking: str) -> Overtime | None:
    if instance_id is None:
        return None
    return ctx.session.scalar(
        select(Overtime).where(Overtime.instance_id == instance_id, Overtime.booking == booking)
    )


def _days_off(ctx: Context, found: Collection[Overtime]) -> Decimal:
    hours = _sum([one for one in found if one.compensation == TIME_OFF])
    return rules.days_earned(hours, _figure(ctx, _HOURS_A_DAY_OFF))


def _sum(found: Collection[Overtime]) -> Decimal:
    return sum((one.hours for one in found), Decimal())


def _figure(ctx: Context, name: str) -> Decimal:
    return Decimal(str(parameter(ctx, name)))


def _on(first_on: date | None, last_on: date | None) -> list[ColumnElement[bool]]:
    since = [] if first_on is None else [Overtime.day >= first_on]
    return since if last_on is None else [*since, Overtime.day <= last_on]
