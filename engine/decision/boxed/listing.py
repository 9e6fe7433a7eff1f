"""Boxed lists (10.2.1.5)."""

from __future__ import annotations

from collections.abc import Callable

from engine.decision.compiling import Compiling
from engine.decision.evaluation import Code
from engine.decision.reading import Element, children, tag


def read(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile a list."""
    from engine.decision.boxed import KINDS
    from engine.decision.boxed import read as read_boxed

    items = [read_boxed(item, compiling) for item in children(element) if tag(item) in KINDS]
    return lambda evaluation, scope: [item(evaluation, scope) for item in items]
