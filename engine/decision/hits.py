"""Hit policies: what a decision table makes of the rules that matched (8.2.10, 8.2.11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.feel.comparing import equal
from engine.feel.errors import FeelError
from engine.feel.library import lists
from engine.feel.runtime import Run
from engine.i18n import _

Outputs = Sequence[Any]
"""What one rule puts out: a value for each output column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """The rules that matched.

    Args:
        run: The evaluation.
        count: How many there are.
        outputs: Returns what one of them puts out, counted from 0.
        ranks: Returns how far down in the list of output values an output stands, for each column.
    """

    run: Run
    count: int
    outputs: Callable[[int], Outputs]
    ranks: Callable[[Outputs], tuple[int, ...]]

    def all(self) -> list[Outputs]:
        """Return what all of them put out, in the order of the table."""
        return [self.outputs(number) for number in range(self.count)]


def unique(hits: Hits) -> Outputs:
    """Take the only one.

    Raises:
        FeelError: There is more than one.
    """
    if hits.count > 1:
        raise FeelError(_("%(count)s rules match, but only one may (hit policy UNIQUE)."), count=hits.count)
    return hits.outputs(0)


def any_(hits: Hits) -> Outputs:
    """Take whichever: all must say the same.

    Raises:
        FeelError: They differ.
    """
    first, *others = hits.all()
    for other in others:
        if not all(equal(hits.run, a, b) for a, b in zip(first, other, strict=True)):
            raise FeelError(_("Rules that match differ in what they put out (hit policy ANY)."))
    return first


def priority(hits: Hits) -> Outputs:
    """Take the one whose outputs stand first in the lists of output values."""
    return min(hits.all(), key=hits.ranks)


def first(hits: Hits) -> Outputs:
    """Take the first of the table."""
    return hits.outputs(0)


def rule_order(hits: Hits) -> list[Outputs]:
    """Take all, in the order of the table."""
    return hits.all()


def output_order(hits: Hits) -> list[Outputs]:
    """Take all, in the order of the lists of output values."""
    return sorted(hits.all(), key=hits.ranks)


SINGLE: dict[str, Callable[[Hits], Outputs]] = {
    "UNIQUE": unique,
    "ANY": any_,
    "PRIORITY": priority,
    "FIRST": first,
}
SEVERAL: dict[str, Callable[[Hits], list[Outputs]]] = {
    "RULE ORDER": rule_order,
    "OUTPUT ORDER": output_order,
    "COLLECT": rule_order,
}
AGGREGATIONS: dict[str, Callable[[Run, list[Any]], Any]] = {
    "SUM": lists.total,
    "MIN": lists.minimum,
    "MAX": lists.maximum,
    "COUNT": lambda run, values: Decimal(len(values)),
}
