"""Boxed invocations: a function, and a boxed expression for each of its parameters (10.2.1.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.decision.compiling import Compiling
from engine.decision.evaluation import Code, Evaluation, Scope
from engine.decision.reading import Element, child, children, id_of
from engine.feel.errors import FeelError
from engine.feel.functions import FUNCTIONS
from engine.feel.tokens import normal_name
from engine.i18n import _


def read(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile an invocation."""
    callee = read_in(element, compiling)
    place = id_of(element)
    bindings: list[tuple[str, Code]] = []
    for binding in children(element, "binding"):
        parameter = child(binding, "parameter")
        if parameter is None:
            compiling.wrong(binding, _("This binding has no parameter."))
            continue
        bindings.append((normal_name(parameter.get("name", "")), read_in(binding, compiling)))

    def invocation(evaluation: Evaluation, scope: Scope) -> Any:
        function = callee(evaluation, scope)
        arguments = {name: code(evaluation, scope) for name, code in bindings}
        with evaluation.at(place):
            if type(function) not in FUNCTIONS:
                return evaluation.warn(_("What is invoked is no function."))
            try:
                return function.call_named(evaluation.run, arguments)
            except FeelError as error:
                return evaluation.warn(error.message, **error.params)

    return invocation
