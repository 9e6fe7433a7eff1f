"""Boxed conditionals (10.2.1.8)."""

from __future__ import annotations

from collections.abc import Callable

from engine.decision.compiling import Compiling
from engine.decision.evaluation import Code
from engine.decision.reading import Element, child


def read(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile a conditional."""
    condition, then, otherwise = (read_in(child(element, name), compiling) for name in ("if", "then", "else"))
    return lambda evaluation, scope: (then if condition(evaluation, scope) is True else otherwise)(
        evaluation, scope
    )
