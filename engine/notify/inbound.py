"""Messages that come in: stored once by the provider's id, read by a job afterwards."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from engine.context import Context, verb
from engine.db import upsert
from engine.ids import new_id
from engine.jobs import enqueue
from engine.notify.models import InboundMessage
from engine.push import publish
from engine.values import Json

RECEIVE = "receive"
"""The kind of the job that reads a message; its payload is ``{"message": id}``."""


@verb
def store_inbound(
    ctx: Context,
    *,
    gateway: str,
    provider_id: str,
    channel: str,
    sender: str,
    recipient: str,
    body: str,
    subject: str = "",
    raw: Json = None,
) -> tuple[str, bool]:
    """Store a message that came in, once, and ask the worker to read it.

    Args:
        ctx: The gateway's webhook or mail poller.
        gateway: The gateway's name.
        provider_id: The provider's id of the message: the same one is stored once.
        channel: ``sms`` or ``email``.
        sender: The number or mailbox it came from.
        recipient: The number or mailbox it came to.
        body: The text.
        subject: Mail only.
        raw: What the gateway got, as it got it.

    Returns:
        The message's id, and whether it was new.
    """
    message_id = new_id()
    stored = ctx.connection.execute(
        upsert(InboundMessage.__table__, ctx.centre.database.dialect)  # type: ignore[arg-type]
        .values(
            id=message_id,
            gateway=gateway,
            provider_id=provider_id,
            channel=channel,
            sender=sender,
            recipient=recipient,
            subject=_storable(subject),
            body=_storable(body),
            raw=raw,
            state="new",
            received_at=ctx.now,
        )
        .on_conflict_do_nothing()
        .returning(InboundMessage.id)
    ).first()
    if stored is None:
        known = select(InboundMessage.id).where(
            InboundMessage.gateway == gateway, InboundMessage.provider_id == provider_id
        )
        return ctx.connection.execute(known).scalar_one(), False
    enqueue(ctx, kind=RECEIVE, payload={"message": message_id}, unique_key=f"{RECEIVE}:{message_id}")
    publish(ctx, "inbound", message_id)
    return message_id, True


def list_inbound(
    ctx: Context, *, state: str | None = None, page: int = 1, page_size: int = 25
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many messages came in and one page of them, newest first."""
    wanted = [InboundMessage.state == state] if state is not None else []
    count = ctx.connection.execute(
        select(func.count()).select_from(InboundMessage).where(*wanted)
    ).scalar_one()
    rows = ctx.connection.execute(
        select(InboundMessage.__table__)
        .where(*wanted)
        .order_by(InboundMessage.id.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
    ).mappings()
    return count, [dict(row) for row in rows]


def _storable(text: str) -> str:
    """Drop what no database keeps in a text."""
    return text.replace("\x00", "")
