"""A compiled expression and what its evaluation gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from engine.feel import tree
from engine.feel.closures import Compiled, compile_tree
from engine.feel.errors import FeelError, FeelWarning, OverBudget
from engine.feel.exchange import is_small, plain
from engine.feel.grammar import parse
from engine.feel.kinds import Kind
from engine.feel.runtime import DEFAULT_BUDGET, Budget, Run
from engine.feel.tokens import normal_name
from engine.i18n import _

_NO_FUNCTIONS: Mapping[str, Callable[..., Any]] = {}
_MISSING = object()
# In characters. What a drawing or a table holds keeps its own; this is for what is asked over and over.
_LONGEST_KEPT = 500


class Result(NamedTuple):
    """What an evaluation gives: a value, and why some of it may be null."""

    value: Any
    warnings: tuple[FeelWarning, ...] = ()


class Expression:
    """An expression that was read once and can be evaluated many times.

    Attributes:
        source: The text.
        names_used: The names it may read from its scope, own functions among them.
        tree: The syntax tree.
    """

    __slots__ = ("_code", "_places", "_used", "names_used", "source", "tree")

    def __init__(self, source: str, node: tree.Node, compiled: Compiled) -> None:
        self.source = source
        self.tree = node
        self.names_used = frozenset(compiled.names_used)
        self._used = compiled.names_used
        self._code = compiled.code
        self._places: list[Any] = [None] * compiled.place_count

    def evaluate(
        self,
        scope: Mapping[str, Any],
        *,
        functions: Mapping[str, Callable[..., Any]] = _NO_FUNCTIONS,
        now: datetime | None = None,
        budget: Budget | None = None,
        value: Any = None,
    ) -> Result:
        """Evaluate the expression; whatever goes wrong gives null and a warning.

        Args:
            scope: The variables: JSON values or FEEL values, by name.
            functions: Own functions, by their names (``manager of``, ``working time.add``).
            now: The aware instant of the evaluation, in the centre's zone.
            budget: What it may take.
            value: The input that unary tests look at.
        """
        run = Run(functions, now, budget or DEFAULT_BUDGET)
        variables = {}
        for name, entries in self._used.items():
            given = scope.get(name, _MISSING)
            if given is not _MISSING:
                # Of a large context only the entries that are read are looked through.
                if entries and type(given) is dict:
                    given = {entry: given[entry] for entry in entries if entry in given}
                variables[name] = plain(given)
        if len(variables) < len(self.names_used):
            self._find_respelled(scope, variables)
        return settle(run, lambda: self.run(run, variables, plain(value)))

    def run(self, run: Run, variables: Mapping[str, Any], value: Any = None) -> Any:
        """Evaluate inside of an evaluation that is under way; the variables are FEEL values.

        Raises:
            OverBudget: The run has nothing left.
        """
        frame = self._places[:]
        frame[0] = run
        frame[1] = variables
        frame[2] = value
        return self._code(frame)

    def _find_respelled(self, scope: Mapping[str, Any], variables: dict[str, Any]) -> None:
        """Find names that the scope spells with other spaces than the expression."""
        for name, value in scope.items():
            if not name.isidentifier() and (spelled := normal_name(name)) in self.names_used:
                variables.setdefault(spelled, plain(value))


def settle(run: Run, evaluate: Callable[[], Any]) -> Result:
    """Evaluate to the end: a value that is too large, or a run that takes too much, is null."""
    try:
        value = evaluate()
        if type(value) in (list, dict) and not is_small(value, run.budget.item_count):
            raise OverBudget(_("The result is too large."))
    except OverBudget as end:
        value = None
        run.warn(str(end), {}, "", 0)
    except FeelError as error:
        value = None
        run.warn(error.message, error.params, "", 0)
    except RecursionError:
        value = None
        run.warn(_("The expression is nested too deeply."), {}, "", 0)
    except (ArithmeticError, ValueError, MemoryError):
        value = None
        run.warn(_("A value is out of range."), {}, "", 0)
    return Result(value, run.told() if run.warnings else ())


def compile_expression(source: str, names: frozenset[str] = frozenset(), unary: bool = False) -> Expression:
    """Read and compile an expression; the same one is read once, unless it is very long.

    Raises:
        FeelSyntaxError: It cannot be read.
    """
    if len(source) > _LONGEST_KEPT:
        return build(source, names, unary=unary)
    return _compiled(source, names, unary)


@lru_cache(maxsize=2048)
def _compiled(source: str, names: frozenset[str], unary: bool) -> Expression:
    return build(source, names, unary=unary)


def build(
    source: str,
    names: frozenset[str],
    *,
    unary: bool = False,
    kinds: Mapping[str, Kind] | None = None,
) -> Expression:
    """Read and compile an expression that may name types of a model.

    Raises:
        FeelSyntaxError: It cannot be read.
    """
    node = parse(source, names=names, unary=unary, kinds=kinds)
    return Expression(source, node, compile_tree(node, source, names))
