"""What waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, ForeignKey, Index, Integer, String, Text, event, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import IN_ORDER, Base, Id, Instant, JsonText, Seq
from engine.ids import new_id

OPEN_STATES = ("open", "claimed")
_WAITING = text(f"state IN {OPEN_STATES}")


def _index_where(condition: str, name: str, *columns: str) -> Index:
    """Return an index of those rows alone that fulfil a condition."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


class UserTask(Base):
    """A step that waits for a person. ``state`` is open, claimed, completed or cancelled.

    ``id`` is the element visit it stands for, where nobody else is asked there; else ``visit_id`` is.
    """

    __tablename__ = "user_task"
    __table_args__ = (
        Index("ix_user_task_assignee", "assignee", "state"),
        Index("ix_user_task_ended_by", "ended_by", "ended_at"),
        # What is lent, and what is decided in somebody's place: few among very many.
        _index_where("owner IS NOT NULL", "ix_user_task_owner", "owner"),
        _index_where("covers_for IS NOT NULL", "ix_user_task_covers_for", "covers_for", "assignee"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # The element visit at which several are asked.
    visit_id: Mapped[str | None] = mapped_column(Id, index=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), index=True)
    process_key: Mapped[str] = mapped_column(String(128))
    definition_id: Mapped[str] = mapped_column(ForeignKey("process_definition.id"))
    business_key: Mapped[str | None] = mapped_column(String(128), index=True)
    element_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    form_key: Mapped[str | None] = mapped_column(String(128))
    # How the step is set in the drawing: outcomes, replies, notices, where the form's data go.
    options: Mapped[Any] = mapped_column(JsonText, nullable=True)
    assignee: Mapped[str | None] = mapped_column(String(64))
    # Who gets it back from the assignee, whom they asked to work on it.
    owner: Mapped[str | None] = mapped_column(String(64))
    # In whose place the assignee decides, as their cover.
    covers_for: Mapped[str | None] = mapped_column(String(64))
    priority: Mapped[int] = mapped_column(Integer, default=50)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)
    acknowledged_by: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(String(64))
    # How it was ended: web, rest, sms, link, message, timer.
    ended_through: Mapped[str | None] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(64))
    opinion: Mapped[str | None] = mapped_column(Text)


# The order in which people see what waits: however many tasks have ended, those are not in it.
Index(
    "ix_user_task_waiting",
    UserTask.due_at,
    UserTask.priority.desc(),
    UserTask.id.desc(),
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
# Nearly all that nobody has taken waits. Where PostgreSQL takes the two for independent it expects few of
# them, and sorts tens of thousands in place of walking that order until a page is full.
event.listen(
    UserTask.__table__,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "CREATE STATISTICS st_user_task_waiting (mcv) ON state, assignee FROM user_task"
    ).execute_if(dialect="postgresql"),
)


ACTIONS = (
    "decide", "return", "transfer", "add", "remove", "take_back", "delegate", "give_back", "consult",
    "answer", "circulate", "urge", "appoint", "withdraw", "cancel", "reopen", "remind", "escalate",
)  # fmt: skip


class TaskAction(Base):
    """What somebody did at a step, or to a whole instance: nothing that was said is ever overwritten."""

    __tablename__ = "task_action"
    __table_args__ = (
        Index("ix_task_action_instance", "instance_id", "seq"),
        _index_where("action = 'transfer'", "ix_task_action_transfer", "actor", "at"),
        IN_ORDER,
    )

    seq: Mapped[int] = mapped_column(Seq, primary_key=True, autoincrement=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"))
    # None where it was done to the instance as a whole.
    task_id: Mapped[str | None] = mapped_column(Id, index=True)
    element_id: Mapped[str | None] = mapped_column(String(255))
    # One of ACTIONS.
    action: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(64), index=True)
    # Whom it concerns beside the actor.
    person: Mapped[str | None] = mapped_column(String(64))
    # What was decided, or the element that it was sent back to.
    outcome: Mapped[str | None] = mapped_column(String(255))
    opinion: Mapped[str | None] = mapped_column(Text)
    # References of what was attached to a decision, and of the picture of its signature.
    files: Mapped[Any] = mapped_column(JsonText, nullable=True)
    signature: Mapped[Any] = mapped_column(JsonText, nullable=True)
    at: Mapped[datetime] = mapped_column(Instant)


class KeptSignature(Base):
    """The signature that somebody keeps in their account, so as not to draw it each time."""

    __tablename__ = "kept_signature"

    person_key: Mapped[str] = mapped_column(ForeignKey("person.key"), primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("stored_file.id"))
    kept_at: Mapped[datetime] = mapped_column(Instant)


class Candidate(Base):
    """Somebody, or some group, may take a task."""

    __tablename__ = "user_task_candidate"
    __table_args__ = (Index("ix_user_task_candidate_key", "kind", "key"),)

    task_id: Mapped[str] = mapped_column(ForeignKey("user_task.id"), primary_key=True)
    # person or group
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)


class Comment(Base):
    """A note on an instance, with who wrote it and how it came."""

    __tablename__ = "comment"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), index=True)
    task_id: Mapped[str | None] = mapped_column(ForeignKey("user_task.id"))
    author: Mapped[str] = mapped_column(String(64))
    through: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    files: Mapped[Any] = mapped_column(JsonText, nullable=True)
    written_at: Mapped[datetime] = mapped_column(Instant)


class Involvement(Base):
    """Somebody's part in an instance beside its tasks; they may see it from then on.

    ``kind`` is read (it was sent to them), mention, follow, consult (a question to them) or help (a task that
    was lent to them).
    """

    __tablename__ = "involvement"
    __table_args__ = (
        Index("ix_involvement_person", "person_key", "kind", "at"),
        Index("ix_involvement_by", "by", "kind", "at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    instance_id: Mapped[str] = mapped_column(ForeignKey("process_instance.id"), index=True)
    # The task at which it came about; None where at none.
    task_id: Mapped[str | None] = mapped_column(Id, index=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("person.key"))
    kind: Mapped[str] = mapped_column(String(8))
    # Who let them in, and what they said.
    by: Mapped[str] = mapped_column(String(64))
    text: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    answer: Mapped[str | None] = mapped_column(Text)
    # When they answered, gave the task back, or ceased to follow.
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class TaskAnswer(Base):
    """What somebody answered to a task by SMS, so that they may take it back for a while."""

    __tablename__ = "task_answer"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    task_id: Mapped[str] = mapped_column(ForeignKey("user_task.id"), index=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("person.key"), index=True)
    # on_it, done, not_mine
    verb: Mapped[str] = mapped_column(String(16))
    # Whether the task became theirs by it.
    claimed: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[datetime] = mapped_column(Instant)
    # Until when it can be taken back.
    until: Mapped[datetime] = mapped_column(Instant)
    # Of what finished the task: the instance's revision after it, and how its step can be taken back; no
    # way where that step cannot be.
    revision: Mapped[int | None] = mapped_column(Integer)
    way_back: Mapped[Any] = mapped_column(JsonText, nullable=True)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)


class Link(Base):
    """A way to one task without a login: a person, a task, until it is over. The token is kept hashed."""

    __tablename__ = "task_link"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("person.key"), index=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("user_task.id"), index=True)
    instance_id: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class LinkAct(Base):
    """A one-time number on a linked page: pressed twice or replayed, it acts once."""

    __tablename__ = "task_link_act"

    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    link_id: Mapped[str] = mapped_column(ForeignKey("task_link.id"), index=True)
    used_at: Mapped[datetime] = mapped_column(Instant)
    verb: Mapped[str] = mapped_column(String(16))
