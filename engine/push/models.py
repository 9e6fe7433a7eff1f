"""What changed, for open pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import IN_ORDER, Base, Instant, Seq


class Event(Base):
    """Something changed: pushed to open pages; holds no personal data; deleted after an hour."""

    __tablename__ = "event"
    __table_args__ = IN_ORDER

    seq: Mapped[int] = mapped_column(Seq, primary_key=True, autoincrement=True)
    topic: Mapped[str] = mapped_column(String(64))
    ref: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
