"""What every rule of the compiler shares: places for local names, and how errors become warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from engine.feel import tree
from engine.feel.errors import FeelError
from engine.feel.functions import Code, Frame
from engine.feel.tokens import normal_name

Test = Callable[[Frame, Any], "bool | None"]
"""Tells whether a value passes a test."""

FIRST_PLACE = 3

_AnyNode = TypeVar("_AnyNode", bound=tree.Node)
_RULES: dict[type, Callable[[Compiler, Any], Code]] = {}


def compiles(
    node: type[_AnyNode],
) -> Callable[[Callable[[Compiler, _AnyNode], Code]], Callable[[Compiler, _AnyNode], Code]]:
    """Enter a function as the rule that compiles one kind of node."""

    def enter(rule: Callable[[Compiler, _AnyNode], Code]) -> Callable[[Compiler, _AnyNode], Code]:
        _RULES[node] = rule
        return rule

    return enter


class Compiler:
    """Compiles one expression.

    Args:
        source: Its text, for warnings.
        names: The names that its scope is known to have: they come before built-in functions.
    """

    def __init__(self, source: str, names: frozenset[str]) -> None:
        self.source = source
        self.names = names
        # What is read from outside: a name, and which of its entries, or None for all of it.
        self.names_used: dict[str, set[str] | None] = {}
        self.place_count = FIRST_PLACE
        # Innermost last: a local name with its place, or None with the place of a filter's element.
        self.locals: list[tuple[str | None, int]] = []

    def code(self, node: tree.Node) -> Code:
        """Compile a node."""
        return _RULES[type(node)](self, node)

    def codes(self, nodes: Sequence[tree.Node]) -> tuple[Code, ...]:
        """Compile several nodes."""
        return tuple(map(self.code, nodes))

    def place(self, name: str | None) -> int:
        """Give a local name a place in the frame; None is the element that a filter looks at."""
        self.locals.append((normal_name(name) if name else None, self.place_count))
        self.place_count += 1
        return self.place_count - 1

    @contextmanager
    def block(self) -> Iterator[None]:
        """Forget, at the end, the local names that were added inside."""
        level = len(self.locals)
        yield
        del self.locals[level:]

    def use(self, name: str, entry: str | None = None) -> None:
        """Note that a name of the scope is read, or one entry of it."""
        entries = self.names_used.setdefault(name, set())
        if entry is None:
            self.names_used[name] = None
        elif entries is not None:
            entries.add(entry)

    def is_known(self, name: str) -> bool:
        """Tell whether the scope, or a local name, hides a built-in function."""
        return name in self.names or any(local == name for local, _ in self.locals)

    def null(self, at: int) -> Callable[[Frame, FeelError], None]:
        """Return what turns an error at a place of the source into null and a warning."""
        source = self.source

        def null(frame: Frame, error: FeelError) -> None:
            frame[0].warn(error.message, error.params, source, at)

        return null

    def guarded(self, at: int, code: Code) -> Code:
        """Return a closure that is null, with a warning, where another fails."""
        null = self.null(at)

        def guarded(frame: Frame) -> Any:
            try:
                return code(frame)
            except FeelError as error:
                return null(frame, error)

        return guarded

    def failing(self, at: int, message: str, **params: Any) -> Code:
        """Return a closure that is always null, with a warning."""
        null, error = self.null(at), FeelError(message, **params)
        return lambda frame: null(frame, error)


class Constant:
    """The closure of a value that is known beforehand."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, frame: Frame) -> Any:
        """Return the value."""
        return self.value
