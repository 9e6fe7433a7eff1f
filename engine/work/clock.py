"""How a task stands in time: in time, about to be late, late; and what moves when its process stood still."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update

from engine.context import Context
from engine.work.models import OPEN_STATES, UserTask
from engine.work.tasks import Task

ClockState = Literal["on_time", "warning", "overdue"]
CLOCK_STATES: tuple[ClockState, ...] = ("on_time", "warning", "overdue")


def clock_state(task: Task, now: datetime) -> ClockState | None:
    """Tell how a task stands in time at an instant, or stood when it ended.

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
