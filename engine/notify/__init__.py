"""What is said to people and what they answer. README.md tells where to begin."""

from engine.notify.gateways import CONSOLE, ConsoleGateway, gateway_for, gateway_named
from engine.notify.grammar import Reply, parse_reply
from engine.notify.inbound import RECEIVE, list_inbound, store_inbound
from engine.notify.models import InboundMessage, Notification, ReceiptEvent
from engine.notify.outbox import NOTIFICATION_SORTS, NOTIFY, list_notifications, mark_read, notify
from engine.notify.receipts import take_receipt
from engine.notify.recipients import Recipient, outside_recipient, person_recipient
from engine.notify.sending import SEND, send, settle
from engine.notify.sms_text import SmsSize, sms_size
from engine.notify.templates import (
    CHANNELS,
    MESSAGES,
    MessageTemplate,
    MessageText,
    read_template,
    render,
    source_texts,
)

__all__ = [
    "CHANNELS",
    "CONSOLE",
    "MESSAGES",
    "NOTIFICATION_SORTS",
    "NOTIFY",
    "RECEIVE",
    "SEND",
    "ConsoleGateway",
    "InboundMessage",
    "MessageTemplate",
    "MessageText",
    "Notification",
    "ReceiptEvent",
    "Recipient",
    "Reply",
    "SmsSize",
    "gateway_for",
    "gateway_named",
    "list_inbound",
    "list_notifications",
    "mark_read",
    "notify",
    "outside_recipient",
    "parse_reply",
    "person_recipient",
    "read_template",
    "render",
    "send",
    "settle",
    "sms_size",
    "source_texts",
    "store_inbound",
    "take_receipt",
]
