"""What is kept of calls that must not be done twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Instant


class IdempotentCall(Base):
    """The answer to a call that named itself: whoever names it again gets it again."""

    __tablename__ = "admin_idempotent_call"

    actor: Mapped[str] = mapped_column(String(64), primary_key=True)
    path: Mapped[str] = mapped_column(String(255), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    # Which call it was: another body under the same name is refused.
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    answer: Mapped[str] = mapped_column(Text)
    called_at: Mapped[datetime] = mapped_column(Instant, index=True)
