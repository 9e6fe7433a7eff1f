"""What figures are counted with: a span, and durations of which the quantiles are wanted, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, SQLColumnExpression, and_, case, func, literal, null

from engine.context import Context
from engine.db import Instant
from engine.work.figures.nouns import Took


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What is counted: instances of a process that were there in a span, and what they did in it."""

    ctx: Context
    since: datetime
    until: datetime
    instances: Sequence[ColumnElement[bool]]

    def within(self, at: Any) -> ColumnElement[bool]:
        """Say in SQL that a moment lies in the span."""
        return and_(at >= self.since, at < self.until)

    @property
    def now(self) -> ColumnElement[datetime]:
        """The moment of the transaction, in SQL."""
        return literal(self.ctx.now, Instant())


def instant(at: datetime) -> ColumnElement[datetime]:
    """Write a moment in SQL."""
    return literal(at, Instant())


def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Say 1 in SQL where a condition holds, else 0: databases differ in how they add up truth."""
    return case((condition, 1), else_=0)


def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Count in SQL for how many rows a condition holds; 0 of no rows."""
    return func.coalesce(func.sum(number(condition)), 0)


def ranked(seconds: ColumnElement[float], *of: SQLColumnExpression[Any]) -> Sequence[ColumnElement[Any]]:
    """Return the place of each duration among those of its kind, from 0, and how many there are."""
    place = func.row_number().over(partition_by=(*of, seconds.is_(None)), order_by=seconds) - 1
    return place.label("place"), func.count().over(partition_by=(*of, seconds.is_(None))).label("many")


def took(rows: Any) -> Sequence[ColumnElement[Any]]:
    """Return the quantiles and the mean of ranked durations."""
    return (
        _quantile(rows, 0.5).label("median_s"),
        _quantile(rows, 0.9).label("p90_s"),
        func.avg(rows.c.seconds).label("mean_s"),
    )


def _quantile(rows: Any, rate: float) -> ColumnElement[float]:
    """Interpolate a quantile between the two durations beside it, as PERCENTILE_CONT does.

    That lies at ``rate * (n - 1)``, and each duration has as much weight as it is nearer than one place.
    """
    distance = func.abs(rows.c.place - rate * (rows.c.many - 1))
    near = and_(rows.c.seconds.is_not(None), distance < 1)
    return func.sum(case((near, rows.c.seconds * (1 - distance)), else_=null()))


def taken(row: RowMapping) -> Took:
    """Read what :func:`took` asked for, to the millisecond."""
    names = ("median_s", "p90_s", "mean_s")
    return Took(**{name: None if row[name] is None else round(float(row[name]), 3) for name in names})
