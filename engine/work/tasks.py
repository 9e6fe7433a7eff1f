"""User tasks as people read them: one task, a person's work list, the notes on an instance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, true
from sqlalchemy.orm import aliased

from engine.context import Context
from engine.db import order_by, page_of, table_of
from engine.errors import NotFound
from engine.i18n import _
from engine.instance import ListedVariable, ProcessInstance
from engine.people import Person, groups_of
from engine.values import Json
from engine.work.models import OPEN_STATES, Candidate, Comment, TaskAnswer, UserTask
from engine.work.rights import SEE_ALL_TASKS, candidates_of, seen_instances


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A user task."""

    id: str
    visit_id: str | None
    instance_id: str
    process_key: str
    definition_id: str
    business_key: str | None
    element_id: str
    name: str
    title: str
    state: str
    form_key: str | None
    options: Mapping[str, Json]
    assignee: str | None
    owner: str | None
    covers_for: str | None
    priority: int
    due_at: datetime | None
    created_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    ended_at: datetime | None
    ended_by: str | None
    ended_through: str | None
    outcome: str | None
    opinion: str | None

    @property
    def visit(self) -> str:
        """The element visit at which it waits."""
        return self.visit_id or self.id

    @property
    def warn_s(self) -> int:
        """How long before it is due it warns: as its drawing says, else in the last quarter of its time."""
        said = (self.options or {}).get("warn_s")
        if said is not None or self.due_at is None:
            return int(str(said or 0))
        return max(0, int((self.due_at - self.created_at).total_seconds()) // 4)

    @property
    def open(self) -> bool:
        """Whether it still waits for a person."""
        return self.state in OPEN_STATES


_TASK = select(table_of(UserTask)).where(UserTask.id == bindparam("task"))
_LOCKED = _TASK.with_for_update()
# With its values in the statement: so the database knows the index of what waits by it.
_WAITING = UserTask.state.in_(bindparam("waiting", OPEN_STATES, expanding=True, literal_execute=True))


def get_task(ctx: Context, task_id: str, *, lock: bool = False) -> Task:
    """Return a task.

    Args:
        ctx: Any open transaction.
        task_id: Its id.
        lock: Hold the row until the transaction ends.

    Raises:
        NotFound: There is none of this id.
    """
    row = ctx.connection.execute(_LOCKED if lock else _TASK, {"task": task_id}).mappings().first()
    if row is None:
        raise NotFound(_("There is no such task."))
    return Task(**row)


TASK_SORTS = {
    "due_at": UserTask.due_at,
    "priority": UserTask.priority,
    "created_at": UserTask.created_at,
    "ended_at": UserTask.ended_at,
    "title": UserTask.title,
    "business_key": UserTask.business_key,
    "name": UserTask.name,
    "state": UserTask.state,
    "assignee": UserTask.assignee,
}


def list_tasks(
    ctx: Context,
    *,
    assignee: str | None = None,
    candidate: str | None = None,
    mine: str | None = None,
    ended_by: str | None = None,
    owner: str | None = None,
    lent: bool | None = None,
    covers_for: str | None = None,
    covered: bool | None = None,
    state: Sequence[str] = OPEN_STATES,
    process_key: str | None = None,
    instance_id: str | None = None,
    business_key: str | None = None,
    due_by: datetime | None = None,
    seen: bool = False,
    search: str | None = None,
    variables: Mapping[str, str] | None = None,
    sort: str = "due_at,-priority",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[Task]]:
    """Return how many tasks match and one page of them.

    Args:
        ctx: Any open transaction.
        assignee: Assigned to this person.
        candidate: Open to this person or to one of their groups, and nobody's yet.
        mine: Either of both.
        ended_by: Finished by this person.
        owner: Lent by this person, who gets it back.
        lent: Whether somebody gets it back from the assignee.
        covers_for: Decided in this person's place by their cover.
        covered: Whether it is decided in somebody's place.
        state: In one of these states.
        process_key, instance_id, business_key: Of this process or instance.
        due_by: Due at this instant or before.
        seen: Only what the context's actor may see.
        search: In title, business key or name.
        variables: Listed variables and their values.
        sort: Keys, ``-`` before a descending one.
        page: From 1.
        page_size: At most 100.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted: list[ColumnElement[bool]] = [
        _WAITING if tuple(state) == OPEN_STATES else UserTask.state.in_(state)
    ]
    if assignee is not None:
        wanted.append(UserTask.assignee == assignee)
    if candidate is not None:
        wanted.append(and_(UserTask.assignee.is_(None), _is_candidate(ctx, candidate)))
    if mine is not None:
        wanted.append(
            or_(UserTask.assignee == mine, and_(UserTask.assignee.is_(None), _is_candidate(ctx, mine)))
        )
    if ended_by is not None:
        wanted.append(UserTask.ended_by == ended_by)
    if owner is not None:
        wanted.append(UserTask.owner == owner)
    if lent is not None:
        wanted.append(UserTask.owner.is_not(None) if lent else UserTask.owner.is_(None))
    if covers_for is not None:
        wanted.append(UserTask.covers_for == covers_for)
    if covered is not None:
        wanted.append(UserTask.covers_for.is_not(None) if covered else UserTask.covers_for.is_(None))
    if process_key is not None:
        wanted.append(UserTask.process_key == process_key)
    if instance_id is not None:
        wanted.append(UserTask.instance_id == instance_id)
    if business_key is not None:
        wanted.append(UserTask.business_key == business_key)
    if due_by is not None:
        wanted.append(UserTask.due_at <= due_by)
    if seen and not ctx.actor.may(SEE_ALL_TASKS):
        whose = exists().where(ProcessInstance.id == UserTask.instance_id, seen_instances(ctx))
        wanted.append(whose.correlate(UserTask))
    if search:
        wanted.append(searched(search))
    for name, value in (variables or {}).items():
        wanted.append(
            exists().where(
                ListedVariable.instance_id == UserTask.instance_id,
                ListedVariable.name == name,
                ListedVariable.value == value,
            )
        )
    count, rows = page_of(
        ctx.connection,
        select(UserTask.__table__).where(*wanted),
        order_by(sort, TASK_SORTS, last=UserTask.id),
        page=page,
        page_size=page_size,
    )
    return count, [Task(**row) for row in rows]


def _is_candidate(ctx: Context, person_key: str) -> ColumnElement[bool]:
    named = (
        select(true())
        .where(
            Candidate.task_id == UserTask.id,
            or_(
                and_(Candidate.kind == "person", Candidate.key == person_key),
                and_(Candidate.kind == "group", Candidate.key.in_(groups_of(ctx, person_key))),
            ),
        )
        .correlate(UserTask)
        .limit(1)
    )
    # Asked of each task that waits: as EXISTS, PostgreSQL would read the candidates of all that ever were.
    return named.scalar_subquery().is_(True)


def searched(text: str) -> ColumnElement[bool]:
    """Say in SQL that a task has a text in its title, business key or name."""
    columns = (UserTask.title, UserTask.business_key, UserTask.name)
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def tasks_of_instance(ctx: Context, instance_id: str) -> list[Task]:
    """Return every task of an instance, oldest first."""
    rows = ctx.connection.execute(
        select(UserTask.__table__)
        .where(UserTask.instance_id == instance_id)
        .order_by(UserTask.created_at, UserTask.id)
    ).mappings()
    return [Task(**row) for row in rows]


def waiting_at(ctx: Context, instance_ids: Iterable[str]) -> dict[str, list[Task]]:
    """Return the open tasks of some instances by the instance's id, oldest first: of what they called too."""
    ids = set(instance_ids)
    found: dict[str, list[Task]] = {instance_id: [] for instance_id in ids}
    if not ids:
        return found
    family = aliased(ProcessInstance)
    waiting = (
        select(UserTask.__table__, ProcessInstance.root_id)
        .join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .where(
            UserTask.instance_id.in_(
                select(family.id).where(or_(family.id.in_(ids), family.root_id.in_(ids)))
            ),
            _WAITING,
        )
        .order_by(UserTask.id)
    )
    for row in ctx.connection.execute(waiting).mappings():
        said = dict(row)
        whose = {said["instance_id"], said.pop("root_id")} & ids
        for instance_id in whose:
            found[instance_id].append(Task(**said))
    return found


def handlers_of(
    ctx: Context, instance_id: str, *, at: Callable[[Task], bool] = lambda task: True
) -> list[str]:
    """Return the keys of everybody whom an instance waits for, and those that it called.

    Args:
        ctx: Any open transaction.
        instance_id: Which instance.
        at: At which of its open tasks.
    """
    keys: dict[str, None] = {}
    for task in waiting_at(ctx, [instance_id])[instance_id]:
        if at(task):
            keys.update(dict.fromkeys([task.assignee] if task.assignee else candidates_of(ctx, task.id)))
    return list(keys)


def deciders_of(ctx: Context, instance_id: str) -> list[str]:
    """Return the keys of everybody who has finished a task of an instance, in order."""
    ended = (
        select(UserTask.ended_by)
        .join(Person, Person.key == UserTask.ended_by)
        .where(UserTask.instance_id == instance_id, UserTask.state == "completed")
        .order_by(UserTask.ended_at)
    )
    return list(dict.fromkeys(key for key in ctx.connection.scalars(ended) if key is not None))


def list_comments(ctx: Context, instance_id: str) -> list[dict[str, Any]]:
    """Return the notes on an instance, oldest first."""
    rows = ctx.connection.execute(
        select(Comment.__table__).where(Comment.instance_id == instance_id).order_by(Comment.id)
    ).mappings()
    return [dict(row) for row in rows]


def answers_taken_back(ctx: Context, instance_id: str) -> list[dict[str, Any]]:
    """Return what was taken back of what people answered by SMS on an instance's tasks, oldest first."""
    rows = ctx.connection.execute(
        select(TaskAnswer.task_id, TaskAnswer.person_key, TaskAnswer.verb, TaskAnswer.undone_at)
        .join(UserTask, UserTask.id == TaskAnswer.task_id)
        .where(UserTask.instance_id == instance_id, TaskAnswer.undone_at.is_not(None))
        .order_by(TaskAnswer.undone_at)
    ).mappings()
    return [dict(row) for row in rows]
