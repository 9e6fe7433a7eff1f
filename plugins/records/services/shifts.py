"""Shifts: who works when, as planners write it; what processes do to them is ``moves``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, time, timedelta
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, delete, select

from engine.context import Context, verb
from engine.db import alone_in, equal_to, order_by, page_of
from engine.errors import Conflict, InvalidSubmission, NotFound, Problem
from engine.history import audit
from engine.i18n import _
from engine.people import need_here, unit_members
from plugins.records import rules
from plugins.records.models import Shift
from plugins.records.rules import Stretch
from plugins.records.services.subject import check_subject

SHIFT_SORTS = {"day": Shift.day, "starts_at": Shift.starts_at, "person_key": Shift.person_key}
LONGEST_LIST_DAYS = 400
_LONGEST = timedelta(hours=16)


class ShiftsOverlap(Conflict):
    """They work at that time already."""

    code: ClassVar[str] = "overlaps"


class NoShift(NotFound):
    """There is no such shift."""

    code: ClassVar[str] = "no_shift"


@verb
def put_shift(
    ctx: Context,
    *,
    person_key: str,
    day: date,
    starts: time,
    ends: time,
    kind: str,
    shift_id: str | None = None,
) -> Shift:
    """Write a shift into the roster, or change one. The same shift again is the one that is there.

    Args:
        ctx: Who plans.
        person_key: Who works.
        day: On which it begins.
        starts: By the centre's clock.
        ends: By the centre's clock; no later than the start is the day after.
        kind: ``early``, ``day``, ``late``, ``night`` or any other word.
        shift_id: The one that is changed.

    Raises:
        InvalidSubmission: The person, the kind or the times cannot be.
        NoShift: There is none of this id.
        ShiftsOverlap: The person works at that time already.
    """
    check_subject(ctx, person_key=person_key, kind=kind)
    need_here(ctx, person_key)
    stretch = written(ctx, day=day, starts=starts, ends=ends)
    # Two planners at once would each find the time free.
    alone_in(ctx.connection, Shift.__table__)
    shift = Shift() if shift_id is None else get_shift(ctx, shift_id)
    for other in shifts_around(ctx, person_key, [stretch], besides={shift.id} if shift_id else ()):
        if shift_id is None and (other.stretch, other.kind) == (stretch, kind):
            return other
        if rules.cross(stretch, other.stretch):
            raise ShiftsOverlap(
                _("%(person)s works on %(day)s at that time already."),
                person=person_key,
                day=other.day.isoformat(),
            )
    shift.person_key, shift.kind = person_key, kind
    keep(ctx, shift, stretch)
    detail = {"day": day, "starts_at": stretch.starts_at, "ends_at": stretch.ends_at, "kind": kind}
    audit(ctx, "shift.put", "person", person_key, detail)
    return shift


@verb
def remove_shift(ctx: Context, *, shift_id: str) -> None:
    """Take a shift out of the roster.

    Raises:
        NoShift: There is none of this id.
    """
    shift = get_shift(ctx, shift_id)
    detail = {"day": shift.day, "starts_at": shift.starts_at, "ends_at": shift.ends_at, "kind": shift.kind}
    audit(ctx, "shift.remove", "person", shift.person_key, detail)
    ctx.session.execute(delete(Shift).where(Shift.id == shift_id))


def get_shift(ctx: Context, shift_id: str) -> Shift:
    """Return a shift.

    Raises:
        NoShift: There is none of this id.
    """
    shift = ctx.session.get(Shift, shift_id)
    if shift is None:
        raise NoShift()
    return shift


def shifts_between(
    ctx: Context,
    *,
    first_on: date,
    last_on: date,
    person_keys: Collection[str] | None = None,
) -> Sequence[Shift]:
    """Return the shifts that belong to some days, as they begin.

    Args:
        ctx: Who asks.
        first_on: The first day.
        last_on: The last day, which belongs to it.
        person_keys: Whose; everybody's where omitted.

    Raises:
        InvalidSubmission: It ends before it begins, or is too long.
    """
    if not 0 <= (last_on - first_on).days < LONGEST_LIST_DAYS:
        message = _("Ask for 1 to %(most)s days: the last day is no earlier than the first.")
        raise InvalidSubmission(
            problems=[Problem(path="last_on", message=message, params={"most": LONGEST_LIST_DAYS})]
        )
    whose = [] if person_keys is None else [Shift.person_key.in_(sorted(person_keys))]
    with ctx.read():
        return ctx.session.scalars(
            select(Shift)
            .where(*whose, *_on(first_on, last_on))
            .order_by(Shift.starts_at, Shift.person_key, Shift.id)
        ).all()


def list_shifts(
    ctx: Context,
    *,
    person_key: str | None = None,
    unit_key: str | None = None,
    first_on: date | None = None,
    last_on: date | None = None,
    sort: str = "starts_at,person_key",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many shifts there are and one page of them.

    Args:
        ctx: Who asks.
        person_key: Of whom.
        unit_key: Of whoever works in this unit now, or in one below.
        first_on: Of this day and later ones.
        last_on: Of this day and earlier ones.
        sort: Keys of ``SHIFT_SORTS``.
        page: From 1.
        page_size: Rows a page.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = [*equal_to({Shift.person_key: person_key}), *_on(first_on, last_on)]
    if unit_key is not None:
        members = [person.key for person in unit_members(ctx, unit_key, below=True)]
        wanted.append(Shift.person_key.in_(members))
    return page_of(
        ctx.connection,
        select(Shift.__table__).where(*wanted),
        order_by(sort, SHIFT_SORTS, last=Shift.id),
        page=page,
        page_size=page_size,
    )


def shifts_around(
    ctx: Context, person_key: str, wanted: Collection[Stretch], *, besides: Collection[str] = ()
) -> Sequence[Shift]:
    """Return somebody's shifts that may lie near some times of work.

    Args:
        ctx: With an open transaction.
        person_key: Whose.
        wanted: The times.
        besides: Ids of shifts that do not count.
    """
    if not wanted:
        return ()
    days = sorted(stretch.day for stretch in wanted)
    # No rest that is asked for is longer than the days between.
    return ctx.session.scalars(
        select(Shift)
        .where(
            Shift.person_key == person_key,
            *_on(days[0] - timedelta(days=3), days[-1] + timedelta(days=3)),
            Shift.id.not_in(sorted(besides)),
        )
        .order_by(Shift.starts_at)
    ).all()


def written(ctx: Context, *, day: date, starts: time, ends: time) -> Stretch:
    """Read a time of work as people write it, by the centre's clock.

    Raises:
        InvalidSubmission: It is too long.
    """
    stretch = rules.stretch_on(day, starts, ends, ctx.settings.zone)
    if stretch.length > _LONGEST:
        message = _("It is longer than %(most)s hours: look at its start and its end.")
        params = {"most": _LONGEST // timedelta(hours=1)}
        raise InvalidSubmission(problems=[Problem(path="ends", message=message, params=params)])
    return stretch


def keep(ctx: Context, shift: Shift, stretch: Stretch) -> None:
    """Give a shift its time, and remember who did it."""
    shift.day, shift.starts_at, shift.ends_at = stretch.day, stretch.starts_at, stretch.ends_at
    shift.changed_at, shift.changed_by = ctx.now, ctx.actor.name
    ctx.session.add(shift)
    ctx.session.flush()


def _on(first_on: date | None, last_on: date | None) -> list[ColumnElement[bool]]:
    since = [] if first_on is None else [Shift.day >= first_on]
    return since if last_on is None else [*since, Shift.day <= last_on]
