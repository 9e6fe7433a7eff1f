"""Stored files: who put what where; the content lies in a folder by its hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, Instant
from engine.ids import new_id


class StoredFile(Base):
    """One stored file. Deleting leaves the row as a tombstone."""

    __tablename__ = "stored_file"
    __table_args__ = (Index("ix_stored_file_owner", "owner_kind", "owner_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(Text)
    # By its content, never by its name.
    type: Mapped[str] = mapped_column(String(128))
    size: Mapped[int] = mapped_column(BigInteger)
    # Whose it is: whoever may see the owner may see the file. instance, task, person, upload.
    owner_kind: Mapped[str] = mapped_column(String(32))
    owner_id: Mapped[str] = mapped_column(String(128))
    stored_by: Mapped[str] = mapped_column(String(64))
    stored_at: Mapped[datetime] = mapped_column(Instant)
    delete_after: Mapped[datetime | None] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
