"""Leases by name: of several processes that could do something for ever, one does."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_

from engine.context import Context, verb
from engine.db import upsert
from engine.jobs.models import Lease

LEASE_S = 30
# What a living worker holds, followed by its mark.
HEARTBEAT = "worker:"


@verb
def hold_lease(ctx: Context, *, name: str, owner: str) -> bool:
    """Take a lease, or renew the one that is held.

    Args:
        ctx: Who holds it.
        name: What is done by one at a time.
        owner: The holder's mark.

    Returns:
        Whether the owner holds it for the next half minute.
    """
    until = ctx.now + timedelta(seconds=LEASE_S)
    taken = upsert(Lease.__table__, ctx.centre.database.dialect)  # type: ignore[arg-type]
    row = ctx.connection.execute(
        taken.values(name=name, owner=owner, held_until=until)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"owner": owner, "held_until": until},
            where=or_(Lease.owner == owner, Lease.held_until < ctx.now),
        )
        .returning(Lease.owner)
    ).first()
    return row is not None


@verb
def drop_dead_workers(ctx: Context) -> None:
    """Forget workers that have not been heard of for as long as a lease."""
    ctx.connection.execute(delete(Lease).where(Lease.name.startswith(HEARTBEAT), Lease.held_until < ctx.now))


@verb
def drop_lease(ctx: Context, *, name: str, owner: str) -> None:
    """Give a lease up, so that another may take it at once."""
    ctx.connection.execute(delete(Lease).where(Lease.name == name, Lease.owner == owner))
