"""Notifications: what was said, to whom, by which channel and gateway, and how far it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admin.api.fields import Body, Flag, IdText, Instant, ListArgs, Row, Text, Whole, sort_of
from admin.api.masking import masked_text
from admin.api.operation import Api, Page, changes, lists
from engine.context import Context
from engine.notify import CHANNELS, NOTIFICATION_SORTS, get_notification, list_notifications, settle

STATES = ("waiting", "held", "sending", "sent", "gathered", "delivered", "read", "failed", "unknown")


class NotificationSchema(Row):
    """One message to one person by one channel."""

    id = Text()
    event = Text(metadata={"description": "What happened: created, urged, result…"})
    message_key = Text(allow_none=True)
    channel = Text()
    gateway = Text()
    state = Text(known=STATES)
    error = Text(allow_none=True)
    person_key = Text(allow_none=True)
    address = Text(allow_none=True)
    locale = Text()
    subject = Text()
    body = Text()
    target = Text(allow_none=True, metadata={"description": "The page that it leads to."})
    segment_count = Whole()
    provider_id = Text(allow_none=True)
    instance_id = Text(allow_none=True)
    task_id = Text(allow_none=True)
    element_id = Text(allow_none=True)
    instead_of = Text(allow_none=True, metadata={"description": "The one that failed."})
    digest_id = Text(allow_none=True, metadata={"description": "In which it was said with others."})
    created_at = Instant()
    sent_at = Instant()
    delivered_at = Instant()
    read_at = Instant()


class NotificationArgs(ListArgs):
    """What the list of notifications takes."""

    person_key = Text()
    channel = Text(known=tuple(CHANNELS))
    gateway = Text()
    state = Text(known=STATES)
    instance_id = IdText()
    sort = sort_of(NOTIFICATION_SORTS, "-created_at")


class SettleBody(Body):
    """What is known of a notification whose fate was unknown."""

    taken = Flag(required=True, metadata={"description": "It was sent. Else it is sent again."})
    reason = Text(
        required=True,
        least=1,
        most=2000,
        metadata={"description": "How that is known; kept in the audit log."},
    )


class NotificationsApi(Api):
    """Notifications."""

    resource_name = "notifications"

    @lists("", answer=NotificationSchema, args=NotificationArgs, needs=("notifications.see",))
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List notifications. Numbers, addresses and personal links are masked without personal_data.see."""
        count, rows = list_notifications(ctx, **said)
        return Page(count, [_row(ctx, row) for row in rows])

    @changes(
        "/<uuid:notification_id>/settle",
        body=SettleBody,
        answer=NotificationSchema,
        needs=("incidents.operate",),
    )
    def settle(self, ctx: Context, said: dict[str, Any], notification_id: str) -> dict[str, Any]:
        """Say of a notification in the state *unknown* that it was sent, or send it again."""
        settle(ctx, notification_id=notification_id, **said)
        return _row(ctx, get_notification(ctx, notification_id))


def _row(ctx: Context, row: Mapping[str, Any]) -> dict[str, Any]:
    texts = ("address", "subject", "body", "error")
    shown = {**row, **{name: masked_text(ctx, row[name]) for name in texts}}
    return {**shown, "body": ""} if row["secret"] and row["gateway"] != "console" else shown
