"""What drawings call of leave: count it, look what is left, book and cancel it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypedDict

from engine.context import Context
from engine.errors import InvalidSubmission, Problem
from engine.i18n import _
from engine.plugin.offers import Field, service_task
from plugins.records import services
from plugins.records.models import Absence
from plugins.records.rules import Span
from plugins.records.service_tasks.outcomes import outcomes
from plugins.records.service_tasks.parameters import Anybody, Booking, First, InstanceId, Last, Person

LeaveKind = Annotated[
    str, Field(label=_("Kind of leave"), help=_("annual, sick, personal or any other word."))
]
HalfFirst = Annotated[bool | None, Field(label=_("First day: afternoon only"))]
HalfLast = Annotated[bool | None, Field(label=_("Last day: morning only"))]
Days = Annotated[Decimal, Field(label=_("Working days"), help=_("In halves."))]
AbsenceId = Annotated[str, Field(label=_("Id of the absence"), help=_("What the booking gave."))]


class LeaveDays(TypedDict):
    """How much leave a time is."""

    days: Days


class Left(TypedDict):
    """How it stands with somebody's leave."""

    left: Annotated[
        Decimal | None, Field(label=_("Days left"), help=_("Null where this leave is not counted."))
    ]
    granted: Annotated[
        Decimal | None, Field(label=_("Days granted"), help=_("Null where this leave is not counted."))
    ]
    taken: Annotated[Decimal, Field(label=_("Days taken"), help=_("Booked and not cancelled."))]


class Checked(TypedDict):
    """What stands in the way of leave."""

    days: Days
    problem: Annotated[
        str | None,
        Field(
            label=_("What stands in its way"),
            help=_("free (no working day), away, short, cover_away; null where it can be asked for."),
        ),
    ]
    year: Annotated[int, Field(label=_("Year"), help=_("Of which too few are left, else of the first day."))]
    year_days: Annotated[Decimal, Field(label=_("Days of that year"))]
    left: Annotated[
        Decimal | None, Field(label=_("Days left"), help=_("Null where this leave is not counted."))
    ]


class Booked(TypedDict):
    """What was booked."""

    absence_id: Annotated[str, Field(label=_("Id of the absence"), help=_("Cancelling it needs this."))]
    days: Days


class Cancelled(TypedDict):
    """What was cancelled."""

    days: Days


@service_task("leave_days", title=_("Count days of leave"), mode="inline", looks=True)
def count_leave_days(
    ctx: Context,
    first_on: First,
    last_on: Last,
    half_first: HalfFirst = None,
    half_last: HalfLast = None,
) -> LeaveDays:
    """Count the working days of a time by the centre's calendar, holidays and make-up days considered."""
    charge = services.count_days(ctx, _span(first_on, last_on, half_first, half_last))
    return {"days": sum(charge.values(), Decimal())}


@service_task("leave_balance", title=_("Look up days of leave that are left"), mode="inline", looks=True)
def leave_balance(
    ctx: Context,
    person: Person,
    kind: LeaveKind,
    year: Annotated[int | None, Field(label=_("Year"), help=_("This year if empty."))] = None,
) -> Left:
    """Say how many days of a kind of leave somebody has left in a year."""
    asked = ctx.now.astimezone(ctx.settings.zone).year if year is None else int(year)
    balance = services.read_balance(ctx, person_key=person, kind=kind, year=asked)
    return {"left": balance.left_days, "granted": balance.granted_days, "taken": balance.taken_days}


@service_task("check_leave", title=_("Check leave before it is asked for"), mode="inline", looks=True)
def check_leave(
    ctx: Context,
    person: Person,
    kind: LeaveKind,
    first_on: First,
    last_on: Last,
    half_first: HalfFirst = None,
    half_last: HalfLast = None,
    cover: Annotated[
        str | None, Field(label=_("Cover"), help=_("Who stands in: whether they are absent then."))
    ] = None,
    instance_id: InstanceId = None,
) -> Checked:
    """Count what leave takes, and say what stands in its way before anybody decides about it."""
    found = services.check_leave(
        ctx,
        person_key=person,
        kind=kind,
        span=_span(first_on, last_on, half_first, half_last),
        cover_key=cover or None,
        instance_id=instance_id,
    )
    return {
        "days": found.days,
        "problem": found.problem,
        "year": found.year,
        "year_days": found.year_days,
        "left": found.left_days,
    }


@service_task("book_leave", title=_("Book leave"), mode="inline")
def book_leave(
    ctx: Context,
    person: Person,
    kind: LeaveKind,
    first_on: First,
    last_on: Last,
    half_first: HalfFirst = None,
    half_last: HalfLast = None,
    instance_id: InstanceId = None,
    booking: Booking = None,
) -> Booked:
    """Book an absence, which takes its days from the balance; errors: not_enough, overlaps."""
    with outcomes(ctx, services.NotEnough, services.Overlaps):
        absence = services.book_leave(
            ctx,
            person_key=person,
            kind=kind,
            span=_span(first_on, last_on, half_first, half_last),
            instance_id=instance_id,
            booking=booking or "",
        )
    return {"absence_id": absence.id, "days": absence.days}


@service_task("cancel_leave", title=_("Cancel leave"), mode="inline", repeatable=True)
def cancel_leave(ctx: Context, absence_id: AbsenceId) -> Cancelled:
    """Cancel an absence, which gives its days back; error: no_absence."""
    with outcomes(ctx, services.NoAbsence):
        return {"days": services.cancel_leave(ctx, absence_id=absence_id).days}


@service_task("absences", title=_("List absences"), mode="inline", looks=True)
def list_absences(
    ctx: Context,
    first_on: First,
    last_on: Last,
    person: Anybody = None,
) -> Annotated[
    list[Any],
    Field(
        label=_("Absences"),
        help=_(
            "Contexts with absence_id, person, kind, first_on, last_on, half_first, half_last and days, "
            "as they begin."
        ),
    ),
]:
    """List who is absent in a time, for covers and rosters."""
    span = _span(first_on, last_on, None, None)
    found = services.absences_between(
        ctx, first_on=span.first_on, last_on=span.last_on, person_key=person or None
    )
    return [_absence(one) for one in found]


def _span(
    first_on: date | None, last_on: date | None, half_first: bool | None, half_last: bool | None
) -> Span:
    """Make a time of what the drawing hands in, which may be nothing.

    Raises:
        InvalidSubmission: A day is missing.
    """
    if first_on is None or last_on is None:
        path = "first_on" if first_on is None else "last_on"
        raise InvalidSubmission(problems=[Problem(path=path, message=_("This day is missing."))])
    return Span(first_on=first_on, last_on=last_on, half_first=bool(half_first), half_last=bool(half_last))


def _absence(one: Absence) -> dict[str, Any]:
    return {
        "absence_id": one.id,
        "person": one.person_key,
        "kind": one.kind,
        "first_on": one.first_on,
        "last_on": one.last_on,
        "half_first": one.half_first,
        "half_last": one.half_last,
        "days": one.days,
    }
