"""What drawings call of shifts: write them, look whether they can be moved, move them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypedDict

from engine.context import Context
from engine.errors import BpmnError, InvalidSubmission, Problem
from engine.i18n import _, say
from engine.people import centre_locale, get_person
from engine.plugin.offers import Field, checks, service_task
from plugins.records import services
from plugins.records.models import Shift
from plugins.records.rules import Stretch
from plugins.records.service_tasks.outcomes import outcomes
from plugins.records.service_tasks.parameters import (
    Anybody,
    Booking,
    Day,
    Ends,
    First,
    InstanceId,
    Last,
    Person,
    Starts,
    needed,
    read_time,
)
from plugins.records.services import Agreed, Alike, Hindrance

Colleague = Annotated[str, Field(label=_("Colleague"), help=_("A user name."))]
SameSkills = Annotated[bool | None, Field(label=_("Both must have the same skills"))]
SameGroups = Annotated[bool | None, Field(label=_("Both must be in the same groups"))]
AgreedShifts = Annotated[
    list[Any] | None,
    Field(label=_("Shifts"), help=_("As they were given: contexts with shift_id, starts_at and ends_at.")),
]
ShiftContexts = Annotated[
    list[Any],
    Field(
        label=_("Shifts"),
        help=_("Contexts with shift_id, person, day, starts_at, ends_at, kind and text, as they begin."),
    ),
]
ShiftText = Annotated[
    str | None, Field(label=_("In a line"), help=_("Such as 2026-03-02 09:00-17:00; null for none."))
]
HindranceCode = Annotated[
    str | None,
    Field(
        label=_("What is in the way"),
        help=_(
            "Null where nothing is; else oneself, gone, no_shift, too_late, unlike, away, overlaps, no_rest."
        ),
    ),
]
Hindered = Annotated[
    str | None, Field(label=_("Who is in the way"), help=_("The name; null where nobody is."))
]
FirstAt = Annotated[
    datetime | None, Field(label=_("When the first of these shifts begins"), help=_("Null for none."))
]


class Put(TypedDict):
    """A shift that was written."""

    shift_id: Annotated[str, Field(label=_("Id of the shift"))]


class SwapLook(TypedDict):
    """What a swap would be."""

    gives: ShiftContexts
    takes: ShiftContexts
    gives_text: ShiftText
    takes_text: ShiftText
    first_at: FirstAt
    hindrance: HindranceCode
    hindered: Hindered


class ChangeLook(TypedDict):
    """What a change to another time would be."""

    shifts: ShiftContexts
    shifts_text: ShiftText
    wanted_text: ShiftText
    first_at: FirstAt
    hindrance: HindranceCode
    hindered: Hindered


class Moved(TypedDict):
    """What was moved."""

    moved: Annotated[int, Field(label=_("How many shifts were moved"))]


@checks("least_rest_hours")
def check_least_rest(value: Decimal) -> Sequence[Problem]:
    """Say why a rest cannot be asked for."""
    if 0 <= value <= 48:
        return ()
    return [Problem(path="value", message=_("Write a number from 0 to 48."))]


@service_task("put_shift", title=_("Write a shift into the roster"), mode="inline", repeatable=True)
def put_shift(
    ctx: Context,
    person: Person,
    day: Day,
    starts: Starts,
    ends: Ends,
    kind: Annotated[
        str, Field(label=_("Kind of shift"), help=_("early, day, late, night or any other word."))
    ],
) -> Put:
    """Write when somebody works, once; error: overlaps."""
    with outcomes(ctx, services.ShiftsOverlap):
        shift = services.put_shift(
            ctx,
            person_key=person,
            day=needed(day, "day"),
            starts=read_time(starts, "starts"),
            ends=read_time(ends, "ends"),
            kind=kind,
        )
    return {"shift_id": shift.id}


@service_task("shifts", title=_("List shifts"), mode="inline", looks=True)
def list_shifts(
    ctx: Context,
    first_on: First,
    last_on: Last,
    person: Anybody = None,
) -> ShiftContexts:
    """List who works when; a night shift belongs to the day on which it begins."""
    found = services.shifts_between(
        ctx,
        first_on=needed(first_on, "first_on"),
        last_on=needed(last_on, "last_on"),
        person_keys=[person] if person else None,
    )
    return _contexts(ctx, found)


@service_task("check_swap", title=_("Check that shifts can be swapped"), mode="inline", looks=True)
def check_swap(
    ctx: Context,
    person: Person,
    day: Day,
    colleague: Colleague,
    colleague_day: Annotated[
        date | None, Field(label=_("Day of the colleague's shift"), help=_("A gift if empty."))
    ] = None,
    same_skills: SameSkills = None,
    same_groups: SameGroups = None,
) -> SwapLook:
    """Look whether two people can swap the shifts of two days; nothing is changed."""
    swap = services.check_swap(
        ctx,
        person_key=needed(person, "person"),
        day=needed(day, "day"),
        colleague_key=needed(colleague, "colleague"),
        colleague_day=colleague_day,
        alike=Alike(skills=bool(same_skills), groups=bool(same_groups)),
    )
    return {
        "gives": _contexts(ctx, swap.gives),
        "takes": _contexts(ctx, swap.takes),
        "gives_text": _text(ctx, [shift.stretch for shift in swap.gives]),
        "takes_text": _text(ctx, [shift.stretch for shift in swap.takes]),
        "first_at": min((shift.starts_at for shift in (*swap.gives, *swap.takes)), default=None),
        "hindrance": _code(swap.hindrance),
        "hindered": _name(ctx, swap.hindrance),
    }


@service_task("swap_shifts", title=_("Swap shifts"), mode="inline")
def swap_shifts(
    ctx: Context,
    person: Person,
    colleague: Colleague,
    gives: AgreedShifts,
    takes: AgreedShifts = None,
    same_skills: SameSkills = None,
    same_groups: SameGroups = None,
    instance_id: InstanceId = None,
    booking: Booking = None,
) -> Moved:
    """Let two people swap shifts as they agreed; errors: changed, and what check_swap finds."""
    given, taken = _agreed(gives, "gives"), _agreed(takes, "takes")
    with _hindrances(ctx):
        services.swap_shifts(
            ctx,
            person_key=needed(person, "person"),
            colleague_key=needed(colleague, "colleague"),
            gives=given,
            takes=taken,
            alike=Alike(skills=bool(same_skills), groups=bool(same_groups)),
            instance_id=instance_id,
            booking=booking or "",
        )
    return {"moved": len(given) + len(taken)}


@service_task("check_change", title=_("Check that a shift can be changed"), mode="inline", looks=True)
def check_change(
    ctx: Context,
    person: Person,
    day: Day,
    to_day: Annotated[date, Field(label=_("Other day"), help=_("It may be the same."))],
    starts: Starts,
    ends: Ends,
) -> ChangeLook:
    """Look whether somebody can work another shift in place of those of a day; nothing is changed."""
    change = services.check_change(
        ctx,
        person_key=needed(person, "person"),
        day=needed(day, "day"),
        to_day=needed(to_day, "to_day"),
        starts=read_time(starts, "starts"),
        ends=read_time(ends, "ends"),
    )
    times = [change.stretch.starts_at, *(shift.starts_at for shift in change.shifts)]
    return {
        "shifts": _contexts(ctx, change.shifts),
        "shifts_text": _text(ctx, [shift.stretch for shift in change.shifts]),
        "wanted_text": _text(ctx, [change.stretch]),
        "first_at": min(times),
        "hindrance": _code(change.hindrance),
        "hindered": _name(ctx, change.hindrance),
    }


@service_task("change_shift", title=_("Change a shift"), mode="inline")
def change_shift(
    ctx: Context,
    person: Person,
    shifts: AgreedShifts,
    to_day: Annotated[date, Field(label=_("Other day"), help=_("It may be the same."))],
    starts: Starts,
    ends: Ends,
    kind: Annotated[str | None, Field(label=_("Kind of shift"), help=_("As before if empty."))] = None,
    instance_id: InstanceId = None,
    booking: Booking = None,
) -> Put:
    """Let somebody work another shift in place of some; errors: changed, and what check_change finds."""
    with _hindrances(ctx):
        shift = services.change_shift(
            ctx,
            person_key=needed(person, "person"),
            shifts=_agreed(shifts, "shifts"),
            to_day=needed(to_day, "to_day"),
            starts=read_time(starts, "starts"),
            ends=read_time(ends, "ends"),
            kind=kind or None,
            instance_id=instance_id,
            booking=booking or "",
        )
    return {"shift_id": shift.id}


def _agreed(raw: Iterable[Any] | None, path: str) -> list[Agreed]:
    """Read shifts as a process keeps them.

    Raises:
        InvalidSubmission: One is none.
    """
    try:
        return [
            Agreed(
                shift_id=str(one["shift_id"]),
                starts_at=datetime.fromisoformat(one["starts_at"]).astimezone(UTC),
                ends_at=datetime.fromisoformat(one["ends_at"]).astimezone(UTC),
            )
            for one in raw or ()
        ]
    except (KeyError, TypeError, ValueError):
        message = _("Hand over shifts as they were given: contexts with shift_id, starts_at and ends_at.")
        raise InvalidSubmission(problems=[Problem(path=path, message=message)]) from None


@contextmanager
def _hindrances(ctx: Context) -> Iterator[None]:
    """Let the drawing catch what is in the way of moving shifts."""
    try:
        yield
    except services.Hindered as error:
        raise BpmnError(error.hindrance.code, say(centre_locale(ctx), error)) from error


def _code(hindrance: Hindrance | None) -> str | None:
    return None if hindrance is None else hindrance.code


def _name(ctx: Context, hindrance: Hindrance | None) -> str | None:
    return None if hindrance is None else get_person(ctx, hindrance.person_key).name


def _contexts(ctx: Context, shifts: Iterable[Shift]) -> list[Any]:
    return [
        {
            "shift_id": shift.id,
            "person": shift.person_key,
            "day": shift.day,
            "starts_at": shift.starts_at,
            "ends_at": shift.ends_at,
            "kind": shift.kind,
            "text": _text(ctx, [shift.stretch]),
        }
        for shift in shifts
    ]


def _text(ctx: Context, stretches: Sequence[Stretch]) -> str | None:
    """Say times of work in a line that every language and a short SMS can hold; they are of one day."""
    zone = ctx.settings.zone
    said = [
        f"{stretch.starts_at.astimezone(zone):%H:%M}-{stretch.ends_at.astimezone(zone):%H:%M}"
        for stretch in stretches
    ]
    return f"{stretches[0].day.isoformat()} {', '.join(said)}" if said else None
