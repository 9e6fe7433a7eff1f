"""Messages and signals from outside; the inbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from admin.api.fields import Body, Fields, IdText, Instant, ListArgs, Row, Text, Whole, sort_of
from admin.api.instances import OPERATE, InstanceSchema, instance_row, need_seen
from admin.api.masking import masked_text
from admin.api.operation import Api, Page, changes, lists
from engine.context import Context
from engine.errors import InvalidSubmission, Problem
from engine.feel import from_json
from engine.feel.temporal import DaysTimeDuration
from engine.i18n import _
from engine.notify import INBOUND_SORTS, get_inbound, list_inbound
from engine.runtime import (
    Unmatched,
    broadcast_signal,
    correlate_message,
    deliver_inbound,
    discard_inbound,
    get_instance,
    publish_message,
    start_by_message,
)
from engine.runtime.kept import LONGEST_KEPT_S

_STATES = ("new", "matched", "unmatched", "waiting", "discarded")


class MessageBody(Body):
    """A message."""

    name = Text(required=True, least=1)
    business_key = Text(least=1, most=128)
    correlation = Text(metadata={"description": "The key that the waiting event computed."})
    payload = Fields(load_default=dict)


class PublishBody(MessageBody):
    """A message that may come before somebody waits for it."""

    time_to_live = Text(
        load_default="PT1H",
        metadata={"description": "How long it is kept, an ISO 8601 duration of at most 30 days."},
    )


class PublishedSchema(Row):
    """What became of a message."""

    id = Text(allow_none=True, metadata={"description": "In the inbox; null where it was brought at once."})
    instance_id = Text(allow_none=True, metadata={"description": "Who got it, or began with it."})
    expires_at = Instant()


class InboundSchema(Row):
    """A message that came in: what somebody wrote, or one with a name for a process."""

    id = Text()
    gateway = Text()
    channel = Text()
    state = Text(known=_STATES)
    sender = Text()
    subject = Text()
    body = Text()
    name = Text(allow_none=True)
    correlation = Text(allow_none=True)
    business_key = Text(allow_none=True)
    result = Text(allow_none=True, metadata={"description": "What it was taken for, or why for nothing."})
    person_key = Text(allow_none=True)
    instance_id = Text(allow_none=True)
    received_at = Instant()
    expires_at = Instant()


class InboundArgs(ListArgs):
    """What the inbox takes."""

    state = Text(known=_STATES)
    sort = sort_of(INBOUND_SORTS, "-received_at")


class DeliverBody(Body):
    """To whom a message is brought by hand."""

    instance_id = IdText(required=True)
    name = Text(
        least=1, metadata={"description": "Which awaited message it stands for, where several are awaited."}
    )


class DiscardBody(Body):
    """Why a message is put away."""

    reason = Text(required=True, least=1, most=2000, metadata={"description": "Kept in the audit log."})


class SignalBody(Body):
    """A signal."""

    name = Text(required=True, least=1)
    payload = Fields(load_default=dict)


class SignalSchema(Row):
    """How far a signal reached."""

    count = Whole(metadata={"description": "How many instances wait for it or begin with it."})


class MessagesApi(Api):
    """Messages."""

    resource_name = "messages"

    @changes("", body=MessageBody, answer=InstanceSchema, needs=OPERATE)
    def correlate(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Bring a message to the one instance that waits for it, else start the process that begins with it.

        Nothing waits for it and nothing begins with it: 404. Several wait for it: 409, and none gets it.
        """
        try:
            reached = correlate_message(ctx, **said)
        except Unmatched as nobody:
            try:
                reached = start_by_message(
                    ctx, name=said["name"], payload=said["payload"], business_key=said.get("business_key")
                )
            except Unmatched:
                raise nobody from None
        return instance_row(ctx, get_instance(ctx, reached.id))

    @changes("/publish", body=PublishBody, answer=PublishedSchema, needs=OPERATE)
    def publish(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Bring a message to whoever waits for it or begins with it; else keep it for its time to live.

        It is brought as soon as something begins to wait for it with the same key.
        """
        kept_s = _seconds(said.pop("time_to_live"))
        return asdict(publish_message(ctx, kept_s=kept_s, **said))

    @lists("", answer=InboundSchema, args=InboundArgs, needs=("notifications.see",))
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List what came in, the newest first: kept, matched, unmatched, discarded."""
        count, rows = list_inbound(ctx, **said)
        return Page(count, [_row(ctx, row) for row in rows])

    @changes("/<uuid:message_id>/deliver", body=DeliverBody, answer=InstanceSchema, needs=OPERATE)
    def deliver(self, ctx: Context, said: dict[str, Any], message_id: str) -> dict[str, Any]:
        """Bring a message that matched nothing, or that is kept, to an instance that waits for one."""
        need_seen(ctx, said["instance_id"])
        reached = deliver_inbound(ctx, message_id=message_id, **said)
        return instance_row(ctx, get_instance(ctx, reached.id))

    @changes("/<uuid:message_id>/discard", body=DiscardBody, answer=InboundSchema, needs=OPERATE)
    def discard(self, ctx: Context, said: dict[str, Any], message_id: str) -> dict[str, Any]:
        """Put a message away that nobody needs."""
        discard_inbound(ctx, message_id=message_id, **said)
        return _row(ctx, get_inbound(ctx, message_id))


def _row(ctx: Context, row: Mapping[str, Any]) -> dict[str, Any]:
    texts = ("sender", "subject", "body", "correlation")
    return {**row, **{name: masked_text(ctx, row[name]) for name in texts}}


def _seconds(duration: str) -> float:
    """Read a time to live.

    Raises:
        InvalidSubmission: It is no duration, or longer than messages are kept.
    """
    try:
        value = from_json(duration, "days and time duration")
    except InvalidSubmission:
        value = None
    seconds = value.timedelta().total_seconds() if isinstance(value, DaysTimeDuration) else 0
    if not 0 < seconds <= LONGEST_KEPT_S:
        raise InvalidSubmission(
            problems=[
                Problem(
                    path="time_to_live",
                    message=_("Write a duration such as PT1H or P2D, at most %(days)s days."),
                    params={"days": int(LONGEST_KEPT_S // 86_400)},
                )
            ]
        )
    return seconds


class SignalsApi(Api):
    """Signals."""

    resource_name = "signals"

    @changes("", body=SignalBody, answer=SignalSchema, needs=OPERATE)
    def broadcast(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Bring a signal to everything that waits for it; each instance takes it in its own transaction."""
        return {"count": broadcast_signal(ctx, **said)}
