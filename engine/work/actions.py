"""What people did at the steps of an instance, in order: nothing of it is ever overwritten."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from engine.context import Context
from engine.db import inserting
from engine.work.models import TaskAction
from engine.work.tasks import Task


def keep_action(
    ctx: Context,
    task: Task,
    action: str,
    *,
    person: str | None = None,
    outcome: str | None = None,
    opinion: str | None = None,
) -> None:
    """Keep what the context's actor does at a task, within the open transaction.

    Args:
        ctx: Who does it.
        task: At which task.
        action: ``decide``, ``return``, ``transfer``, ``add``, ``remove`` or ``take_back``; by the clock also
            ``remind`` and ``escalate``.
        person: Whom it concerns beside the actor.
        outcome: What was decided, or to which element it was sent back.
        opinion: What they said about it.
    """
    ctx.gather(
        inserting(TaskAction),
        {
            "instance_id": task.instance_id,
            "task_id": task.id,
            "element_id": task.element_id,
            "action": action,
            "actor": ctx.actor.name,
            "person": person,
            "outcome": outcome,
            "opinion": opinion,
            "at": ctx.now,
        },
    )


def actions_of(ctx: Context, instance_id: str) -> Sequence[TaskAction]:
    """Return what people did at the steps of an instance, in order."""
    with ctx.read():
        return ctx.session.scalars(
            select(TaskAction).where(TaskAction.instance_id == instance_id).order_by(TaskAction.seq)
        ).all()
