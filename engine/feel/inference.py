"""The type that an expression is known to have before it is evaluated (10.3.2.9)."""

from __future__ import annotations

from collections.abc import Mapping

from engine.feel import tree
from engine.feel.kinds import ANY, BOOLEAN, NUMBER, STRING, FunctionOf, Kind

_TRUTHS = (tree.Comparison, tree.Logic, tree.Between, tree.In, tree.InstanceOf, tree.Quantified)


def inferred(node: tree.Node, known: Mapping[str, Kind]) -> Kind:
    """Return the type of an expression, as far as it is plain to see; else Any.

    Args:
        node: The expression.
        known: The types of the names around it.
    """
    if isinstance(node, tree.Literal):
        return _of_literal(node)
    if isinstance(node, tree.Name):
        return known.get(node.name, ANY)
    if isinstance(node, _TRUTHS):
        return BOOLEAN
    if isinstance(node, tree.Arithmetic):
        return _of_arithmetic(node, known)
    if isinstance(node, tree.Negation):
        kind = inferred(node.operand, known)
        return kind if kind == NUMBER else ANY
    if isinstance(node, tree.If):
        then, otherwise = inferred(node.then, known), inferred(node.otherwise, known)
        return then if then == otherwise else ANY
    if isinstance(node, tree.FunctionLiteral):
        return FunctionOf(tuple(kind for _, kind in node.parameters), result_of(node, known))
    return ANY


def result_of(function: tree.FunctionLiteral, known: Mapping[str, Kind]) -> Kind:
    """Return the type of what a function gives."""
    return inferred(function.body, {**known, **dict(function.parameters)})


def _of_literal(node: tree.Literal) -> Kind:
    if isinstance(node.value, bool):
        return BOOLEAN
    if node.value is None:
        return ANY
    return STRING if isinstance(node.value, str) else NUMBER


def _of_arithmetic(node: tree.Arithmetic, known: Mapping[str, Kind]) -> Kind:
    kinds: set[Kind] = set()
    operators: set[str] = set()
    at: tree.Node = node
    while isinstance(at, tree.Arithmetic):
        operators.add(at.operator)
        kinds.add(inferred(at.right, known))
        at = at.left
    kinds.add(inferred(at, known))
    if kinds == {NUMBER} or (kinds == {STRING} and operators == {"+"}):
        return kinds.pop()
    return ANY
