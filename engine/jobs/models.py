"""What waits for a machine: jobs and incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant, JsonText
from engine.ids import new_id


class Job(Base):
    """A piece of work for the worker. ``state`` is waiting, running, done, failed or suspended.

    A suspended one waits until its instance is resumed, and keeps the time that was left to it.

    A claim writes a lease, counts the attempt and leaves its owner's mark; whoever finishes must still
    hold the mark.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_ready", "state", "due_at"),
        # A turn for each process, however many jobs another has due.
        Index("ix_job_turn", "state", "lane", "process_key", "due_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    # timer, service, step, notify, or a plug-in's plugin.verb
    kind: Mapped[str] = mapped_column(String(64))
    lane: Mapped[str] = mapped_column(String(16), default="interactive")
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    due_at: Mapped[datetime] = mapped_column(Instant)
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    process_key: Mapped[str | None] = mapped_column(String(128))
    element_id: Mapped[str | None] = mapped_column(String(255))
    visit_id: Mapped[str | None] = mapped_column(Id, index=True)
    # One waiting job per key: a clockwork job, an instance's continuation.
    unique_key: Mapped[str | None] = mapped_column(String(128), unique=True)
    payload: Mapped[Any] = mapped_column(JsonText, nullable=True)
    attempt_count: Mapped[int] = mapped_column(Integer, default=0)
    # Claims that ended in no answer at all: a worker died.
    lost_count: Mapped[int] = mapped_column(Integer, default=0)
    retries_s: Mapped[Any] = mapped_column(JsonText, nullable=True)
    owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Lease(Base):
    """Somebody does what only one may do at a time, until an instant."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    held_until: Mapped[datetime] = mapped_column(Instant)


class Incident(Base):
    """Something needs an operator. ``state`` is open or resolved."""

    __tablename__ = "incident"
    __table_args__ = (Index("ix_incident_state", "state", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    state: Mapped[str] = mapped_column(String(16), default="open")
    # The error's code: incidents of one cause are grouped by it, the element and the message.
    code: Mapped[str] = mapped_column(String(64))
    message: Mapped[str] = mapped_column(Text)
    params: Mapped[Any] = mapped_column(JsonText, nullable=True)
    detail: Mapped[str | None] = mapped_column(Text)
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    process_key: Mapped[str | None] = mapped_column(String(128))
    element_id: Mapped[str | None] = mapped_column(String(255))
    visit_id: Mapped[str | None] = mapped_column(Id)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("job.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)
    resolved_by: Mapped[str | None] = mapped_column(String(64))
