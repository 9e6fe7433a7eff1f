"""How far a notification came: taken by its gateway, delivered, read; or failed, and what then.

A state only moves forward. Receipts come in any order, twice, and before the sender's own commit.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import case, func, select, update

from engine.context import Context
from engine.history import mask
from engine.i18n import _
from engine.jobs import Incident, Job, hasten, open_incident, resolve_incidents_of_job
from engine.notify.alerts import alert_unreachable
from engine.notify.models import Notification, ReceiptEvent
from engine.notify.outbox import NOTIFY, is_carried, next_key, process_key_of, put
from engine.people import Person
from engine.push import publish, tell
from engine.values import Json

# What may still become sent, delivered or read; what was delivered after all is no failure.
_BEFORE = {
    "sent": ("waiting", "sending", "unknown"),
    "failed": ("waiting", "sending", "unknown", "sent"),
    "delivered": ("waiting", "sending", "unknown", "sent", "failed"),
    "read": ("waiting", "sending", "unknown", "sent", "failed", "delivered"),
}
_COPIED = (
    "event", "message_key", "person_key", "locale", "target", "instance_id", "task_id", "element_id",
)  # fmt: skip


def take(ctx: Context, notification_id: str, *, provider_id: str, segment_count: int | None = None) -> None:
    """Note within the open transaction that a gateway took a notification, and what it said of it since.

    Args:
        ctx: The open write transaction.
        notification_id: Which one.
        provider_id: The gateway's own id of it.
        segment_count: Parts that are billed, where the gateway said so.
    """
    row: dict[str, Any] = {
        "provider_id": provider_id,
        "sent_at": func.coalesce(Notification.sent_at, ctx.now),
    }
    if segment_count is not None:
        row["segment_count"] = segment_count
    in_doubt = Notification.state.in_(_BEFORE["sent"])
    found = select(Notification.__table__).where(Notification.id == notification_id, in_doubt)
    taken = ctx.connection.execute(found).mappings().first()
    ctx.connection.execute(
        update(Notification)
        .where(Notification.id == notification_id)
        .values(
            **row,
            state=case((in_doubt, "sent"), else_=Notification.state),
            error=case((in_doubt, None), else_=Notification.error),
        )
    )
    publish(ctx, "notification", notification_id)
    if taken is not None:
        _tell(ctx, "sent", taken)
        if taken["state"] == "unknown":
            end_doubt(ctx, notification_id)
    early = (
        select(ReceiptEvent.__table__)
        .join(Notification, ReceiptEvent.gateway == Notification.gateway)
        .where(Notification.id == notification_id, ReceiptEvent.provider_id == provider_id)
        .order_by(ReceiptEvent.id)
    )
    for receipt in ctx.connection.execute(early).mappings().all():
        apply(ctx, notification_id, receipt)


def end_doubt(ctx: Context, notification_id: str) -> None:
    """Resolve within the open transaction the incident of a notification of which nobody could tell.

    Args:
        ctx: The open write transaction.
        notification_id: Which one.
    """
    given_up = (
        select(Job.id)
        .join(Incident, Incident.job_id == Job.id)
        .where(Job.kind == NOTIFY, Job.payload == {"notification": notification_id}, Incident.state == "open")
    )
    for job_id in ctx.connection.execute(given_up).scalars().all():
        resolve_incidents_of_job(ctx, job_id)


def apply(ctx: Context, notification_id: str, receipt: Any) -> None:
    """Note within the open transaction what a provider said of a notification that it took.

    Args:
        ctx: The open write transaction.
        notification_id: Which one.
        receipt: ``state``, ``error``, ``address_refused``.
    """
    if receipt["state"] == "failed":
        fail(ctx, notification_id, receipt["error"], address_refused=receipt["address_refused"])
    elif receipt["state"] in ("delivered", "read"):
        _advance(ctx, notification_id, receipt["state"])


def _advance(ctx: Context, notification_id: str, state: Literal["delivered", "read"]) -> None:
    row: dict[str, Any] = {
        "state": state,
        "error": None,
        "fallback": None,
        "delivered_at": func.coalesce(Notification.delivered_at, ctx.now),
    }
    if state == "read":
        row["read_at"] = ctx.now
    moved = ctx.connection.execute(
        update(Notification)
        .where(Notification.id == notification_id, Notification.state.in_(_BEFORE[state]))
        .values(**row)
    )
    if moved.rowcount:
        publish(ctx, "notification", notification_id)


def fail(ctx: Context, notification_id: str, error: str, *, address_refused: bool = False) -> None:
    """Note within the open transaction that a notification failed for good; the next channel says it.

    Args:
        ctx: The open write transaction.
        notification_id: Which one.
        error: Why, for the outbox page.
        address_refused: The number or mailbox takes no messages: it is not used until somebody mends it.
    """
    before = Notification.state.in_(_BEFORE["failed"])
    row = (
        ctx.connection.execute(
            select(Notification.__table__).where(Notification.id == notification_id, before).with_for_update()
        )
        .mappings()
        .first()
    )
    if row is None:
        return
    ctx.connection.execute(
        update(Notification)
        .where(Notification.id == notification_id)
        .values(state="failed", error=error, fallback=None)
    )
    publish(ctx, "notification", notification_id)
    _tell(ctx, "failed", row)
    if address_refused:
        _note_trouble(ctx, row, error)
    if row["task_id"] is not None and row["person_key"] is not None:
        # It may not reach them in time: whoever is next need not wait.
        hasten(ctx, next_key(row["task_id"], row["person_key"]))
    texts = [
        said
        for said in row["fallback"] or ()
        if is_carried(ctx, said["channel"], said["address"]) and not _troubled(ctx, row["person_key"], said)
    ]
    if texts:
        copied = {name: row[name] for name in _COPIED}
        put(ctx, {**copied, "unique_key": None, "instead_of": notification_id}, texts)
        return
    open_incident(
        ctx,
        code="nobody_reached",
        message=_("Somebody could not be told of “%(event)s” by any channel: %(reason)s"),
        params={"event": row["event"], "reason": mask(error)},
        instance_id=row["instance_id"],
        process_key=process_key_of(ctx, row["instance_id"]),
        element_id=row["element_id"],
    )


def _tell(ctx: Context, what: str, row: Any) -> None:
    tell(
        ctx,
        f"notification.{what}",
        instance_id=row["instance_id"],
        process_key=process_key_of(ctx, row["instance_id"]),
        notification_id=row["id"],
        element_id=row["element_id"],
        channel=row["channel"],
    )


_TROUBLE = {"sms": (Person.phone, Person.phone_trouble), "email": (Person.email, Person.email_trouble)}


def _note_trouble(ctx: Context, row: Any, error: str) -> None:
    if row["person_key"] is None or row["channel"] not in _TROUBLE:
        return
    address, trouble = _TROUBLE[row["channel"]]
    noted = ctx.connection.execute(
        update(Person)
        .where(Person.key == row["person_key"], address == row["address"], trouble.is_(None))
        .values({trouble.key: error})
    )
    if noted.rowcount:
        publish(ctx, "person", row["person_key"])
        alert_unreachable(
            ctx,
            person_key=row["person_key"],
            channel=row["channel"],
            reason=error,
            code="address_refused",
        )


def _troubled(ctx: Context, person_key: str | None, said: Json) -> bool:
    """Whether a channel that was good when the notification was made has been in trouble since."""
    if person_key is None or said["channel"] not in _TROUBLE:
        return False
    trouble = _TROUBLE[said["channel"]][1]
    return ctx.connection.execute(select(trouble).where(Person.key == person_key)).scalar() is not None
