"""Transactions and their two modes.

A mode is chosen when a transaction begins, here and nowhere else. On SQLite *read* is ``BEGIN`` with
``PRAGMA query_only``, *write* is ``BEGIN IMMEDIATE`` as the very first statement: a plain ``BEGIN`` that
writes later fails at once on a stale snapshot as soon as two processes work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)


class Mode(StrEnum):
    """What a transaction may do."""

    READ = "read"
    WRITE = "write"


MODE_OPTION = "callwright_mode"
_POSTGRESQL_LIMITS = "-c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000 -c timezone=UTC"


def install(engine: Engine) -> None:
    """Give an engine our transaction modes and limits.

    Every engine on the product's database needs them, the login library's too. A connection whose options
    name no mode begins in read mode.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _begin_postgresql)


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late and is never IMMEDIATE: ours replaces it.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA busy_timeout=2000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(MODE_OPTION) == Mode.WRITE
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writing else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(MODE_OPTION) != Mode.WRITE:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


class Transaction:
    """One open transaction: Core by ``connection``, ORM by ``session``, and what follows its commit."""

    def __init__(self, connection: Connection, mode: Mode) -> None:
        self.connection = connection
        self.mode = mode
        self._session: Session | None = None
        self._after_commit: list[Callable[[], None]] = []

    @property
    def session(self) -> Session:
        """The ORM session of this transaction, made at first use."""
        if self._session is None:
            self._session = Session(self.connection, autoflush=True, expire_on_commit=False)
        return self._session

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do something once the commit is safe; what fails there is logged and never undoes it."""
        self._after_commit.append(act)

    def flush(self) -> None:
        """Send what the ORM still holds back."""
        if self._session is not None:
            self._session.flush()

    def commit(self) -> None:
        """Commit, then do what was asked for after it."""
        self.flush()
        self.connection.commit()
        self._close()
        self.connection.close()
        for act in self._after_commit:
            try:
                act()
            except Exception:
                log.exception("After a commit")

    def rollback(self) -> None:
        """Leave nothing behind."""
        self._close()
        self.connection.rollback()
        self.connection.close()

    def _close(self) -> None:
        if self._session is not None:
            self._session.expunge_all()
            self._session.close()
            self._session = None


class Database:
    """The product's database.

    Args:
        url: SQLAlchemy's address; ``sqlite:///...`` or ``postgresql+psycopg://...``.
        pool_size: Connections kept open on PostgreSQL.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            self.engine = create_engine(
                parsed,
                pool_pre_ping=True,
                pool_size=pool_size,
                max_overflow=pool_size,
                connect_args={"options": _POSTGRESQL_LIMITS},
            )
        else:
            self.engine = create_engine(parsed, pool_size=pool_size, max_overflow=40)
        self.url = parsed
        install(self.engine)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    def begin(self, mode: Mode) -> Transaction:
        """Begin a transaction.

        Raises:
            sqlalchemy.exc.OperationalError: The database cannot be reached or stays locked.
        """
        connection = self.engine.connect().execution_options(**{MODE_OPTION: mode})
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return Transaction(connection, mode)

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()
