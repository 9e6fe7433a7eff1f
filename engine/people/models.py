"""People and where they stand: who can be a candidate, and how they are reached.

A key is given once and never used again; nothing here is deleted. What ends has a ``valid_to``, a person
who leaves is closed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant
from engine.ids import new_id


class Person(Base):
    """Somebody who works here. A login's user name is the person's key."""

    __tablename__ = "person"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(String(16), index=True)
    email: Mapped[str | None] = mapped_column(Text, index=True)
    locale: Mapped[str] = mapped_column(String(16))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    # sms, email, in_app: the way that is tried first.
    preferred_channel: Mapped[str | None] = mapped_column(String(16))
    # When reminders wait: 22:00-07:00 by their own clock, or never; the centre's where empty.
    quiet_hours: Mapped[str | None] = mapped_column(String(16))
    # When they are told of what can wait, in one message: hourly, or at 08:00 by their own clock; at once
    # where empty.
    digest: Mapped[str | None] = mapped_column(String(8))
    # Why the number or the mailbox is not used at present: opted out, dead number, bounced.
    phone_trouble: Mapped[str | None] = mapped_column(Text)
    email_trouble: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class Unit(Base):
    """A place in the organisation tree."""

    __tablename__ = "unit"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    parent_key: Mapped[str | None] = mapped_column(ForeignKey("unit.key"), index=True)
    head_key: Mapped[str | None] = mapped_column(ForeignKey("person.key"))
    position: Mapped[int] = mapped_column(Integer, default=0)
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime | None] = mapped_column(Instant)


class UnitMember(Base):
    """Somebody works in a unit for a time; one of the units is the main one."""

    __tablename__ = "unit_member"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    unit_key: Mapped[str] = mapped_column(ForeignKey("unit.key"), index=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("person.key"), index=True)
    main: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime | None] = mapped_column(Instant)


class Group(Base):
    """People who may take the same work: what a drawing names as candidates."""

    __tablename__ = "person_group"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime | None] = mapped_column(Instant)


class GroupMember(Base):
    """Somebody is in a group for a time."""

    __tablename__ = "group_member"
    __table_args__ = (Index("ix_group_member_person", "person_key", "group_key"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    group_key: Mapped[str] = mapped_column(ForeignKey("person_group.key"), index=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("person.key"))
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime | None] = mapped_column(Instant)


class Post(Base):
    """A position with duties, apart from what the system lets its holder do."""

    __tablename__ = "post"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    unit_key: Mapped[str | None] = mapped_column(ForeignKey("unit.key"))
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime | None] = mapped_column(Instant)


class PostHolder(Base):
    """Somebody holds a post for a time."""

    __tablename__ = "post_holder"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    post_key: Mapped[str] = mapped_column(ForeignKey("post.key"), index=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("person.key"), index=True)
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime | None] = mapped_column(Instant)


class Skill(Base):
    """Something a person can be good at."""

    __tablename__ = "skill"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime | None] = mapped_column(Instant)


class PersonSkill(Base):
    """How good somebody is at it, 1 (beginner) to 5 (master)."""

    __tablename__ = "person_skill"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_key: Mapped[str] = mapped_column(ForeignKey("person.key"), index=True)
    skill_key: Mapped[str] = mapped_column(ForeignKey("skill.key"), index=True)
    level: Mapped[int] = mapped_column(Integer, default=1)
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime | None] = mapped_column(Instant)


class Cover(Base):
    """Somebody decides in somebody's place for a time."""

    __tablename__ = "person_cover"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_key: Mapped[str] = mapped_column(ForeignKey("person.key"), index=True)
    cover_key: Mapped[str] = mapped_column(ForeignKey("person.key"), index=True)
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_to: Mapped[datetime | None] = mapped_column(Instant)
