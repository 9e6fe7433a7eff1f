"""How a task stands in time: in time, about to be late, late; and what moves when its process stood still."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update

from engine.context import Context
from engine.instance import ProcessInstance
from engine.work.models import OPEN_STATES, UserTask
from engine.work.tasks import Task

ClockState = Literal["on_time", "warning", "overdue"]
CLOCK_STATES: tuple[ClockState, ...] = ("on_time", "warning", "overdue")


def held_since(ctx: Context, tasks: Iterable[Task]) -> dict[str, datetime]:
    """Return since when instances of tasks are held: as long as they are, the clock stands still."""
    ids = {task.instance_id for task in tasks if task.open and task.due_at is not None}
    if not ids:
        return {}
    held = select(ProcessInstance.id, ProcessInstance.suspended_at).where(
        ProcessInstance.id.in_(ids), ProcessInstance.suspended_at.is_not(None)
    )
    return {row.id: row.suspended_at for row in ctx.connection.execute(held)}


def clock_state(task: Task, now: datetime) -> ClockState | None:
    """Tell how a task stands in time at an instant, or stood when it ended.

    Args:
        task: The task.
        now: The instant; since when its instance is held where it is.

    Returns:
        None where it is due at no time.
    """
    if task.due_at is None:
        return None
    left = task.due_at - (task.ended_at or now)
    if left <= timedelta():
        return "overdue"
    return "warning" if left <= timedelta(seconds=task.warn_s) else "on_time"


def postpone_tasks(ctx: Context, instance_id: str, by: timedelta, *, held_since: datetime) -> None:
    """Let the open tasks of an instance be due later, as it was held, within the open transaction.

    Args:
        ctx: The open write transaction.
        instance_id: Whose.
        by: For how long it was held.
        held_since: Since when; what was late before that stays as late as it was.
    """
    rows = ctx.connection.execute(
        select(UserTask.id, UserTask.due_at).where(
            UserTask.instance_id == instance_id,
            UserTask.state.in_(OPEN_STATES),
            UserTask.due_at > held_since,
        )
    ).all()
    for row in rows:
        ctx.connection.execute(update(UserTask).where(UserTask.id == row.id).values(due_at=row.due_at + by))
