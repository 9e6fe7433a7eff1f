"""What was deployed: deployments, their files, and the process definitions they made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant, JsonText
from engine.ids import new_id


class Deployment(Base):
    """One delivery of a process folder, or of loose files."""

    __tablename__ = "deployment"
    __table_args__ = (Index("ix_deployment_key_hash", "key", "content_hash"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(128))
    content_hash: Mapped[str] = mapped_column(String(64))
    # folder, upload, copy
    source: Mapped[str] = mapped_column(String(16))
    warnings: Mapped[Any] = mapped_column(JsonText)
    deployed_by: Mapped[str] = mapped_column(String(64))
    deployed_at: Mapped[datetime] = mapped_column(Instant)


class DeployedFile(Base):
    """One file of a deployment."""

    __tablename__ = "deployed_file"

    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(255), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ProcessDefinition(Base):
    """A version of a process. Instances stay with the version they were started in."""

    __tablename__ = "process_definition"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(128))
    version: Mapped[int] = mapped_column(Integer)
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id"), index=True)
    # The drawing's path in the deployment, and the hash that pins instances to it.
    path: Mapped[str] = mapped_column(String(255))
    content_hash: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    deployed_at: Mapped[datetime] = mapped_column(Instant)
    # Since when nothing begins in it; what was held together with it goes on together.
    suspended_at: Mapped[datetime | None] = mapped_column(Instant)


class StartSubscription(Base):
    """The latest version of a process is started by a message or a signal of this name."""

    __tablename__ = "start_subscription"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(255), index=True)
    process_key: Mapped[str] = mapped_column(String(128), index=True)
    definition_id: Mapped[str] = mapped_column(ForeignKey("process_definition.id"))
    element_id: Mapped[str] = mapped_column(String(255))


class NoticeRule(Base):
    """Who hears of an event of a process, or of one of its steps, in place of what its drawing says.

    It holds for all versions, and for what runs already.
    """

    __tablename__ = "notice_rule"

    process_key: Mapped[str] = mapped_column(String(128), primary_key=True)
    # Empty for the whole process.
    element_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    event: Mapped[str] = mapped_column(String(64), primary_key=True)
    # to, channel, message, next_s and words of each who hears of it.
    notices: Mapped[Any] = mapped_column(JsonText)
    changed_by: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[datetime] = mapped_column(Instant)


class BusinessKeyCounter(Base):
    """The last number given to a process's business keys within one date part."""

    __tablename__ = "business_key_counter"

    process_key: Mapped[str] = mapped_column(String(128), primary_key=True)
    period: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_number: Mapped[int] = mapped_column(Integer)
