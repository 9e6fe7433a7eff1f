"""Jobs of instances that are held: they wait, and keep the time that was left to them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update

from engine.context import Context, verb
from engine.db import inserting
from engine.instance import ProcessInstance
from engine.jobs.claiming import ClaimedJob
from engine.jobs.models import Job
from engine.jobs.queue import LostLease
from engine.values import Json

# What is said to people has happened already; an end is an end.
_GOES_ON = ("notify", "cancel")


def suspend_jobs(ctx: Context, instance_id: str) -> None:
    """Let the waiting jobs of an instance wait until it is resumed, within the open transaction."""
    ctx.transaction.write_gathered(inserting(Job))
    ctx.connection.execute(
        update(Job)
        .where(Job.instance_id == instance_id, Job.state == "waiting", Job.kind.not_in(_GOES_ON))
        .values(state="suspended")
    )


def continue_jobs(ctx: Context, instance_id: str, *, held_since: datetime) -> None:
    """Let the jobs of a resumed instance go on: what was not due yet is due as much later as it was held.

    Args:
        ctx: The open write transaction.
        instance_id: Whose.
        held_since: When it was held.
    """
    ctx.transaction.write_gathered(inserting(Job))
    which = and_(Job.instance_id == instance_id, Job.state == "suspended")
    if continue_waiting(ctx, which, held_since=held_since):
        ctx.after_commit(lambda: ctx.centre.wake(instance_id))


def continue_waiting(ctx: Context, which: ColumnElement[bool], *, held_since: datetime) -> int:
    """Let suspended jobs wait again, as long as was left to them, within the open transaction.

    Args:
        ctx: The open write transaction.
        which: Those jobs.
        held_since: When they were held.

    Returns:
        How many those are.
    """
    rows = ctx.connection.execute(select(Job.id, Job.due_at, Job.created_at).where(which)).all()
    for row in rows:
        left = max(row.due_at - max(held_since, row.created_at), timedelta())
        ctx.connection.execute(
            update(Job).where(Job.id == row.id).values(state="waiting", due_at=ctx.now + left)
        )
    return len(rows)


@verb
def suspend_job(ctx: Context, job: ClaimedJob, *, payload: Json = None) -> None:
    """Let a job that found its instance held wait until it is resumed, at no cost.

    Args:
        ctx: The worker's.
        job: What it holds.
        payload: What the job carries from now on; the same where omitted.

    Raises:
        LostLease: Another worker took it over.
    """
    # The row is held, so that nobody resumes the instance between the look and the write.
    state = ctx.connection.execute(
        select(ProcessInstance.state).where(ProcessInstance.id == job.instance_id).with_for_update()
    ).scalar()
    put = ctx.connection.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == "running", Job.owner == job.owner)
        .values(
            state="suspended" if state == "suspended" else "waiting",
            owner=None,
            lease_until=None,
            payload=Job.payload if payload is None else payload,
            attempt_count=Job.attempt_count - 1,
        )
    )
    if put.rowcount != 1:
        raise LostLease()
