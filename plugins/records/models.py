"""Balances, absences, scores and notes as rows. Persons stand by their keys."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Date, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant, JsonText
from engine.ids import new_id
from plugins.records.rules import Span

_BOOKED = text("cancelled_at IS NULL AND instance_id IS NOT NULL")


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
