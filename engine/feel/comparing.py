"""Equality, order and membership (10.3.2.6, 10.3.2.7, 10.3.2.13).

Each answers None where the standard says null.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.feel.errors import FeelError
from engine.feel.kinds import describe
from engine.feel.ranges import Range
from engine.feel.runtime import Run
from engine.feel.temporal import Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration
from engine.i18n import _

_PLAIN = (Decimal, str, bool, Date, DaysTimeDuration, YearsMonthsDuration)


def equal(run: Run, left: Any, right: Any) -> bool | None:
    """Tell whether two values are equal; None where they are of different kinds."""
    if left is None or right is None:
        return left is right
    kind = type(left)
    if kind is not type(right):
        return None
    if kind in _PLAIN:
        return bool(left == right)
    compare = _EQUAL.get(kind)
    return compare(run, left, right) if compare else left is right


def _equal_lists(run: Run, left: list[Any], right: list[Any]) -> bool:
    if len(left) != len(right):
        return False
    run.tick(len(left))
    return all(equal(run, a, b) for a, b in zip(left, right, strict=True))


def _equal_contexts(run: Run, left: dict[str, Any], right: dict[str, Any]) -> bool:
    if left.keys() != right.keys():
        return False
    run.tick(len(left))
    return all(equal(run, value, right[name]) for name, value in left.items())


def _equal_ranges(run: Run, left: Range, right: Range) -> bool:
    return (
        (left.operator, left.start_included, left.end_included)
        == (right.operator, right.start_included, right.end_included)
        and bool(equal(run, left.start, right.start))
        and bool(equal(run, left.end, right.end))
    )


def _equal_times(run: Run, left: Time | DateTime, right: Time | DateTime) -> bool:
    return _order_times(left, right) == 0


def _order_times(left: Time | DateTime, right: Time | DateTime) -> int:
    # One without a zone uses that of the other (table 54).
    if (left.zone is None) != (right.zone is None):
        return _sign(left.wall_s, right.wall_s)
    return _sign(left.value_s, right.value_s)


_EQUAL: dict[type, Callable[[Run, Any, Any], bool | None]] = {
    list: _equal_lists,
    dict: _equal_contexts,
    Range: _equal_ranges,
    Time: _equal_times,
    DateTime: _equal_times,
}


def order(left: Any, right: Any) -> int:
    """Return -1, 0 or 1: how two values of one kind follow each other.

    Raises:
        FeelError: They have no order.
    """
    kind = type(left)
    if kind is type(right):
        if kind is Decimal or kind is str or kind is DaysTimeDuration or kind is YearsMonthsDuration:
            return _sign(left, right)
        if kind is Date:
            return _sign(left.ordinal, right.ordinal)
        if kind is Time or kind is DateTime:
            return _order_times(left, right)
    raise FeelError(_("%(left)s and %(right)s have no order."), left=describe(left), right=describe(right))


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def includes(run: Run, range_: Range, value: Any) -> bool | None:
    """Tell whether a value lies in a range; None where that has no meaning."""
    if range_.operator in ("=", "!="):
        same = equal(run, value, range_.start)
        return same if range_.operator == "=" or same is None else not same
    if value is None or (range_.start is None and range_.end is None):
        return None
    try:
        if range_.start is not None:
            place = order(value, range_.start)
            if place < 0 or (place == 0 and not range_.start_included):
                return False
        if range_.end is not None:
            place = order(value, range_.end)
            if place > 0 or (place == 0 and not range_.end_included):
                return False
    except FeelError:
        return None
    return True


def passes(run: Run, value: Any, test: Any) -> bool | None:
    """Tell whether a value passes a test: a range has it, a list has it, or it is equal."""
    if type(test) is Range:
        return includes(run, test, value)
    if type(test) is list:
        return among(run, value, test) or (type(value) is list and equal(run, value, test) is True)
    if test is None:
        return True if value is None else None
    return equal(run, value, test) is True


def among(run: Run, value: Any, tests: list[Any]) -> bool:
    """Tell whether a list has an element that is a value, or a range that has it."""
    run.tick(len(tests))
    return any(
        includes(run, test, value) if type(test) is Range else equal(run, value, test) is True
        for test in tests
    )
