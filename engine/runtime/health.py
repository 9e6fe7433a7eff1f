"""How the product is: what an operator's monitoring asks, read from the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from engine.context import Context
from engine.instance import ProcessInstance
from engine.jobs import Incident, Job, Lease
from engine.jobs.leases import HEARTBEAT
from engine.notify.models import Notification

# Rows that are done grow for ever: the latest tell how it goes.
LATEST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Whether work gets done.

    Args:
        worker_count: Workers that were heard of within the last half minute.
        oldest_due_s: For how long the oldest due job has waited, in seconds; 0 where none is due.
    """

    worker_count: int
    oldest_due_s: float


def vitals(ctx: Context) -> Vitals:
    """Read whether workers live and how far they are behind, within the open transaction."""
    workers = select(func.count()).where(Lease.name.startswith(HEARTBEAT), Lease.held_until >= ctx.now)
    due = select(func.min(Job.due_at)).where(Job.state == "waiting", Job.due_at <= ctx.now)
    oldest = ctx.connection.execute(due).scalar()
    return Vitals(
        worker_count=ctx.connection.execute(workers).scalar_one(),
        oldest_due_s=0.0 if oldest is None else (ctx.now - oldest).total_seconds(),
    )


def counts(ctx: Context) -> Mapping[str, list[tuple[tuple[str, ...], int]]]:
    """Count rows by what tells them apart, within the open transaction.

    Returns:
        ``jobs`` by kind and state (not those that are done), ``instances`` that live by process and state,
        ``incidents`` that are open by code, ``notifications`` of the last day by channel and state.
    """
    return {
        "jobs": _by(ctx, (Job.kind, Job.state), Job.state.in_(("waiting", "running", "failed", "suspended"))),
        "instances": _by(
            ctx,
            (ProcessInstance.process_key, ProcessInstance.state),
            ProcessInstance.state.in_(("active", "suspended")),
        ),
        "incidents": _by(ctx, (Incident.code,), Incident.state == "open"),
        "notifications": _by(
            ctx, (Notification.channel, Notification.state), Notification.created_at >= ctx.now - LATEST
        ),
    }


def _by(ctx: Context, columns: tuple[Any, ...], which: Any) -> list[tuple[tuple[str, ...], int]]:
    rows = ctx.connection.execute(select(*columns, func.count()).where(which).group_by(*columns))
    return [(tuple(str(value) for value in row[:-1]), row[-1]) for row in rows]
