"""Tests: the cells of decision tables, and the operator ``in`` (10.3.2.7, 10.3.2.13)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from engine.feel import tree
from engine.feel.closures.compiler import Compiler, Constant, Test, compiles
from engine.feel.comparing import equal, order, passes
from engine.feel.errors import FeelError
from engine.feel.functions import Code, Frame
from engine.feel.ranges import Range

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_VERDICTS = (
    tree.Comparison,
    tree.Logic,
    tree.Quantified,
    tree.InstanceOf,
    tree.Between,
    tree.In,
    tree.Invocation,
)


@compiles(tree.UnaryTests)
def unary_tests(compiler: Compiler, node: tree.UnaryTests) -> Code:
    """A cell: true where the input passes one of its tests."""
    if not node.tests:
        return lambda frame: True
    test = _one_of([_cell_test(compiler, test) for test in node.tests])
    if not node.negated:
        return lambda frame: test(frame, frame[2])

    def negated(frame: Frame) -> bool | None:
        passed = test(frame, frame[2])
        return None if passed is None else not passed

    return negated


@compiles(tree.In)
def in_(compiler: Compiler, node: tree.In) -> Code:
    """``value in test``."""
    value = compiler.code(node.value)
    test = _one_of([_test(compiler, test) for test in node.tests])
    return lambda frame: test(frame, value(frame))


def _cell_test(compiler: Compiler, node: tree.Node) -> Test:
    """Return the test of one part of a cell.

    A part that mentions ``?``, or says true or false by itself, is asked; any other is compared with the
    input.
    """
    asks = _mentions_input(node)
    if not asks and not isinstance(node, _VERDICTS):
        return _test(compiler, node)
    code = compiler.code(node)

    def cell_test(frame: Frame, value: Any) -> bool | None:
        verdict = code(frame)
        if type(verdict) is bool and (asks or type(value) is not bool):
            return verdict
        return None if verdict is None and asks else passes(frame[0], value, verdict)

    return cell_test


def _mentions_input(node: tree.Node) -> bool:
    return any(isinstance(part, tree.Name) and part.name == "?" for part in tree.walk(node))


def _one_of(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def one_of(frame: Frame, value: Any) -> bool | None:
        result: bool | None = False
        for test in tests:
            passed = test(frame, value)
            if passed:
                return True
            if passed is None:
                result = None
        return result

    return one_of


def _test(compiler: Compiler, node: tree.Node) -> Test:
    """Return a closure that tells whether a value passes a test."""
    if isinstance(node, tree.Comparator):
        return _comparing(compiler, node)
    code = compiler.code(node)
    if isinstance(code, Constant):
        return _fixed(code.value)
    return lambda frame, value: passes(frame[0], value, code(frame))


def _fixed(wanted: Any) -> Test:
    """Return the test of a value that is known beforehand; numbers and texts go the short way."""
    kind = type(wanted)
    if kind is Decimal or kind is str:
        return lambda frame, value: (
            value == wanted if type(value) is kind else passes(frame[0], value, wanted)
        )
    if kind is Range and type(wanted.start) is type(wanted.end) is Decimal:
        low, high = wanted.start, wanted.end
        above = COMPARE[">=" if wanted.start_included else ">"]
        below = COMPARE["<=" if wanted.end_included else "<"]
        return lambda frame, value: (
            above(value, low) and below(value, high)
            if type(value) is Decimal
            else passes(frame[0], value, wanted)
        )
    return lambda frame, value: passes(frame[0], value, wanted)


def _comparing(compiler: Compiler, node: tree.Comparator) -> Test:
    operand, sign, compare = compiler.code(node.operand), node.operator, COMPARE[node.operator]

    def comparing(frame: Frame, value: Any) -> bool | None:
        bound = operand(frame)
        kind = type(value)
        if kind is type(bound) and (kind is Decimal or kind is str):
            return compare(value, bound)
        if sign in ("=", "!="):
            same = equal(frame[0], value, bound)
            return same if sign == "=" or same is None else not same
        if value is None or bound is None:
            return None
        try:
            return compare(order(value, bound), 0)
        except FeelError:
            return None

    return comparing
