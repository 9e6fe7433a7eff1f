"""The syntax tree of an expression: what the grammar makes and the compiler reads.

Every node knows `at`, the offset in the source where it begins.
"""

from __future__ import annotations

from collections.abc import Iterator as Iterator_
from dataclasses import dataclass
from decimal import Decimal

from engine.feel.kinds import Kind


@dataclass(frozen=True, slots=True)
class Literal:
    """A null, boolean, number or string as it is written."""

    at: int
    value: bool | Decimal | str | None


@dataclass(frozen=True, slots=True)
class AtLiteral:
    """A temporal value behind ``@``."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A name, with single spaces between its words; ``?`` is the input of a unary test."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """``[a, b]``."""

    at: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ContextLiteral:
    """``{a: 1, b: a + 1}``."""

    at: int
    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """``[a..b]``, with round or turned brackets for an end that is left out."""

    at: int
    start: Node
    end: Node
    start_included: bool
    end_included: bool


@dataclass(frozen=True, slots=True)
class Comparator:
    """``< a``: the range of what compares so."""

    at: int
    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Path:
    """``source.name``."""

    at: int
    source: Node
    name: str


@dataclass(frozen=True, slots=True)
class Filter:
    """``source[condition]``."""

    at: int
    source: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Invocation:
    """``function(a, b)`` or ``function(x: a, y: b)``."""

    at: int
    function: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """``-a``."""

    at: int
    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``a + b``, and the other four operators."""

    at: int
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison:
    """``a < b``, and the other five operators."""

    at: int
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic:
    """``a and b and c``, or the same with ``or``."""

    at: int
    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """``a between b and c``."""

    at: int
    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class In:
    """``a in b`` or ``a in (b, c)``."""

    at: int
    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class InstanceOf:
    """``a instance of type``."""

    at: int
    value: Node
    kind: Kind


@dataclass(frozen=True, slots=True)
class If:
    """``if a then b else c``."""

    at: int
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Iterator:
    """``name in source`` or ``name in source..until``."""

    at: int
    name: str
    source: Node
    until: Node | None


@dataclass(frozen=True, slots=True)
class For:
    """``for a in b return c``."""

    at: int
    iterators: tuple[Iterator, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified:
    """``some a in b satisfies c``, or the same with ``every``."""

    at: int
    quantifier: str
    iterators: tuple[Iterator, ...]
    condition: Node


@dataclass(frozen=True, slots=True)
class FunctionLiteral:
    """``function(a: type, b) body``; an external body is not run."""

    at: int
    parameters: tuple[tuple[str, Kind], ...]
    body: Node
    external: bool = False


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """What stands in a cell of a decision table: ``-``, ``a, b`` or ``not(a, b)``."""

    at: int
    tests: tuple[Node, ...]
    negated: bool = False


Node = (
    Literal
    | AtLiteral
    | Name
    | ListLiteral
    | ContextLiteral
    | Interval
    | Comparator
    | Path
    | Filter
    | Invocation
    | Negation
    | Arithmetic
    | Comparison
    | Logic
    | Between
    | In
    | InstanceOf
    | If
    | For
    | Quantified
    | FunctionLiteral
    | UnaryTests
)


def children(node: Node) -> Iterator_[Node]:
    """Yield the nodes directly inside a node."""
    for slot in node.__dataclass_fields__:
        yield from _nodes(getattr(node, slot))


def effort(node: Node) -> int:
    """Estimate what one evaluation costs, in ticks: a call is worth ten other nodes."""
    return 1 + sum(10 if isinstance(part, Invocation) else 1 for part in walk(node)) // 10


def walk(node: Node) -> Iterator_[Node]:
    """Yield a node and all that is in it, in no certain order."""
    rest = [node]
    while rest:
        part = rest.pop()
        yield part
        rest += children(part)


def _nodes(part: object) -> Iterator_[Node]:
    if isinstance(part, tuple):
        for inner in part:
            yield from _nodes(inner)
    elif isinstance(part, Iterator):
        yield part.source
        if part.until is not None:
            yield part.until
    elif isinstance(part, Node):
        yield part
