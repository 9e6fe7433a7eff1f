"""Sends what the outbox holds, once.

A notification is marked *sending* before its gateway is asked and *sent* after it answered. Found in doubt
by another try (the worker died, the answer did not come), the provider is asked before anything is sent
again; what cannot be settled becomes an incident, and ``settle`` lets an operator decide.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from engine.context import Context, verb
from engine.errors import (
    AddressRefused,
    Conflict,
    InvalidSubmission,
    NotFound,
    OutcomeUnknown,
    Problem,
    TechnicalFailure,
)
from engine.history import audit
from engine.i18n import _
from engine.jobs import ClaimedJob, finish, hold
from engine.notify import states
from engine.notify.gateways import gateway_named
from engine.notify.models import Notification
from engine.notify.outbox import NOTIFY, ask_to_send
from engine.plugin import JobKind, Outgoing
from engine.push import publish

_IN_DOUBT = ("sending", "unknown")
_OPEN = ("waiting", *_IN_DOUBT)
# A provider's clock and ours may differ.
_CLOCKS_APART = timedelta(minutes=2)


def send(ctx: Context, job: ClaimedJob) -> None:
    """Send a notification: the function of the job kind ``notify``.

    Args:
        ctx: The worker's; no transaction is open.
        job: Its payload names the notification.

    Raises:
        TechnicalFailure: It was not taken: the job is tried again, or becomes an incident.
        OutcomeUnknown: Nobody can tell: the next try asks first.
    """
    begun = _begin(ctx, job)
    if begun is None:
        return
    message, gateway_name, in_doubt = begun
    sent = None
    try:
        gateway = gateway_named(ctx, gateway_name)
        if in_doubt:
            sent = gateway.reconcile(message)
            in_doubt = False
        if sent is None:
            sent = gateway.send(message)
    except AddressRefused as error:
        with ctx.write():
            hold(ctx, job)
            states.fail(ctx, message.key, str(error), address_refused=True)
            finish(ctx, job)
        return
    except TechnicalFailure as error:
        unknown = in_doubt or isinstance(error, OutcomeUnknown)
        if _leave(ctx, job, message.key, "unknown" if unknown else "waiting", str(error)):
            raise
        return
    with ctx.write():
        hold(ctx, job)
        states.take(ctx, message.key, provider_id=sent.provider_id, segment_count=sent.segments)
        finish(ctx, job)


SEND = JobKind(name=NOTIFY, title=_("Send a message"), function=send)


def _begin(ctx: Context, job: ClaimedJob) -> tuple[Outgoing, str, bool] | None:
    """Mark the notification as being sent; say what is sent, through what, and whether it may be out."""
    with ctx.write():
        hold(ctx, job)
        query = select(Notification.__table__).where(
            Notification.id == job.payload["notification"], Notification.state.in_(_OPEN)
        )
        row = ctx.connection.execute(query).mappings().first()
        if row is None:
            finish(ctx, job)
            return None
        in_doubt = row["state"] in _IN_DOUBT
        ctx.connection.execute(
            update(Notification)
            .where(Notification.id == row["id"])
            .values(
                state=row["state"] if in_doubt else "sending",
                tried_at=func.coalesce(Notification.tried_at, ctx.now),
            )
        )
        return _outgoing(ctx, row, in_doubt=in_doubt), row["gateway"], in_doubt


def _outgoing(ctx: Context, row: Any, *, in_doubt: bool) -> Outgoing:
    tried_at = row["tried_at"] or ctx.now
    others = select(Notification.provider_id).where(
        Notification.address == row["address"],
        Notification.gateway == row["gateway"],
        Notification.tried_at >= tried_at - _CLOCKS_APART,
        Notification.provider_id.is_not(None),
        Notification.id != row["id"],
    )
    return Outgoing(
        key=row["id"],
        channel=row["channel"],
        address=row["address"],
        subject=row["subject"],
        body=row["body"],
        callback_url=f"{ctx.settings.public_url}/webhooks/{row['gateway']}/status?key={row['id']}",
        tried_at=tried_at,
        # Only whoever asks whether it is out already must tell it from the others.
        other_ids=frozenset(
            str(other) for other in (ctx.connection.execute(others).scalars() if in_doubt else ())
        ),
    )


def _leave(ctx: Context, job: ClaimedJob, notification_id: str, state: str, error: str) -> bool:
    """Note why a try did not end; say whether it is still open, as a receipt may have settled it."""
    with ctx.write():
        hold(ctx, job)
        left = ctx.connection.execute(
            update(Notification)
            .where(Notification.id == notification_id, Notification.state.in_(_OPEN))
            .values(state=state, error=error)
        )
        publish(ctx, "notification", notification_id)
        return left.rowcount == 1


@verb
def doubt_unsent(ctx: Context) -> int:
    """Hold what waits to be sent for what may be out: the database is an older copy of itself.

    Whoever sends it asks the provider first; what cannot be told becomes an incident, and ``settle`` decides.

    Returns:
        How many messages that are.
    """
    doubted = ctx.connection.execute(
        update(Notification)
        .where(Notification.state == "waiting")
        .values(
            state="unknown",
            tried_at=func.coalesce(Notification.tried_at, Notification.created_at),
            error=_("It waited in a backup that was restored, and may have been sent since."),
        )
    ).rowcount
    audit(ctx, "database.restored", "product", "database", {"doubted": doubted})
    return doubted


@verb
def settle(ctx: Context, *, notification_id: str, taken: bool, reason: str) -> None:
    """Decide, as an operator who asked around, about a notification of which nobody can tell.

    Args:
        ctx: The operator.
        notification_id: Which one.
        taken: It arrived: it counts as sent. Else it is sent again.
        reason: How the operator knows.

    Raises:
        InvalidSubmission: No reason was given.
        NotFound: There is none of this id.
        Conflict: It is in no doubt.
    """
    if not reason.strip():
        raise InvalidSubmission(
            problems=[
                Problem(path="reason", message=_("Say how you know: the reason is kept in the audit log."))
            ]
        )
    row = ctx.connection.execute(
        select(Notification.state, Notification.instance_id, Notification.element_id).where(
            Notification.id == notification_id
        )
    ).first()
    if row is None:
        raise NotFound()
    if row.state != "unknown":
        raise Conflict(_("This message is in no doubt any more."))
    if taken:
        states.take(ctx, notification_id, provider_id="")
    else:
        ctx.connection.execute(
            update(Notification).where(Notification.id == notification_id).values(state="waiting", error=None)
        )
        ask_to_send(ctx, notification_id, row.instance_id, row.element_id)
        states.end_doubt(ctx, notification_id)
    audit(
        ctx,
        "notification.settled",
        "notification",
        notification_id,
        {"taken": taken, "reason": reason.strip()},
    )
