"""Balances, absences, scores, notes, shifts and overtime as rows. Persons stand by their keys."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Date, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant, JsonText
from engine.ids import new_id
from plugins.records.rules import Span, Stretch

_BOOKED = text("cancelled_at IS NULL AND instance_id IS NOT NULL")
_OF_INSTANCE = text("instance_id IS NOT NULL")


class Balance(Base):
    """How many days of a kind of leave somebody has for a year; what is taken of them the absences say."""

    __tablename__ = "records_balance"
    __table_args__ = (UniqueConstraint("person_key", "kind", "year"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64))
    year: Mapped[int] = mapped_column(Integer)
    granted_days: Mapped[Decimal] = mapped_column(JsonText)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(String(64))


class Absence(Base):
    """Somebody is not there. A cancelled one stays, and counts nowhere.

    ``half_first``: only the afternoon of the first day; ``half_last``: only the morning of the last day.
    """

    __tablename__ = "records_absence"
    __table_args__ = (
        Index("ix_records_absence_person_first", "person_key", "first_on"),
        # Whatever is called twice books once.
        Index(
            "ix_records_absence_instance_booking",
            "instance_id",
            "booking",
            unique=True,
            sqlite_where=_BOOKED,
            postgresql_where=_BOOKED,
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64))
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date, index=True)
    half_first: Mapped[bool] = mapped_column(Boolean)
    half_last: Mapped[bool] = mapped_column(Boolean)
    # Working days when it was booked, in all and by year: what cancelling gives back.
    days: Mapped[Decimal] = mapped_column(JsonText)
    days_by_year: Mapped[Any] = mapped_column(JsonText)
    # No foreign key: it outlives the instance it came from.
    instance_id: Mapped[str | None] = mapped_column(Id)
    # Tells apart what one instance books.
    booking: Mapped[str] = mapped_column(String(64))
    booked_at: Mapped[datetime] = mapped_column(Instant)
    booked_by: Mapped[str] = mapped_column(String(64))
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def span(self) -> Span:
        """Its time."""
        return Span(
            first_on=self.first_on,
            last_on=self.last_on,
            half_first=self.half_first,
            half_last=self.half_last,
        )


class Score(Base):
    """One version of a person's score for a subject; the highest version is the one that holds."""

    __tablename__ = "records_score"
    __table_args__ = (UniqueConstraint("person_key", "kind", "reference", "version"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_key: Mapped[str] = mapped_column(String(64))
    # qa, kpi…
    kind: Mapped[str] = mapped_column(String(64))
    # Of what: a call, a period.
    reference: Mapped[str] = mapped_column(String(128))
    # From 1.
    version: Mapped[int] = mapped_column(Integer)
    value: Mapped[Decimal] = mapped_column(JsonText)
    # A list of {name, weight, value}.
    parts: Mapped[Any] = mapped_column(JsonText)
    # Why it differs from the version before.
    reason: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(Instant)
    published_by: Mapped[str] = mapped_column(String(64))
    # The last moment; None: it cannot be appealed.
    appeal_until: Mapped[datetime | None] = mapped_column(Instant)
    appealed_at: Mapped[datetime | None] = mapped_column(Instant)
    # The instance that carries the appeal.
    appeal_instance_id: Mapped[str | None] = mapped_column(Id)
    # The instance that published it.
    instance_id: Mapped[str | None] = mapped_column(Id)


class Note(Base):
    """Something that was found out or decided about a person: an exit interview, a probation's result."""

    __tablename__ = "records_note"
    __table_args__ = (Index("ix_records_note_person_noted", "person_key", "noted_on"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_key: Mapped[str] = mapped_column(String(64))
    # exit_interview, probation, training…
    kind: Mapped[str] = mapped_column(String(64))
    # A code that is counted over many notes.
    reason: Mapped[str | None] = mapped_column(String(64))
    noted_on: Mapped[date] = mapped_column(Date)
    fields: Mapped[Any] = mapped_column(JsonText)
    written_at: Mapped[datetime] = mapped_column(Instant)
    written_by: Mapped[str] = mapped_column(String(64))
    instance_id: Mapped[str | None] = mapped_column(Id)


class Shift(Base):
    """Somebody works from then to then. A night shift belongs to the day on which it begins."""

    __tablename__ = "records_shift"
    __table_args__ = (Index("ix_records_shift_person_day", "person_key", "day"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_key: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date, index=True)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    # early, day, late, night or any other word.
    kind: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(String(64))

    @property
    def stretch(self) -> Stretch:
        """Its time."""
        return Stretch(day=self.day, starts_at=self.starts_at, ends_at=self.ends_at)


class ShiftMove(Base):
    """What an instance did to shifts: what is called twice happens once."""

    __tablename__ = "records_shift_move"
    __table_args__ = (UniqueConstraint("instance_id", "booking"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    # No foreign key: it outlives the instance it came from.
    instance_id: Mapped[str] = mapped_column(Id)
    # Tells apart what one instance does.
    booking: Mapped[str] = mapped_column(String(64))
    # What was asked for.
    asked: Mapped[Any] = mapped_column(JsonText)
    moved_at: Mapped[datetime] = mapped_column(Instant)
    moved_by: Mapped[str] = mapped_column(String(64))


class Overtime(Base):
    """Somebody worked beyond their shifts. It belongs to the day on which it begins."""

    __tablename__ = "records_overtime"
    __table_args__ = (
        Index("ix_records_overtime_person_day", "person_key", "day"),
        # Whatever is called twice books once.
        Index(
            "ix_records_overtime_instance_booking",
            "instance_id",
            "booking",
            unique=True,
            sqlite_where=_OF_INSTANCE,
            postgresql_where=_OF_INSTANCE,
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_key: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date, index=True)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    hours: Mapped[Decimal] = mapped_column(JsonText)
    # workday, rest_day or holiday, and how many times it is paid: as both were when it was booked.
    day_kind: Mapped[str] = mapped_column(String(16))
    rate: Mapped[Decimal] = mapped_column(JsonText)
    # pay or time_off.
    compensation: Mapped[str] = mapped_column(String(16))
    instance_id: Mapped[str | None] = mapped_column(Id)
    # Tells apart what one instance books.
    booking: Mapped[str] = mapped_column(String(64))
    booked_at: Mapped[datetime] = mapped_column(Instant)
    booked_by: Mapped[str] = mapped_column(String(64))

    @property
    def stretch(self) -> Stretch:
        """Its time."""
        return Stretch(day=self.day, starts_at=self.starts_at, ends_at=self.ends_at)
