"""Function definitions: parameters and a boxed body (10.2.1.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.decision.compiling import Compiling, coerced, nothing
from engine.decision.evaluation import Code, Evaluation, Scope
from engine.decision.reading import Element, children, tag
from engine.feel.functions import Function
from engine.feel.kinds import ANY, FunctionOf, Kind
from engine.feel.runtime import Run
from engine.feel.tokens import normal_name
from engine.i18n import _


def read(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile a function definition: its value is the function."""
    made = definition(element, compiling, read_in)
    return lambda evaluation, scope: made("function", ANY, evaluation, scope)


def definition(
    element: Element, compiling: Compiling, read_in: Callable[..., Code]
) -> Callable[[str, Kind, Evaluation, Scope], Function]:
    """Compile a function definition.

    Returns:
        What makes the function of a name and a result's type, in an evaluation and the scope it sees.
    """
    parameters = [*children(element, "formalParameter")]
    names = tuple(normal_name(parameter.get("name", "")) for parameter in parameters)
    kinds = tuple(compiling.kind(parameter, parameter.get("typeRef")) for parameter in parameters)
    if element.get("kind", "FEEL") == "FEEL":
        body = read_in(element, compiling.knowing(names))
        declared = _declared(element, compiling)
        body = coerced(body, declared, element)
    else:
        declared = ANY
        body = nothing(element, _("Only functions written in FEEL are run."))

    def make(name: str, result: Kind, evaluation: Evaluation, scope: Scope) -> Function:
        def call(run: Run, values: Sequence[Any]) -> Any:
            return body(evaluation, {**scope, **dict(zip(names, values, strict=True))})

        return Function(name, names, kinds, declared if result is ANY else result, call)

    return make


def _declared(element: Element, compiling: Compiling) -> Kind:
    """Return the type that the function's body, or the function itself, is declared to give."""
    for one in (element, *children(element)):
        if tag(one) != "formalParameter" and one.get("typeRef"):
            kind = compiling.kind(one, one.get("typeRef"))
            return kind.result if isinstance(kind, FunctionOf) else kind
    return ANY
