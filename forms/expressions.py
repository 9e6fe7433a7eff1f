"""Expressions of a form: FEEL after an ``=``, as form-js writes it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import TypeGuard

from engine import feel
from engine.feel.tree import Invocation, Name
from engine.values import Json


def is_expression(rule: Json) -> TypeGuard[str]:
    """Tell whether a setting depends on the answers."""
    return isinstance(rule, str) and rule.startswith("=")


def holds(condition: str, names: Mapping[str, Json], now: datetime) -> bool:
    """Tell whether a condition holds, as the browser's forms tell it.

    They take it for a unary test of nothing: true holds, and so does null; ``not(...)`` turns that round.

    Args:
        condition: ``=`` and FEEL.
        names: What it may name.
        now: The aware instant, in the centre's zone.
    """
    if not is_expression(condition):
        return False
    expression, negated = compile_condition(condition)
    value = expression.evaluate(names, now=now).value
    found = value if isinstance(value, bool) else None in value if isinstance(value, list) else value is None
    return found is not negated


@functools.lru_cache(maxsize=4096)
def compile_condition(condition: str) -> tuple[feel.Expression, bool]:
    """Read a condition, once.

    Returns:
        What is tested, and whether the test is turned round.

    Raises:
        FeelSyntaxError: It cannot be read.
    """
    source = condition[1:].strip()
    whole = feel.compile(source)
    call = whole.tree
    if source.startswith("not") and isinstance(call, Invocation) and call.function == Name(at=0, name="not"):
        return feel.compile(source[source.index("(") + 1 : source.rindex(")")]), True
    return whole, False


def value_of(rule: Json, names: Mapping[str, Json], now: datetime) -> Json:
    """Return what a setting says: itself, or what its expression gives; what goes wrong is null.

    Args:
        rule: A value, or ``=`` and an expression.
        names: What it may name.
        now: The aware instant, in the centre's zone.
    """
    if not is_expression(rule):
        return rule
    return feel.to_json(feel.compile(rule[1:]).evaluate(names, now=now).value)
