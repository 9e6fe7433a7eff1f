"""The verbs: one call over HTTP within the fence; webhooks and what they are sent."""

from plugins.http.services.call import Answer, Call, call
from plugins.http.services.deliveries import (
    DELIVERY_SORTS,
    deliver,
    forget_deliveries,
    list_deliveries,
    note_event,
    redeliver,
    send_test,
)
from plugins.http.services.fence import target_of
from plugins.http.services.secrets import read_secret
from plugins.http.services.webhooks import (
    WEBHOOK_SORTS,
    get_webhook,
    list_webhooks,
    put_webhook,
    remove_webhook,
    set_webhook_state,
)

__all__ = [
    "DELIVERY_SORTS",
    "WEBHOOK_SORTS",
    "Answer",
    "Call",
    "call",
    "deliver",
    "forget_deliveries",
    "get_webhook",
    "list_deliveries",
    "list_webhooks",
    "note_event",
    "put_webhook",
    "read_secret",
    "redeliver",
    "remove_webhook",
    "send_test",
    "set_webhook_state",
    "target_of",
]
