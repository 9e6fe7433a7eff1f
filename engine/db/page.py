"""One page of a list: which rows are asked for, how many there are, and those of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func
from sqlalchemy.orm import InstrumentedAttribute


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


def equal_to(asked: Mapping[InstrumentedAttribute[Any], Any]) -> list[ColumnElement[bool]]:
    """Return what rows must fulfil to equal what was asked for; where nothing was asked, all do."""
    return [column == value for column, value in asked.items() if value is not None]
