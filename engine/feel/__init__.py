"""FEEL, the expression language of the whole product: DMN 1.5, chapter 10.

    compile("amount > 100 and count(items) > 1").evaluate({"amount": 120, "items": [1, 2]}).value

An expression is read once and evaluated many times. Reading raises `FeelSyntaxError`; evaluating never
raises: what goes wrong is null, and a warning says where and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.feel.errors import FeelSyntaxError, FeelWarning, reasons
from engine.feel.exchange import from_json, names_to_tell, to_json
from engine.feel.expression import Expression, Result, compile_expression
from engine.feel.runtime import Budget
from engine.feel.template import holes, render, skeleton


def compile(source: str, *, names: frozenset[str] = frozenset(), unary: bool = False) -> Expression:
    """Read an expression; the same text is read once.

    Args:
        source: The text; a leading ``=`` is ignored.
        names: The names that are known in its scope, those of own functions too. Only a name with
            spaces or signs in it has to be told; telling all of them finds more mistakes.
        unary: Read the unary tests of a decision table's cell.

    Raises:
        FeelSyntaxError: It cannot be read.
    """
    return compile_expression(source, names, unary)


def evaluate(source: str, scope: Mapping[str, Any], **options: Any) -> Result:
    """Read and evaluate an expression in one go, with the names of its scope known.

    Args:
        source: The text.
        scope: The variables, by name.
        options: What `Expression.evaluate` takes.

    Raises:
        FeelSyntaxError: It cannot be read.
    """
    unary = "value" in options
    names = names_to_tell(scope) | names_to_tell(dict.fromkeys(options.get("functions", ())))
    return compile_expression(source, names, unary).evaluate(scope, **options)


__all__ = [
    "Budget",
    "Expression",
    "FeelSyntaxError",
    "FeelWarning",
    "Result",
    "compile",
    "evaluate",
    "from_json",
    "holes",
    "reasons",
    "render",
    "skeleton",
    "to_json",
]
