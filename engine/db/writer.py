"""SQLite's one writer: the threads of a process queue for it, and those that wait share a commit.

A commit waits for the disk, what a step does hardly. So a step that ends while another waits does not commit:
it hands the open transaction on, and the next step runs in a savepoint of it. The last one commits for all.
Nobody's step has ended before that, so what is acknowledged is on the disk, as ever; where the commit fails,
it has failed for every step that waits for it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, TypeGuard

from sqlalchemy import Connection, NestedTransaction
from sqlalchemy.exc import DBAPIError, OperationalError

from engine.metrics import COMMIT_S

# One step that takes long keeps the others of its group, and other processes, waiting: groups end early.
MAXIMUM_STEPS = 16
MAXIMUM_S = 0.05


class Turn:
    """What one step has of a connection: a transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def commit(self) -> None:
        """Make the step last; where this fails, roll back."""
        with COMMIT_S.time():
            self.connection.commit()
        self.connection.close()

    def rollback(self) -> None:
        """Undo the step."""
        try:
            self.connection.rollback()
        finally:
            self.connection.close()


class _Group:
    """An open transaction and the steps that last, or do not, together."""

    def __init__(self, connection: Connection, lock: threading.Lock) -> None:
        self.connection = connection
        self.steps = 0
        self.ended = threading.Condition(lock)
        self.over = False
        self.error: DBAPIError | None = None
        self._began_s = time.monotonic()

    @property
    def lives(self) -> bool:
        """Whether the transaction is still there: a full disk, for one, makes SQLite give it up by itself."""
        driver: Any = self.connection.connection.driver_connection
        return bool(driver.in_transaction)

    @property
    def takes_more(self) -> bool:
        """Whether another step may join."""
        return self.steps < MAXIMUM_STEPS and time.monotonic() - self._began_s < MAXIMUM_S and self.lives

    def commit(self) -> None:
        """Commit for all; what goes wrong is kept for each of them."""
        try:
            if not self.lives:
                raise OperationalError("COMMIT", None, sqlite3.OperationalError("SQLite gave it up"))
            with COMMIT_S.time():
                self.connection.commit()
        except DBAPIError as error:
            self.error = error
            self.connection.rollback()
        finally:
            self.connection.close()


class _Step(Turn):
    """A step of a group: the first is the transaction itself, each later one a savepoint in it."""

    def __init__(self, writer: Writer, group: _Group, savepoint: NestedTransaction | None) -> None:
        super().__init__(group.connection)
        self._writer = writer
        self._group = group
        self._savepoint = savepoint
        self._over = False

    def commit(self) -> None:
        if self._savepoint is not None:
            self._savepoint.commit()
        self._over = True
        self._group.steps += 1
        self._writer.end(self._group)
        if self._group.error is not None:
            failed = self._group.error
            # One of its own for each thread: a traceback grows where it is raised.
            raise type(failed)(failed.statement, None, failed.orig or failed) from failed

    def rollback(self) -> None:
        if self._over:
            return
        self._over = True
        try:
            if self._savepoint is None:
                self.connection.rollback()
            elif self._group.lives:
                self._savepoint.rollback()
        finally:
            self._writer.end(self._group)


class Writer:
    """The queue of a process's threads for the one writer of its SQLite database.

    Without it whoever waits asks SQLite again and again, and some starve. ``waiting`` is how many queue now.

    Args:
        begin: Begins a write transaction on a connection.
        wait_s: How long a thread waits for its turn, in seconds; then it asks the database by itself.
    """

    def __init__(self, begin: Callable[[], Connection], wait_s: float) -> None:
        self._begin = begin
        self.wait_s = wait_s
        self._lock = threading.Lock()
        self._free = threading.Condition(self._lock)
        self._busy = False
        self.waiting = 0
        # What a step handed on and the next one has not taken yet.
        self._open: _Group | None = None

    def turn(self) -> Turn:
        """Wait for a turn to write.

        Raises:
            sqlalchemy.exc.OperationalError: The database cannot be opened or stays locked.
        """
        if not self._take_turn():
            return Turn(self._begin())
        group, self._open = self._open, None
        if group is not None:
            return self._join(group)
        try:
            return _Step(self, _Group(self._begin(), self._lock), None)
        except BaseException:
            self._let_go()
            raise

    def _take_turn(self) -> bool:
        with self._lock:
            self.waiting += 1
            try:
                mine = self._free.wait_for(lambda: not self._busy, self.wait_s)
                self._busy = self._busy or mine
                return mine
            finally:
                self.waiting -= 1
                if self._is_left(self._open):
                    self._open.ended.notify()

    def _join(self, group: _Group) -> Turn:
        try:
            return _Step(self, group, group.connection.begin_nested())
        except BaseException:
            self.end(group)
            raise

    def end(self, group: _Group) -> None:
        """End a turn: hand the group on where somebody waits and return once it is over, or commit it."""
        with self._lock:
            if group.steps and self.waiting and group.takes_more:
                self._busy, self._open = False, group
                self._free.notify()
                group.ended.wait_for(lambda: group.over or self._is_left(group))
                if group.over:
                    return
                # Whoever was to come did not, and this one of those who wait for the commit sees to it.
                self._busy, self._open = True, None
        try:
            if group.steps:
                group.commit()
            else:
                group.connection.close()
        finally:
            self._let_go(group)

    def _is_left(self, group: _Group | None) -> TypeGuard[_Group]:
        return group is not None and group is self._open and not self._busy and not self.waiting

    def _let_go(self, group: _Group | None = None) -> None:
        with self._lock:
            if group is not None:
                group.over = True
                group.ended.notify_all()
            self._busy = False
            self._free.notify()
