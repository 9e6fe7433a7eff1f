"""Instances are held and go on: while one is held nothing moves it, and its timers stand still."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from engine.context import Context, verb
from engine.errors import Conflict
from engine.history import audit
from engine.i18n import _
from engine.instance import ProcessInstance
from engine.jobs import continue_jobs, enqueue, suspend_jobs
from engine.push import publish, tell
from engine.runtime.advance import Gone, InstanceRef, lock_instance
from engine.runtime.deadlines import hold_deadlines
from engine.work import postpone_tasks


@verb
def suspend_instance(
    ctx: Context, *, instance_id: str, reason: str = "", held_at: datetime | None = None
) -> InstanceRef:
    """Hold an instance and what it called: nothing moves it until it is resumed.

    Its jobs are not run, its timers keep the time that is left to them, its tasks cannot be finished and
    are due as much later as it was held.

    Args:
        ctx: Who decides that.
        instance_id: Which instance.
        reason: Why; kept in the audit log.
        held_at: Since when what it is held together with is held; now where omitted.

    Raises:
        NotFound: There is none of this id.
        Conflict: It is held already.
        Gone: It has ended.
    """
    row = lock_instance(ctx, instance_id)
    if row.state == "suspended":
        raise Conflict(_("The process is paused already."))
    if row.state != "active":
        raise Gone()
    for held in (row, *_called(ctx, instance_id, "active")):
        _switch(ctx, held.id, "suspended", suspended_at=held_at or ctx.now)
        hold_deadlines(ctx, held.id)
        suspend_jobs(ctx, held.id)
        audit(ctx, "instance.suspend", "instance", held.id, {"reason": reason})
        tell(ctx, "instance.suspended", instance_id=held.id, process_key=held.process_key)
    return InstanceRef(id=instance_id, business_key=row.business_key, state="suspended")


@verb
def resume_instance(ctx: Context, *, instance_id: str, reason: str = "") -> InstanceRef:
    """Let a held instance go on, with what it called and was held together with it.

    Raises:
        NotFound: There is none of this id.
        Conflict: It is not held.
        Gone: It has ended.
    """
    row = lock_instance(ctx, instance_id)
    if row.state == "active":
        raise Conflict(_("The process is not paused."))
    if row.state != "suspended":
        raise Gone()
    together = [one for one in _called(ctx, instance_id, "suspended") if one.suspended_at == row.suspended_at]
    for held in (row, *together):
        _switch(ctx, held.id, "active", suspended_at=None)
        held_since = held.suspended_at or ctx.now
        continue_jobs(ctx, held.id, held_since=held_since)
        postpone_tasks(ctx, held.id, ctx.now - held_since, held_since=held_since)
        audit(ctx, "instance.resume", "instance", held.id, {"reason": reason})
        tell(ctx, "instance.resumed", instance_id=held.id, process_key=held.process_key)
        # What an operator moved or corrected meanwhile goes on.
        enqueue(ctx, kind="step", payload={"look": True}, instance_id=held.id, process_key=held.process_key)
    return InstanceRef(id=instance_id, business_key=row.business_key, state="active")


def _switch(ctx: Context, instance_id: str, state: str, **values: Any) -> None:
    ctx.connection.execute(
        update(ProcessInstance).where(ProcessInstance.id == instance_id).values(state=state, **values)
    )
    publish(ctx, "instance", instance_id)


def _called(ctx: Context, instance_id: str, state: str) -> Sequence[Any]:
    """Hold the rows of the instances that one called, directly or not, callers first."""
    below = (
        select(ProcessInstance.id)
        .where(ProcessInstance.parent_id == instance_id)
        .cte("below", recursive=True)
    )
    deeper = select(ProcessInstance.id).join(below, ProcessInstance.parent_id == below.c.id)
    called = below.union_all(deeper)
    return ctx.connection.execute(
        select(ProcessInstance.id, ProcessInstance.process_key, ProcessInstance.suspended_at)
        .where(ProcessInstance.id.in_(select(called.c.id)), ProcessInstance.state == state)
        .order_by(ProcessInstance.id)
        .with_for_update()
    ).all()
