"""What the parts of a model share while it is compiled: known types, known names, problems found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.decision.evaluation import Code, Evaluation, Scope
from engine.decision.reading import Element, id_of, line_of
from engine.errors import Problem
from engine.feel.errors import FeelError, FeelSyntaxError
from engine.feel.expression import Expression, build
from engine.feel.kinds import ANY, KINDS, Kind
from engine.i18n import _

_NOTHING_SAID = frozenset(("", "Any", "<Undefined>"))


@dataclass(frozen=True, slots=True)
class Compiling:
    """The place in a model at which something is compiled.

    Args:
        kinds: The model's types by name, beside FEEL's own.
        names: The names that are known here.
        problems: What was found wrong so far; shared by all places.
        words: The names of components and imported elements: what may follow a point.
    """

    kinds: Mapping[str, Kind]
    names: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    words: frozenset[str] = frozenset()

    def knowing(self, names: Iterable[str]) -> Compiling:
        """Return a place at which more names are known."""
        return replace(self, names=self.names | frozenset(names))

    def wrong(self, element: Element, message: str, **params: Any) -> None:
        """Note a problem of an element."""
        self.problems.append(
            Problem(
                path=id_of(element),
                message=message,
                params=params,
                element_name=element.get("name"),
                line=line_of(element),
            )
        )

    def expression(self, element: Element, text: str, *, unary: bool = False) -> Expression | None:
        """Read FEEL; None, and a problem noted, where it cannot be read."""
        try:
            return build(text, self.names | self.words, unary=unary, kinds=self.kinds)
        except FeelSyntaxError as error:
            self.wrong(
                element,
                _("%(text)s: line %(at_line)s, column %(at_column)s: %(reason)s"),
                text=text[:60],
                at_line=error.line,
                at_column=error.column,
                reason=error.phrase,
            )
            return None

    def kind(self, element: Element, name: str | None) -> Kind:
        """Return the type of a name; a problem is noted where there is none."""
        name = (name or "").strip()
        if name in _NOTHING_SAID:
            return ANY
        kind = self.kinds.get(name) or KINDS.get(name)
        if kind is None and ":" in name:
            # DMN 1.1 wrote qualified names: feel:number.
            kind = KINDS.get(name.split(":", 1)[1]) or self.kinds.get(name.replace(":", ".", 1))
        if kind is None:
            self.wrong(
                element, _("There is no type named %(type)s: define it, or choose another."), type=name
            )
            return ANY
        return kind


def feel(expression: Expression | None, element: Element) -> Code:
    """Return the code that evaluates FEEL inside of a model."""
    place = id_of(element)
    if expression is None:
        return nothing(element, _("This expression cannot be read."))

    def evaluate(evaluation: Evaluation, scope: Scope) -> Any:
        with evaluation.at(place):
            return expression.run(evaluation.run, scope)

    return evaluate


def nothing(element: Element, message: str) -> Code:
    """Return the code of something that cannot be evaluated."""
    place = id_of(element)

    def evaluate(evaluation: Evaluation, scope: Scope) -> None:
        with evaluation.at(place):
            evaluation.warn(message)

    return evaluate


def coerced(code: Code, kind: Kind, element: Element) -> Code:
    """Return the code that makes a value one of a type, or null with a warning."""
    if kind is ANY:
        return code
    place = id_of(element)

    def evaluate(evaluation: Evaluation, scope: Scope) -> Any:
        value = code(evaluation, scope)
        try:
            return kind.coerce(value)
        except FeelError as error:
            with evaluation.at(place):
                evaluation.warn(error.message, **error.params)
            return None

    return evaluate
