"""Boxed contexts: named entries, each seeing those before it; one without a name is the result (10.2.1.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.decision.compiling import Compiling, coerced
from engine.decision.evaluation import Code, Evaluation, Scope
from engine.decision.reading import Element, child, children
from engine.feel.tokens import normal_name
from engine.i18n import _


def read(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile a context."""
    entries: list[tuple[str, Code]] = []
    result: Code | None = None
    for entry in children(element, "contextEntry"):
        variable = child(entry, "variable")
        code = read_in(entry, compiling)
        if variable is None:
            result = code
            continue
        name = normal_name(variable.get("name", ""))
        if any(name == other for other, _place in entries):
            compiling.wrong(entry, _("There are two entries named %(name)s: rename one."), name=name)
        entries.append((name, coerced(code, compiling.kind(variable, variable.get("typeRef")), variable)))
        compiling = compiling.knowing([name])

    def context(evaluation: Evaluation, scope: Scope) -> Any:
        evaluation.run.tick(len(entries) + 1)
        inner = dict(scope)
        made: dict[str, Any] = {}
        for name, code in entries:
            made[name] = inner[name] = code(evaluation, inner)
        return made if result is None else result(evaluation, inner)

    return context
