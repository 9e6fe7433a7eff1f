"""Employments as rows. Persons and posts stand by their keys."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant
from engine.ids import new_id


class Employment(Base):
    """Somebody's time here, from their first day to their last; who comes back begins another one."""

    __tablename__ = "personnel_employment"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_key: Mapped[str] = mapped_column(String(64), index=True)
    # The post they were hired for; what they hold now the organisation says.
    post_key: Mapped[str | None] = mapped_column(String(64))
    # None: not known, as of those who were here before this was kept.
    hired_on: Mapped[date | None] = mapped_column(Date)
    # The last day of the probation.
    probation_until: Mapped[date | None] = mapped_column(Date, index=True)
    confirmed_on: Mapped[date | None] = mapped_column(Date)
    # The last day.
    left_on: Mapped[date | None] = mapped_column(Date)
    # A code that is counted over many leavers.
    leaving_reason: Mapped[str | None] = mapped_column(String(64))
    # Whose idea it was: employee, centre, both.
    leaving_by: Mapped[str | None] = mapped_column(String(16))
    extension: Mapped[str | None] = mapped_column(String(16), index=True)
    # The instance that hired them: hired again by the same one, they are hired once.
    instance_id: Mapped[str | None] = mapped_column(Id, unique=True)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(String(64))
