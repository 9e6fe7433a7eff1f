"""A decision model: read once, evaluated many times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.decision import itemkinds
from engine.decision.compiling import Compiling
from engine.decision.evaluation import Evaluation, Match
from engine.decision.graph import (
    Decision,
    Knowledge,
    Module,
    Node,
    Service,
    find_cycles,
    link,
    read_nodes,
)
from engine.decision.reading import children, line_of, read
from engine.errors import DefinitionError, NotFound, Problem
from engine.feel.errors import FeelWarning
from engine.feel.exchange import plain
from engine.feel.expression import settle
from engine.feel.kinds import Kind
from engine.feel.runtime import DEFAULT_BUDGET, Budget, Run
from engine.feel.tokens import normal_name
from engine.i18n import _

_NO_FUNCTIONS: Mapping[str, Callable[..., Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionResult:
    """What a decision gives.

    Args:
        value: The FEEL value.
        warnings: Why some of it may be null, with the ids of the elements.
        matched: Which rules matched, for each decision table that was evaluated, in order.
    """

    value: Any
    warnings: tuple[FeelWarning, ...]
    matched: tuple[Match, ...]


class DecisionModel:
    """The decisions and decision services of one DMN file and those it imports.

    Attributes:
        name: What the model is called.
        namespace: The namespace that names it.
        decisions: The decisions, by id.
        services: The decision services, by id.
        problems: What was found wrong, in a model that was read leniently.
    """

    def __init__(self, module: Module, problems: Sequence[Problem]) -> None:
        self.name = module.root.get("name", "")
        self.namespace = module.namespace
        self.problems = tuple(problems)
        self.decisions = {id_: node for id_, node in module.nodes.items() if isinstance(node, Decision)}
        self.services = {id_: node for id_, node in module.nodes.items() if isinstance(node, Service)}
        self._knowledge = {id_: node for id_, node in module.nodes.items() if isinstance(node, Knowledge)}
        self._by_name: dict[str, Node] = {}
        for nodes in (self._knowledge, self.services, self.decisions):
            self._by_name.update((node.name, node) for node in nodes.values())

    def evaluate(
        self,
        decision: str,
        context: Mapping[str, Any],
        *,
        functions: Mapping[str, Callable[..., Any]] = _NO_FUNCTIONS,
        now: datetime | None = None,
        budget: Budget | None = None,
    ) -> DecisionResult:
        """Evaluate a decision, a decision service or a business knowledge model.

        Args:
            decision: Its id or its name.
            context: The input data by name; for a service or knowledge model its parameters.
            functions: Own functions that its expressions may call, by name.
            now: The aware instant of the evaluation, in the centre's zone.
            budget: What the whole evaluation may take.

        Raises:
            NotFound: There is none of that id or name.
        """
        node = self.find(decision)
        run = Run(functions, now, budget or DEFAULT_BUDGET)
        inputs = {normal_name(name): plain(value) for name, value in context.items()}
        evaluation = Evaluation(run, inputs)
        result = settle(run, lambda: _asked(node, evaluation))
        return DecisionResult(value=result.value, warnings=result.warnings, matched=tuple(evaluation.matched))

    def find(self, decision: str) -> Node:
        """Return the decision, service or knowledge model of an id or a name.

        Raises:
            NotFound: There is none.
        """
        for nodes in (self.decisions, self.services, self._knowledge):
            if decision in nodes:
                return nodes[decision]
        node = self._by_name.get(normal_name(decision))
        if node is None:
            raise NotFound(
                _("The model %(model)s has no decision %(decision)s."), model=self.name, decision=decision
            )
        return node


def _asked(node: Node, evaluation: Evaluation) -> Any:
    if isinstance(node, Service):
        return node.asked(evaluation)
    value = node.value(evaluation)
    if isinstance(node, Knowledge):
        given = {name: evaluation.context.get(name) for name in value.parameters}
        return value.call_named(evaluation.run, given)
    return value


def parse(
    xml: bytes, *, imports: Mapping[str, bytes] | Sequence[bytes] = (), strict: bool = True
) -> DecisionModel:
    """Read a decision model, of DMN 1.1 to 1.5.

    Args:
        xml: The file.
        imports: The files it imports, in any order (or by any name); they are found by their namespace.
        strict: Refuse a model with a problem. Else each faulty expression gives null and a warning, and
            the model's `problems` tell of them.

    Raises:
        DefinitionError: The model cannot be read; its problems name every element.
    """
    files = imports.values() if isinstance(imports, Mapping) else imports
    main = _module(xml)
    modules = {module.namespace: module for module in map(_module, files)} | {main.namespace: main}
    problems: list[Problem] = []
    _find_imports(main, modules, problems)
    for module in modules.values():
        read_nodes(module, problems)
    for module in modules.values():
        link(module, modules, problems)
    find_cycles(modules.values(), problems)
    compilings = {namespace: _known_kinds(module, problems) for namespace, module in modules.items()}
    for namespace, module in modules.items():
        _import_kinds(module, modules, compilings[namespace].kinds)
    for namespace, module in modules.items():
        itemkinds.define(module.root, compilings[namespace], module.kinds)
    for namespace, module in modules.items():
        _import_kinds(module, modules, compilings[namespace].kinds)
    words = frozenset().union(*(itemkinds.words(module.root) for module in modules.values()))
    _compile(modules, compilings, words)
    if problems and strict:
        raise DefinitionError(
            _("The decision model %(name)s has problems."), name=main.root.get("name", ""), problems=problems
        )
    return DecisionModel(main, problems)


def _module(xml: bytes) -> Module:
    root = read(xml)
    module = Module(root=root, namespace=root.get("namespace", ""))
    for element in children(root, "import"):
        module.imports[element.get("namespace", "")] = normal_name(element.get("name", ""))
    return module


def _find_imports(main: Module, modules: Mapping[str, Module], problems: list[Problem]) -> None:
    for module in modules.values():
        for element in children(module.root, "import"):
            namespace, kind = element.get("namespace", ""), element.get("importType", "")
            if namespace not in modules and "/DMN/" in kind:
                problems.append(
                    Problem(
                        path=element.get("name") or namespace,
                        message=_("The imported model %(namespace)s is missing: give it too."),
                        params={"namespace": namespace},
                        line=line_of(element),
                    )
                )


def _known_kinds(module: Module, problems: list[Problem]) -> Compiling:
    return Compiling(kinds=module.kinds, problems=problems)


def _import_kinds(module: Module, modules: Mapping[str, Module], kinds: Mapping[str, Kind]) -> None:
    for namespace, prefix in module.imports.items():
        imported = modules.get(namespace)
        if imported is None or imported is module:
            continue
        for name, kind in list(imported.kinds.items()):
            module.kinds.setdefault(f"{prefix}.{name}" if prefix else name, kind)


def _compile(
    modules: Mapping[str, Module], compilings: Mapping[str, Compiling], words: Iterable[str]
) -> None:
    nodes = [
        (node, compilings[module.namespace]) for module in modules.values() for node in module.nodes.values()
    ]
    words = frozenset(words) | {node.name for node, _place in nodes}
    for node, compiling in nodes:
        node.typed(compiling)
    for node, compiling in nodes:
        node.compile(Compiling(kinds=compiling.kinds, problems=compiling.problems, words=frozenset(words)))
