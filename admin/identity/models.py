"""What the shell keeps beside the login library's tables: sessions and single-use links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant
from engine.ids import new_id


class LoginSession(Base):
    """Somebody came in, by a browser or with a token; a session that has ended opens nothing more."""

    __tablename__ = "admin_session"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_key: Mapped[str] = mapped_column(String(64), index=True)
    # web or rest.
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(Instant)
    # When they last proved by their password that it is them.
    proved_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class EntryLink(Base):
    """A single-use link to set a password: after an invitation, or when the old one is forgotten."""

    __tablename__ = "admin_entry_link"

    # The SHA-256 of the link's secret, which is kept nowhere.
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_key: Mapped[str] = mapped_column(String(64), index=True)
    # invitation or forgotten.
    purpose: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
