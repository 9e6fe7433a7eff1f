"""Paths and filters (10.3.2.5)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.feel import tree
from engine.feel.closures.compiler import Compiler, Constant, compiles
from engine.feel.closures.names import entry_of
from engine.feel.errors import FeelError
from engine.feel.functions import Code, Frame
from engine.feel.kinds import describe
from engine.feel.library.lists import position
from engine.feel.properties import PROPERTIES
from engine.feel.runtime import Run
from engine.i18n import _


@compiles(tree.Path)
def path(compiler: Compiler, node: tree.Path) -> Code:
    """``source.name``: of a list, the entries of all its elements."""
    name, null = node.name, compiler.null(node.at)
    if isinstance(node.source, tree.Name):
        source = entry_of(compiler, node.source, name)
    else:
        source = compiler.code(node.source)

    def path(frame: Frame) -> Any:
        value = source(frame)
        kind = type(value)
        if kind is dict and name in value:
            return value[name]
        if kind is list:
            run = frame[0]
            run.tick(len(value))
            return [_entry(run, item, name) for item in value]
        if value is None:
            return None
        if kind is dict or name not in PROPERTIES.get(kind, ()):
            return null(frame, FeelError(_("There is no entry named %(name)s."), name=name))
        return PROPERTIES[kind][name](value)

    return path


def _entry(run: Run, value: Any, name: str) -> Any:
    if type(value) is dict:
        return value.get(name)
    if type(value) is list:
        run.tick(len(value))
        return [_entry(run, item, name) for item in value]
    read = PROPERTIES.get(type(value), {}).get(name)
    return read(value) if read else None


@compiles(tree.Filter)
def filter_(compiler: Compiler, node: tree.Filter) -> Code:
    """``source[condition]``, or the element at a position."""
    source = _items(compiler, node.source)
    with compiler.block():
        place = compiler.place(None)
        condition = compiler.code(node.condition)
    if isinstance(condition, Constant) and type(condition.value) is Decimal:
        index = condition.value
        return lambda frame: _pick(source(frame), index)
    effort = tree.effort(node.condition)
    return compiler.guarded(node.at, lambda frame: _select(frame, source(frame), place, condition, effort))


def _items(compiler: Compiler, node: tree.Node) -> Callable[[Frame], list[Any]]:
    """Return the closure of a list; a single value is a list of one."""
    code = compiler.code(node)
    if isinstance(node, tree.Name) and node.name == "partial":
        places = [place for local, place in compiler.locals if local == "partial"]
        if places:
            # What is picked from the results is new, so they need not be copied.
            return lambda frame: frame[places[-1]]

    def items(frame: Frame) -> list[Any]:
        value = code(frame)
        return value if type(value) is list else [] if value is None else [value]

    return items


def _pick(items: list[Any], index: Decimal) -> Any:
    try:
        return items[position(items, index)]
    except FeelError:
        return None


def _select(frame: Frame, items: list[Any], place: int, condition: Code, effort: int) -> Any:
    """Return the elements for which a condition is true, or the one whose position it is."""
    frame[0].tick(len(items) * effort)
    chosen: list[Any] = []
    for number, item in enumerate(items):
        frame[place] = item
        verdict = condition(frame)
        if verdict is True:
            chosen.append(item)
        elif type(verdict) is Decimal and number == 0:
            return _pick(items, verdict)
        elif verdict is not False and verdict is not None:
            raise FeelError(_("A filter is a condition or a position, not %(kind)s."), kind=describe(verdict))
    return chosen
