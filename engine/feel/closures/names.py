"""Literals, names, lists, contexts and ranges."""

from __future__ import annotations

from typing import Any

from engine.feel import tree
from engine.feel.calls import host_function
from engine.feel.closures.compiler import Compiler, Constant, compiles
from engine.feel.comparing import order
from engine.feel.errors import FeelError
from engine.feel.functions import Code, Frame
from engine.feel.library import BUILT_INS
from engine.feel.ranges import Range, compared_range
from engine.feel.temporal import parse_temporal
from engine.feel.tokens import normal_name
from engine.i18n import _


@compiles(tree.Literal)
def literal(compiler: Compiler, node: tree.Literal) -> Code:
    """A value as it is written."""
    return Constant(node.value)


@compiles(tree.AtLiteral)
def at_literal(compiler: Compiler, node: tree.AtLiteral) -> Code:
    """A temporal value; null where the text is none."""
    try:
        return Constant(parse_temporal(node.text))
    except ValueError:
        return compiler.failing(node.at, _("%(text)s is no date, time or duration."), text=node.text[:40])


@compiles(tree.Name)
def name(compiler: Compiler, node: tree.Name) -> Code:
    """The value of a name: local, of the scope, or a function."""
    return entry_of(compiler, node, None)


def entry_of(compiler: Compiler, node: tree.Name, entry: str | None) -> Code:
    """Compile a name of which only one entry is read, or all."""
    if node.name == "?" and not compiler.is_known("?"):
        return lambda frame: frame[2]
    return _lookup(compiler, node, entry, len(compiler.locals), in_filter=False)


def _lookup(compiler: Compiler, node: tree.Name, entry: str | None, level: int, *, in_filter: bool) -> Code:
    """Return the closure that finds a name among the locals below a level, or outside."""
    while level:
        level -= 1
        local, place = compiler.locals[level]
        if local == node.name:
            return _local(local, place)
        if local is None and node.name == "item":
            return _item(place)
        if local is None:
            return _in_element(node.name, place, _lookup(compiler, node, entry, level, in_filter=True))
    return _variable(compiler, node, entry, quiet=in_filter)


def _local(name: str, place: int) -> Code:
    if name != "partial":
        return lambda frame: frame[place]

    def partial(frame: Frame) -> list[Any]:
        # The loop goes on adding to its results: what is seen now must stay as it is.
        results: list[Any] = frame[place]
        frame[0].afford_items(len(results))
        return results[:]

    return partial


def _in_element(name: str, place: int, outer: Code) -> Code:
    def look(frame: Frame) -> Any:
        element = frame[place]
        if type(element) is dict and name in element:
            return element[name]
        return outer(frame)

    return look


def _item(place: int) -> Code:
    def item(frame: Frame) -> Any:
        element = frame[place]
        return element["item"] if type(element) is dict and "item" in element else element

    return item


def _variable(compiler: Compiler, node: tree.Name, entry: str | None, *, quiet: bool) -> Code:
    name = node.name
    # A variable hides a built-in function of its name: which one it is, only the scope can tell.
    compiler.use(name, entry)
    null = compiler.null(node.at)

    def missing(frame: Frame) -> Any:
        functions = frame[0].functions
        if name in functions:
            return host_function(name, functions[name])
        if name in BUILT_INS:
            return BUILT_INS[name]
        # An element of a filtered list need not have the entry that the condition asks for.
        return None if quiet else null(frame, FeelError(_("There is no variable named %(name)s."), name=name))

    def variable(frame: Frame) -> Any:
        try:
            return frame[1][name]
        except KeyError:
            return missing(frame)

    return variable


@compiles(tree.ListLiteral)
def list_(compiler: Compiler, node: tree.ListLiteral) -> Code:
    """A list."""
    items = compiler.codes(node.items)

    def list_(frame: Frame) -> list[Any]:
        frame[0].tick(len(items))
        return [item(frame) for item in items]

    return list_


@compiles(tree.ContextLiteral)
def context(compiler: Compiler, node: tree.ContextLiteral) -> Code:
    """A context, whose entries see those before them."""
    entries: list[tuple[str, int, Code]] = []
    seen: set[str] = set()
    with compiler.block():
        for key, value in node.entries:
            if key in seen:
                return compiler.failing(node.at, _("There are two entries named %(name)s."), name=key)
            seen.add(key)
            code = compiler.code(value)
            entries.append((key, compiler.place(normal_name(key)), code))

    def context(frame: Frame) -> dict[str, Any]:
        frame[0].tick(len(entries))
        made = {}
        for key, place, code in entries:
            made[key] = frame[place] = code(frame)
        return made

    return context


@compiles(tree.Interval)
def interval(compiler: Compiler, node: tree.Interval) -> Code:
    """A range with two ends; null where one of them is."""
    start, end = compiler.code(node.start), compiler.code(node.end)
    included = node.start_included, node.end_included

    def interval(frame: Frame) -> Range | None:
        low, high = start(frame), end(frame)
        if low is None or high is None:
            return None
        order(low, high)
        return Range(low, high, *included)

    return _once(compiler, node.at, interval, start, end)


@compiles(tree.Comparator)
def comparator(compiler: Compiler, node: tree.Comparator) -> Code:
    """A range with one end."""
    operand, operator = compiler.code(node.operand), node.operator

    def comparator(frame: Frame) -> Range | None:
        value = operand(frame)
        if operator not in ("=", "!="):
            if value is None:
                return None
            order(value, value)
        return compared_range(operator, value)

    return _once(compiler, node.at, comparator, operand)


def _once(compiler: Compiler, at: int, code: Code, *parts: Code) -> Code:
    """Return a constant where all parts are constant; else a closure that fails softly."""
    if all(isinstance(part, Constant) for part in parts):
        try:
            return Constant(code([]))
        except FeelError:
            pass
    return compiler.guarded(at, code)
