"""Push: a verb says that something changed; open pages hear of it after the commit."""

from __future__ import annotations

from sqlalchemy import func, insert, select

from engine.context import Context
from engine.push.models import Event

__all__ = ["CHANNEL", "Event", "publish"]

# Whoever waits for events on PostgreSQL listens to this.
CHANNEL = "callwright_event"


def publish(ctx: Context, topic: str, ref: str) -> None:
    """Say within the open transaction that something changed.

    Args:
        ctx: The open write transaction.
        topic: What kind of thing: ``task``, ``instance``, ``notification``, ``incident``, ``job``.
        ref: Which one: an id or a person's key; never personal data.
    """
    ctx.connection.execute(insert(Event).values(topic=topic, ref=ref, at=ctx.now))
    if ctx.connection.dialect.name == "postgresql":
        # Heard after the commit, once for each transaction however often it is said.
        ctx.connection.execute(select(func.pg_notify(CHANNEL, "")))
