"""Working-time calendars and their exceptional days."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, JsonText


class DaySource(StrEnum):
    """Who says that a day is exceptional. Computed days are never stored: they follow from the region."""

    PUBLISHED = "published"
    MANUAL = "manual"


class WorkCalendar(Base):
    """When work is done in a centre or a department."""

    __tablename__ = "work_calendar"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    zone: Mapped[str] = mapped_column(String(64))
    # As engine.worktime.parse_week reads them; null means always open.
    bands: Mapped[Any] = mapped_column(JsonText, nullable=True)
    region: Mapped[str] = mapped_column(String(16))
    # Another one after every change, of the days too.
    revision: Mapped[str] = mapped_column(Id)


class WorkCalendarDay(Base):
    """A day on which a calendar's week does not hold."""

    __tablename__ = "work_calendar_day"

    calendar_key: Mapped[str] = mapped_column(ForeignKey("work_calendar.key"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    source: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(Text)
    # The year whose published notice named the day: it may lie in the year before.
    notice_year: Mapped[int | None] = mapped_column(Integer)
