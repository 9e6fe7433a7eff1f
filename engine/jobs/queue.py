"""The queue: rows, claimed by lease, attempt and owner's mark. The database is its only truth."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, select, true, update

from engine.context import Context, verb
from engine.db import equal_to, inserting, order_by, page_of, updating
from engine.errors import Conflict
from engine.i18n import _
from engine.ids import new_id
from engine.jobs.claiming import LEASE_S, ClaimedJob
from engine.jobs.incidents import open_incident
from engine.jobs.models import Job
from engine.values import Json

RETRIES_S: tuple[float, ...] = (10, 60, 300, 1_800, 7_200)
MAXIMUM_LOST = 5
# What an instance has said is on its way, whatever becomes of the instance.
_SAID = ("notify", "throw")
JOB_SORTS = {
    "due_at": Job.due_at,
    "created_at": Job.created_at,
    "ended_at": Job.ended_at,
    "kind": Job.kind,
    "state": Job.state,
    "process_key": Job.process_key,
    "attempt_count": Job.attempt_count,
}
_WITH_KEY = select(Job.id).where(Job.unique_key == bindparam("key"))
_HELD = updating(Job).where(
    Job.id == bindparam("job"), Job.state == "running", Job.owner == bindparam("holder")
)
_UNCLAIMED = updating(Job).where(Job.state.in_(("waiting", "suspended")), Job.kind.not_in(_SAID))
_UNCLAIMED_ONES = _UNCLAIMED.where(Job.id.in_(bindparam("ids", expanding=True)))
_UNCLAIMED_KEYED = _UNCLAIMED.where(Job.unique_key == bindparam("key"))
_UNCLAIMED_OF = _UNCLAIMED.where(Job.instance_id == bindparam("instance"))


class LostLease(Conflict):
    """Another worker took this job over."""

    code = "lost_lease"


class Suspended(Conflict):
    """The process is suspended. Resume it first."""

    code = "suspended"


def enqueue(
    ctx: Context,
    *,
    kind: str,
    payload: Json = None,
    due_at: datetime | None = None,
    instance_id: str | None = None,
    process_key: str | None = None,
    element_id: str | None = None,
    visit_id: str | None = None,
    unique_key: str | None = None,
    retries_s: Sequence[float] | None = None,
    lane: str = "interactive",
) -> str | None:
    """Ask the worker for something, within the open transaction.

    Args:
        ctx: The open write transaction.
        kind: Which job kind.
        payload: What its function needs, JSON.
        due_at: Not before; now where omitted.
        instance_id, process_key, element_id, visit_id: For whom.
        unique_key: At most one waiting job has it.
        retries_s: Seconds between tries; the product's own where omitted.
        lane: *interactive* goes before *batch*.

    Returns:
        The job's id; None where one with the same unique key waits already.
    """
    if unique_key is not None:
        # One may have been asked for in this transaction.
        ctx.transaction.write_gathered(inserting(Job))
        if ctx.connection.execute(_WITH_KEY, {"key": unique_key}).first() is not None:
            return None
    job_id = new_id()
    ctx.gather(
        inserting(Job),
        {
            "id": job_id,
            "kind": kind,
            "lane": lane,
            "state": "waiting",
            "due_at": due_at or ctx.now,
            "instance_id": instance_id,
            "process_key": process_key,
            "element_id": element_id,
            "visit_id": visit_id,
            "unique_key": unique_key,
            "payload": payload,
            "attempt_count": 0,
            "lost_count": 0,
            "retries_s": None if retries_s is None else list(retries_s),
            "created_at": ctx.now,
        },
    )
    if due_at is None or due_at <= ctx.now:
        ctx.after_commit(lambda: ctx.centre.wake(instance_id))
    return job_id


def hold(ctx: Context, job: ClaimedJob) -> None:
    """Make sure, within the open transaction, that the worker still holds a job.

    Raises:
        LostLease: Another worker took it over; this one's work must not be kept.
    """
    held = _set(ctx, job, lease_until=ctx.now + timedelta(seconds=LEASE_S))
    if not held:
        raise LostLease()


def finish(ctx: Context, job: ClaimedJob) -> None:
    """End a job within the transaction that keeps its result.

    Raises:
        LostLease: Another worker took it over.
    """
    done = _set(ctx, job, state="done", ended_at=ctx.now, lease_until=None, unique_key=None, error=None)
    if not done:
        raise LostLease()


def put_off(
    ctx: Context, job: ClaimedJob, *, until: datetime, error: str, costs_attempt: bool = True
) -> None:
    """Let a job wait for its next try."""
    _set(
        ctx,
        job,
        state="waiting",
        due_at=until,
        owner=None,
        lease_until=None,
        error=error,
        attempt_count=job.attempt_count if costs_attempt else job.attempt_count - 1,
    )


def give_up(ctx: Context, job: ClaimedJob, *, error: str) -> None:
    """End a job as failed."""
    _set(ctx, job, state="failed", ended_at=ctx.now, lease_until=None, unique_key=None, error=error)


def _set(ctx: Context, job: ClaimedJob, **values: Any) -> bool:
    """Change a job that is still in its worker's hands; whether it was."""
    changed = ctx.connection.execute(_HELD, {"job": job.id, "holder": job.owner, **values})
    return changed.rowcount == 1


@verb
def give_back(ctx: Context, *, owner: str) -> None:
    """Return everything a worker holds, at no cost: it is about to stop."""
    ctx.connection.execute(
        update(Job)
        .where(Job.state == "running", Job.owner == owner)
        .values(state="waiting", owner=None, lease_until=None, attempt_count=Job.attempt_count - 1)
    )


@verb
def let_go(ctx: Context, *, owner: str, job_ids: Sequence[str]) -> None:
    """Let leases run out of what a worker could not end: it counts as lost, as if the worker had died.

    Args:
        ctx: The worker.
        owner: Its mark.
        job_ids: What nobody works on any more.
    """
    ctx.connection.execute(
        update(Job)
        .where(Job.id.in_(job_ids), Job.state == "running", Job.owner == owner)
        .values(lease_until=ctx.now - timedelta(milliseconds=1))
    )
    return_expired(ctx)


@verb
def return_expired(ctx: Context, *, everybody: bool = False) -> int:
    """Return jobs whose worker went silent; one that was lost too often becomes an incident.

    Args:
        ctx: Who looks.
        everybody: No worker is alive: every lease counts as expired.

    Returns:
        How many leases had expired.
    """
    expired = and_(Job.state == "running", true() if everybody else Job.lease_until < ctx.now)
    # Whose row is locked is not silent: its result is being written.
    found = select(Job.__table__).where(expired).with_for_update(skip_locked=True)
    rows = ctx.connection.execute(found).mappings().all()
    for row in rows:
        lost = row["lost_count"] + 1
        poisoned = lost >= MAXIMUM_LOST
        ctx.connection.execute(
            update(Job)
            .where(Job.id == row["id"], Job.state == "running", Job.owner == row["owner"])
            .values(
                state="failed" if poisoned else "waiting",
                lost_count=lost,
                owner=None,
                lease_until=None,
                ended_at=ctx.now if poisoned else None,
            )
        )
        if poisoned:
            open_incident(
                ctx,
                code="worker_lost",
                message=_("Its worker died %(count)s times while it ran. Look into the worker's log."),
                params={"count": lost},
                instance_id=row["instance_id"],
                process_key=row["process_key"],
                element_id=row["element_id"],
                job_id=row["id"],
            )
    return len(rows)


def hasten(ctx: Context, unique_key: str) -> None:
    """Let a waiting job come now, within the open transaction; nothing happens where there is none."""
    ctx.transaction.write_gathered(inserting(Job))
    ctx.connection.execute(
        update(Job)
        .where(Job.unique_key == unique_key, Job.state == "waiting", Job.due_at > ctx.now)
        .values(due_at=ctx.now)
    )
    ctx.after_commit(lambda: ctx.centre.wake(None))


def withdraw_failed(ctx: Context, job_id: str) -> None:
    """Withdraw a job that gave up, within the open transaction: another one takes its place.

    Raises:
        Conflict: It has not given up.
    """
    withdrawn = ctx.connection.execute(
        update(Job).where(Job.id == job_id, Job.state == "failed").values(state="done", error="withdrawn")
    )
    if withdrawn.rowcount != 1:
        raise Conflict(_("This job has not given up."))


def withdraw_jobs(ctx: Context, job_ids: Sequence[str]) -> None:
    """End jobs that wait for nothing any more, within the open transaction."""
    ctx.connection.execute(_UNCLAIMED_ONES, {"ids": job_ids, **_withdrawn(ctx)})


def withdraw_keyed(ctx: Context, unique_key: str) -> None:
    """End the job of a key that waits, within the open transaction; nothing happens where there is none."""
    ctx.transaction.write_gathered(inserting(Job))
    ctx.connection.execute(_UNCLAIMED_KEYED, {"key": unique_key, **_withdrawn(ctx)})


def withdraw_jobs_of(ctx: Context, instance_id: str) -> None:
    """End every job of an instance but what it has said already, within the open transaction."""
    ctx.transaction.write_gathered(inserting(Job))
    ctx.connection.execute(_UNCLAIMED_OF, {"instance": instance_id, **_withdrawn(ctx)})


def _withdrawn(ctx: Context) -> dict[str, Any]:
    return {"state": "done", "ended_at": ctx.now, "unique_key": None, "error": "withdrawn"}


def list_jobs(
    ctx: Context,
    *,
    state: str | None = None,
    kind: str | None = None,
    instance_id: str | None = None,
    process_key: str | None = None,
    sort: str = "-created_at",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many jobs there are and one page of them.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = equal_to(
        {
            Job.state: state,
            Job.kind: kind,
            Job.instance_id: instance_id,
            Job.process_key: process_key,
        }
    )
    return page_of(
        ctx.connection,
        select(Job.__table__).where(*wanted),
        order_by(sort, JOB_SORTS, last=Job.id),
        page=page,
        page_size=page_size,
    )


def backoff_s(retries_s: Sequence[float], attempt_count: int) -> float | None:
    """Return the seconds until the next try, with jitter; None where no try is left."""
    if attempt_count > len(retries_s):
        return None
    return retries_s[attempt_count - 1] * random.uniform(0.9, 1.1)
