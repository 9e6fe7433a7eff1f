"""Transactions and their two modes.

A mode is chosen when a transaction begins, here and nowhere else. On SQLite *read* is ``BEGIN`` with
``PRAGMA query_only``, *write* is ``BEGIN IMMEDIATE`` as the very first statement: a plain ``BEGIN`` that
writes later fails at once on a stale snapshot as soon as two processes work.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, Executable, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from engine.clock import BEGUN_AT
from engine.db.dialects import TRANSACTION, with_dialect
from engine.db.rows import one_or_many
from engine.db.writer import Turn, Writer
from engine.errors import ConfigurationError

log = logging.getLogger(__name__)


class Mode(StrEnum):
    """What a transaction may do."""

    READ = "read"
    WRITE = "write"


_CONNECT_TIMEOUT_S = 10
# Whether SQLite refuses writes on a connection.
_QUERY_ONLY = "callwright_query_only"
# Statements are many and short: to compile one costs more than it saves.
_POSTGRESQL_LIMITS = (
    "-c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000 -c timezone=UTC -c jit=off"
)


def _prepare_sqlite(wait_s: float, dbapi_connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late and is never IMMEDIATE: ours replaces it.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={int(wait_s * 1000)}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection, mode: Mode) -> None:
    writing = mode is Mode.WRITE
    if connection.info.get(_QUERY_ONLY) is not (not writing):
        _tell(connection, f"PRAGMA query_only={'OFF' if writing else 'ON'}")
        connection.info[_QUERY_ONLY] = not writing
    _tell(connection, "BEGIN IMMEDIATE" if writing else "BEGIN")


def _prepare_postgresql(dbapi_connection: Any, _record: Any) -> None:
    # The driver's own BEGIN is one more way to the server and back: ours brings the mode and the time.
    dbapi_connection.autocommit = True


def _begin_postgresql(connection: Connection, mode: Mode) -> None:
    begun = _tell(connection, f"BEGIN READ {'WRITE' if mode is Mode.WRITE else 'ONLY'}; SELECT now()")
    begun.nextset()
    connection.info[BEGUN_AT] = begun.fetchone()[0]


def _tell(connection: Connection, statement: str) -> Any:
    """Execute what begins a transaction on the driver's own connection; return the driver's cursor."""
    driver: Any = connection.connection.driver_connection
    try:
        return driver.execute(statement)
    except (sqlite3.OperationalError, psycopg.OperationalError) as error:
        raise OperationalError(statement, None, error) from error


class Transaction:
    """One open transaction: Core by ``connection``, ORM by ``session``, and what follows its commit."""

    def __init__(self, turn: Turn, mode: Mode) -> None:
        self.connection = turn.connection
        self.mode = mode
        self._turn = turn
        self._session: Session | None = None
        self._gathered: dict[Executable, list[Mapping[str, Any]]] = {}
        self._found: dict[Executable, Sequence[Any]] = {}
        self._after_commit: list[Callable[[], None]] = []
        self._beside = self.connection.info
        self._beside[TRANSACTION] = self

    @property
    def session(self) -> Session:
        """The ORM session of this transaction, made at first use."""
        if self._session is None:
            self._session = Session(
                self.connection,
                autoflush=True,
                expire_on_commit=False,
                # What fails undoes this transaction only, were it a savepoint of a group's.
                join_transaction_mode="rollback_only",
            )
        return self._session

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do something once the commit is safe; what fails there is logged and never undoes it."""
        self._after_commit.append(act)

    def once(self, statement: Executable) -> Sequence[Any]:
        """Return what a statement finds, asked once in this transaction however often it is needed.

        For what nothing in this transaction changes.

        Args:
            statement: The same object each time.
        """
        if statement not in self._found:
            self._found[statement] = self.connection.execute(statement).all()
        return self._found[statement]

    def ask_anew(self, statement: Executable) -> None:
        """Forget what ``once`` found by a statement: this transaction has changed it after all."""
        self._found.pop(statement, None)

    def gather(self, statement: Executable, row: Mapping[str, Any]) -> None:
        """Write a row later: at the end, or before a savepoint, once for all rows of the same statement.

        For tables that this transaction does not read any more. A savepoint that is given up takes the rows
        that were gathered within it along.

        Args:
            statement: The same object for every row: ``inserting(Model)``.
            row: Its values by column; every row of a statement names the same columns.
        """
        self._gathered.setdefault(statement, []).append(row)

    def flush(self) -> None:
        """Send what the ORM holds back, then what was gathered."""
        if self._session is not None:
            self._session.flush()
        self.write_gathered()

    def write_gathered(self, only: Executable | None = None) -> None:
        """Write what was gathered, of every statement or of one: before its table is read or changed."""
        for statement in list(self._gathered) if only is None else [only]:
            rows = self._gathered.pop(statement, [])
            if rows:
                self.connection.execute(statement, one_or_many(rows))

    def forget(self) -> None:
        """Drop what was gathered since the last savepoint began: it is given up."""
        self._gathered.clear()

    def commit(self) -> None:
        """Commit, then do what was asked for after it."""
        self.flush()
        self._close()
        self._turn.commit()
        for act in self._after_commit:
            try:
                act()
            except Exception:
                log.exception("After a commit")

    def rollback(self) -> None:
        """Leave nothing behind."""
        try:
            self._close()
        finally:
            self._turn.rollback()

    def _close(self) -> None:
        # The connection may be the next transaction's by now.
        if self._beside.get(TRANSACTION) is self:
            del self._beside[TRANSACTION]
        if self._session is not None:
            self._session.expunge_all()
            self._session.close()
            self._session = None


class Database:
    """The product's database.

    Args:
        url: SQLAlchemy's address; ``sqlite:///...`` or ``postgresql+psycopg://...``.
        pool_size: Connections kept open.
        write_wait_s: How long a transaction that writes waits on SQLite, for others of this process and
            then for other processes, in seconds. A provider who is told that we are busy may not ask again.

    Raises:
        ConfigurationError: The address cannot be read.
    """

    def __init__(self, url: str, *, pool_size: int = 10, write_wait_s: float = 10.0) -> None:
        parsed = _read_address(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            self.engine = create_engine(
                with_dialect(parsed),
                max_overflow=pool_size,
                connect_args={"options": _POSTGRESQL_LIMITS, "connect_timeout": _CONNECT_TIMEOUT_S},
                **_pool(pool_size),
            )
            event.listen(self.engine, "connect", _prepare_postgresql)
            self._open = _begin_postgresql
        else:
            self.engine = create_engine(with_dialect(parsed), max_overflow=40, **_pool(pool_size))
            event.listen(self.engine, "connect", partial(_prepare_sqlite, write_wait_s))
            self._open = _begin_sqlite
        self.url = parsed
        self.writer = None
        if self.dialect == "sqlite":
            self.writer = Writer(lambda: self._begun(Mode.WRITE), write_wait_s)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    def engine_for(self, mode: Mode) -> Engine:
        """Return an engine for libraries that begin by themselves: what they begin is in this mode."""
        engine = self.engine.execution_options()
        event.listen(engine, "begin", lambda connection: self._open(connection, mode))
        return engine

    def reach(self) -> None:
        """Ask the database whether it is there.

        Raises:
            ConfigurationError: It cannot be reached or refuses; the message names its address without the
                password, the reason and the remedy.
        """
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            if self.dialect == "sqlite":
                raise ConfigurationError(
                    "The database %(file)s cannot be opened: %(reason)s. Give file and folder to the user "
                    "who runs Callwright, see that the disk has space, or name another folder by --data-dir.",
                    file=self.url.database,
                    reason=reason,
                ) from error
            raise ConfigurationError(
                "The database %(address)s cannot be reached: %(reason)s. Start PostgreSQL, or correct host, "
                "user, password or name in CALLWRIGHT_DATABASE_URL; a database that is missing is made by "
                "createdb.",
                address=self.url.render_as_string(),
                reason=reason,
            ) from error

    def begin(self, mode: Mode) -> Transaction:
        """Begin a transaction.

        Raises:
            sqlalchemy.exc.OperationalError: The database cannot be reached or stays locked.
        """
        if self.writer is not None and mode is Mode.WRITE:
            return Transaction(self.writer.turn(), mode)
        return Transaction(Turn(self._begun(mode)), mode)

    def _begun(self, mode: Mode) -> Connection:
        connection = self.engine.connect()
        try:
            try:
                self._open(connection, mode)
            except OperationalError as error:
                if not isinstance(error.orig, psycopg.OperationalError):
                    raise
                # The server was started anew since the pool's connections were made: begin on a new one.
                connection.invalidate()
                connection.close()
                self.engine.dispose()
                connection = self.engine.connect()
                self._open(connection, mode)
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _pool(size: int) -> dict[str, Any]:
    return {
        "pool_size": size,
        # The one that was used last: a connection fills its cache with pages, and ten would fill ten.
        "pool_use_lifo": True,
        # An error's text goes to the log; what was written does not.
        "hide_parameters": True,
    }


def _read_address(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        # Not as its cause: the library's message repeats the address, password and all.
        raise ConfigurationError(
            "CALLWRIGHT_DATABASE_URL cannot be read. Write postgresql://user:password@host:5432/name, the "
            "signs @ : / of a password as %40 %3A %2F."
        ) from None
