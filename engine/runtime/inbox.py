"""The inbox as rows: what is kept there, and for whom it is looked up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, update

from engine.context import Context
from engine.errors import NotFound
from engine.i18n import _
from engine.jobs import enqueue
from engine.machine.effects import Await
from engine.notify import InboundMessage
from engine.push import publish


def look_for_kept(ctx: Context, instance_id: str, awaited: Iterable[Await]) -> None:
    """Ask, within the open transaction, for the kept messages that an instance has begun to wait for."""
    keys = {(one.name, one.correlation or None) for one in awaited if one.kind == "message"}
    if not keys:
        return
    kept = ctx.connection.execute(
        select(InboundMessage.id, InboundMessage.name, InboundMessage.correlation)
        .where(InboundMessage.state == "waiting", InboundMessage.name.in_({name for name, _key in keys}))
        .order_by(InboundMessage.id)
    ).all()
    for message in kept:
        if (message.name, message.correlation) in keys:
            ask_for(ctx, message.id, instance_id)


def ask_for(ctx: Context, message_id: str, instance_id: str) -> None:
    """Let a job bring a kept message, if it is still kept then."""
    enqueue(
        ctx,
        kind="bring_message",
        payload={"message": message_id},
        instance_id=instance_id,
        unique_key=f"bring_message:{message_id}",
    )


def hold_message(ctx: Context, message_id: str) -> Any:
    """Return a message's row, held until the transaction ends.

    Raises:
        NotFound: There is none of this id.
    """
    row = ctx.connection.execute(
        select(InboundMessage.__table__).where(InboundMessage.id == message_id).with_for_update()
    ).first()
    if row is None:
        raise NotFound(_("There is no such message."))
    return row


def mark(ctx: Context, message_id: str, state: str, result: str, *, instance_id: str | None = None) -> None:
    """Say what became of a message."""
    values: dict[str, Any] = {"state": state, "result": result}
    if instance_id is not None:
        values["instance_id"] = instance_id
    ctx.connection.execute(update(InboundMessage).where(InboundMessage.id == message_id).values(**values))
    publish(ctx, "inbound", message_id)
