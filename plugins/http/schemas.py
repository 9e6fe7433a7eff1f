"""Webhooks and deliveries as programs see them."""

from __future__ import annotations

from admin.api.fields import Body, IdText, Instant, Items, ListArgs, Row, Text, Whole, sort_of
from engine.plugin import PROCESS_EVENTS
from plugins.http.rules import EVENT_TITLES
from plugins.http.services import DELIVERY_SORTS, WEBHOOK_SORTS

STATES = ("waiting", "delivered", "failed")


class WebhookSchema(Row):
    """Where another system wants to hear what happens."""

    id = Text()
    url = Text(most=8192)
    events = Items(Text(known=PROCESS_EVENTS))
    process_key = Text(allow_none=True)
    secret_name = Text()
    state = Text(known=("active", "paused"))
    created_at = Instant()
    created_by = Text()


class DeliverySchema(Row):
    """One event for one webhook."""

    id = Text()
    webhook_id = Text()
    event = Text(known=tuple(EVENT_TITLES))
    state = Text(known=STATES)
    try_count = Whole()
    status = Whole(allow_none=True, metadata={"description": "What the other side answered last."})
    error = Text(allow_none=True, metadata={"description": "Why the last try failed."})
    created_at = Instant()
    tried_at = Instant()
    delivered_at = Instant()


class WebhookBody(Body):
    """What a webhook is."""

    url = Text(most=8192, required=True)
    events = Items(Text(known=PROCESS_EVENTS), required=True)
    secret_name = Text(
        most=64,
        required=True,
        metadata={"description": "What follows CALLWRIGHT_SECRET_ in the environment."},
    )
    process_key = Text(most=128, metadata={"description": "Only of this process."})


class WebhookArgs(ListArgs):
    """What the list of webhooks takes."""

    sort = sort_of(WEBHOOK_SORTS, "created_at")


class DeliveryArgs(ListArgs):
    """What the list of deliveries takes."""

    webhook_id = IdText()
    state = Text(known=STATES)
    event = Text(known=tuple(EVENT_TITLES))
    sort = sort_of(DELIVERY_SORTS, "-created_at")
