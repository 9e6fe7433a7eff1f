"""Push: a verb says that something changed. Open pages hear of it after the commit, plug-ins within it."""

from __future__ import annotations

from sqlalchemy import func

from engine.context import Context
from engine.db import inserting
from engine.plugin import ProcessEvent
from engine.push.models import Event

__all__ = ["CHANNEL", "Event", "publish", "tell"]

# Whoever waits for events on PostgreSQL listens to this.
CHANNEL = "callwright_event"
# Heard after the commit, once for each transaction however often it is said.
_AND_TELL = inserting(Event).returning(func.pg_notify(CHANNEL, ""))


def publish(ctx: Context, topic: str, ref: str) -> None:
    """Say within the open transaction that something changed.

    Args:
        ctx: The open write transaction.
        topic: What kind of thing: ``task``, ``instance``, ``notification``, ``incident``, ``job``.
        ref: Which one: an id or a person's key; never personal data.
    """
    on_postgresql = ctx.centre.database.dialect == "postgresql"
    ctx.gather(_AND_TELL if on_postgresql else inserting(Event), {"topic": topic, "ref": ref, "at": ctx.now})


def tell(
    ctx: Context, name: str, *, instance_id: str | None, process_key: str | None, **about: str | None
) -> None:
    """Let the plug-ins that listen hear within the open transaction what happened in a process.

    Args:
        ctx: The open write transaction.
        name: One of ``engine.plugin.PROCESS_EVENTS``.
        instance_id, process_key: Where.
        about: Ids, keys and states; never personal data.
    """
    for hear in ctx.registry.listeners:
        hear(ctx, ProcessEvent(name=name, instance_id=instance_id, process_key=process_key, about=about))
