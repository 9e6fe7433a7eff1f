"""Who has a part in an instance beside its tasks: they follow it, it was sent to them, they were asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update

from engine.context import Context
from engine.db import page_of
from engine.errors import NotFound
from engine.i18n import _
from engine.ids import new_id
from engine.instance import ProcessInstance
from engine.push import publish
from engine.work.models import Involvement

KINDS = ("read", "mention", "follow", "consult", "help")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Somebody's part in an instance, with what lists show of the instance."""

    id: str
    instance_id: str
    task_id: str | None
    person_key: str
    kind: str
    by: str
    text: str | None
    at: datetime
    read_at: datetime | None
    answer: str | None
    ended_at: datetime | None
    title: str
    business_key: str | None
    process_key: str
    definition_id: str
    state: str


def involve(
    ctx: Context,
    *,
    instance_id: str,
    person_key: str,
    kind: str,
    task_id: str | None = None,
    text: str | None = None,
) -> str:
    """Give somebody a part in an instance, within the open transaction; what was sent is theirs once.

    Returns:
        The part's id.
    """
    if kind in ("read", "follow"):
        held = part_of(ctx, instance_id, person_key, kind)
        if held is not None:
            return held
    part_id = new_id()
    ctx.session.add(
        Involvement(
            id=part_id,
            instance_id=instance_id,
            task_id=task_id,
            person_key=person_key,
            kind=kind,
            by=ctx.actor.name,
            text=text,
            at=ctx.now,
        )
    )
    ctx.session.flush()
    if kind == "follow":
        followed = update(ProcessInstance).where(ProcessInstance.id == instance_id).values(followed=True)
        ctx.session.execute(followed)
    publish(ctx, "instance", instance_id)
    publish(ctx, "person", person_key)
    return part_id


def part_of(ctx: Context, instance_id: str, person_key: str, kind: str) -> str | None:
    """Return the id of somebody's part of a kind that is not over; None where they have none."""
    return ctx.session.scalar(
        select(Involvement.id).where(
            Involvement.instance_id == instance_id,
            Involvement.person_key == person_key,
            Involvement.kind == kind,
            Involvement.ended_at.is_(None),
        )
    )


def end_part(ctx: Context, part_id: str, *, answer: str | None = None) -> None:
    """Let a part be over, with what was answered, within the open transaction."""
    ctx.session.execute(
        update(Involvement).where(Involvement.id == part_id).values(ended_at=ctx.now, answer=answer)
    )


def get_part(ctx: Context, part_id: str) -> Involvement:
    """Return a part, held until the open transaction ends where it writes.

    Raises:
        NotFound: There is none of this id.
    """
    part = ctx.session.get(Involvement, part_id, with_for_update=ctx.writing, populate_existing=True)
    if part is None:
        raise NotFound(_("There is no such question or copy."))
    return part


def mark_read(ctx: Context, instance_id: str, person_key: str) -> None:
    """Keep that somebody has seen what was sent to them of an instance, within the open transaction."""
    unread = update(Involvement).where(
        Involvement.instance_id == instance_id,
        Involvement.person_key == person_key,
        Involvement.read_at.is_(None),
    )
    if ctx.session.execute(unread.values(read_at=ctx.now)).rowcount:  # type: ignore[attr-defined]
        publish(ctx, "person", person_key)


def parts_of(ctx: Context, instance_id: str, *, kind: str | None = None) -> Sequence[Involvement]:
    """Return who has a part in an instance beside its tasks, in the order in which it came about."""
    wanted = select(Involvement).where(Involvement.instance_id == instance_id)
    if kind is not None:
        wanted = wanted.where(Involvement.kind == kind)
    with ctx.read():
        return ctx.session.scalars(wanted.order_by(Involvement.at, Involvement.id)).all()


def parts_at(ctx: Context, task_id: str) -> Sequence[Involvement]:
    """Return who was asked or lent a hand at a task, in order."""
    with ctx.read():
        return ctx.session.scalars(
            select(Involvement)
            .where(Involvement.task_id == task_id, Involvement.kind.in_(("consult", "help")))
            .order_by(Involvement.at, Involvement.id)
        ).all()


def list_parts(
    ctx: Context,
    person_key: str,
    *,
    kind: Sequence[str] = KINDS,
    unread: bool = False,
    waiting: bool = False,
    by: bool = False,
    search: str | None = None,
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[Part]]:
    """Return how many parts somebody has, and one page of them, the newest first.

    Args:
        ctx: Any open transaction.
        person_key: Who.
        kind: Of these kinds.
        unread: Only what they have not seen.
        waiting: Only what is not over: a question without an answer, a task that was not given back.
        by: Those that they gave to others, not their own.
        search: In the instance's title or business key, or in what was said with it.
        page: From 1.
        page_size: At most 100.
    """
    whose = Involvement.by if by else Involvement.person_key
    wanted: list[ColumnElement[bool]] = [whose == person_key, Involvement.kind.in_(kind)]
    if unread:
        wanted.append(Involvement.read_at.is_(None))
    if waiting:
        wanted.append(Involvement.ended_at.is_(None))
    if search:
        columns = (ProcessInstance.title, ProcessInstance.business_key, Involvement.text)
        wanted.append(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    of_instance = (
        ProcessInstance.title,
        ProcessInstance.business_key,
        ProcessInstance.process_key,
        ProcessInstance.definition_id,
        ProcessInstance.state,
    )
    count, rows = page_of(
        ctx.connection,
        select(Involvement.__table__, *of_instance)
        .join(ProcessInstance, ProcessInstance.id == Involvement.instance_id)
        .where(*wanted),
        (Involvement.at.desc(), Involvement.id.desc()),
        page=page,
        page_size=page_size,
    )
    return count, [Part(**row) for row in rows]
