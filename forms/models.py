"""What people sent by forms, and what they have begun to fill in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant, JsonText
from engine.ids import new_id


class Submission(Base):
    """A form that was filled in. ``state`` is draft (no variable knows of it) or submitted."""

    __tablename__ = "submission"
    __table_args__ = (Index("ix_submission_draft", "written_by", "state", "process_key"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    form_key: Mapped[str] = mapped_column(String(128))
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployment.id"), index=True)
    process_key: Mapped[str] = mapped_column(String(128))
    # The start event by which it starts a process; None where it finishes a task.
    event: Mapped[str | None] = mapped_column(String(255))
    # The task that it finishes; None where it starts a process.
    task_id: Mapped[str | None] = mapped_column(ForeignKey("user_task.id"), index=True)
    # Which it started or brought forward.
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    # What counted of what was sent; all of it while it is a draft.
    data: Mapped[Any] = mapped_column(JsonText)
    state: Mapped[str] = mapped_column(String(16))
    written_by: Mapped[str] = mapped_column(String(64))
    written_at: Mapped[datetime] = mapped_column(Instant)
    # How it came: web, rest, sms, link…
    channel: Mapped[str] = mapped_column(String(16))
