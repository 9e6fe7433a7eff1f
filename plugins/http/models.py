"""Webhooks, and what was sent to them, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant, JsonText
from engine.ids import new_id


class Webhook(Base):
    """Where another system wants to hear what happens. ``state`` is active or paused."""

    __tablename__ = "http_webhook"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    url: Mapped[str] = mapped_column(Text)
    # Names of process events.
    events: Mapped[Any] = mapped_column(JsonText)
    # Only of this process; None for all.
    process_key: Mapped[str | None] = mapped_column(String(128))
    # The name of the secret in the environment that signs.
    secret_name: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default="active")
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(64))


class Delivery(Base):
    """One event for one webhook, written where it happened. ``state`` is waiting, delivered or failed."""

    __tablename__ = "http_delivery"
    __table_args__ = (
        Index("ix_http_delivery_webhook", "webhook_id", "id"),
        Index("ix_http_delivery_state", "state", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("http_webhook.id"))
    event: Mapped[str] = mapped_column(String(64))
    # What is sent, the same bytes at every try.
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    job_id: Mapped[str | None] = mapped_column(Id)
    try_count: Mapped[int] = mapped_column(Integer, default=0)
    # What the last try brought: a status, or why there was none (a gettext source text and its holes).
    status: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)
    error_params: Mapped[Any] = mapped_column(JsonText, nullable=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    tried_at: Mapped[datetime | None] = mapped_column(Instant)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
