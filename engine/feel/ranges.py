"""Ranges: what lies between two values, or on one side of one (10.3.2.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """A range of numbers, texts or temporal values.

    Args:
        start: Where it begins; None for one that has no beginning.
        end: Where it ends; None for one that has no end.
        start_included: The beginning belongs to it.
        end_included: The end belongs to it.
        operator: The comparison that made it, such as ``<``, if it was not written with two ends.
    """

    start: Any
    end: Any
    start_included: bool
    end_included: bool
    operator: str | None = None


def compared_range(operator: str, operand: Any) -> Range:
    """Return the range of what compares so with a value."""
    if operator in ("<", "<="):
        return Range(None, operand, False, operator == "<=", operator)
    if operator in (">", ">="):
        return Range(operand, None, operator == ">=", False, operator)
    return Range(operand, operand, operator == "=", operator == "=", operator)
