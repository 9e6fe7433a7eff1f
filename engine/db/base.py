"""The declarative base and the column types every table shares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Insert,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from engine import values
from engine.clock import milliseconds

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# The order rows were written in; with ``IN_ORDER``, for SQLite must not use a number again.
Seq = BigInteger().with_variant(Integer, "sqlite")
IN_ORDER: dict[str, Any] = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """What every table of ours stands on. The login library's tables keep their own."""

    metadata = metadata


class Id(TypeDecorator[str]):
    """A UUID, text in Python: as uuid objects they would break the admin pages' links."""

    impl = Uuid(as_uuid=False)
    cache_ok = True


class Instant(TypeDecorator[datetime]):
    """A moment: aware and UTC both ways, whole milliseconds."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment; cut to what the column keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = milliseconds(value)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """A JSON value kept as text, so that numbers keep their digits and keys their order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write the value."""
        return None if value is None else values.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the value."""
        return None if value is None else values.loads(value)


def upsert(table: Table, dialect_name: str) -> Any:
    """Begin an ``INSERT ... ON CONFLICT`` for this database.

    Args:
        table: Where to.
        dialect_name: ``connection.dialect.name``.

    Returns:
        The dialect's insert, which has ``on_conflict_do_update`` and ``on_conflict_do_nothing``.
    """
    made: Insert = postgresql.insert(table) if dialect_name == "postgresql" else sqlite.insert(table)
    return made
