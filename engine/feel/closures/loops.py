"""``for``, ``some`` and ``every`` (10.3.2.14, 10.3.2.16)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from engine.feel import tree
from engine.feel.closures.compiler import Compiler, compiles
from engine.feel.functions import Code, Frame
from engine.feel.iteration import elements, span


def _turns(
    compiler: Compiler, iterators: Sequence[tree.Iterator], body: tree.Node
) -> Callable[[Frame], Iterator[None]]:
    """Return a closure that steps through all combinations, each put in its places and paid for."""
    effort = tree.effort(body)
    loops: list[tuple[Callable[[Frame], Iterable[Any]], int]] = []
    for iterator in iterators:
        domain = _domain(compiler, iterator)
        loops.append((domain, compiler.place(iterator.name)))
    last = len(loops) - 1

    def turn(frame: Frame, index: int) -> Iterator[None]:
        domain, place = loops[index]
        run = frame[0]
        for item in domain(frame):
            run.tick(effort)
            frame[place] = item
            if index == last:
                yield
            else:
                yield from turn(frame, index + 1)

    return lambda frame: turn(frame, 0)


def _domain(compiler: Compiler, iterator: tree.Iterator) -> Callable[[Frame], Iterable[Any]]:
    source = compiler.code(iterator.source)
    if iterator.until is None:
        return lambda frame: elements(source(frame))
    until = compiler.code(iterator.until)
    return lambda frame: span(source(frame), until(frame))


@compiles(tree.For)
def for_(compiler: Compiler, node: tree.For) -> Code:
    """A list of what the body gives, which sees the results so far as ``partial``."""
    with compiler.block():
        turns = _turns(compiler, node.iterators, node.body)
        partial = compiler.place("partial")
        body = compiler.code(node.body)

    def for_(frame: Frame) -> list[Any]:
        results: list[Any] = []
        frame[partial] = results
        limit = frame[0].budget.item_count
        for _ in turns(frame):
            results.append(body(frame))
            if len(results) > limit:
                frame[0].afford_items(len(results))
        return results

    return compiler.guarded(node.at, for_)


@compiles(tree.Quantified)
def quantified(compiler: Compiler, node: tree.Quantified) -> Code:
    """Whether some, or every, turn satisfies a condition; null where that is not known."""
    with compiler.block():
        turns = _turns(compiler, node.iterators, node.condition)
        condition = compiler.code(node.condition)
    decisive = node.quantifier == "some"

    def quantified(frame: Frame) -> bool | None:
        result: bool | None = not decisive
        for _ in turns(frame):
            value = condition(frame)
            if value is decisive:
                return bool(value)
            if type(value) is not bool:
                result = None
        return result

    return compiler.guarded(node.at, quantified)
