"""What is said to people and what they answer. README.md tells where to begin."""

from engine.notify.alerts import alert_unreachable
from engine.notify.countries import SETTINGS, sms_mode
from engine.notify.gateways import CONSOLE, ConsoleGateway, gateway_for, gateway_named
from engine.notify.grammar import Reply, parse_reply
from engine.notify.inbound import INBOUND_SORTS, RECEIVE, get_inbound, list_inbound, store_inbound
from engine.notify.models import InboundMessage, Notification, ReceiptEvent
from engine.notify.outbox import (
    DIGEST,
    NEXT,
    NOTIFICATION_SORTS,
    NOTIFY,
    get_notification,
    list_notifications,
    mark_read,
    next_key,
    notify,
    withdraw_unsent,
)
from engine.notify.receipts import take_receipt
from engine.notify.recipients import Recipient, outside_recipient, outsider_locale, person_recipient
from engine.notify.sending import SEND, doubt_unsent, send, settle
from engine.notify.sms_plan import MESSAGES, SmsPlan, sms_plan
from engine.notify.sms_text import SmsSize, sms_size
from engine.notify.templates import (
    CHANNELS,
    MessageTemplate,
    MessageText,
    read_template,
    render,
    short_message,
    source_texts,
    written,
)
from engine.notify.wording import WORDING

__all__ = [
    "CHANNELS",
    "CONSOLE",
    "DIGEST",
    "INBOUND_SORTS",
    "MESSAGES",
    "NEXT",
    "NOTIFICATION_SORTS",
    "NOTIFY",
    "RECEIVE",
    "SEND",
    "SETTINGS",
    "WORDING",
    "ConsoleGateway",
    "InboundMessage",
    "MessageTemplate",
    "MessageText",
    "Notification",
    "ReceiptEvent",
    "Recipient",
    "Reply",
    "SmsPlan",
    "SmsSize",
    "alert_unreachable",
    "doubt_unsent",
    "gateway_for",
    "gateway_named",
    "get_inbound",
    "get_notification",
    "list_inbound",
    "list_notifications",
    "mark_read",
    "next_key",
    "notify",
    "outside_recipient",
    "outsider_locale",
    "parse_reply",
    "person_recipient",
    "read_template",
    "render",
    "send",
    "settle",
    "short_message",
    "sms_mode",
    "sms_plan",
    "sms_size",
    "source_texts",
    "store_inbound",
    "take_receipt",
    "withdraw_unsent",
    "written",
]
