"""Answers by SMS, and taking them back for a while.

What somebody answers counts at once. Taken back in time, *on it* puts the task back; of what finished a task
the step is taken back: what it opened is cancelled and the task is theirs again, as long as nothing else
happened to the process since. What was said meanwhile to people is not unsaid, and what was written stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from engine.context import Actor, Context
from engine.definition import get_definition_by_id
from engine.definition.environment import environment
from engine.errors import NotFound
from engine.history import ElementVisit, audit
from engine.instance import given_names
from engine.jobs import Job
from engine.machine import Run, load
from engine.machine.reopening import GoneOn, way_back
from engine.machine.spec import Settings
from engine.machine.stimuli import Reopen, Watch
from engine.notify import withdraw_unsent
from engine.parameters import parameter
from engine.people import Person
from engine.push import publish
from engine.runtime.advance import advance, lock_instance
from engine.runtime.awaited import is_named
from engine.runtime.tasks import (
    acknowledge_task,
    complete_task,
    forget_acknowledgement,
    unclaim_task,
)
from engine.values import Json
from engine.work import Task, TaskAnswer, UserTask, get_task, move_links, tasks_of_instance


class NothingToUndo(NotFound):
    """There is nothing that you could take back any more."""

    code = "nothing_to_undo"


class TooLate(GoneOn):
    """The process has gone on meanwhile. Call the desk."""

    def __init__(self, task: Task, went_on: Task | None) -> None:
        super().__init__()
        self.task = task
        self.went_on = went_on


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What was taken back.

    Args:
        task: The task, as it is now.
        put_back: Whether it is open to everybody again.
    """

    task: Task
    put_back: bool


def undo_span(ctx: Context) -> timedelta:
    """Return how long an answer can be taken back; nothing where none can."""
    return timedelta(seconds=max(0, int(parameter(ctx, "sms_answer.undo_s"))))


def say_on_it(ctx: Context, task: Task) -> bool:
    """Acknowledge a task within the open transaction.

    Returns:
        Whether that can be taken back.
    """
    before = get_task(ctx, task.id)
    acknowledge_task(ctx, task_id=task.id)
    if not undo_span(ctx) or before.acknowledged_at is not None:
        return False
    _keep(ctx, task, verb="on_it", claimed=before.assignee is None)
    return True


def finish_answered(
    ctx: Context,
    task: Task,
    *,
    verb: str,
    outcome: str | None,
    data: Mapping[str, Json],
    opinion: str | None,
) -> bool:
    """Finish a task as its page would, through its form where it has one, within the open transaction.

    Args:
        ctx: Who answers.
        task: Which task.
        verb: ``done`` or ``not_mine``.
        outcome, data, opinion: What the task is finished with.

    Returns:
        Whether that can be taken back.

    Raises:
        Conflict: Somebody was faster.
        Forbidden: It is not theirs.
        InvalidSubmission: The task cannot be finished in this way.
    """
    row = lock_instance(ctx, task.instance_id)
    before = _load(ctx, row)
    seen = ctx.connection.execute(
        select(func.max(ElementVisit.seq)).where(ElementVisit.instance_id == row.id)
    ).scalar_one()
    finish_task = complete_task if task.form_key is None else ctx.registry.port("finish_task")
    finish_task(ctx, task_id=task.id, outcome=outcome, data=data, opinion=opinion)
    if not undo_span(ctx):
        return False
    row = lock_instance(ctx, task.instance_id)
    after = _load(ctx, row)
    passed = list(
        ctx.connection.execute(
            select(ElementVisit.element_id).where(ElementVisit.instance_id == row.id, ElementVisit.seq > seen)
        ).scalars()
    )
    way = None
    if all(is_repeatable(ctx, after.spec.node(at).settings) for at in passed):
        way = way_back(before, after, task.visit, passed)
    _keep(ctx, task, verb=verb, revision=row.revision, way_back=None if way is None else asdict(way))
    return way is not None


def _load(ctx: Context, row: Any) -> Run:
    definition = get_definition_by_id(ctx, row.definition_id)
    return load(definition.spec, row.machine_state, environment(ctx, definition, given_names(row)))


def is_repeatable(ctx: Context, settings: Settings) -> bool:
    """Tell whether what an element calls may be called again."""
    if settings.service is None:
        return True
    offer = ctx.registry.service_tasks.get(settings.service)
    return offer is not None and offer.mode == "inline" and offer.repeatable


def _keep(ctx: Context, task: Task, **values: Any) -> None:
    ctx.connection.execute(
        insert(TaskAnswer).values(
            task_id=task.id,
            person_key=ctx.actor.key,
            answered_at=ctx.now,
            until=ctx.now + undo_span(ctx),
            **values,
        )
    )


def take_back(ctx: Context, *, people: Sequence[Person], ticket: str | None = None) -> TakenBack:
    """Take back the last answer that still can be, within the open transaction.

    Args:
        ctx: The open write transaction.
        people: Who has the number that asks for it.
        ticket: Only of this ticket: its business key, or the end of it.

    Raises:
        NothingToUndo: Nothing was answered, or the time for it is over.
        TooLate: The process has gone on since the last answer, or by it.
    """
    for answer in _answers(ctx, people):
        task = get_task(ctx, answer.task_id)
        if ticket is not None and not is_named(task.business_key or "", ticket):
            continue
        row = lock_instance(ctx, task.instance_id)
        task = get_task(ctx, task.id, lock=True)
        as_them = ctx.as_actor(Actor(key=answer.person_key, kind="person", channel="sms"))
        if answer.verb != "on_it":
            now = _reopen(as_them, row, task, answer)
        elif task.open and task.assignee == answer.person_key:
            give_back = unclaim_task if answer.claimed else forget_acknowledgement
            now = give_back(as_them, task_id=task.id)
        else:
            continue
        ctx.connection.execute(update(TaskAnswer).where(TaskAnswer.id == answer.id).values(undone_at=ctx.now))
        publish(ctx, "task", task.id)
        audit(as_them, "task.answer_undone", "task", task.id, {"verb": answer.verb})
        return TakenBack(task=now, put_back=answer.claimed)
    raise NothingToUndo()


def _answers(ctx: Context, people: Sequence[Person]) -> Sequence[Any]:
    """Return the answers that may be taken back, the last one first; who asks twice at once waits here."""
    return ctx.connection.execute(
        select(TaskAnswer.__table__)
        .where(
            TaskAnswer.person_key.in_([person.key for person in people]),
            TaskAnswer.undone_at.is_(None),
            TaskAnswer.until > ctx.now,
        )
        .order_by(TaskAnswer.answered_at.desc(), TaskAnswer.id.desc())
        .with_for_update()
    ).all()


def _reopen(ctx: Context, row: Any, task: Task, answer: Any) -> Task:
    """Take the step back that an answer made, and give the task to whoever finished it."""
    if row.state != "active" or row.revision != answer.revision or answer.way_back is None:
        raise TooLate(task, _went_on(ctx, task))
    way = answer.way_back
    known = {one.id for one in tasks_of_instance(ctx, task.instance_id)}
    due = _due_instants(ctx, [visit for visit, _node, _memory in way["border"]])
    advance(
        ctx,
        task.instance_id,
        Reopen(
            element=task.element_id,
            scope=way["scope"],
            opened=tuple(way["opened"]),
            border=tuple(
                Watch(node=node, memory=memory, due_at=due.get(visit))
                for visit, node, memory in way["border"]
            ),
            by=answer.person_key,
            due_at=task.due_at,
        ),
    )
    tasks = tasks_of_instance(ctx, task.instance_id)
    again = next((one for one in tasks if one.id not in known and one.element_id == task.element_id), None)
    if again is None:
        # It could not be opened again, such as for an expression that has no value now.
        raise GoneOn()
    ctx.connection.execute(
        update(UserTask)
        .where(UserTask.id == again.id)
        .values(acknowledged_at=task.acknowledged_at, acknowledged_by=task.acknowledged_by)
    )
    ctx.connection.execute(
        update(TaskAnswer)
        .where(TaskAnswer.task_id == task.id, TaskAnswer.verb == "on_it")
        .values(task_id=again.id)
    )
    move_links(ctx, task.id, to=again.id)
    withdraw_unsent(ctx, way["opened"])
    return get_task(ctx, again.id)


def _due_instants(ctx: Context, visits: Sequence[str]) -> dict[str, datetime]:
    """Return when the timers of visits were to ring; of a cycle the last one counts."""
    rung = ctx.connection.execute(
        select(Job.visit_id, func.max(Job.due_at).label("due_at"))
        .where(Job.kind == "timer", Job.visit_id.in_(visits))
        .group_by(Job.visit_id)
    )
    return {row.visit_id: row.due_at for row in rung}


def _went_on(ctx: Context, task: Task) -> Task | None:
    """Return what a person finished first after a task."""
    later = [
        one
        for one in tasks_of_instance(ctx, task.instance_id)
        if one.id > task.id and one.state == "completed" and one.ended_at is not None
    ]
    return min(later, key=lambda one: (one.ended_at, one.id), default=None)
