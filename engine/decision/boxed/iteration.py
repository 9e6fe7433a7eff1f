"""Boxed iterators: for, some and every (10.2.1.10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engine.decision.compiling import Compiling
from engine.decision.evaluation import Code, Evaluation, Scope
from engine.decision.reading import Element, child, id_of
from engine.feel.errors import FeelError
from engine.feel.iteration import elements
from engine.feel.tokens import normal_name


def _turns(
    element: Element, compiling: Compiling, read_in: Callable[..., Code], body: str
) -> Callable[[Evaluation, Scope, list[Any]], Iterator[Any]]:
    """Return what evaluates the body for each element, with the results so far as ``partial``."""
    name = normal_name(element.get("iteratorVariable", ""))
    source = read_in(child(element, "in"), compiling)
    code = read_in(child(element, body), compiling.knowing([name, "partial"]))

    def turns(evaluation: Evaluation, scope: Scope, partial: list[Any]) -> Iterator[Any]:
        for item in elements(source(evaluation, scope)):
            evaluation.run.tick()
            yield code(evaluation, {**scope, name: item, "partial": partial})

    return turns


def _guarded(element: Element, code: Code) -> Code:
    place = id_of(element)

    def guarded(evaluation: Evaluation, scope: Scope) -> Any:
        try:
            return code(evaluation, scope)
        except FeelError as error:
            with evaluation.at(place):
                return evaluation.warn(error.message, **error.params)

    return guarded


def read_for(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile a loop that makes a list."""
    turns = _turns(element, compiling, read_in, "return")

    def for_(evaluation: Evaluation, scope: Scope) -> list[Any]:
        results: list[Any] = []
        for value in turns(evaluation, scope, results):
            results.append(value)
        return results

    return _guarded(element, for_)


def _quantified(
    element: Element, compiling: Compiling, read_in: Callable[..., Code], *, decisive: bool
) -> Code:
    turns = _turns(element, compiling, read_in, "satisfies")

    def quantified(evaluation: Evaluation, scope: Scope) -> bool | None:
        result: bool | None = not decisive
        for value in turns(evaluation, scope, []):
            if value is decisive:
                return bool(value)
            if type(value) is not bool:
                result = None
        return result

    return _guarded(element, quantified)


def read_some(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile the question whether some element satisfies a condition."""
    return _quantified(element, compiling, read_in, decisive=True)


def read_every(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile the question whether every element satisfies a condition."""
    return _quantified(element, compiling, read_in, decisive=False)
