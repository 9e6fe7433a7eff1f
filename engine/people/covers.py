"""Covers: who decides in somebody's place, from when until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from engine.context import Context, verb
from engine.errors import Conflict, InvalidSubmission, NotFound, Problem
from engine.history import audit
from engine.i18n import _
from engine.people.keys import need_person, valid
from engine.people.models import Cover, Person
from engine.push import publish


@verb
def add_cover(
    ctx: Context,
    *,
    person_key: str,
    cover_key: str,
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Cover:
    """Let somebody decide in somebody's place.

    Args:
        ctx: Who says so.
        person_key: In whose place.
        cover_key: Who decides.
        begins_at: From when; from now where omitted.
        ends_at: Until when; until it is ended where omitted.

    Raises:
        NotFound: There is no such person.
        Conflict: One of them has left, or somebody else covers in that time.
        InvalidSubmission: Nobody covers for themselves, and no time ends before it begins.
    """
    need_person(ctx, person_key)
    need_person(ctx, cover_key)
    begins_at = begins_at or ctx.now
    problems = []
    if person_key == cover_key:
        problems.append(
            Problem(path="cover", message=_("Nobody covers for themselves. Choose somebody else."))
        )
    if ends_at is not None and ends_at <= max(begins_at, ctx.now):
        problems.append(Problem(path="ends_at", message=_("It ends before it begins. Choose a later time.")))
    if problems:
        raise InvalidSubmission(problems=problems)
    meets = select(Cover).where(
        Cover.person_key == person_key, or_(Cover.valid_to.is_(None), Cover.valid_to > begins_at)
    )
    if ends_at is not None:
        meets = meets.where(Cover.valid_from < ends_at)
    other = ctx.session.scalars(meets).first()
    if other is not None:
        raise Conflict(
            _("%(person)s covers for %(covered)s in that time. End that first."),
            person=other.cover_key,
            covered=person_key,
        )
    cover = Cover(person_key=person_key, cover_key=cover_key, valid_from=begins_at, valid_to=ends_at)
    ctx.session.add(cover)
    ctx.session.flush()
    audit(ctx, "cover.add", "person", person_key, {"cover": cover_key})
    publish(ctx, "person", person_key)
    return cover


@verb
def end_cover(ctx: Context, *, cover_id: str) -> None:
    """Let somebody decide for themselves again.

    Raises:
        NotFound: There is no such cover, or it is over.
    """
    cover = ctx.session.get(Cover, cover_id)
    if cover is None or (cover.valid_to is not None and cover.valid_to <= ctx.now):
        raise NotFound(_("There is no such cover any more."))
    # One that has not begun never does.
    cover.valid_to = max(ctx.now, cover.valid_from)
    ctx.session.flush()
    audit(ctx, "cover.end", "person", cover.person_key, {"cover": cover.cover_key})
    publish(ctx, "person", cover.person_key)


def cover_of(ctx: Context, person_key: str) -> str | None:
    """Return who decides in somebody's place now and is still here; None where they do themselves."""
    with ctx.read():
        return ctx.session.scalar(
            select(Cover.cover_key)
            .join(Person, Person.key == Cover.cover_key)
            .where(Cover.person_key == person_key, valid(Cover, ctx.now), Person.closed_at.is_(None))
        )


def successor_of(ctx: Context, person_key: str) -> str | None:
    """Return who has the work of somebody who has left: whom they handed over to, or that one's successor.

    Returns:
        None where they are here, handed over to nobody, or nobody of those is here.
    """
    with ctx.read():
        person, passed = ctx.session.get(Person, person_key), {person_key}
        while person is not None and person.closed_at is not None:
            key = ctx.session.scalar(
                select(Cover.cover_key).where(Cover.person_key == person.key, valid(Cover, ctx.now))
            )
            if key is None or key in passed:
                return None
            passed.add(key)
            person = ctx.session.get(Person, key)
        return None if person is None or person.key == person_key else person.key


def covers_of(ctx: Context, person_key: str) -> Sequence[Cover]:
    """Return the covers of somebody, and those for others, that are not over, as they begin."""
    with ctx.read():
        return ctx.session.scalars(
            select(Cover)
            .where(
                or_(Cover.person_key == person_key, Cover.cover_key == person_key),
                or_(Cover.valid_to.is_(None), Cover.valid_to > ctx.now),
            )
            .order_by(Cover.valid_from)
        ).all()
