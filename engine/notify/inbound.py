"""Messages that come in: stored once by the provider's id, read by a job afterwards."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine.context import Context, verb
from engine.db import order_by, page_of, upsert
from engine.errors import NotFound
from engine.i18n import _
from engine.ids import new_id
from engine.jobs import enqueue
from engine.notify.models import InboundMessage
from engine.push import publish
from engine.values import Json

INBOUND_SORTS = {"received_at": InboundMessage.received_at, "state": InboundMessage.state}
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
    ctx: Context,
    *,
    state: str | None = None,
    sort: str = "-received_at",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many messages came in and one page of them.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = [InboundMessage.state == state] if state is not None else []
    return page_of(
        ctx.connection,
        select(InboundMessage.__table__).where(*wanted),
        order_by(sort, INBOUND_SORTS, last=InboundMessage.id),
        page=page,
        page_size=page_size,
    )


def get_inbound(ctx: Context, message_id: str) -> dict[str, Any]:
    """Return a message that came in.

    Raises:
        NotFound: There is none of this id.
    """
    row = (
        ctx.connection.execute(select(InboundMessage.__table__).where(InboundMessage.id == message_id))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound(_("There is no such message."))
    return dict(row)


def _storable(text: str) -> str:
    """Drop what no database keeps in a text."""
    return text.replace("\x00", "")
