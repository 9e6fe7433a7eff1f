"""Tickets and their threads as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant
from engine.ids import new_id
from plugins.tickets.rules import State


class Ticket(Base):
    """What somebody from the public reported.

    ``number`` is the business key of the process instance that carries it. ``state`` is new, dispatched,
    in_progress, answered, closed, not_accepted or withdrawn.
    """

    __tablename__ = "tickets_ticket"
    __table_args__ = (
        Index("ix_tickets_ticket_state_due", "state", "due_at"),
        Index("ix_tickets_ticket_unit_state", "unit_key", "state"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(128), unique=True)
    # No foreign key: a ticket is born within the step that makes its instance, and outlives it.
    instance_id: Mapped[str | None] = mapped_column(Id, index=True)
    category: Mapped[str | None] = mapped_column(String(64), index=True)
    urgency: Mapped[str | None] = mapped_column(String(16))
    unit_key: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[State] = mapped_column(String(16))
    summary: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    reporter_name: Mapped[str | None] = mapped_column(Text)
    reporter_phone: Mapped[str | None] = mapped_column(String(16), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    opened_at: Mapped[datetime] = mapped_column(Instant, index=True)
    # First given to a department; due_at follows each assignment and extension.
    assigned_at: Mapped[datetime | None] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    first_response_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    # Closed, not accepted or withdrawn.
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    # 1 (not at all satisfied) to 5 (very).
    rating: Mapped[int | None] = mapped_column(Integer)


class TicketEntry(Base):
    """One line of a ticket's thread. ``kind`` is status, note, support, answer or reason."""

    __tablename__ = "tickets_entry"
    __table_args__ = (Index("ix_tickets_entry_ticket", "ticket_id", "seq"), {"sqlite_autoincrement": True})

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets_ticket.id"))
    kind: Mapped[str] = mapped_column(String(16))
    # A status line holds the state that began; the others what somebody wrote.
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(64))
    written_at: Mapped[datetime] = mapped_column(Instant)
