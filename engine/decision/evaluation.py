"""One evaluation of a model as it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine.feel.runtime import Run

Scope = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which rules of a decision table matched.

    Args:
        element: The id of the decision or the business knowledge model whose table it is.
        rules: The ids of the rules that matched, in the order of the table.
        indexes: The same as numbers, from 1.
        table: The id of the table.
    """

    element: str
    rules: tuple[str, ...]
    indexes: tuple[int, ...]
    table: str


class Evaluation:
    """What an evaluation of one model has found out so far.

    An imported model is evaluated beside it, once for each import: its input data are in the context
    that has the import's name, else in that of the importing model.
    """

    __slots__ = ("context", "imported", "importing", "matched", "owner", "run", "values")

    def __init__(self, run: Run, context: Scope, importing: Evaluation | None = None) -> None:
        self.run = run
        self.context = context
        self.importing = importing
        self.imported: dict[str, Evaluation] = {}
        self.values: dict[str, Any] = {}
        self.matched: list[Match] = importing.matched if importing else []
        self.owner = ""

    def by_import(self, prefix: str) -> Evaluation:
        """Return the evaluation of a model that is imported by a name; this one without a name."""
        if not prefix:
            return self
        if prefix not in self.imported:
            given = self.context.get(prefix)
            self.imported[prefix] = Evaluation(self.run, given if type(given) is dict else {}, self)
        return self.imported[prefix]

    def given(self, name: str) -> Any:
        """Return what the caller gave for an input."""
        at: Evaluation | None = self
        while at is not None:
            if name in at.context:
                return at.context[name]
            at = at.importing
        return None

    @contextmanager
    def at(self, element: str) -> Iterator[None]:
        """Name an element in the warnings of what is done inside."""
        before, self.run.element = self.run.element, element
        try:
            yield
        finally:
            self.run.element = before

    @contextmanager
    def of(self, owner: str) -> Iterator[None]:
        """Name the decision or knowledge model whose logic is evaluated inside."""
        before, self.owner = self.owner, owner
        try:
            yield
        finally:
            self.owner = before

    def warn(self, message: str, **params: Any) -> None:
        """Remember why a value became null."""
        self.run.warn(message, params, "", 0)


Code = Callable[[Evaluation, Scope], Any]
"""A compiled boxed expression."""
