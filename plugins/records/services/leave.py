"""Leave: how many working days it takes, booking it, cancelling it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, select

from engine.context import Context, verb
from engine.db import alone_in, equal_to, order_by, page_of
from engine.errors import Conflict, InvalidSubmission, NotFound, Problem
from engine.i18n import _
from engine.values import number_text
from engine.worktime import Calendar, load_calendar
from plugins.records import rules
from plugins.records.models import Absence
from plugins.records.rules import Span
from plugins.records.services.balances import read_balance
from plugins.records.services.subject import check_subject

ABSENCE_SORTS = {"first_on": Absence.first_on, "person_key": Absence.person_key, "kind": Absence.kind}


class NotEnough(Conflict):
    """There are not that many days of this leave left."""

    code: ClassVar[str] = "not_enough"


class Overlaps(Conflict):
    """There is another absence in that time."""

    code: ClassVar[str] = "overlaps"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveCheck:
    """What stands in the way of leave that somebody is about to ask for.

    Args:
        days: The working days that it takes in all.
        problem: ``free``: there is no working day in that time; ``away``: the person is absent then already;
            ``short``: fewer days are left than it takes; ``cover_away``: the cover is absent then; None where
            it can be asked for.
        year: The year of which too few days are left, else the one in which it begins.
        year_days: The days that it takes of that year.
        left_days: What is left of that year before it; None where this leave is not counted.
    """

    days: Decimal
    problem: str | None
    year: int
    year_days: Decimal
    left_days: Decimal | None


class NoAbsence(NotFound):
    """There is no such absence."""

    code: ClassVar[str] = "no_absence"


def count_days(ctx: Context, span: Span) -> dict[int, Decimal]:
    """Count the working days of an absence by year, as the centre's calendar stands.

    Public holidays are free and make-up days are worked. Without a calendar every day is a working day.

    Args:
        ctx: Who asks.
        span: Its time.

    Returns:
        Days in halves by year; a year without any is left out.

    Raises:
        InvalidSubmission: It ends before it begins, or is too long.
    """
    _check_span(span)
    with ctx.read():
        calendar = calendar_of(ctx)
        return rules.days_by_year(span, lambda day: bool(calendar.bands_on(day)))


def check_leave(
    ctx: Context,
    *,
    person_key: str,
    kind: str,
    span: Span,
    cover_key: str | None = None,
    instance_id: str | None = None,
) -> LeaveCheck:
    """Tell what leave takes and what stands in its way, before anybody is asked about it.

    Args:
        ctx: Who asks.
        person_key: Who would be absent.
        kind: ``annual``, ``sick``, ``personal`` or any other word.
        span: When.
        cover_key: Who would stand in for them.
        instance_id: The instance that asks: what it has booked itself is not in its way.

    Raises:
        InvalidSubmission: The person, the kind or the days cannot be.
    """
    charge = count_days(ctx, span)
    with ctx.read():
        left = _left(ctx, person_key, kind, charge or {span.first_on.year: Decimal()})
        lacks = rules.lacking(charge, left)
        year = min(left) if lacks is None else lacks
        problem = None
        if not charge:
            problem = "free"
        elif _in_the_way(ctx, person_key, span, besides=instance_id) is not None:
            problem = "away"
        elif lacks is not None:
            problem = "short"
        elif cover_key and _in_the_way(ctx, cover_key, span) is not None:
            problem = "cover_away"
    return LeaveCheck(
        days=sum(charge.values(), Decimal()),
        problem=problem,
        year=year,
        year_days=charge.get(year, Decimal()),
        left_days=left[year],
    )


@verb
def book_leave(
    ctx: Context,
    *,
    person_key: str,
    kind: str,
    span: Span,
    instance_id: str | None = None,
    booking: str = "",
) -> Absence:
    """Book an absence; what it takes of a balance is not left any more.

    Booked again by the same instance under the same name it is what was booked: nothing happens twice.

    Args:
        ctx: Who acts.
        person_key: Who is absent.
        kind: ``annual``, ``sick``, ``personal`` or any other word.
        span: When.
        instance_id: The instance that asks for it.
        booking: Tells apart what one instance books.

    Raises:
        InvalidSubmission: The person, the kind or the days cannot be.
        NotEnough: Fewer days are left in a year than it takes.
        Overlaps: The person has another absence in that time.
        Conflict: The instance has booked something else under this name.
    """
    check_subject(ctx, person_key=person_key, kind=kind)
    charge = count_days(ctx, span)
    # Two bookings at once would each find the days that the other takes.
    alone_in(ctx.connection, Absence.__table__)
    before = _booked(ctx, instance_id, booking)
    if before is not None:
        if (before.person_key, before.kind, before.span) != (person_key, kind, span):
            raise Conflict(
                _(
                    "This process has booked leave from %(first)s to %(last)s already. Cancel it before "
                    "booking other leave, or give the other one another name."
                ),
                first=before.first_on.isoformat(),
                last=before.last_on.isoformat(),
            )
        return before
    _check_free(ctx, person_key, span)
    _check_left(ctx, person_key, kind, charge)
    absence = Absence(
        person_key=person_key,
        kind=kind,
        first_on=span.first_on,
        last_on=span.last_on,
        half_first=span.half_first,
        half_last=span.half_last,
        days=sum(charge.values(), Decimal()),
        days_by_year={str(year): days for year, days in charge.items()},
        instance_id=instance_id,
        booking=booking,
        booked_at=ctx.now,
        booked_by=ctx.actor.name,
    )
    ctx.session.add(absence)
    ctx.session.flush()
    return absence


@verb
def cancel_leave(ctx: Context, *, absence_id: str) -> Absence:
    """Cancel an absence: its days are left again. A cancelled one stays cancelled.

    Raises:
        NoAbsence: There is none of this id.
    """
    absence = ctx.session.get(Absence, absence_id)
    if absence is None:
        raise NoAbsence()
    absence.cancelled_at = absence.cancelled_at or ctx.now
    ctx.session.flush()
    return absence


def absences_between(
    ctx: Context, *, first_on: date, last_on: date, person_key: str | None = None
) -> Sequence[Absence]:
    """Return the absences that touch a time and were not cancelled, as they begin.

    Args:
        ctx: Who asks.
        first_on: The first day.
        last_on: The last day, which belongs to it.
        person_key: Whose; everybody's where omitted.

    Raises:
        InvalidSubmission: It ends before it begins, or is too long.
    """
    _check_span(Span(first_on=first_on, last_on=last_on))
    with ctx.read():
        return ctx.session.scalars(
            select(Absence)
            .where(
                *equal_to({Absence.person_key: person_key}),
                *_touching(first_on, last_on),
                Absence.cancelled_at.is_(None),
            )
            .order_by(Absence.first_on, Absence.person_key)
        ).all()


def list_absences(
    ctx: Context,
    *,
    person_key: str | None = None,
    kind: str | None = None,
    first_on: date | None = None,
    last_on: date | None = None,
    cancelled: bool | None = None,
    sort: str = "-first_on",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many absences there are and one page of them.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = [*equal_to({Absence.person_key: person_key, Absence.kind: kind})]
    wanted += _touching(first_on, last_on)
    if cancelled is not None:
        wanted.append(Absence.cancelled_at.is_not(None) if cancelled else Absence.cancelled_at.is_(None))
    return page_of(
        ctx.connection,
        select(Absence.__table__).where(*wanted),
        order_by(sort, ABSENCE_SORTS, last=Absence.id),
        page=page,
        page_size=page_size,
    )


def _touching(first_on: date | None, last_on: date | None) -> list[ColumnElement[bool]]:
    since = [] if first_on is None else [Absence.last_on >= first_on]
    return since if last_on is None else [*since, Absence.first_on <= last_on]


def _booked(ctx: Context, instance_id: str | None, booking: str) -> Absence | None:
    if instance_id is None:
        return None
    return ctx.session.scalar(
        select(Absence).where(
            Absence.instance_id == instance_id,
            Absence.booking == booking,
            Absence.cancelled_at.is_(None),
        )
    )


def _check_free(ctx: Context, person_key: str, span: Span) -> None:
    other = _in_the_way(ctx, person_key, span)
    if other is not None:
        raise Overlaps(
            _("%(person)s is absent from %(first)s to %(last)s already."),
            person=person_key,
            first=other.first_on.isoformat(),
            last=other.last_on.isoformat(),
        )


def _in_the_way(ctx: Context, person_key: str, span: Span, besides: str | None = None) -> Absence | None:
    """Return an absence of somebody that has half a day in common with a time."""
    others = absences_between(ctx, first_on=span.first_on, last_on=span.last_on, person_key=person_key)
    found = (one for one in others if rules.meet(span, one.span))
    return next((one for one in found if besides is None or one.instance_id != besides), None)


def _left(ctx: Context, person_key: str, kind: str, years: Iterable[int]) -> dict[int, Decimal | None]:
    return {year: read_balance(ctx, person_key=person_key, kind=kind, year=year).left_days for year in years}


def _check_left(ctx: Context, person_key: str, kind: str, charge: dict[int, Decimal]) -> None:
    left = _left(ctx, person_key, kind, charge)
    year = rules.lacking(charge, left)
    if year is not None:
        raise NotEnough(
            _("%(left)s days of this leave are left in %(year)s, and it takes %(days)s."),
            left=number_text(left[year] or Decimal()),
            year=str(year),
            days=number_text(charge[year]),
        )


def _check_span(span: Span) -> None:
    if not span.halves:
        message = _("It ends before it begins: choose a later last day.")
    elif len(span.halves) > 2 * rules.LONGEST_DAYS:
        message = _("It is longer than %(most)s days: split it.")
    else:
        return
    raise InvalidSubmission(
        problems=[Problem(path="last_on", message=message, params={"most": rules.LONGEST_DAYS})]
    )


def calendar_of(ctx: Context) -> Calendar:
    """Return the centre's calendar; one that is always open where there is none."""
    try:
        return load_calendar(ctx.session)
    except NotFound:
        return Calendar.of(zone=ctx.settings.time_zone)
