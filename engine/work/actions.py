"""What people did at the steps of an instance, in order: nothing of it is ever overwritten."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from engine.context import Context
from engine.db import inserting
from engine.values import Json
from engine.work.models import TaskAction
from engine.work.tasks import Task


def keep_action(
    ctx: Context,
    at: Task | str,
    action: str,
    *,
    person: str | None = None,
    outcome: str | None = None,
    opinion: str | None = None,
    files: Sequence[Json] = (),
    signature: Json = None,
) -> None:
    """Keep what the context's actor does at a task, within the open transaction.

    Args:
        ctx: Who does it.
        at: At which task, or to which instance as a whole.
        action: One of ``ACTIONS``.
        person: Whom it concerns beside the actor.
        outcome: What was decided, or to which element it was sent back.
        opinion: What they said about it.
        files: References of what they attached; the instance's.
        signature: Reference of the picture of their signature; the instance's.
    """
    task = at if isinstance(at, Task) else None
    ctx.gather(
        inserting(TaskAction),
        {
            "instance_id": at if isinstance(at, str) else at.instance_id,
            "task_id": task and task.id,
            "element_id": task and task.element_id,
            "action": action,
            "actor": ctx.actor.name,
            "person": person,
            "outcome": outcome,
            "opinion": opinion,
            "files": list(files) or None,
            "signature": signature,
            "at": ctx.now,
        },
    )


def actions_of(ctx: Context, instance_id: str) -> Sequence[TaskAction]:
    """Return what people did at the steps of an instance, in order."""
    with ctx.read():
        return ctx.session.scalars(
            select(TaskAction).where(TaskAction.instance_id == instance_id).order_by(TaskAction.seq)
        ).all()
