"""A whole database as text, and back, at the revision it was written in.

Ids and instants are written as SQLite keeps them, which PostgreSQL reads as well; bytes that are text, as
text. So nothing but the words of the file and the migrations decides what is loaded: no model of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Boolean, Connection

from engine.db import metadata

Rows = dict[str, list[dict[str, Any]]]

# What other processes were told, and what a process holds while it lives: no state of any instance.
_PASSING = ("event", "lease")


def unload(connection: Connection) -> Rows:
    """Return every row of a SQLite database by table, those first that others name; what is null is left out.

    Args:
        connection: A connection to it.
    """
    read: Any = connection.connection.driver_connection
    found: Rows = {}
    for table in metadata.sorted_tables:
        if table.name in _PASSING:
            continue
        flags = {column.name for column in table.columns if isinstance(column.type, Boolean)}
        cursor = read.execute(f'SELECT * FROM "{table.name}" ORDER BY rowid')
        names = [column[0] for column in cursor.description]
        rows = [
            {name: _written(value, flag=name in flags) for name, value in zip(names, row, strict=True)}
            for row in cursor
        ]
        if rows:
            found[table.name] = [
                {name: value for name, value in row.items() if value is not None} for row in rows
            ]
    return found


def load(connection: Connection, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Write rows into the tables of a database, as they are.

    Args:
        connection: Within a transaction that writes.
        rows: What ``unload`` gave.
    """
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    for table, kept in rows.items():
        for row in kept:
            columns = ", ".join(f'"{name}"' for name in row)
            connection.exec_driver_sql(
                f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join([mark] * len(row))})',
                tuple(_read(value) for value in row.values()),
            )
        if connection.dialect.name == "postgresql" and "seq" in kept[0]:
            # What comes next is numbered after what was loaded.
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'seq'), max(seq)) FROM \"{table}\""
            )


def _written(value: Any, *, flag: bool) -> Any:
    if flag and value is not None:
        return bool(value)
    return {"bytes": value.decode()} if isinstance(value, bytes) else value


def _read(value: Any) -> Any:
    return value["bytes"].encode() if isinstance(value, dict) else value
