"""From a syntax tree back to text: what is read again gives the same tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from engine.feel import tree
from engine.feel.display import quoted
from engine.feel.kinds import ANY, Kind
from engine.feel.numbers import number_text


def write(node: tree.Node) -> str:
    """Write an expression, with brackets wherever one could be needed."""
    return _WRITERS[type(node)](node)


def _operand(node: tree.Node) -> str:
    text = write(node)
    return text if isinstance(node, _CLOSED) else f"({text})"


def _list(nodes: Iterable[tree.Node]) -> str:
    return ", ".join(map(write, nodes))


def _literal(node: tree.Literal) -> str:
    value = node.value
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Decimal):
        return number_text(value)
    return "null" if value is None else str(value).lower()


def _interval(node: tree.Interval) -> str:
    opening, closing = "[" if node.start_included else "(", "]" if node.end_included else ")"
    return f"{opening}{_operand(node.start)}..{_operand(node.end)}{closing}"


def _invocation(node: tree.Invocation) -> str:
    arguments = [*map(write, node.arguments)]
    if node.names:
        arguments = [f"{name}: {value}" for name, value in zip(node.names, arguments, strict=True)]
    return f"{_operand(node.function)}({', '.join(arguments)})"


def _iterator(iterator: tree.Iterator) -> str:
    until = f"..{_operand(iterator.until)}" if iterator.until else ""
    return f"{iterator.name} in {_operand(iterator.source)}{until}"


def _parameter(name: str, kind: Kind) -> str:
    return name if kind == ANY else f"{name}: {kind}"


def _function(node: tree.FunctionLiteral) -> str:
    parameters = ", ".join(_parameter(*parameter) for parameter in node.parameters)
    return f"function({parameters}) {'external ' if node.external else ''}{_operand(node.body)}"


def _iterators(iterators: Iterable[tree.Iterator]) -> str:
    return ", ".join(map(_iterator, iterators))


_CLOSED = (
    tree.Literal,
    tree.AtLiteral,
    tree.Name,
    tree.ListLiteral,
    tree.ContextLiteral,
    tree.Interval,
    tree.Path,
    tree.Filter,
    tree.Invocation,
)
_WRITERS: dict[type, Callable[[Any], str]] = {
    tree.Literal: _literal,
    tree.AtLiteral: lambda node: "@" + quoted(node.text),
    tree.Name: lambda node: node.name,
    tree.ListLiteral: lambda node: f"[{_list(node.items)}]",
    tree.ContextLiteral: lambda node: (
        "{" + ", ".join(f"{quoted(key)}: {write(value)}" for key, value in node.entries) + "}"
    ),
    tree.Interval: _interval,
    tree.Comparator: lambda node: f"{node.operator} {_operand(node.operand)}",
    tree.Path: lambda node: f"{_operand(node.source)}.{node.name}",
    tree.Filter: lambda node: f"{_operand(node.source)}[{write(node.condition)}]",
    tree.Invocation: _invocation,
    tree.Negation: lambda node: f"-({write(node.operand)})",
    tree.Arithmetic: lambda node: f"{_operand(node.left)} {node.operator} {_operand(node.right)}",
    tree.Comparison: lambda node: f"{_operand(node.left)} {node.operator} {_operand(node.right)}",
    tree.Logic: lambda node: f" {node.operator} ".join(map(_operand, node.operands)),
    tree.Between: lambda node: (
        f"{_operand(node.value)} between {_operand(node.low)} and {_operand(node.high)}"
    ),
    tree.In: lambda node: f"{_operand(node.value)} in ({_list(node.tests)})",
    tree.InstanceOf: lambda node: f"{_operand(node.value)} instance of {node.kind}",
    tree.If: lambda node: (
        f"if {write(node.condition)} then {write(node.then)} else {_operand(node.otherwise)}"
    ),
    tree.For: lambda node: f"for {_iterators(node.iterators)} return {_operand(node.body)}",
    tree.Quantified: lambda node: (
        f"{node.quantifier} {_iterators(node.iterators)} satisfies {_operand(node.condition)}"
    ),
    tree.FunctionLiteral: _function,
    tree.UnaryTests: lambda node: f"not({_list(node.tests)})" if node.negated else _list(node.tests) or "-",
}
