"""Statements that are built once: building one costs more than the database takes to do what it says."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from sqlalchemy import Insert, Table, Update, insert, update

from engine.db.base import Base

Rows: TypeAlias = Sequence[Mapping[str, Any]] | Mapping[str, Any]


def table_of(model: type[Base]) -> Table:
    """Return a model's table, for statements that need no ORM."""
    return cast(Table, model.__table__)


@functools.cache
def inserting(model: type[Base]) -> Insert:
    """Return the statement that writes rows of a model: executed with one row, or with a list of them.

    Args:
        model: Whose table.
    """
    return insert(table_of(model)).inline()


@functools.cache
def updating(model: type[Base]) -> Update:
    """Begin the statement that changes rows of a model: give it its condition, and keep it.

    Which columns it sets is said by the names of the values it is executed with; the names of what its
    condition compares with must be others than the columns'.

    Args:
        model: Whose table.
    """
    return update(table_of(model))


def one_or_many(rows: Sequence[Mapping[str, Any]]) -> Rows:
    """Return what a statement is executed with for these rows: one costs less alone than as a list."""
    return rows[0] if len(rows) == 1 else rows
