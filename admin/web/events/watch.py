"""Waiting for a commit of anybody on the database, with one connection and no transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from engine.db import Database
from engine.push import CHANNEL

_LOOK_S = 0.05


class Watch(Protocol):
    """Waits for commits."""

    def wait(self, most_s: float) -> bool:
        """Return whether there was a commit, as soon as there is one, at the latest after some seconds."""


@contextmanager
def watch(database: Database) -> Iterator[Watch]:
    """Watch a database; the connection is the watcher's own and is closed at the end."""
    borrowed = database.engine.raw_connection()
    # It never goes back to the pool: what it listens to is nobody else's business.
    borrowed.detach()
    try:
        connection: Any = borrowed.dbapi_connection
        yield _Postgresql(connection) if database.dialect == "postgresql" else _Sqlite(connection)
    finally:
        borrowed.close()


class _Sqlite:
    """Looks at SQLite's counter of commits by other connections; it costs microseconds and holds nothing."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._version = self._look()

    def _look(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def wait(self, most_s: float) -> bool:
        ends = time.monotonic() + most_s
        while time.monotonic() < ends:
            version = self._look()
            if version != self._version:
                self._version = version
                return True
            time.sleep(_LOOK_S)
        return False


class _Postgresql:
    """Listens to what ``publish`` says with each commit."""

    def __init__(self, connection: Any) -> None:
        connection.rollback()
        connection.autocommit = True
        connection.execute(f"LISTEN {CHANNEL}")
        self._connection = connection

    def wait(self, most_s: float) -> bool:
        return any(True for _said in self._connection.notifies(timeout=most_s, stop_after=1))
