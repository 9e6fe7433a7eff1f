"""Comparison, logic, ``if``, ``between``, ``instance of`` and arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.feel import tree
from engine.feel.arithmetic import calculate, negate
from engine.feel.closures.compiler import Compiler, Constant, compiles
from engine.feel.closures.testing import COMPARE
from engine.feel.comparing import equal, order
from engine.feel.errors import FeelError
from engine.feel.functions import Code, Frame
from engine.feel.kinds import CONTEXT, FUNCTION, LIST, NULL, RANGE, describe
from engine.feel.numbers import DECIMAL128
from engine.i18n import _

_DECIMAL: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": DECIMAL128.add,
    "-": DECIMAL128.subtract,
    "*": DECIMAL128.multiply,
}


@compiles(tree.Comparison)
def comparison(compiler: Compiler, node: tree.Comparison) -> Code:
    """``a < b`` and its like; numbers and texts go the short way."""
    left, right, compare = compiler.code(node.left), compiler.code(node.right), COMPARE[node.operator]
    slow = (_equality if node.operator in ("=", "!=") else _ordering)(compiler, node)
    if isinstance(right, Constant) and type(right.value) in (Decimal, str):
        fixed, wanted = right.value, type(right.value)

        def compare_fixed(frame: Frame) -> bool | None:
            value = left(frame)
            return compare(value, fixed) if type(value) is wanted else slow(frame, value, fixed)

        return compare_fixed

    def comparison(frame: Frame) -> bool | None:
        first, second = left(frame), right(frame)
        kind = type(first)
        if kind is type(second) and (kind is Decimal or kind is str):
            return compare(first, second)
        return slow(frame, first, second)

    return comparison


def _equality(compiler: Compiler, node: tree.Comparison) -> Callable[[Frame, Any, Any], bool | None]:
    negated, null = node.operator == "!=", compiler.null(node.at)

    def equality(frame: Frame, left: Any, right: Any) -> bool | None:
        same = equal(frame[0], left, right)
        if same is None:
            kinds = {"left": describe(left), "right": describe(right)}
            return null(frame, FeelError(_("%(left)s and %(right)s cannot be equal."), **kinds))
        return same is not negated

    return equality


def _ordering(compiler: Compiler, node: tree.Comparison) -> Callable[[Frame, Any, Any], bool | None]:
    compare, null = COMPARE[node.operator], compiler.null(node.at)

    def ordering(frame: Frame, left: Any, right: Any) -> bool | None:
        if left is None or right is None:
            return None
        try:
            return compare(order(left, right), 0)
        except FeelError as error:
            return null(frame, error)

    return ordering


@compiles(tree.Between)
def between(compiler: Compiler, node: tree.Between) -> Code:
    """``a between b and c``."""
    value, low, high = compiler.codes((node.value, node.low, node.high))

    def between(frame: Frame) -> bool | None:
        middle, bottom, top = value(frame), low(frame), high(frame)
        if middle is None or bottom is None or top is None:
            return None
        return order(middle, bottom) >= 0 and order(middle, top) <= 0

    return compiler.guarded(node.at, between)


@compiles(tree.Logic)
def logic(compiler: Compiler, node: tree.Logic) -> Code:
    """``and`` and ``or`` of three values."""
    operands = compiler.codes(node.operands)
    decisive = node.operator == "or"

    def logic(frame: Frame) -> bool | None:
        result: bool | None = not decisive
        for operand in operands:
            value = operand(frame)
            if value is decisive:
                return bool(value)
            if type(value) is not bool:
                result = None
        return result

    return logic


@compiles(tree.If)
def if_(compiler: Compiler, node: tree.If) -> Code:
    """``if a then b else c``: c unless a is true."""
    condition, then, otherwise = compiler.codes((node.condition, node.then, node.otherwise))
    return lambda frame: then(frame) if condition(frame) is True else otherwise(frame)


@compiles(tree.InstanceOf)
def instance_of(compiler: Compiler, node: tree.InstanceOf) -> Code:
    """``a instance of type``."""
    value, kind = compiler.code(node.value), node.kind
    if kind in (LIST, CONTEXT, RANGE, FUNCTION):
        return compiler.failing(node.at, _("The type %(kind)s needs to say of what."), kind=kind.phrase)

    def instance_of(frame: Frame) -> bool:
        instance = value(frame)
        return kind == NULL if instance is None else kind.has(instance)

    return compiler.guarded(node.at, instance_of)


@compiles(tree.Negation)
def negation(compiler: Compiler, node: tree.Negation) -> Code:
    """``-a``."""
    operand = compiler.code(node.operand)
    return compiler.guarded(node.at, lambda frame: negate(operand(frame)))


@compiles(tree.Arithmetic)
def arithmetic(compiler: Compiler, node: tree.Arithmetic) -> Code:
    """A chain of operators, from left to right."""
    first: tree.Node = node
    steps: list[tuple[str, Code]] = []
    while isinstance(first, tree.Arithmetic):
        steps.append((first.operator, compiler.code(first.right)))
        first = first.left
    steps.reverse()
    start = compiler.code(first)
    if len(steps) == 1 and steps[0][0] in _DECIMAL:
        return _one_sum(compiler, node.at, start, *steps[0])

    def arithmetic(frame: Frame) -> Any:
        value = start(frame)
        for operator, operand in steps:
            value = calculate(frame[0], operator, value, operand(frame))
        return value

    return compiler.guarded(node.at, arithmetic)


def _one_sum(compiler: Compiler, at: int, left: Code, operator: str, right: Code) -> Code:
    apply = _DECIMAL[operator]

    def one_sum(frame: Frame) -> Any:
        first, second = left(frame), right(frame)
        if type(first) is Decimal and type(second) is Decimal:
            try:
                return apply(first, second)
            except ArithmeticError:
                pass
        return calculate(frame[0], operator, first, second)

    return compiler.guarded(at, one_sum)
