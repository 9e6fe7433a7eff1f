"""What a loop steps through: a list, a range, or from one value to another (10.3.2.14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from engine.feel.errors import FeelError
from engine.feel.kinds import describe
from engine.feel.numbers import DECIMAL128, ONE
from engine.feel.ranges import Range
from engine.feel.temporal import Date, from_ordinal
from engine.i18n import _


def elements(value: Any) -> Iterable[Any]:
    """Return what a loop over one value steps through.

    Raises:
        FeelError: There is no way through it.
    """
    if type(value) is list:
        return value
    if type(value) is Range:
        return _through(value)
    if value is None:
        raise FeelError(_("There is nothing to step through."))
    return [value]


def span(start: Any, end: Any) -> Iterator[Any]:
    """Step from one number or date to another, up or down.

    Raises:
        FeelError: They are neither both numbers nor both dates.
    """
    if type(start) is not type(end) or type(start) not in (Decimal, Date):
        raise FeelError(
            _("There are no steps from %(start)s to %(end)s."), start=describe(start), end=describe(end)
        )
    step = 1 if _rank(start) <= _rank(end) else -1
    if type(start) is Date:
        return map(from_ordinal, range(start.ordinal, end.ordinal + step, step))
    return _numbers(start, end, step)


def _numbers(at: Decimal, end: Decimal, step: int) -> Iterator[Decimal]:
    while at * step <= end * step:
        yield at
        at = DECIMAL128.add(at, ONE * step)


def _rank(value: Any) -> Any:
    return value.ordinal if type(value) is Date else value


def _through(range_: Range) -> Iterator[Any]:
    start, end = range_.start, range_.end
    steps = span(start, end)
    if _rank(start) > _rank(end):
        raise FeelError(_("The range ends before it starts."))
    return (
        value
        for value in steps
        if not (value == start and not range_.start_included)
        and not (value == end and not range_.end_included)
    )
