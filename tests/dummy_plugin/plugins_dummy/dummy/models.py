"""Greetings as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant
from engine.ids import new_id


class Greeting(Base):
    """Somebody was greeted."""

    __tablename__ = "dummy_greeting"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(64), index=True)
    text: Mapped[str] = mapped_column(Text)
    greeted_at: Mapped[datetime] = mapped_column(Instant)
