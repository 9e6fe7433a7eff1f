"""Messages that nobody waits for yet: kept for a time, brought as soon as something begins to wait for them.

They stand in the inbox beside what people wrote; what nobody waited for in time is unmatched there, for an
operator to bring or to discard. A kept message is brought only to what waits with the very same key, or
without one where the message has none: what no rule tells apart is no match.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from engine.context import Context, verb
from engine.errors import AmbiguousCorrelation, Conflict
from engine.history import audit
from engine.i18n import _
from engine.ids import new_id
from engine.instance import MessageSubscription, ProcessInstance
from engine.jobs import ClaimedJob, finish
from engine.machine import NotWaiting
from engine.machine.stimuli import Arrived
from engine.notify import InboundMessage
from engine.plugin import JobKind
from engine.push import publish
from engine.runtime.advance import Gone, InstanceRef, advance
from engine.runtime.inbox import ask_for, hold_message, mark
from engine.runtime.instances import check_reason
from engine.runtime.messages import Unmatched, correlate_message, start_by_message, waiting_for
from engine.values import Json

KEPT_S = 3_600.0
LONGEST_KEPT_S = 30 * 86_400.0
MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of a message.

    Args:
        id: Its id in the inbox; None where it was brought at once.
        instance_id: The instance that got it or began with it; None where it is kept.
        expires_at: Until when it is kept.
    """

    id: str | None = None
    instance_id: str | None = None
    expires_at: datetime | None = None


@verb
def publish_message(
    ctx: Context,
    *,
    name: str,
    payload: Mapping[str, Json] | None = None,
    correlation: str | None = None,
    business_key: str | None = None,
    kept_s: float = KEPT_S,
) -> Published:
    """Bring a message to whoever waits for it or begins with it; else keep it for whoever will wait.

    Args:
        ctx: Who says it.
        name: The message's name in the drawing.
        payload: What it brings.
        correlation: The key that the waiting event computes.
        business_key: The instance's key.
        kept_s: Seconds for which it is kept, at most 30 days.

    Raises:
        AmbiguousCorrelation: Several wait for it: without a key to tell them apart none gets it.
    """
    try:
        reached = correlate_message(
            ctx, name=name, payload=payload, correlation=correlation, business_key=business_key
        )
        return Published(instance_id=reached.id)
    except Unmatched:
        pass
    try:
        begun = start_by_message(ctx, name=name, payload=payload, business_key=business_key)
        return Published(instance_id=begun.id)
    except Unmatched:
        pass
    message_id = new_id()
    expires_at = ctx.now + timedelta(seconds=min(kept_s, LONGEST_KEPT_S))
    ctx.connection.execute(
        insert(InboundMessage).values(
            id=message_id,
            gateway=MESSAGE,
            provider_id=message_id,
            channel=MESSAGE,
            sender=ctx.actor.name,
            recipient="",
            subject="",
            body="",
            state="waiting",
            received_at=ctx.now,
            name=name,
            correlation=correlation or None,
            business_key=business_key,
            payload=dict(payload or {}),
            expires_at=expires_at,
        )
    )
    publish(ctx, "inbound", message_id)
    return Published(id=message_id, expires_at=expires_at)


@verb
def deliver_message(
    ctx: Context, *, name: str, payload: Mapping[str, Json], correlation: str | None = None
) -> Published:
    """Bring a message that a process threw; with a key it is kept where nobody waits for it yet."""
    if correlation is not None:
        return publish_message(ctx, name=name, payload=payload, correlation=correlation)
    # Most messages without a key leave for somebody outside, whom no process stands for.
    for bring in (correlate_message, start_by_message):
        try:
            return Published(instance_id=bring(ctx, name=name, payload=payload).id)
        except Unmatched:
            continue
    return Published()


def bring_kept(ctx: Context, job: ClaimedJob) -> None:
    """Bring a kept message to the one that waits for it: the function of a job kind."""
    with ctx.write():
        finish(ctx, job)
        message = hold_message(ctx, job.payload["message"])
        if message.state != "waiting" or message.expires_at <= ctx.now:
            return
        found = _waiting_for(ctx, message)
        # Without a key, several that wait are not told apart: it stays.
        if not found or (message.correlation is None and len(found) > 1):
            return
        try:
            advance(ctx, found[0].instance_id, Arrived(visit=found[0].visit_id, payload=message.payload))
        except (NotWaiting, Gone):
            return
        mark(ctx, message.id, "matched", message.name, instance_id=found[0].instance_id)


def look_after_kept(ctx: Context, job: object = None) -> None:
    """Find what was missed because both sides came at once, and let go what nobody waited for in time."""
    with ctx.write():
        rows = ctx.connection.execute(
            select(InboundMessage.__table__).where(InboundMessage.state == "waiting")
        ).all()
        for message in rows:
            if message.expires_at <= ctx.now:
                mark(ctx, message.id, "unmatched", "expired")
                continue
            found = _waiting_for(ctx, message)
            if found:
                ask_for(ctx, message.id, found[0].instance_id)


KEPT_JOBS = (
    JobKind(name="bring_message", title=_("Bring a kept message"), function=bring_kept),
    JobKind(
        name="keep_messages",
        title=_("Look after kept messages"),
        function=look_after_kept,
        every_s=30,
        lane="batch",
    ),
)


@verb
def deliver_inbound(
    ctx: Context, *, message_id: str, instance_id: str, name: str | None = None
) -> InstanceRef:
    """Bring a message of the inbox by hand to an instance that waits for one.

    Args:
        ctx: Who brings it.
        message_id: A message that is kept, or that matched nothing.
        instance_id: The instance, or one that it called.
        name: Which awaited message it stands for; its own name, or the only one that is awaited, where
            omitted. What a person wrote is brought as ``text``.

    Raises:
        NotFound: There is no such message.
        Conflict: It was brought or discarded already.
        Unmatched: The instance does not wait for it.
        AmbiguousCorrelation: It waits for several: say which one is meant.
    """
    message = _open(ctx, message_id)
    found = awaited_by(ctx, instance_id)
    wanted = name or message.name
    if wanted is not None:
        found = [one for one in found if one.name == wanted]
    if not found:
        raise Unmatched(_("The process does not wait for this message now."))
    if len(found) > 1:
        raise AmbiguousCorrelation(_("The process waits for several messages: say which one is meant."))
    payload = message.payload if message.payload is not None else {"text": message.body}
    reached = advance(ctx, found[0].instance_id, Arrived(visit=found[0].visit_id, payload=payload))
    mark(ctx, message_id, "matched", found[0].name, instance_id=reached.id)
    audit(ctx, "message.deliver", "message", message_id, {"instance": reached.id, "name": found[0].name})
    return reached


@verb
def discard_inbound(ctx: Context, *, message_id: str, reason: str) -> None:
    """Put a message of the inbox away: nobody needs it.

    Raises:
        NotFound: There is no such message.
        Conflict: It was brought or discarded already.
        InvalidSubmission: No reason was given.
    """
    check_reason(reason)
    _open(ctx, message_id)
    mark(ctx, message_id, "discarded", "discarded")
    audit(ctx, "message.discard", "message", message_id, {"reason": reason})


def awaited_by(ctx: Context, instance_id: str) -> list[Any]:
    """Return the subscriptions to messages of an instance and of all that belong to it."""
    root = select(ProcessInstance.root_id).where(ProcessInstance.id == instance_id).scalar_subquery()
    return list(
        ctx.connection.execute(
            select(MessageSubscription.__table__)
            .join(ProcessInstance, ProcessInstance.id == MessageSubscription.instance_id)
            .where(
                MessageSubscription.kind == "message",
                ProcessInstance.root_id == root,
                ProcessInstance.state == "active",
            )
            .order_by(MessageSubscription.id)
        )
    )


def _waiting_for(ctx: Context, message: Any) -> list[Any]:
    found = waiting_for(
        ctx,
        kind="message",
        name=message.name,
        correlation=message.correlation,
        business_key=message.business_key,
    )
    return [one for one in found if (one.correlation or None) == message.correlation]


def _open(ctx: Context, message_id: str) -> Any:
    message = hold_message(ctx, message_id)
    if message.state not in ("waiting", "unmatched"):
        raise Conflict(_("This message was brought or put away already."))
    return message
