"""One page of a list, and how long the whole list is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func


def page_of(
    connection: Connection, statement: Select[Any], order: Sequence[Any], *, page: int, page_size: int
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many rows a statement has, and those of one page.

    Args:
        connection: Where the rows are.
        statement: What is looked for, without order and limit.
        order: What :func:`order_by` returns.
        page: Its number, from 1.
        page_size: How many rows are on it.
    """
    counted = statement.with_only_columns(func.count(), maintain_column_froms=True)
    count = connection.execute(counted).scalar_one()
    rows = connection.execute(statement.order_by(*order).limit(page_size).offset((page - 1) * page_size))
    return count, [dict(row) for row in rows.mappings()]
