"""From the syntax tree to closures: each node becomes a function of a frame.

A frame is a list: the run, the variables, the input of unary tests, then one place for each local
name. Which place a name has is settled here, once. Only inside a filter is a name looked for at
evaluation time, because an element's own entries come first there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.feel import tree
from engine.feel.arithmetic import calculate, negate
from engine.feel.calls import host_function
from engine.feel.comparing import equal, order, passes
from engine.feel.errors import FeelError
from engine.feel.functions import FUNCTIONS, Code, Frame, Function
from engine.feel.iteration import elements, span
from engine.feel.kinds import ANY, NULL, describe
from engine.feel.library import BUILT_INS
from engine.feel.library.lists import position
from engine.feel.numbers import DECIMAL128
from engine.feel.properties import PROPERTIES
from engine.feel.ranges import Range, compared_range
from engine.feel.runtime import Run
from engine.feel.temporal import parse_temporal
from engine.feel.tokens import normal_name

Test = Callable[[Frame, Any], "bool | None"]

_FIRST_PLACE = 3
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DECIMAL: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": DECIMAL128.add,
    "-": DECIMAL128.subtract,
    "*": DECIMAL128.multiply,
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
_FOLDED = frozenset(("date", "time", "date and time", "duration"))


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression as a closure, with the size of its frames and the names it reads from outside."""

    code: Code
    place_count: int
    names_used: frozenset[str]


def compile_tree(node: tree.Node, source: str, names: frozenset[str] = frozenset()) -> Compiled:
    """Compile a syntax tree.

    Args:
        node: The tree.
        source: The text it was read from, for warnings.
        names: The names that its scope is known to have: they come before built-in functions.
    """
    compiler = _Compiler(source, frozenset(map(normal_name, names)))
    code = compiler.code(node)
    return Compiled(code, compiler.place_count, frozenset(compiler.names_used))


class _Compiler:
    def __init__(self, source: str, names: frozenset[str]) -> None:
        self.source = source
        self.names = names
        self.names_used: set[str] = set()
        self.place_count = _FIRST_PLACE
        # Innermost last: a local name with its place, or None with the place of a filter's element.
        self.locals: list[tuple[str | None, int]] = []

    def code(self, node: tree.Node) -> Code:
        compiled: Code = self.BY_NODE[type(node)](self, node)
        return compiled

    def codes(self, nodes: Sequence[tree.Node]) -> tuple[Code, ...]:
        return tuple(map(self.code, nodes))

    def place(self, name: str | None) -> int:
        self.locals.append((name, self.place_count))
        self.place_count += 1
        return self.place_count - 1

    def null(self, at: int) -> Callable[[Frame, FeelError], None]:
        """Return what turns an error at a place of the source into null and a warning."""
        source = self.source

        def null(frame: Frame, error: FeelError) -> None:
            frame[0].warn(error.message, error.params, source, at)

        return null

    def guarded(self, at: int, code: Code) -> Code:
        null = self.null(at)

        def guarded(frame: Frame) -> Any:
            try:
                return code(frame)
            except FeelError as error:
                return null(frame, error)

        return guarded

    # Literals and names.

    def literal(self, node: tree.Literal) -> Code:
        value = node.value
        return lambda frame: value

    def at_literal(self, node: tree.AtLiteral) -> Code:
        try:
            value = parse_temporal(node.text)
        except ValueError:
            return self.failing(node.at, "%(text)s is no date, time or duration.", text=node.text[:40])
        return lambda frame: value

    def failing(self, at: int, message: str, **params: Any) -> Code:
        source = self.source

        def fail(frame: Frame) -> None:
            frame[0].warn(message, params, source, at)

        return fail

    def name(self, node: tree.Name) -> Code:
        if node.name == "?":
            return lambda frame: frame[2]
        return self.lookup(node.name, len(self.locals), node.at)

    def lookup(self, name: str, level: int, at: int, *, in_filter: bool = False) -> Code:
        """Return the closure that finds a name among the locals below a level, or outside."""
        while level:
            level -= 1
            local, place = self.locals[level]
            if local == name:
                if name == "partial":
                    return lambda frame: _copy(frame, frame[place])
                return lambda frame: frame[place]
            if local is None:
                return self.lookup_in_element(name, place, self.lookup(name, level, at, in_filter=True))
        return self.variable(name, at, quiet=in_filter)

    def lookup_in_element(self, name: str, place: int, outer: Code) -> Code:
        def look(frame: Frame) -> Any:
            element = frame[place]
            if type(element) is dict and name in element:
                return element[name]
            return element if name == "item" else outer(frame)

        return look

    def variable(self, name: str, at: int, *, quiet: bool) -> Code:
        if name not in BUILT_INS or name in self.names:
            self.names_used.add(name)
        source = self.source

        def missing(frame: Frame) -> Any:
            run = frame[0]
            if name in run.functions:
                return host_function(name, run.functions[name])
            if name in BUILT_INS:
                return BUILT_INS[name]
            if not quiet:
                run.warn("There is no variable named %(name)s.", {"name": name}, source, at)
            return None

        def variable(frame: Frame) -> Any:
            try:
                return frame[1][name]
            except KeyError:
                return missing(frame)

        return variable

    def list_(self, node: tree.ListLiteral) -> Code:
        items = self.codes(node.items)

        def list_(frame: Frame) -> Any:
            frame[0].tick(len(items))
            return [item(frame) for item in items]

        return list_

    def context(self, node: tree.ContextLiteral) -> Code:
        level = len(self.locals)
        entries: list[tuple[str, int, Code]] = []
        for key, value in node.entries:
            code = self.code(value)
            entries.append((key, self.place(normal_name(key)), code))
        del self.locals[level:]
        keys = [key for key, _ in node.entries]
        twice = [key for key in keys if keys.count(key) > 1] if len(set(keys)) < len(keys) else []
        if twice:
            return self.failing(node.at, "There are two entries named %(name)s.", name=twice[0])

        def context(frame: Frame) -> dict[str, Any]:
            frame[0].tick(len(entries))
            made = {}
            for key, place, code in entries:
                made[key] = frame[place] = code(frame)
            return made

        return context

    # Ranges and tests.

    def interval(self, node: tree.Interval) -> Code:
        start, end = self.code(node.start), self.code(node.end)
        included = node.start_included, node.end_included

        def interval(frame: Frame) -> Range | None:
            low, high = start(frame), end(frame)
            if low is None or high is None:
                return None
            order(low, high)
            return Range(low, high, *included)

        return self.guarded(node.at, interval)

    def comparator(self, node: tree.Comparator) -> Code:
        operand, sign = self.code(node.operand), node.operator

        def comparator(frame: Frame) -> Range | None:
            value = operand(frame)
            if sign in ("=", "!="):
                return compared_range(sign, value)
            if value is None:
                return None
            order(value, value)
            return compared_range(sign, value)

        return self.guarded(node.at, comparator)

    def test(self, node: tree.Node) -> Test:
        """Return a closure that tells whether a value passes a test."""
        if isinstance(node, tree.Comparator):
            return self.comparing_test(node)
        code = self.code(node)
        return lambda frame, value: passes(frame[0], value, code(frame))

    def comparing_test(self, node: tree.Comparator) -> Test:
        operand, sign, compare = self.code(node.operand), node.operator, _COMPARE[node.operator]

        def test(frame: Frame, value: Any) -> bool | None:
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

        return test

    def unary_tests(self, node: tree.UnaryTests) -> Code:
        if not node.tests:
            return lambda frame: True
        tests = [self.cell_test(test) for test in node.tests]
        if len(tests) == 1:
            test = tests[0]
            passed: Code = lambda frame: test(frame, frame[2])  # noqa: E731
        else:
            passed = lambda frame: _any(frame, tests, frame[2])  # noqa: E731
        if not node.negated:
            return passed

        def negated(frame: Frame) -> bool | None:
            result = passed(frame)
            return None if result is None else not result

        return negated

    def cell_test(self, node: tree.Node) -> Test:
        """Return the test of one part of a cell.

        A part that mentions ``?``, or that says true or false by itself, is asked; any other is compared
        with the input.
        """
        test = self.test(node)
        asks = mentions_input(node)
        if not asks and not isinstance(node, _VERDICTS):
            return test
        code = self.code(node)

        def cell_test(frame: Frame, value: Any) -> bool | None:
            result = code(frame)
            if type(result) is bool and (asks or type(value) is not bool):
                return result
            return None if result is None and asks else passes(frame[0], value, result)

        return cell_test

    def in_(self, node: tree.In) -> Code:
        value = self.code(node.value)
        tests = [self.test(test) for test in node.tests]
        if len(tests) == 1:
            test = tests[0]
            return lambda frame: test(frame, value(frame))
        return lambda frame: _any(frame, tests, value(frame))

    # Comparison and logic.

    def comparison(self, node: tree.Comparison) -> Code:
        left, right, compare = self.code(node.left), self.code(node.right), _COMPARE[node.operator]
        slow = self.equality(node) if node.operator in ("=", "!=") else self.ordering(node)
        if isinstance(node.right, tree.Literal) and type(node.right.value) in (Decimal, str):
            fixed, wanted = node.right.value, type(node.right.value)

            def compare_fixed(frame: Frame) -> bool | None:
                value = left(frame)
                return compare(value, fixed) if type(value) is wanted else slow(frame, value, fixed)

            return compare_fixed

        def comparison(frame: Frame) -> bool | None:
            first, second = left(frame), right(frame)
            kind = type(first)
            if kind is type(second) and (kind is Decimal or kind is str):
                return compare(first, second)
            return slow(frame, first, second)

        return comparison

    def equality(self, node: tree.Comparison) -> Callable[[Frame, Any, Any], bool | None]:
        negated, source, at = node.operator == "!=", self.source, node.at

        def equality(frame: Frame, left: Any, right: Any) -> bool | None:
            same = equal(frame[0], left, right)
            if same is None:
                message = "%(left)s and %(right)s cannot be equal."
                frame[0].warn(message, {"left": describe(left), "right": describe(right)}, source, at)
                return None
            return same is not negated

        return equality

    def ordering(self, node: tree.Comparison) -> Callable[[Frame, Any, Any], bool | None]:
        compare, null = _COMPARE[node.operator], self.null(node.at)

        def ordering(frame: Frame, left: Any, right: Any) -> bool | None:
            if left is None or right is None:
                return None
            try:
                return compare(order(left, right), 0)
            except FeelError as error:
                return null(frame, error)

        return ordering

    def between(self, node: tree.Between) -> Code:
        value, low, high = self.codes((node.value, node.low, node.high))

        def between(frame: Frame) -> bool | None:
            values = value(frame), low(frame), high(frame)
            if None in values:
                return None
            return order(values[0], values[1]) >= 0 and order(values[0], values[2]) <= 0

        return self.guarded(node.at, between)

    def logic(self, node: tree.Logic) -> Code:
        operands = self.codes(node.operands)
        decisive = node.operator == "or"

        def logic(frame: Frame) -> bool | None:
            result: bool | None = not decisive
            for operand in operands:
                value = operand(frame)
                if value is decisive:
                    return decisive
                if type(value) is not bool:
                    result = None
            return result

        return logic

    def if_(self, node: tree.If) -> Code:
        condition, then, otherwise = self.codes((node.condition, node.then, node.otherwise))
        return lambda frame: then(frame) if condition(frame) is True else otherwise(frame)

    def instance_of(self, node: tree.InstanceOf) -> Code:
        value, kind = self.code(node.value), node.kind

        def instance_of(frame: Frame) -> bool:
            instance = value(frame)
            return kind == NULL if instance is None else kind.has(instance)

        return self.guarded(node.at, instance_of)

    # Arithmetic.

    def negation(self, node: tree.Negation) -> Code:
        operand = self.code(node.operand)
        return self.guarded(node.at, lambda frame: negate(operand(frame)))

    def arithmetic(self, node: tree.Arithmetic) -> Code:
        first: tree.Node = node
        steps: list[tuple[str, Code]] = []
        while isinstance(first, tree.Arithmetic):
            steps.append((first.operator, self.code(first.right)))
            first = first.left
        steps.reverse()
        start = self.code(first)
        if len(steps) == 1 and steps[0][0] in _DECIMAL:
            return self.one_sum(node.at, start, *steps[0])

        def arithmetic(frame: Frame) -> Any:
            value = start(frame)
            for sign, operand in steps:
                value = calculate(frame[0], sign, value, operand(frame))
            return value

        return self.guarded(node.at, arithmetic)

    def one_sum(self, at: int, left: Code, sign: str, right: Code) -> Code:
        apply = _DECIMAL[sign]

        def one_sum(frame: Frame) -> Any:
            first, second = left(frame), right(frame)
            if type(first) is Decimal and type(second) is Decimal:
                try:
                    return apply(first, second)
                except ArithmeticError:
                    pass
            return calculate(frame[0], sign, first, second)

        return self.guarded(at, one_sum)

    # Paths and filters.

    def path(self, node: tree.Path) -> Code:
        source, name = self.code(node.source), node.name
        null = self.null(node.at)

        def path(frame: Frame) -> Any:
            value = source(frame)
            if type(value) is dict and name in value:
                return value[name]
            if type(value) is list:
                frame[0].tick(len(value))
                return [_property(item, name) for item in value]
            if value is None:
                return None
            if type(value) is dict or name not in PROPERTIES.get(type(value), ()):
                return null(frame, FeelError("There is no entry named %(name)s.", name=name))
            return PROPERTIES[type(value)][name](value)

        return path

    def filter_(self, node: tree.Filter) -> Code:
        source = self.filter_source(node.source)
        if isinstance(node.condition, tree.Literal) and type(node.condition.value) is Decimal:
            index = node.condition.value
            return lambda frame: _pick(source(frame), index)
        level = len(self.locals)
        place = self.place(None)
        condition = self.code(node.condition)
        del self.locals[level:]
        return self.guarded(node.at, lambda frame: _select(frame, source(frame), place, condition))

    def filter_source(self, node: tree.Node) -> Callable[[Frame], list[Any]]:
        code = self.code(node)
        if isinstance(node, tree.Name) and node.name == "partial":
            for local, place in reversed(self.locals):
                if local == "partial":
                    # What is picked from it is new, so the list itself need not be copied.
                    code = lambda frame, place=place: frame[place]  # noqa: E731
                    break

        def items(frame: Frame) -> list[Any]:
            value = code(frame)
            return value if type(value) is list else [] if value is None else [value]

        return items

    # Loops.

    def turns(self, iterators: Sequence[tree.Iterator]) -> Callable[[Frame], Iterator[None]]:
        """Return a closure that steps through all combinations, each put in its places."""
        loops: list[tuple[Callable[[Frame], Sequence[Any]], int]] = []
        for iterator in iterators:
            source = self.code(iterator.source)
            until = self.code(iterator.until) if iterator.until else None
            loops.append((_domain(source, until), self.place(iterator.name)))

        def turn(frame: Frame, index: int) -> Iterator[None]:
            items, place = loops[index]
            run = frame[0]
            last = index == len(loops) - 1
            for item in items(frame):
                run.tick()
                frame[place] = item
                if last:
                    yield
                else:
                    yield from turn(frame, index + 1)

        return lambda frame: turn(frame, 0)

    def for_(self, node: tree.For) -> Code:
        level = len(self.locals)
        turns = self.turns(node.iterators)
        partial = self.place("partial")
        body = self.code(node.body)
        del self.locals[level:]

        def for_(frame: Frame) -> list[Any]:
            results: list[Any] = []
            frame[partial] = results
            limit = frame[0].budget.item_count
            for _ in turns(frame):
                results.append(body(frame))
                if len(results) > limit:
                    frame[0].afford_items(len(results))
            return results

        return self.guarded(node.at, for_)

    def quantified(self, node: tree.Quantified) -> Code:
        level = len(self.locals)
        turns = self.turns(node.iterators)
        condition = self.code(node.condition)
        del self.locals[level:]
        decisive = node.quantifier == "some"

        def quantified(frame: Frame) -> bool | None:
            result: bool | None = not decisive
            for _ in turns(frame):
                value = condition(frame)
                if value is decisive:
                    return decisive
                if type(value) is not bool:
                    result = None
            return result

        return self.guarded(node.at, quantified)

    # Functions.

    def function(self, node: tree.FunctionLiteral) -> Code:
        names = tuple(name for name, _ in node.parameters)
        kinds = tuple(kind for _, kind in node.parameters)
        if node.external:
            return self.failing(node.at, "External functions are not run.")
        level = len(self.locals)
        places = [self.place(name) for name in names]
        body = self.code(node.body)
        del self.locals[level:]

        def function(frame: Frame) -> Function:
            captured = frame[:]

            def code(run: Any, values: Sequence[Any]) -> Any:
                inner = captured[:]
                inner[0] = run
                for place, value in zip(places, values, strict=True):
                    inner[place] = value
                return body(inner)

            return Function("function", names, kinds, ANY, code)

        return function

    def invocation(self, node: tree.Invocation) -> Code:
        if (folded := self.folded(node)) is not None:
            return folded
        callee = self.callee(node.function)
        arguments, names, null = self.codes(node.arguments), node.names, self.null(node.at)

        def invocation(frame: Frame) -> Any:
            function = callee(frame)
            if type(function) not in FUNCTIONS:
                return null(frame, FeelError("%(kind)s is no function.", kind=describe(function)))
            values = [argument(frame) for argument in arguments]
            try:
                if names:
                    return function.call_named(frame[0], dict(zip(names, values, strict=True)))
                return function.call(frame[0], values)
            except FeelError as error:
                return null(frame, error)
            except ArithmeticError:
                return null(frame, FeelError("A number is out of range."))
            except ValueError:
                return null(frame, FeelError("A value is out of range."))

        return invocation

    def folded(self, node: tree.Invocation) -> Code | None:
        """Return the constant that ``date("2026-03-02")`` and its like stand for."""
        function, arguments = node.function, node.arguments
        if (
            isinstance(function, tree.Name)
            and function.name in _FOLDED
            and not self.is_known(function.name)
            and len(arguments) == 1
            and not node.names
            and isinstance(arguments[0], tree.Literal)
            and type(arguments[0].value) is str
        ):
            try:
                value = BUILT_INS[function.name].call(Run({}, None), [arguments[0].value])
            except (FeelError, ValueError):
                return None
            return lambda frame: value
        return None

    def is_known(self, name: str) -> bool:
        return name in self.names or any(local == name for local, _ in self.locals)

    def callee(self, node: tree.Node) -> Code:
        """Return the closure that finds a function: one of the scope, a built-in one, or the caller's."""
        if isinstance(node, tree.Name) and node.name in BUILT_INS:
            built_in = BUILT_INS[node.name]
            if not self.is_known(node.name):
                return lambda frame: built_in
            own = self.code(node)

            def shadowed(frame: Frame) -> Any:
                value = own(frame)
                return value if type(value) in FUNCTIONS else built_in

            return shadowed
        code = self.code(node)
        dotted = _dotted(node)
        if dotted is None:
            return code
        self.names_used.add(dotted)

        def named(frame: Frame) -> Any:
            run = frame[0]
            if dotted in run.functions:
                return host_function(dotted, run.functions[dotted])
            return code(frame)

        return named

    BY_NODE: Mapping[type, Callable[[_Compiler, Any], Code]] = {
        tree.Literal: literal,
        tree.AtLiteral: at_literal,
        tree.Name: name,
        tree.ListLiteral: list_,
        tree.ContextLiteral: context,
        tree.Interval: interval,
        tree.Comparator: comparator,
        tree.UnaryTests: unary_tests,
        tree.In: in_,
        tree.Comparison: comparison,
        tree.Between: between,
        tree.Logic: logic,
        tree.If: if_,
        tree.InstanceOf: instance_of,
        tree.Negation: negation,
        tree.Arithmetic: arithmetic,
        tree.Path: path,
        tree.Filter: filter_,
        tree.For: for_,
        tree.Quantified: quantified,
        tree.FunctionLiteral: function,
        tree.Invocation: invocation,
    }


def _copy(frame: Frame, items: list[Any]) -> list[Any]:
    frame[0].afford_items(len(items))
    return items[:]


def _any(frame: Frame, tests: Sequence[Test], value: Any) -> bool | None:
    result: bool | None = False
    for test in tests:
        passed = test(frame, value)
        if passed:
            return True
        if passed is None:
            result = None
    return result


def _property(value: Any, name: str) -> Any:
    if type(value) is dict:
        return value.get(name)
    if type(value) is list:
        return [_property(item, name) for item in value]
    read = PROPERTIES.get(type(value), {}).get(name)
    return read(value) if read else None


def _pick(items: list[Any], index: Decimal) -> Any:
    try:
        return items[position(items, index)]
    except FeelError:
        return None


def _select(frame: Frame, items: list[Any], place: int, condition: Code) -> Any:
    """Return the elements for which a condition is true, or the one whose position it is."""
    run = frame[0]
    run.tick(len(items))
    if not items:
        frame[place] = None
        return None if type(condition(frame)) is Decimal else []
    chosen = []
    for item in items:
        frame[place] = item
        verdict = condition(frame)
        if verdict is True:
            chosen.append(item)
        elif verdict is False or verdict is None:
            continue
        elif type(verdict) is Decimal and item is items[0]:
            return _pick(items, verdict)
        else:
            raise FeelError("A filter is a condition or a position, not %(kind)s.", kind=describe(verdict))
    return chosen


def _domain(source: Code, until: Code | None) -> Callable[[Frame], Any]:
    if until is None:
        return lambda frame: elements(source(frame))
    return lambda frame: span(source(frame), until(frame))


def _dotted(node: tree.Node) -> str | None:
    parts: list[str] = []
    while isinstance(node, tree.Path):
        parts.append(node.name)
        node = node.source
    if not parts or not isinstance(node, tree.Name):
        return None
    return ".".join([node.name, *reversed(parts)])


def mentions_input(node: tree.Node) -> bool:
    """Tell whether an expression asks about the input of a unary test."""
    return (isinstance(node, tree.Name) and node.name == "?") or any(map(mentions_input, tree.children(node)))
