"""Running processes as rows: instances, their values, the messages they wait for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant, JsonText
from engine.ids import new_id


class ProcessInstance(Base):
    """One run of a process.

    ``state`` is active, suspended, completed, cancelled or failed (ended by an uncaught BPMN error).
    ``machine_state`` is live tokens plus data as bytes; ``revision`` counts its writes, and a write that
    did not read the last one is refused.
    """

    __tablename__ = "process_instance"
    __table_args__ = (
        UniqueConstraint("process_key", "business_key"),
        Index("ix_process_instance_state", "process_key", "state"),
        Index(
            "ix_process_instance_submitter",
            "submitter",
            sqlite_where=text("submitter IS NOT NULL"),
            postgresql_where=text("submitter IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    process_key: Mapped[str] = mapped_column(String(128))
    definition_id: Mapped[str] = mapped_column(ForeignKey("process_definition.id"), index=True)
    business_key: Mapped[str | None] = mapped_column(String(128))
    title: Mapped[str] = mapped_column(Text, default="")
    # What lists say of it beside its title, as it stands: label and text of each.
    facts: Mapped[Any] = mapped_column(JsonText, nullable=True)
    state: Mapped[str] = mapped_column(String(16))
    error_code: Mapped[str | None] = mapped_column(String(128))
    initiator: Mapped[str | None] = mapped_column(String(64), index=True)
    # Who handed it in for the initiator; None where they did themselves.
    submitter: Mapped[str | None] = mapped_column(String(64))
    root_id: Mapped[str] = mapped_column(Id, index=True)
    parent_id: Mapped[str | None] = mapped_column(Id, index=True)
    # The caller's element visit that waits for this called instance.
    parent_visit: Mapped[str | None] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    # Since when it is held; what was held together went on together.
    suspended_at: Mapped[datetime | None] = mapped_column(Instant)
    incident_count: Mapped[int] = mapped_column(Integer, default=0)
    # Whether somebody follows it, so that a step need not look.
    followed: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(Integer, default=0)
    machine_state: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class LargeValue(Base):
    """A value too large for the state, by the hash of its text; read when asked for."""

    __tablename__ = "large_value"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class ListedVariable(Base):
    """A variable that lists sort and filter on, kept beside the state."""

    __tablename__ = "listed_variable"
    __table_args__ = (Index("ix_listed_variable_value", "name", "value"),)

    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[str | None] = mapped_column(String(255))


class MessageSubscription(Base):
    """An instance waits for a message (or a signal) at an element."""

    __tablename__ = "message_subscription"
    __table_args__ = (Index("ix_message_subscription_name", "kind", "name", "correlation"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(255))
    # The key that a message must bring; None where any message of that name is meant for it.
    correlation: Mapped[str | None] = mapped_column(String(255))
    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(255))
    visit_id: Mapped[str] = mapped_column(Id, index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Migration(Base):
    """Somebody takes instances of a process from one version to another."""

    __tablename__ = "migration"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    process_key: Mapped[str] = mapped_column(String(128), index=True)
    # None where instances of any version are taken.
    from_version: Mapped[int | None] = mapped_column(Integer)
    to_version: Mapped[int] = mapped_column(Integer)
    to_definition_id: Mapped[str] = mapped_column(ForeignKey("process_definition.id"))
    # Elements that have another id in the new version, by their id in the old one.
    mapping: Mapped[Any] = mapped_column(JsonText)
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(Instant)


class MigratedInstance(Base):
    """One instance of a migration. ``state`` is waiting, migrated, blocked or reverted.

    A migrated one keeps what it was before, its state and the rows that wait for it: so it can go back.
    """

    __tablename__ = "migrated_instance"
    __table_args__ = (UniqueConstraint("migration_id", "instance_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    migration_id: Mapped[str] = mapped_column(ForeignKey("migration.id"))
    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    # What stood in the way.
    problems: Mapped[Any] = mapped_column(JsonText, nullable=True)
    from_definition_id: Mapped[str] = mapped_column(ForeignKey("process_definition.id"))
    machine_state: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    rows: Mapped[Any] = mapped_column(JsonText, nullable=True)
    # The instance's revision right after it was migrated: another one means that it has moved since.
    revision: Mapped[int | None] = mapped_column(Integer)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    reverted_at: Mapped[datetime | None] = mapped_column(Instant)


class ProcessDeadline(Base):
    """By when something of a whole instance is to be done. While it stands still it is due at no instant."""

    __tablename__ = "process_deadline"

    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    # The working-time calendar that counts it; None where every hour counts.
    calendar: Mapped[str | None] = mapped_column(String(64))
    # How long before it is due it warns, as an ISO 8601 duration.
    warn: Mapped[str] = mapped_column(String(64))
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    warns_at: Mapped[datetime | None] = mapped_column(Instant)
    # Since when it stands still, and how much time was left then.
    still_since: Mapped[datetime | None] = mapped_column(Instant)
    left_s: Mapped[int | None] = mapped_column(Integer)
    warned_at: Mapped[datetime | None] = mapped_column(Instant)
    overdue_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
