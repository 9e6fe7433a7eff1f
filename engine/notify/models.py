"""What is said to people and what they answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant, JsonText
from engine.ids import new_id


class Notification(Base):
    """One message to one person by one channel.

    ``state`` is waiting, sending, unknown, sent, delivered, read or failed; or held and then gathered, where
    it is said together with others in a message of its own. It only moves forward; but what
    was certainly not taken waits again, and what was delivered after all is no failure.
    """

    __tablename__ = "notification"
    __table_args__ = (
        Index("ix_notification_person", "person_key", "channel", "state"),
        Index("ix_notification_provider", "gateway", "provider_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    # What happened (created, urged, result...) and the template that says so.
    event: Mapped[str] = mapped_column(String(64))
    message_key: Mapped[str | None] = mapped_column(String(128))
    channel: Mapped[str] = mapped_column(String(16))
    gateway: Mapped[str] = mapped_column(String(32))
    person_key: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(Text, index=True)
    locale: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text)
    # Holds a code or a link that only its reader may know: lists do not show it.
    secret: Mapped[bool] = mapped_column(default=False)
    # What the message leads to inside the product: a page's path without host.
    target: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(Text)
    provider_id: Mapped[str | None] = mapped_column(String(255))
    segment_count: Mapped[int] = mapped_column(Integer, default=1)
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    task_id: Mapped[str | None] = mapped_column(Id, index=True)
    element_id: Mapped[str | None] = mapped_column(String(255))
    # What is said by the next channels if this one fails: channel, address, subject, text of each.
    fallback: Mapped[Any] = mapped_column(JsonText, nullable=True)
    # The notification that failed, which this one is sent in place of.
    instead_of: Mapped[str | None] = mapped_column(Id)
    # The message in which it was said together with others.
    digest_id: Mapped[str | None] = mapped_column(Id, index=True)
    # visit:event:person: the same thing is never said twice.
    unique_key: Mapped[str | None] = mapped_column(String(255), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    # When a gateway was first asked to carry it.
    tried_at: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)


class InboundMessage(Base):
    """A message that came in, stored once by the provider's id.

    ``state`` is new, matched, unmatched, waiting (kept for whoever will wait for it) or discarded. A message
    between processes has a name, a key and a payload in place of a text.
    """

    __tablename__ = "inbound_message"
    __table_args__ = (
        UniqueConstraint("gateway", "provider_id"),
        Index("ix_inbound_message_state", "state", "name"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    gateway: Mapped[str] = mapped_column(String(32))
    provider_id: Mapped[str] = mapped_column(String(255))
    channel: Mapped[str] = mapped_column(String(16))
    sender: Mapped[str] = mapped_column(Text, index=True)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text)
    raw: Mapped[Any] = mapped_column(JsonText, nullable=True)
    state: Mapped[str] = mapped_column(String(16), default="new")
    # What it was taken for, or why it matched nothing.
    result: Mapped[str | None] = mapped_column(Text)
    person_key: Mapped[str | None] = mapped_column(String(64))
    instance_id: Mapped[str | None] = mapped_column(Id)
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    name: Mapped[str | None] = mapped_column(String(255))
    correlation: Mapped[str | None] = mapped_column(String(255))
    business_key: Mapped[str | None] = mapped_column(String(128))
    payload: Mapped[Any] = mapped_column(JsonText, nullable=True)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)


class ReceiptEvent(Base):
    """A delivery receipt, once by provider id and state: order and repetition do not matter."""

    __tablename__ = "receipt_event"
    __table_args__ = (UniqueConstraint("gateway", "provider_id", "state"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    gateway: Mapped[str] = mapped_column(String(32))
    provider_id: Mapped[str] = mapped_column(String(255))
    key: Mapped[str | None] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(16))
    error: Mapped[str] = mapped_column(Text, default="")
    address_refused: Mapped[bool] = mapped_column(default=False)
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
