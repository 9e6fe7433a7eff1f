"""Who may act on a task, and who may see an instance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, String, and_, bindparam, exists, false, literal, or_, select, true
from sqlalchemy.orm import aliased

from engine.context import Context
from engine.db import Instant
from engine.definition import administers
from engine.errors import Forbidden
from engine.i18n import _
from engine.instance import ProcessInstance
from engine.people import groups_of, members_of, membership
from engine.work.models import Candidate, Involvement, TaskAction, UserTask
from engine.work.supervision import supervised_processes, supervises

if TYPE_CHECKING:
    from engine.work.tasks import Task

OPERATE = "instances.operate"
SEE_ALL = "instances.see_all"
SEE_ALL_TASKS = "tasks.see_all"


def may_operate(ctx: Context, process_key: str) -> bool:
    """Whether the context's actor may operate the instances of a process: any, or those they administer."""
    return ctx.actor.may(OPERATE) or administers(ctx, process_key)


_NAMED = (
    select(Candidate.task_id, Candidate.kind, Candidate.key)
    .where(Candidate.task_id.in_(bindparam("tasks", expanding=True)))
    .order_by(Candidate.kind, Candidate.key)
)


def candidates_by_task(ctx: Context, task_ids: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Return who may take tasks, as they are named: ``person`` or ``group`` and the key of each, by task."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in ctx.connection.execute(_NAMED, {"tasks": list(task_ids)}):
        found.setdefault(row.task_id, []).append((row.kind, row.key))
    return found


_CANDIDATES = select(Candidate.kind, Candidate.key).where(Candidate.task_id == bindparam("task"))


def candidates_of(ctx: Context, task_id: str) -> list[str]:
    """Return the keys of everybody who may take a task: named persons and members of named groups."""
    rows = ctx.connection.execute(_CANDIDATES, {"task": task_id}).all()
    keys: dict[str, None] = {}
    for row in rows:
        if row.kind == "person":
            keys[row.key] = None
        else:
            keys.update(dict.fromkeys(member.key for member in members_of(ctx, row.key)))
    return list(keys)


def is_candidate(task_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Say in SQL that ``:person`` may take a task at ``:now``: named, or a member of a named group."""
    person, now = bindparam("person", type_=String()), bindparam("now", type_=Instant())
    return exists().where(
        Candidate.task_id == task_id,
        or_(
            and_(Candidate.kind == "person", Candidate.key == person),
            and_(Candidate.kind == "group", Candidate.key.in_(membership(person, now))),
        ),
    )


_IS_CANDIDATE = select(is_candidate(bindparam("task")))


def _may_take(ctx: Context, task_id: str, person_key: str) -> bool:
    names = {"task": task_id, "person": person_key, "now": ctx.now}
    return bool(ctx.connection.execute(_IS_CANDIDATE, names).scalar())


def may_act(ctx: Context, task: Task, person_key: str | None) -> bool:
    """Whether a person may work on a task: its assignee, or a candidate while it is nobody's."""
    if person_key is None:
        return False
    if task.assignee is not None:
        return task.assignee == person_key
    return _may_take(ctx, task.id, person_key)


def need_may_act(ctx: Context, task: Task, *, candidate: bool | None = None) -> None:
    """Make sure the context's actor may work on a task.

    Args:
        ctx: The open transaction, and who acts.
        task: Which task.
        candidate: Whether they are one of its candidates; looked up where omitted.

    Raises:
        Forbidden: They may not.
    """
    key = ctx.actor.key
    if ctx.actor.may(OPERATE) or (key is not None and task.assignee == key):
        return
    if candidate is None:
        candidate = key is not None and _may_take(ctx, task.id, key)
    if (candidate and task.assignee is None) or administers(ctx, task.process_key):
        return
    if candidate:
        raise Forbidden(_("%(person)s works on this already."), person=task.assignee)
    raise Forbidden(_("This task is not yours."))


def _has_part(person: ColumnElement[str], groups: Any) -> ColumnElement[bool]:
    """Say in SQL that somebody started an instance, also for another, or has to do with its whole tree.

    A task that they had or may take, something they did at one, a part beside the tasks.

    Args:
        person: Whose part, in SQL.
        groups: The groups that they are in: their keys, or a statement that finds them.
    """
    related = aliased(ProcessInstance)
    named = select(Candidate.task_id).where(
        Candidate.task_id == UserTask.id,
        or_(
            and_(Candidate.kind == "person", Candidate.key == person),
            and_(Candidate.kind == "group", Candidate.key.in_(groups)),
        ),
    )
    took_part = (
        select(UserTask.id)
        .join(related, related.id == UserTask.instance_id)
        .where(
            related.root_id == ProcessInstance.root_id,
            or_(UserTask.assignee == person, UserTask.ended_by == person, named.exists()),
        )
    )

    def of_the_tree(table: Any, whose: Any) -> ColumnElement[bool]:
        other = aliased(ProcessInstance)
        return exists().where(
            whose == person,
            other.id == table.instance_id,
            other.root_id == ProcessInstance.root_id,
        )

    return or_(
        ProcessInstance.initiator == person,
        ProcessInstance.submitter == person,
        took_part.exists(),
        of_the_tree(TaskAction, TaskAction.actor),
        of_the_tree(Involvement, Involvement.person_key),
    )


_person, _now = bindparam("person", type_=String()), bindparam("now", type_=Instant())
_EXISTS = select(ProcessInstance.id).where(ProcessInstance.id == bindparam("instance"))
_SEEN = _EXISTS.where(_has_part(_person, membership(_person, _now)))
_root = aliased(ProcessInstance)
_PROCESSES = (
    select(ProcessInstance.process_key, _root.process_key.label("root_key"))
    .join(_root, _root.id == ProcessInstance.root_id)
    .where(ProcessInstance.id == bindparam("instance"))
)


def may_see(ctx: Context, instance_id: str) -> bool:
    """Whether the context's actor may see an instance.

    They started it, have or had something to do with it, supervise its process, or may see all. A called
    instance is seen by whoever sees the one that called it.
    """
    if ctx.actor.may(SEE_ALL) or ctx.actor.may(OPERATE):
        return ctx.connection.execute(_EXISTS, {"instance": instance_id}).first() is not None
    if ctx.actor.key is None:
        return False
    names = {"instance": instance_id, "person": ctx.actor.key, "now": ctx.now}
    if ctx.connection.execute(_SEEN, names).first() is not None:
        return True
    row = ctx.connection.execute(_PROCESSES, {"instance": instance_id}).first()
    return row is not None and any(supervises(ctx, key) for key in {row.process_key, row.root_key})


def seen_instances(ctx: Context) -> ColumnElement[bool]:
    """Return the condition on ``ProcessInstance`` that keeps what the context's actor may see."""
    if ctx.actor.may(SEE_ALL) or ctx.actor.may(OPERATE):
        return true()
    key = ctx.actor.key
    if key is None:
        return false()
    has_part = _has_part(literal(key), groups_of(ctx, key))
    supervised = supervised_processes(ctx)
    if not supervised:
        return has_part
    root = aliased(ProcessInstance)
    of_root = exists().where(root.id == ProcessInstance.root_id, root.process_key.in_(supervised))
    return or_(ProcessInstance.process_key.in_(supervised), of_root, has_part)
