"""SQLAlchemy's two dialects, telling the open transaction when a savepoint begins and when one is given up.

Its events would do the same, but an engine that somebody listens to asks around at every statement, which
took a seventh of a step on PostgreSQL. So nobody listens to ours.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

# Where a connection keeps its open transaction.
TRANSACTION = "callwright_transaction"


class _Telling:
    """What both have in common."""

    def do_savepoint(self, connection: Connection, name: str) -> None:
        """Begin a savepoint; what was gathered before it is not given up with it."""
        transaction: Any = connection.info.get(TRANSACTION)
        if transaction is not None:
            transaction.write_gathered()
        super().do_savepoint(connection, name)  # type: ignore[misc]

    def do_rollback_to_savepoint(self, connection: Connection, name: str) -> None:
        """Give a savepoint up, and what was gathered since."""
        super().do_rollback_to_savepoint(connection, name)  # type: ignore[misc]
        transaction: Any = connection.info.get(TRANSACTION)
        if transaction is not None:
            transaction.forget()


class PostgreSQL(_Telling, PGDialect_psycopg):
    """PostgreSQL by psycopg."""

    supports_statement_cache = True


class SQLite(_Telling, SQLiteDialect_pysqlite):
    """SQLite by Python's own driver."""

    supports_statement_cache = True


registry.register("postgresql.callwright", __name__, PostgreSQL.__name__)
registry.register("sqlite.callwright", __name__, SQLite.__name__)


def with_dialect(url: URL) -> URL:
    """Return an address that names our dialect of its database."""
    return url.set(drivername=f"{url.get_backend_name()}+callwright")
