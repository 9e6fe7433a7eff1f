"""The one port to the time. It is read once per transaction; everybody else is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

BEGUN_AT = "callwright_begun_at"
"""Where a connection to PostgreSQL keeps the database's time of its open transaction."""


def milliseconds(instant: datetime) -> datetime:
    """Cut an aware instant to UTC and whole milliseconds, which is what a column keeps."""
    if instant.tzinfo is UTC and instant.microsecond % 1000 == 0:
        return instant
    instant = instant.astimezone(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


class Clock(Protocol):
    """Tells the time of a transaction."""

    def now(self, connection: Connection) -> datetime:
        """Return the instant, aware and in UTC."""


class DatabaseClock:
    """The database's own time where it serves several machines, else this machine's."""

    def now(self, connection: Connection) -> datetime:
        """Return the time of the transaction on this connection."""
        if connection.dialect.name == "postgresql":
            return milliseconds(connection.info[BEGUN_AT])
        return milliseconds(datetime.now(UTC))


class MovableClock:
    """A clock that stands still until it is moved: for tests, scenarios and dry runs."""

    def __init__(self, now: datetime) -> None:
        self._now = milliseconds(now)

    def now(self, connection: Connection | None = None) -> datetime:
        """Return where the clock stands."""
        return self._now

    def advance(self, delta: timedelta) -> None:
        """Move forward."""
        self._now = milliseconds(self._now + delta)

    def set(self, now: datetime) -> None:
        """Move to an instant."""
        self._now = milliseconds(now)
