"""Claiming: due jobs go into a worker's hands, each process in its turn, by lease, attempt and mark."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Integer, Select, bindparam, func, or_, select, update

from engine.context import Context, verb
from engine.db import table_of
from engine.jobs.models import Job
from engine.values import Json

LEASE_S = 20
# What goes first comes first.
LANES = ("interactive", "batch")
# A claim looks at this many due jobs for each it wants, before it asks process by process.
_LOOK_AHEAD = 10
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
    due_at: datetime
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
            due_at=row["due_at"],
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
