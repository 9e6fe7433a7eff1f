"""Delivery receipts: kept once, applied in whatever order they come."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select

from engine.context import Context, verb
from engine.db import upsert
from engine.ids import new_id
from engine.notify import states
from engine.notify.models import Notification, ReceiptEvent
from engine.plugin import Receipt


@verb
def take_receipt(ctx: Context, *, gateway: str, receipt: Receipt) -> bool:
    """Keep what a provider says of a message and move the notification forward.

    It may come before the sender's own commit: with our key it settles the sending by itself, without it
    is applied when the provider's id becomes known. One that fits nothing is kept and is no error.

    Args:
        ctx: The gateway's webhook.
        gateway: The gateway's name.
        receipt: What was said.

    Returns:
        Whether it was new.
    """
    key = _our_key(receipt.key)
    kept = ctx.connection.execute(
        upsert(ReceiptEvent.__table__, ctx.centre.database.dialect)  # type: ignore[arg-type]
        .values(
            id=new_id(),
            gateway=gateway,
            provider_id=receipt.provider_id,
            key=key,
            state=receipt.state,
            error=receipt.error,
            address_refused=receipt.address_refused,
            received_at=ctx.now,
        )
        .on_conflict_do_nothing()
        .returning(ReceiptEvent.id)
    ).first()
    if kept is None:
        return False
    known = ctx.connection.execute(
        select(Notification.id, Notification.provider_id).where(
            Notification.gateway == gateway,
            or_(Notification.provider_id == receipt.provider_id, Notification.id == key),
        )
    ).first()
    if known is None:
        return True
    if known.provider_id != receipt.provider_id:
        # Only what was taken has receipts: the sending is settled, and all of them apply.
        states.take(ctx, known.id, provider_id=receipt.provider_id)
    else:
        states.apply(
            ctx,
            known.id,
            {"state": receipt.state, "error": receipt.error, "address_refused": receipt.address_refused},
        )
    return True


def _our_key(key: str | None) -> str | None:
    """Return a key that could be a notification's id."""
    try:
        return str(UUID(key)) if key else None
    except ValueError:
        return None
