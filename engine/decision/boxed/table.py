"""Decision tables (chapter 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine.decision.compiling import Compiling, feel
from engine.decision.evaluation import Code, Evaluation, Match, Scope
from engine.decision.hits import AGGREGATIONS, SEVERAL, SINGLE, Hits, Outputs
from engine.decision.itemkinds import allowed_values, component
from engine.decision.reading import Element, child, children, id_of, text_of
from engine.feel import tree
from engine.feel.comparing import equal
from engine.feel.errors import FeelError
from engine.feel.expression import Expression
from engine.feel.kinds import Kind
from engine.feel.tokens import normal_name
from engine.i18n import _


@dataclass(frozen=True, slots=True, kw_only=True)
class _Input:
    """An input column: its expression, and the values it may have."""

    code: Code
    allowed: Expression | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Output:
    """An output column: its name, what it says if no rule matches, its values in order of priority."""

    name: str
    default: Code | None
    values: tuple[Code, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A row: a test for each input column that matters, and an entry for each output column."""

    id: str
    tests: tuple[tuple[int, Expression], ...]
    entries: tuple[Code, ...]


def read(element: Element, compiling: Compiling, read_in: Callable[..., Code]) -> Code:
    """Compile a decision table."""
    inputs = [_input(column, compiling) for column in children(element, "input")]
    kind = _declared(element, compiling)
    outputs = [_output(column, kind, compiling) for column in children(element, "output")]
    if not outputs:
        compiling.wrong(element, _("A decision table needs an output column."))
    rules = [
        _rule(row, number, len(inputs), len(outputs), compiling)
        for number, row in enumerate(children(element, "rule"), 1)
    ]
    policy, aggregation = _policy(element, len(outputs), compiling)
    return _Table(id_of(element), inputs, outputs, rules, policy, aggregation).evaluate


def _policy(element: Element, outputs: int, compiling: Compiling) -> tuple[str, str | None]:
    policy = element.get("hitPolicy", "UNIQUE")
    aggregation = element.get("aggregation")
    if policy not in SINGLE and policy not in SEVERAL:
        compiling.wrong(element, _("There is no hit policy %(policy)s."), policy=policy)
        policy = "UNIQUE"
    if aggregation is not None and aggregation not in AGGREGATIONS:
        compiling.wrong(element, _("There is no aggregation %(aggregation)s."), aggregation=aggregation)
        aggregation = None
    if policy != "COLLECT" or aggregation is None:
        return policy, None
    if outputs > 1:
        compiling.wrong(element, _("Only a table with one output column can be aggregated."))
        return policy, None
    return policy, aggregation


def _declared(element: Element, compiling: Compiling) -> Kind:
    """Return the type of what the table puts out: its own, or that of the variable it is for."""
    reference = element.get("typeRef")
    parent = element.getparent()
    variable = child(parent, "variable") if parent is not None else None
    if reference is None and variable is not None:
        reference = variable.get("typeRef")
    return compiling.kind(element, reference)


def _input(column: Element, compiling: Compiling) -> _Input:
    expression = child(column, "inputExpression")
    if expression is None or not text_of(expression):
        compiling.wrong(column, _("This input column has no expression."))
        return _Input(code=lambda evaluation, scope: None, allowed=None, name="")
    text = text_of(expression)
    allowed = child(column, "inputValues")
    values = text_of(allowed)
    return _Input(
        code=feel(compiling.expression(expression, text), expression),
        allowed=compiling.expression(allowed, values, unary=True) if allowed is not None and values else None,
        name=text,
    )


def _output(column: Element, kind: Kind, compiling: Compiling) -> _Output:
    name = column.get("name", "")
    default = child(column, "defaultOutputEntry")
    listed = child(column, "outputValues")
    values: tuple[Code, ...] = ()
    if listed is not None and text_of(listed):
        if expression := compiling.expression(listed, text_of(listed), unary=True):
            values = _listed(expression, listed, compiling)
    else:
        own = compiling.kind(column, column.get("typeRef")) if column.get("typeRef") else kind
        if own is kind and name:
            own = component(kind, name)
        if expression := allowed_values(own) or (allowed_values(kind) if not name else None):
            values = _listed(expression, column, compiling)
    code: Code | None = None
    if default is not None and text_of(default):
        code = feel(compiling.expression(default, text_of(default)), default)
    return _Output(name=normal_name(name), default=code, values=values)


def _listed(expression: Expression, element: Element, compiling: Compiling) -> tuple[Code, ...]:
    """Return the values of a list of output values, one by one."""
    node = expression.tree
    if not isinstance(node, tree.UnaryTests) or node.negated:
        return ()
    starts = [test.at for test in node.tests] + [len(expression.source)]
    parts = [expression.source[start:end].strip().rstrip(",") for start, end in pairwise(starts)]
    return tuple(feel(compiling.expression(element, part), element) for part in parts)


def _rule(row: Element, number: int, inputs: int, outputs: int, compiling: Compiling) -> _Rule:
    cells, entries = [*children(row, "inputEntry")], [*children(row, "outputEntry")]
    if len(cells) != inputs or len(entries) != outputs:
        compiling.wrong(row, _("This rule does not have a cell for each column."))
    tests: list[tuple[int, Expression]] = []
    for index, cell in enumerate(cells):
        text = text_of(cell)
        if text and text != "-" and (test := compiling.expression(cell, text, unary=True)):
            tests.append((index, test))
    codes = [feel(compiling.expression(entry, text_of(entry) or "null"), entry) for entry in entries]
    return _Rule(id=row.get("id") or str(number), tests=tuple(tests), entries=tuple(codes))


class _Table:
    """A compiled decision table."""

    def __init__(
        self,
        id_: str,
        inputs: Sequence[_Input],
        outputs: Sequence[_Output],
        rules: Sequence[_Rule],
        policy: str,
        aggregation: str | None,
    ) -> None:
        self.id = id_
        self.inputs = inputs
        self.outputs = outputs
        self.rules = rules
        self.policy = policy
        self.aggregation = aggregation

    def evaluate(self, evaluation: Evaluation, scope: Scope) -> Any:
        try:
            values = [column.code(evaluation, scope) for column in self.inputs]
            numbers = self.matching(values, self.outside(values, evaluation, scope), evaluation, scope)
            evaluation.matched.append(
                Match(
                    element=evaluation.owner or self.id,
                    rules=tuple(self.rules[number].id for number in numbers),
                    indexes=tuple(number + 1 for number in numbers),
                    table=self.id,
                )
            )
            return self.result(numbers, evaluation, scope)
        except FeelError as error:
            with evaluation.at(self.id):
                return evaluation.warn(error.message, **error.params)

    def outside(self, values: Sequence[Any], evaluation: Evaluation, scope: Scope) -> set[int]:
        """Return the columns whose input is none of the values it may have."""
        outside = set()
        for index, (column, value) in enumerate(zip(self.inputs, values, strict=True)):
            allowed = column.allowed
            if allowed and value is not None and allowed.run(evaluation.run, scope, value) is not True:
                outside.add(index)
                with evaluation.at(self.id):
                    evaluation.warn(
                        _("The input %(input)s has a value that is none of %(allowed)s."),
                        input=column.name,
                        allowed=allowed.source,
                    )
        return outside

    def matching(
        self, values: Sequence[Any], outside: set[int], evaluation: Evaluation, scope: Scope
    ) -> list[int]:
        """Return the numbers of the rules that match, from 0.

        A dash matches every input but one outside of the values it may have (10.3.2.10, rule 15.c).
        """
        run = evaluation.run
        only_first = self.policy == "FIRST"
        numbers: list[int] = []
        for number, rule in enumerate(self.rules):
            run.tick()
            if outside and not outside <= {index for index, _place in rule.tests}:
                continue
            for index, test in rule.tests:
                if test.run(run, scope, values[index]) is not True:
                    break
            else:
                numbers.append(number)
                if only_first:
                    break
        return numbers

    def result(self, numbers: Sequence[int], evaluation: Evaluation, scope: Scope) -> Any:
        if not numbers:
            return self.default(evaluation, scope)
        hits = Hits(
            run=evaluation.run,
            count=len(numbers),
            outputs=lambda hit: [entry(evaluation, scope) for entry in self.rules[numbers[hit]].entries],
            ranks=lambda outputs: self.ranks(outputs, evaluation, scope),
        )
        if self.policy in SINGLE:
            return self.named(SINGLE[self.policy](hits))
        found = [self.named(outputs) for outputs in SEVERAL[self.policy](hits)]
        if self.aggregation:
            return AGGREGATIONS[self.aggregation](evaluation.run, found)
        return found

    def default(self, evaluation: Evaluation, scope: Scope) -> Any:
        if all(column.default is None for column in self.outputs):
            return None
        return self.named(
            [column.default(evaluation, scope) if column.default else None for column in self.outputs]
        )

    def named(self, outputs: Outputs) -> Any:
        if len(self.outputs) == 1:
            return outputs[0]
        return {column.name: value for column, value in zip(self.outputs, outputs, strict=False)}

    def ranks(self, outputs: Outputs, evaluation: Evaluation, scope: Scope) -> tuple[int, ...]:
        """Return the place of each output among its column's values; unlisted ones come last."""
        ranks: list[int] = []
        for column, output in zip(self.outputs, outputs, strict=False):
            values = [value(evaluation, scope) for value in column.values]
            places = (n for n, value in enumerate(values) if equal(evaluation.run, value, output) is True)
            ranks.append(next(places, len(values)))
        return tuple(ranks)
