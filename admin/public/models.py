"""What the pages without a login keep: codes that were sent, and reports that were sent once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant
from engine.ids import new_id


class SentCode(Base):
    """A code that was sent to a telephone; good for a few minutes and a few tries."""

    __tablename__ = "admin_sent_code"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    # What it proves, and the code, as keyed hashes: neither can be read from here.
    subject: Mapped[str] = mapped_column(String(64), index=True)
    code: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime] = mapped_column(Instant, index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class SentReport(Base):
    """A page of the public form that was sent: pressed twice or sent again, it starts one process."""

    __tablename__ = "admin_sent_report"

    # The page's own number.
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    business_key: Mapped[str | None] = mapped_column(String(128))
    sent_at: Mapped[datetime] = mapped_column(Instant, index=True)
