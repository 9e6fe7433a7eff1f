"""What processes do to shifts: two people swap them, one gives theirs away, one gets another one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, select

from engine.context import Context, verb
from engine.db import alone_in
from engine.errors import Conflict, InvalidSubmission, Problem
from engine.i18n import _
from engine.parameters import parameter
from engine.people import PersonSkill, get_person, groups_of
from engine.people.keys import valid
from plugins.records import rules
from plugins.records.models import Shift, ShiftMove
from plugins.records.rules import Stretch
from plugins.records.services.leave import absences_between
from plugins.records.services.shifts import keep, shifts_around, shifts_between, written

LEAST_REST = "records.least_rest_hours"

# Why shifts cannot be moved, by the code that a drawing reads.
HINDRANCES: Mapping[str, str] = {
    "oneself": _("Name somebody else: nobody swaps with themselves."),
    "gone": _("%(person)s has left."),
    "no_shift": _("%(person)s has no shift on %(day)s."),
    "too_late": _("The shift of %(person)s on %(day)s has begun, or its time is over."),
    "unlike": _("%(person)s does not have the same skills or groups."),
    "away": _("%(person)s is absent on %(day)s."),
    "overlaps": _("%(person)s works on %(day)s at that time already."),
    "no_rest": _("%(person)s would rest less than %(hours)s hours before or after the shift of %(day)s."),
    "changed": _("The shifts of %(person)s on %(day)s were changed meanwhile."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindrance:
    """Why shifts cannot be moved.

    Args:
        code: A key of ``HINDRANCES``.
        person_key: Who is in the way.
        day: On which day.
    """

    code: str
    person_key: str
    day: date


class Hindered(Conflict):
    """These shifts cannot be moved."""

    def __init__(self, hindrance: Hindrance, *, person: str, hours: int) -> None:
        super().__init__(
            HINDRANCES[hindrance.code], person=person, day=hindrance.day.isoformat(), hours=str(hours)
        )
        self.hindrance = hindrance


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A shift as people agreed on it: it is moved only while it is still so."""

    shift_id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """What a swap would be.

    Args:
        gives: The shifts that the colleague would get.
        takes: Those that the person would get for them; none where they only give theirs away.
        hindrance: Why it cannot be; None where it can.
    """

    gives: Sequence[Shift]
    takes: Sequence[Shift]
    hindrance: Hindrance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a change to another time would be.

    Args:
        shifts: The shifts that would be left.
        stretch: The time in their place.
        hindrance: Why it cannot be; None where it can.
    """

    shifts: Sequence[Shift]
    stretch: Stretch
    hindrance: Hindrance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """In what two people who swap must be equal."""

    skills: bool = False
    groups: bool = False


def check_swap(
    ctx: Context,
    *,
    person_key: str,
    day: date,
    colleague_key: str,
    colleague_day: date | None = None,
    alike: Alike | None = None,
) -> Swap:
    """Look whether two people can swap the shifts of two days, or one can give theirs to the other.

    Args:
        ctx: Who asks.
        person_key: Who gives.
        day: Of which day; a night shift belongs to the day on which it begins.
        colleague_key: To whom.
        colleague_day: Whose shifts of this day the person gets for it; none where omitted.
        alike: In what they must be equal; in nothing where omitted.

    Raises:
        NotFound: There is nobody of a key.
    """
    with ctx.read():
        gives = _of_day(ctx, person_key, day)
        takes = [] if colleague_day is None else _of_day(ctx, colleague_key, colleague_day)
        found = _of_two(ctx, person_key, colleague_key, day, alike or Alike())
        found = found or _of_shifts(ctx, gives, person_key, day)
        if colleague_day is not None:
            found = found or _of_shifts(ctx, takes, colleague_key, colleague_day)
        found = found or _of_moving(ctx, person_key, gives, takes, colleague_key)
        return Swap(gives=gives, takes=takes, hindrance=found)


@verb
def swap_shifts(
    ctx: Context,
    *,
    person_key: str,
    colleague_key: str,
    gives: Sequence[Agreed],
    takes: Sequence[Agreed] = (),
    alike: Alike | None = None,
    instance_id: str | None = None,
    booking: str = "",
) -> None:
    """Let two people swap shifts, or one give theirs to the other: all of it or nothing.

    It is looked at once more as it stands now. The same instance does it once.

    Args:
        ctx: Who acts.
        person_key: Who gives.
        colleague_key: To whom.
        gives: What they agreed on; at least one shift.
        takes: What the person gets for it.
        alike: In what they must be equal.
        instance_id: The instance that asks for it.
        booking: Tells apart what one instance does.

    Raises:
        InvalidSubmission: There is no shift to give.
        Hindered: It cannot be, or what they agreed on was changed meanwhile.
        Conflict: The instance has done something else under this name.
    """
    _need_some(gives, "gives")
    asked = {
        "person": person_key,
        "colleague": colleague_key,
        "gives": [one.shift_id for one in gives],
        "takes": [one.shift_id for one in takes],
    }
    # Of two swaps of one shift at once, the second finds what the first has made of it.
    alone_in(ctx.connection, Shift.__table__)
    if _done(ctx, instance_id, booking, asked):
        return
    given = _still(ctx, person_key, gives)
    taken = _still(ctx, colleague_key, takes)
    found = _of_two(ctx, person_key, colleague_key, given[0].day, alike or Alike())
    for shifts, whose in ((given, person_key), (taken, colleague_key)):
        if shifts:
            found = found or _of_shifts(ctx, shifts, whose, shifts[0].day)
    _refuse(ctx, found or _of_moving(ctx, person_key, given, taken, colleague_key))
    for shifts, gets in ((given, colleague_key), (taken, person_key)):
        for shift in shifts:
            shift.person_key = gets
            keep(ctx, shift, shift.stretch)
    _remember(ctx, instance_id, booking, asked)


def check_change(
    ctx: Context, *, person_key: str, day: date, to_day: date, starts: time, ends: time
) -> Change:
    """Look whether somebody can work another shift in place of those of a day.

    Args:
        ctx: Who asks.
        person_key: Who.
        day: Whose shifts would be left.
        to_day: On which they would work instead.
        starts: By the centre's clock.
        ends: By the centre's clock; no later than the start is the day after.

    Raises:
        NotFound: There is nobody of that key.
        InvalidSubmission: The times cannot be.
    """
    with ctx.read():
        stretch = written(ctx, day=to_day, starts=starts, ends=ends)
        shifts = _of_day(ctx, person_key, day)
        found = _of_people(ctx, [person_key], day) or _of_shifts(ctx, shifts, person_key, day)
        found = found or _of_time(ctx, person_key, shifts, stretch)
        return Change(shifts=shifts, stretch=stretch, hindrance=found)


@verb
def change_shift(
    ctx: Context,
    *,
    person_key: str,
    shifts: Sequence[Agreed],
    to_day: date,
    starts: time,
    ends: time,
    kind: str | None = None,
    instance_id: str | None = None,
    booking: str = "",
) -> Shift:
    """Let somebody work another shift in place of some. The same instance does it once.

    Args:
        ctx: Who acts.
        person_key: Who.
        shifts: What is left, as it was agreed on; at least one.
        to_day: On which they work instead.
        starts: By the centre's clock.
        ends: By the centre's clock; no later than the start is the day after.
        kind: Of the new shift; as before where omitted.
        instance_id: The instance that asks for it.
        booking: Tells apart what one instance does.

    Raises:
        InvalidSubmission: The times cannot be, or there is no shift.
        Hindered: It cannot be, or what was agreed on was changed meanwhile.
        Conflict: The instance has done something else under this name.
    """
    _need_some(shifts, "shifts")
    stretch = written(ctx, day=to_day, starts=starts, ends=ends)
    asked = {
        "person": person_key,
        "shifts": [one.shift_id for one in shifts],
        "starts_at": stretch.starts_at.isoformat(),
        "ends_at": stretch.ends_at.isoformat(),
    }
    alone_in(ctx.connection, Shift.__table__)
    if _done(ctx, instance_id, booking, asked):
        return ctx.session.get_one(Shift, shifts[0].shift_id)
    left = _still(ctx, person_key, shifts)
    found = _of_people(ctx, [person_key], left[0].day) or _of_shifts(ctx, left, person_key, left[0].day)
    _refuse(ctx, found or _of_time(ctx, person_key, left, stretch))
    first, *others = left
    first.kind = kind or first.kind
    keep(ctx, first, stretch)
    ctx.session.execute(delete(Shift).where(Shift.id.in_([one.id for one in others])))
    _remember(ctx, instance_id, booking, asked)
    return first


def _of_day(ctx: Context, person_key: str, day: date) -> Sequence[Shift]:
    return shifts_between(ctx, first_on=day, last_on=day, person_keys=[person_key])


def _of_two(ctx: Context, person_key: str, colleague_key: str, day: date, alike: Alike) -> Hindrance | None:
    if person_key == colleague_key:
        return Hindrance(code="oneself", person_key=person_key, day=day)
    if gone := _of_people(ctx, [person_key, colleague_key], day):
        return gone
    unequal = (alike.skills and _skills(ctx, person_key) != _skills(ctx, colleague_key)) or (
        alike.groups and groups_of(ctx, person_key) != groups_of(ctx, colleague_key)
    )
    return Hindrance(code="unlike", person_key=colleague_key, day=day) if unequal else None


def _of_people(ctx: Context, person_keys: Iterable[str], day: date) -> Hindrance | None:
    gone = (key for key in person_keys if get_person(ctx, key).closed_at is not None)
    return next((Hindrance(code="gone", person_key=key, day=day) for key in gone), None)


def _skills(ctx: Context, person_key: str) -> set[str]:
    return set(
        ctx.session.scalars(
            select(PersonSkill.skill_key).where(
                PersonSkill.person_key == person_key, valid(PersonSkill, ctx.now)
            )
        )
    )


def _of_shifts(ctx: Context, shifts: Sequence[Shift], person_key: str, day: date) -> Hindrance | None:
    if not shifts:
        return Hindrance(code="no_shift", person_key=person_key, day=day)
    if min(shift.starts_at for shift in shifts) <= ctx.now:
        return Hindrance(code="too_late", person_key=person_key, day=day)
    return None


def _of_moving(
    ctx: Context,
    person_key: str,
    gives: Sequence[Shift],
    takes: Sequence[Shift],
    colleague_key: str,
) -> Hindrance | None:
    """Say why one of two people cannot work what they get; each is free of what they give."""
    for key, gets, leaves in ((person_key, takes, gives), (colleague_key, gives, takes)):
        found = _in_the_way(ctx, key, [shift.stretch for shift in gets], {shift.id for shift in leaves})
        if found is not None:
            return found
    return None


def _of_time(ctx: Context, person_key: str, leaves: Sequence[Shift], stretch: Stretch) -> Hindrance | None:
    if stretch.starts_at <= ctx.now:
        return Hindrance(code="too_late", person_key=person_key, day=stretch.day)
    return _in_the_way(ctx, person_key, [stretch], {shift.id for shift in leaves})


def _in_the_way(
    ctx: Context, person_key: str, wanted: Sequence[Stretch], besides: Collection[str]
) -> Hindrance | None:
    others = [shift.stretch for shift in shifts_around(ctx, person_key, wanted, besides=besides)]
    rest = timedelta(hours=int(parameter(ctx, LEAST_REST)))
    for stretch in wanted:
        clash = rules.clash([stretch], others, rest)
        code = clash or ("away" if _is_away(ctx, person_key, stretch) else None)
        if code is not None:
            return Hindrance(code=code, person_key=person_key, day=stretch.day)
    return None


def _is_away(ctx: Context, person_key: str, stretch: Stretch) -> bool:
    span = rules.halves_worked(stretch, ctx.settings.zone)
    absences = absences_between(ctx, first_on=stretch.day, last_on=stretch.day, person_key=person_key)
    return any(rules.meet(span, absence.span) for absence in absences)


def _still(ctx: Context, person_key: str, agreed: Iterable[Agreed]) -> list[Shift]:
    """Return the shifts that were agreed on, which are as they were then.

    Raises:
        Hindered: One is gone, somebody else's or at another time.
    """
    found = []
    for one in agreed:
        shift = ctx.session.get(Shift, one.shift_id, populate_existing=True)
        times = (one.starts_at, one.ends_at)
        if shift is None or shift.person_key != person_key or (shift.starts_at, shift.ends_at) != times:
            day = one.starts_at.astimezone(ctx.settings.zone).date()
            _refuse(ctx, Hindrance(code="changed", person_key=person_key, day=day))
        else:
            found.append(shift)
    return found


def _refuse(ctx: Context, hindrance: Hindrance | None) -> None:
    if hindrance is not None:
        name = get_person(ctx, hindrance.person_key).name
        raise Hindered(hindrance, person=name, hours=int(parameter(ctx, LEAST_REST)))


def _done(ctx: Context, instance_id: str | None, booking: str, asked: Mapping[str, Any]) -> bool:
    """Tell whether an instance has done this already.

    Raises:
        Conflict: It has done something else under this name.
    """
    if instance_id is None:
        return False
    before = ctx.session.scalar(
        select(ShiftMove.asked).where(ShiftMove.instance_id == instance_id, ShiftMove.booking == booking)
    )
    if before is not None and before != asked:
        raise Conflict(_("This process has moved other shifts already: give this move another name."))
    return before is not None


def _remember(ctx: Context, instance_id: str | None, booking: str, asked: Mapping[str, Any]) -> None:
    if instance_id is not None:
        ctx.session.add(
            ShiftMove(
                instance_id=instance_id,
                booking=booking,
                asked=asked,
                moved_at=ctx.now,
                moved_by=ctx.actor.name,
            )
        )
        ctx.session.flush()


def _need_some(agreed: Sequence[Agreed], path: str) -> None:
    if not agreed:
        raise InvalidSubmission(problems=[Problem(path=path, message=_("Name at least one shift."))])
