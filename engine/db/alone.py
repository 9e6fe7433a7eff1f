"""One transaction after the other, where what is written follows from what was there."""

from __future__ import annotations

from sqlalchemy import Connection, FromClause, text


def alone_in(connection: Connection, table: FromClause) -> None:
    """Let nobody else write into a table until the transaction ends; reading goes on.

    SQLite has one writer at a time anyway.

    Args:
        connection: The open write transaction's.
        table: Which table.
    """
    if connection.dialect.name == "postgresql":
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.execute(text(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE"))
