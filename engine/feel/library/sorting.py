"""Sorting (10.3.4.9)."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from engine.feel.comparing import order
from engine.feel.functions import Function, Overloaded
from engine.feel.library.table import builtin
from engine.feel.runtime import Run


@builtin("sort", "list: list", "precedes?: function")
def sort(run: Run, list_: list[Any], precedes: Function | Overloaded | None = None) -> list[Any]:
    """Sort a list by a function that tells which of two comes first; without one, by their own order."""
    run.afford_items(len(list_))

    def compare(left: Any, right: Any) -> int:
        run.tick()
        if precedes is None:
            return order(left, right)
        if precedes.call(run, (left, right)) is True:
            return -1
        return 1 if precedes.call(run, (right, left)) is True else 0

    return sorted(list_, key=cmp_to_key(compare))
