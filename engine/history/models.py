"""What happened: element visits, variable writes, the audit log. Rows are added, never deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import IN_ORDER, Base, Id, Instant, JsonText, Seq


class ElementVisit(Base):
    """A token was at an element of the drawing. ``state`` is active, completed, cancelled or failed."""

    __tablename__ = "element_visit"
    __table_args__ = (
        Index("ix_element_visit_instance", "instance_id", "seq"),
        IN_ORDER,
    )

    seq: Mapped[int] = mapped_column(Seq, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(Id, unique=True)
    instance_id: Mapped[str] = mapped_column(Id)
    element_id: Mapped[str] = mapped_column(String(255))
    element_name: Mapped[str | None] = mapped_column(Text)
    # The sequence flow that led here.
    flow_id: Mapped[str | None] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    actor: Mapped[str | None] = mapped_column(String(64))
    # Lines a script or an operator left, and why it ended as it did.
    log: Mapped[Any] = mapped_column(JsonText, nullable=True)


class VariableWrite(Base):
    """A variable got a value."""

    __tablename__ = "variable_write"
    __table_args__ = (
        Index("ix_variable_write_instance", "instance_id", "seq"),
        IN_ORDER,
    )

    seq: Mapped[int] = mapped_column(Seq, primary_key=True, autoincrement=True)
    instance_id: Mapped[str] = mapped_column(Id)
    visit_id: Mapped[str | None] = mapped_column(Id)
    scope: Mapped[str | None] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(128))
    # The value's JSON text, or ``{"$value": hash}`` of a large one.
    value: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)


class AuditEntry(Base):
    """Who did what to what, when. Sealed in blocks by a job."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_object", "object_kind", "object_id"),
        IN_ORDER,
    )

    seq: Mapped[int] = mapped_column(Seq, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor: Mapped[str] = mapped_column(String(64), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    action: Mapped[str] = mapped_column(String(64))
    object_kind: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(128))
    detail: Mapped[Any] = mapped_column(JsonText, nullable=True)


class AuditBlock(Base):
    """A seal over the audit rows up to ``last_seq``: a hash over them and the block before."""

    __tablename__ = "audit_block"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    first_seq: Mapped[int] = mapped_column(Seq)
    last_seq: Mapped[int] = mapped_column(Seq)
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(Instant)
