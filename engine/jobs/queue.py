"""The queue: rows, claimed by lease, attempt and owner's mark. The database is its only truth."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Integer, Select, and_, bindparam, func, or_, select, true, update

from engine.context import Context, verb
from engine.db import inserting, order_by, page_of, table_of, updating
from engine.errors import Conflict
from engine.i18n import _
from engine.ids import new_id
from engine.jobs.incidents import open_incident
from engine.jobs.models import Job
from engine.values import Json

RETRIES_S: tuple[float, ...] = (10, 60, 300, 1_800, 7_200)
LEASE_S = 30
MAXIMUM_LOST = 5
# What goes first comes first.
LANES = ("interactive", "batch")
# A claim looks at this many due jobs for each it wants, before it asks process by process.
_LOOK_AHEAD = 10
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
_first_key = (
    select(func.min(Job.process_key).label("key"))
    .where(Job.state == "waiting", Job.lane == bindparam("lane"))
    .cte("keys", recursive=True)
)
_next_key = (
    select(func.min(Job.process_key))
    .where(Job.state == "waiting", Job.lane == bindparam("lane"), Job.process_key > _first_key.c.key)
    .scalar_subquery()
)
# From key to key in the index, however many jobs each has; the last is none: jobs of no process.
_KEYS_WAITING = select(_first_key.union_all(select(_next_key).where(_first_key.c.key.is_not(None))).c.key)
_running = (
    select(Job.instance_id)
    .where(Job.state == "running", Job.instance_id.is_not(None))
    .where(Job.kind.not_in(bindparam("free", expanding=True)))
)
# Locked where the database locks rows: SQLite leaves that out.
_DUE = (
    select(Job.id, Job.kind, Job.instance_id, Job.process_key, Job.lane, Job.due_at)
    .where(
        Job.state == "waiting",
        Job.due_at <= bindparam("now"),
        or_(
            Job.instance_id.is_(None),
            Job.kind.in_(bindparam("free", expanding=True)),
            Job.instance_id.not_in(_running),
        ),
        or_(bindparam("any_kind", type_=Boolean()), Job.kind.in_(bindparam("kinds", expanding=True))),
    )
    .order_by(Job.due_at, Job.id)
    .limit(bindparam("count", type_=Integer()))
    .with_for_update(skip_locked=True)
)
_DUE_IN_LANE = _DUE.where(Job.lane == bindparam("lane"))
_DUE_OF = _DUE_IN_LANE.where(Job.process_key == bindparam("key"))
_DUE_OF_NONE = _DUE_IN_LANE.where(Job.process_key.is_(None))
_CLAIM = (
    update(table_of(Job))
    .where(Job.id.in_(bindparam("chosen", expanding=True)), Job.state == "waiting")
    .values(
        state="running",
        owner=bindparam("holder"),
        lease_until=bindparam("until"),
        attempt_count=Job.attempt_count + 1,
    )
    .returning(Job.__table__)
)
_WITH_KEY = select(Job.id).where(Job.unique_key == bindparam("key"))
_HELD = updating(Job).where(
    Job.id == bindparam("job"), Job.state == "running", Job.owner == bindparam("holder")
)
_UNCLAIMED = updating(Job).where(Job.state.in_(("waiting", "suspended")), Job.kind.not_in(_SAID))
_UNCLAIMED_ONES = _UNCLAIMED.where(Job.id.in_(bindparam("ids", expanding=True)))
_UNCLAIMED_OF = _UNCLAIMED.where(Job.instance_id == bindparam("instance"))


class LostLease(Conflict):
    """Another worker took this job over."""

    code = "lost_lease"


class Suspended(Conflict):
    """The process is suspended. Resume it first."""

    code = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job in a worker's hands."""

    id: str
    kind: str
    lane: str
    payload: Json
    attempt_count: int
    owner: str
    instance_id: str | None
    process_key: str | None
    element_id: str | None
    visit_id: str | None
    retries_s: tuple[float, ...] | None

    @property
    def marks(self) -> dict[str, Any]:
        """What a line of the log says of it, as ``extra``."""
        return {
            "job_id": self.id,
            "job_kind": self.kind,
            "attempt": self.attempt_count,
            "instance_id": self.instance_id,
            "process_key": self.process_key,
            "element_id": self.element_id,
        }


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


@verb
def claim(
    ctx: Context,
    *,
    owner: str,
    limit: int = 10,
    kinds: Sequence[str] | None = None,
    held: Sequence[ClaimedJob] = (),
    share: int | None = None,
) -> list[ClaimedJob]:
    """Take due jobs into a worker's hands: lease, attempt and mark in one transaction.

    Each process key gets its turn before any gets a second one, however many jobs another has due; what is
    interactive goes first. At most one job of an instance is in anybody's hands.

    Args:
        ctx: Who claims.
        owner: The worker's mark.
        limit: At most this many.
        kinds: Only these kinds.
        held: What the worker has in its hands already.
        share: The most that one process, and the batch lane as a whole, may have in the worker's hands; any
            number where omitted.
    """
    free = [kind.name for kind in ctx.registry.job_kinds.values() if not kind.exclusive]
    names = {"now": ctx.now, "free": free, "any_kind": kinds is None, "kinds": kinds or ()}
    turns = _Turns(limit, free, held, share)
    found = _first_of(ctx, _DUE, limit * _LOOK_AHEAD, names)
    if len(found) == limit * _LOOK_AHEAD:
        # So many are due that some process may stand behind them all.
        found += _first_of_each(ctx, limit, names, Counter((row.lane, row.process_key) for row in found))
    chosen = turns.choose(found)
    if not chosen:
        return []
    lease_until = ctx.now + timedelta(seconds=LEASE_S)
    rows = ctx.connection.execute(_CLAIM, {"chosen": chosen, "holder": owner, "until": lease_until})
    by_id = {row["id"]: row for row in rows.mappings()}
    return [
        ClaimedJob(
            id=row["id"],
            kind=row["kind"],
            lane=row["lane"],
            payload=row["payload"],
            attempt_count=row["attempt_count"],
            owner=owner,
            instance_id=row["instance_id"],
            process_key=row["process_key"],
            element_id=row["element_id"],
            visit_id=row["visit_id"],
            retries_s=None if row["retries_s"] is None else tuple(float(s) for s in row["retries_s"]),
        )
        for row in (by_id[job_id] for job_id in chosen)
    ]


def _first_of(ctx: Context, due: Select[*tuple[Any, ...]], count: int, names: Mapping[str, Any]) -> list[Any]:
    """Return the first of the due jobs, locked where the database locks rows."""
    return list(ctx.connection.execute(due, {**names, "count": count}).all())


def _first_of_each(
    ctx: Context, count: int, names: Mapping[str, Any], known: Mapping[tuple[str, str | None], int]
) -> list[Any]:
    """Return the first due jobs of each process in each lane, of which so many are not known already."""
    found = []
    for lane in LANES:
        for key in ctx.connection.scalars(_KEYS_WAITING, {"lane": lane}).all():
            if known.get((lane, key), 0) >= count:
                continue
            due, of = (_DUE_OF_NONE, {}) if key is None else (_DUE_OF, {"key": key})
            found += _first_of(ctx, due, count, {**names, "lane": lane, **of})
    return found


class _Turns:
    """Chooses round-robin over process keys, one job an instance, interactive before batch."""

    def __init__(
        self, limit: int, free: Sequence[str], held: Sequence[ClaimedJob], share: int | None
    ) -> None:
        self._limit = limit
        self._free = free
        self._share = limit + len(held) if share is None else share
        self._of_process = Counter(job.process_key for job in held)
        self._of_lane = Counter(job.lane for job in held)
        self._instances: set[str] = set()
        self._chosen: list[str] = []

    def choose(self, rows: Sequence[Any]) -> list[str]:
        """Return the ids of those whose turn it is."""
        queues: dict[tuple[str, str | None], deque[Any]] = {}
        for row in sorted(set(rows), key=lambda row: (row.due_at, row.id)):
            queues.setdefault((row.lane, row.process_key), deque()).append(row)
        for lane in LANES:
            # Whose jobs are fewest in hand comes first; between equals, whose first one is the oldest.
            turns = sorted(
                (queue for (of, _key), queue in queues.items() if of == lane),
                key=lambda queue: (self._of_process[queue[0].process_key], queue[0].due_at),
            )
            while turns:
                for queue in turns:
                    self._offer(queue.popleft())
                turns = [queue for queue in turns if queue]
        return self._chosen

    def _offer(self, row: Any) -> None:
        alone = row.instance_id is not None and row.kind not in self._free
        if len(self._chosen) == self._limit or (alone and row.instance_id in self._instances):
            return
        if row.process_key is not None and self._of_process[row.process_key] >= self._share:
            return
        if row.lane == "batch" and self._of_lane["batch"] >= self._share:
            return
        self._chosen.append(row.id)
        self._of_process[row.process_key] += 1
        self._of_lane[row.lane] += 1
        if alone:
            self._instances.add(row.instance_id)


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
    rows = ctx.connection.execute(select(Job.__table__).where(expired)).mappings().all()
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
    wanted = [
        column == value
        for column, value in (
            (Job.state, state),
            (Job.kind, kind),
            (Job.instance_id, instance_id),
            (Job.process_key, process_key),
        )
        if value is not None
    ]
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
