"""Boxed expressions, a module for each kind (10.2 and chapter 8)."""

from __future__ import annotations

from collections.abc import Callable

from engine.decision.boxed import (
    conditional,
    context,
    filtering,
    function,
    invocation,
    iteration,
    listing,
    literal,
    relation,
    table,
)
from engine.decision.compiling import Compiling, coerced
from engine.decision.evaluation import Code
from engine.decision.reading import Element, children, tag

Read = Callable[[Element, Compiling, "Reader"], Code]
Reader = Callable[["Element | None", Compiling], Code]

KINDS: dict[str, Read] = {
    "literalExpression": literal.read,
    "decisionTable": table.read,
    "context": context.read,
    "invocation": invocation.read,
    "list": listing.read,
    "relation": relation.read,
    "functionDefinition": function.read,
    "conditional": conditional.read,
    "filter": filtering.read,
    "for": iteration.read_for,
    "some": iteration.read_some,
    "every": iteration.read_every,
}


def read(element: Element, compiling: Compiling) -> Code:
    """Compile a boxed expression, with the type it is declared to have."""
    code = KINDS[tag(element)](element, compiling, read_in)
    return coerced(code, compiling.kind(element, element.get("typeRef")), element)


def read_in(parent: Element | None, compiling: Compiling) -> Code:
    """Compile the boxed expression inside of an element; nothing there is null."""
    for element in children(parent) if parent is not None else ():
        if tag(element) in KINDS:
            return read(element, compiling)
    return lambda evaluation, scope: None


__all__ = ["KINDS", "read", "read_in"]
