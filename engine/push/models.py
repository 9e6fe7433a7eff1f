"""What changed, for open pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Instant

_IN_ORDER: dict[str, Any] = {"sqlite_autoincrement": True}


class Event(Base):
    """Something changed: pushed to open pages; holds no personal data; deleted after an hour."""

    __tablename__ = "event"
    __table_args__ = _IN_ORDER

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    topic: Mapped[str] = mapped_column(String(64))
    ref: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
