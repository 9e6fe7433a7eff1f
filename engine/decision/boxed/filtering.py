"""Boxed filters (10.2.1.9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.decision.compiling import Compiling
from engine.decision.evaluation import Code, Evaluation, Scope
from engine.decision.reading import Element, child, id_of
from engine.i18n import _


def read(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile a filter; the condition sees ``item`` and, of a context, its entries."""
    source = read_in(child(element, "in"), compiling)
    condition = read_in(child(element, "match"), compiling.knowing(["item"]))
    place = id_of(element)

    def filter_(evaluation: Evaluation, scope: Scope) -> Any:
        value = source(evaluation, scope)
        items = value if type(value) is list else [] if value is None else [value]
        chosen = []
        for item in items:
            evaluation.run.tick()
            inner = {**scope, "item": item}
            if type(item) is dict:
                inner.update(item)
            verdict = condition(evaluation, inner)
            if verdict is True:
                chosen.append(item)
            elif verdict is not False and verdict is not None:
                with evaluation.at(place):
                    return evaluation.warn(_("The condition of a filter must be true or false."))
        return chosen

    return filter_
