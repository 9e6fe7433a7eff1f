"""Deadlines of a whole process: counted from its start, in working time where a calendar is named.

They stand still while the instance is held, while it waits at a step that the manifest names, and while it
was sent back to whoever asked for it. People are told when it warns and when the time is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, or_, select, update

from engine.context import Context
from engine.definition import get_definition_by_id
from engine.definition.manifest import DeadlineRule
from engine.errors import NotFound
from engine.i18n import _
from engine.instance import ProcessDeadline
from engine.jobs import enqueue, open_incident, withdraw_keyed
from engine.machine.nodes.activities import UserTask as UserTaskNode
from engine.work import OPEN_STATES, ClockState, UserTask
from engine.worktime import Calendar, WorkDuration, add, between, load_calendar

if TYPE_CHECKING:
    from engine.definition import Definition
    from engine.machine import Run

DEADLINE = "deadline"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineState:
    """How a deadline of an instance stands.

    Args:
        name: The manifest's.
        title: What people call it, in English.
        due_at: When it is due; None while it stands still.
        warn_s: How long before that it warns, by the clock.
        clock: ``on_time``, ``warning`` or ``overdue``; as it was when the instance ended.
        still_since: Since when it stands still; None where it does not.
        ended_at: When the instance ended.
    """

    name: str
    title: str
    due_at: datetime | None
    warn_s: int
    clock: ClockState
    still_since: datetime | None
    ended_at: datetime | None


def deadlines_of(ctx: Context, instance: Mapping[str, Any]) -> list[DeadlineState]:
    """Return how the deadlines of an instance stand, in the manifest's order."""
    rules = get_definition_by_id(ctx, instance["definition_id"]).manifest.deadlines
    kept = {row.name: row for row in rows_of(ctx, instance["id"])} if rules else {}
    return [
        DeadlineState(
            name=name,
            title=rule.title,
            due_at=kept[name].due_at,
            warn_s=int((kept[name].due_at - kept[name].warns_at).total_seconds()) if kept[name].due_at else 0,
            clock=_clock(kept[name], ctx.now),
            still_since=kept[name].still_since,
            ended_at=kept[name].ended_at,
        )
        for name, rule in rules.items()
        if name in kept
    ]


def _clock(row: Any, now: datetime) -> ClockState:
    at = row.ended_at or now
    if row.due_at is not None and at >= row.due_at:
        return "overdue"
    warns = row.warned_at is not None if row.warns_at is None else at >= row.warns_at
    return "warning" if warns else "on_time"


# -- what a step changes -----------------------------------------------------------------------------------


def follow_deadlines(ctx: Context, instance: Any, definition: Definition, run: Run) -> None:
    """Begin, hold, let go on and end the deadlines of an instance after a step of it.

    Args:
        ctx: The open write transaction.
        instance: The instance's row as it was read, or that of a new one.
        definition: What it runs.
        run: The run after the step.
    """
    rules = definition.manifest.deadlines
    kept = {row.name: row for row in rows_of(ctx, instance.id)}
    for name in kept.keys() - rules.keys():
        # Another version that has none of this name.
        withdraw_keyed(ctx, _key(instance.id, name))
        ctx.connection.execute(delete(ProcessDeadline).where(*_is(instance.id, name)))
    if run.state != "active":
        _end(ctx, instance.id, [row for row in kept.values() if row.ended_at is None])
        return
    for name, rule in rules.items():
        if name not in kept:
            _begin(ctx, instance, name, rule)
    for row in rows_of(ctx, instance.id):
        still = instance.state == "suspended" or _stands_still(ctx, instance, rules[row.name], run)
        if still and row.still_since is None:
            _hold(ctx, row)
        elif not still and row.still_since is not None:
            _go_on(ctx, instance, row)


def hold_deadlines(ctx: Context, instance_id: str) -> None:
    """Let the deadlines of an instance stand still that is held; its next step lets them go on."""
    for row in rows_of(ctx, instance_id):
        if row.still_since is None and row.ended_at is None:
            _hold(ctx, row)


def _begin(ctx: Context, instance: Any, name: str, rule: DeadlineRule) -> None:
    calendar = _calendar(ctx, rule.calendar)
    if calendar is None and rule.calendar is not None:
        open_incident(
            ctx,
            code="no_calendar",
            message=_(
                "There is no working-time calendar “%(key)s”: its deadline counts every hour. Make it."
            ),
            params={"key": rule.calendar},
            instance_id=instance.id,
            process_key=instance.process_key,
        )
    named = rule.calendar if calendar is not None else None
    due_at = _later(calendar, instance.started_at, WorkDuration.of(rule.within))
    quarter_s = int(_time_between(calendar, instance.started_at, due_at).total_seconds()) // 4
    row = {
        "instance_id": instance.id,
        "name": name,
        "calendar": named,
        "warn": rule.warn or f"PT{quarter_s}S",
        "due_at": due_at,
    }
    row["warns_at"] = _warns_at(calendar, due_at, row["warn"])
    ctx.connection.execute(insert(ProcessDeadline).values(**row))
    wait_for(ctx, instance, name, row["warns_at"])


def _hold(ctx: Context, row: Any) -> None:
    """Keep how much time is left; what is late already stays late."""
    if row.due_at <= ctx.now:
        return
    left = _time_between(_calendar(ctx, row.calendar), ctx.now, row.due_at)
    change_row(ctx, row, due_at=None, warns_at=None, still_since=ctx.now, left_s=round(left.total_seconds()))
    withdraw_keyed(ctx, _key(row.instance_id, row.name))


def _go_on(ctx: Context, instance: Any, row: Any) -> None:
    calendar = _calendar(ctx, row.calendar)
    due_at = _later(calendar, ctx.now, WorkDuration(time=timedelta(seconds=row.left_s)))
    warns_at = _warns_at(calendar, due_at, row.warn)
    change_row(ctx, row, due_at=due_at, warns_at=warns_at, still_since=None, left_s=None)
    wait_for(ctx, instance, row.name, due_at if row.warned_at else warns_at)


def _end(ctx: Context, instance_id: str, rows: list[Any]) -> None:
    for row in rows:
        change_row(ctx, row, ended_at=ctx.now, still_since=None)
        withdraw_keyed(ctx, _key(instance_id, row.name))


def _stands_still(ctx: Context, instance: Any, rule: DeadlineRule, run: Run) -> bool:
    """Whether it waits at a step that is named, or was sent back to whoever asked for it."""
    waiting = [
        token
        for token in run.tasks.values()
        if token.waiting and isinstance(token.node, UserTaskNode) and not token.body
    ]
    if any(token.node.element_id in rule.pauses for token in waiting):
        return True
    back = [token.id for token in waiting if "returned" in token.memory]
    if not back or instance.initiator is None:
        return False
    theirs = select(UserTask.id).where(
        or_(UserTask.id.in_(back), UserTask.visit_id.in_(back)),
        UserTask.state.in_(OPEN_STATES),
        UserTask.assignee == instance.initiator,
    )
    return ctx.connection.execute(theirs.limit(1)).first() is not None


# -- rows and time -----------------------------------------------------------------------------------------


def rows_of(ctx: Context, instance_id: str) -> list[Any]:
    """Return the rows of an instance's deadlines."""
    wanted = select(ProcessDeadline.__table__).where(ProcessDeadline.instance_id == instance_id)
    return list(ctx.connection.execute(wanted.order_by(ProcessDeadline.name)))


def _is(instance_id: str, name: str) -> tuple[Any, ...]:
    return ProcessDeadline.instance_id == instance_id, ProcessDeadline.name == name


def change_row(ctx: Context, row: Any, **values: Any) -> None:
    """Change a deadline's row within the open transaction."""
    ctx.connection.execute(update(ProcessDeadline).where(*_is(row.instance_id, row.name)).values(**values))


def _key(instance_id: str, name: str) -> str:
    return f"{DEADLINE}:{instance_id}:{name}"


def wait_for(ctx: Context, instance: Any, name: str, due_at: datetime) -> None:
    """Let the worker look at a deadline at an instant, within the open transaction."""
    enqueue(
        ctx,
        kind=DEADLINE,
        payload={"name": name},
        due_at=due_at,
        unique_key=_key(instance.id, name),
        instance_id=instance.id,
        process_key=instance.process_key,
    )


def _calendar(ctx: Context, key: str | None) -> Calendar | None:
    """Return the calendar of a key; None where none is named or there is none: then every hour counts."""
    if key is None:
        return None
    try:
        return load_calendar(ctx.session, key)
    except NotFound:
        return None


def _later(calendar: Calendar | None, instant: datetime, length: WorkDuration) -> datetime:
    if calendar is None:
        return instant + timedelta(days=length.days) + length.time
    return add(calendar, instant, length)


def _time_between(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    return end - start if calendar is None else between(calendar, start, end)


def _warns_at(calendar: Calendar | None, due_at: datetime, warn: str) -> datetime:
    length = WorkDuration.of(warn)
    return _later(calendar, due_at, WorkDuration(days=-length.days, time=-length.time))
