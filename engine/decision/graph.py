"""The decision requirement graph: decisions, inputs, knowledge, services, and what each needs (chapter 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.decision import boxed
from engine.decision.boxed.function import definition
from engine.decision.compiling import Compiling, coerced
from engine.decision.evaluation import Code, Evaluation, Scope
from engine.decision.reading import Element, child, children, id_of, line_of
from engine.errors import Problem
from engine.feel.errors import FeelError
from engine.feel.functions import Function
from engine.feel.kinds import ANY, FunctionOf, Kind
from engine.feel.runtime import Run
from engine.feel.tokens import normal_name
from engine.i18n import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Something that a node needs.

    Args:
        node: What is needed.
        prefix: The name of the import it comes by; empty for one of the same model.
    """

    node: Node
    prefix: str

    @property
    def name(self) -> str:
        """Its qualified name."""
        return f"{self.prefix}.{self.node.name}" if self.prefix else self.node.name

    def value(self, evaluation: Evaluation) -> Any:
        """Return its value in the evaluation of a model that needs it."""
        return self.node.value(evaluation.by_import(self.prefix))


@dataclass(slots=True, kw_only=True)
class Node:
    """A decision, an input, a piece of knowledge or a decision service.

    Args:
        key: Its namespace and id: unique in all models together.
        id: Its id in its model.
        name: Its variable's name.
        element: Its element.
    """

    key: str
    id: str
    name: str
    element: Element
    kind: Kind = ANY
    requirements: list[Requirement] = field(default_factory=list)
    code: Code = lambda evaluation, scope: None

    def value(self, evaluation: Evaluation) -> Any:
        """Return its value in an evaluation; it is found once."""
        if self.key not in evaluation.values:
            # A node that needs itself finds null here; the check of the model has refused it.
            evaluation.values[self.key] = None
            evaluation.values[self.key] = self.find(evaluation)
        return evaluation.values[self.key]

    def find(self, evaluation: Evaluation) -> Any:
        """Find its value."""
        with evaluation.at(self.id), evaluation.of(self.id):
            return self.code(evaluation, self.scope(evaluation))

    def scope(self, evaluation: Evaluation) -> Scope:
        """Return the variables that its logic sees: what it requires, and nothing else."""
        scope: Scope = {}
        for requirement in self.requirements:
            place = scope.setdefault(requirement.prefix, {}) if requirement.prefix else scope
            place[requirement.node.name] = requirement.value(evaluation)
        return scope

    def compile(self, compiling: Compiling) -> None:
        """Compile its logic."""

    def known(self) -> frozenset[str]:
        """Return the names that its logic knows."""
        return frozenset(
            name for one in self.requirements for name in (one.prefix or one.node.name, one.node.name)
        )

    def typed(self, compiling: Compiling) -> None:
        """Find the type of its variable."""
        variable = child(self.element, "variable")
        if variable is not None:
            self.kind = compiling.kind(variable, variable.get("typeRef"))


class InputData(Node):
    """What the caller gives."""

    def find(self, evaluation: Evaluation) -> Any:
        """Take what the caller gave, as one of its type."""
        try:
            return self.kind.coerce(evaluation.given(self.name))
        except FeelError as error:
            with evaluation.at(self.id):
                return evaluation.warn(error.message, **error.params)


class Decision(Node):
    """A decision with its logic."""

    def compile(self, compiling: Compiling) -> None:
        """Compile its boxed expression."""
        logic = boxed.read_in(self.element, compiling.knowing(self.known()))
        self.code = coerced(logic, self.kind, self.element)


class Knowledge(Node):
    """A business knowledge model: a function."""

    def compile(self, compiling: Compiling) -> None:
        """Compile its function definition."""
        element = child(self.element, "encapsulatedLogic")
        if element is None:
            return
        result = self.kind.result if isinstance(self.kind, FunctionOf) else self.kind
        make = definition(element, compiling.knowing(self.known() | {self.name}), boxed.read_in)

        def function(evaluation: Evaluation, scope: Scope) -> Function:
            made = make(self.name, result, evaluation, scope)
            scope[self.name] = made  # it may call itself

            def call(run: Run, values: Sequence[Any]) -> Any:
                with evaluation.at(self.id), evaluation.of(self.id):
                    return made.code(run, values)

            return Function(made.name, made.parameters, made.kinds, made.result, call)

        self.code = function


@dataclass(slots=True, kw_only=True)
class Service(Node):
    """A decision service: some decisions behind a door of their own (10.4)."""

    parameters: tuple[Requirement, ...] = ()
    outputs: tuple[Requirement, ...] = ()

    def typed(self, compiling: Compiling) -> None:
        """Find the type of what it gives."""
        Node.typed(self, compiling)
        if isinstance(self.kind, FunctionOf):
            self.kind = self.kind.result

    def compile(self, compiling: Compiling) -> None:
        """Make the function that evaluates its output decisions from its parameters alone."""
        parameters = tuple(parameter.name for parameter in self.parameters)

        def function(evaluation: Evaluation, scope: Scope) -> Function:
            kinds = tuple(parameter.node.kind for parameter in self.parameters)

            def call(run: Run, values: Sequence[Any]) -> Any:
                return self.answer(evaluation, values)

            return Function(self.name, parameters, kinds, self.kind, call)

        self.code = function

    def answer(self, evaluation: Evaluation, values: Sequence[Any]) -> Any:
        """Evaluate the output decisions."""
        inner = Evaluation(evaluation.run, {})
        inner.matched = evaluation.matched
        for parameter, value in zip(self.parameters, values, strict=True):
            inner.by_import(parameter.prefix).values[parameter.node.key] = value
        found = {output.node.name: output.value(inner) for output in self.outputs}
        return next(iter(found.values())) if len(found) == 1 else found

    def asked(self, evaluation: Evaluation) -> Any:
        """Answer with the parameters that the caller of the model gave."""
        values = []
        for parameter in self.parameters:
            node, given = parameter.node, evaluation.by_import(parameter.prefix).given(parameter.node.name)
            try:
                values.append(node.kind.coerce(given))
            except FeelError as error:
                values.append(None)
                with evaluation.at(node.id):
                    evaluation.warn(error.message, **error.params)
        with evaluation.at(self.id):
            try:
                return self.kind.coerce(self.answer(evaluation, values))
            except FeelError as error:
                return evaluation.warn(error.message, **error.params)


NODES: dict[str, Callable[..., Node]] = {
    "inputData": InputData,
    "decision": Decision,
    "businessKnowledgeModel": Knowledge,
    "decisionService": Service,
}
_REQUIRED = ("requiredInput", "requiredDecision", "requiredKnowledge")


@dataclass(slots=True, kw_only=True)
class Module:
    """One model file: its nodes, its types and its imports.

    Args:
        root: Its root element.
        namespace: The namespace that names it.
        imports: The import's name for each namespace it imports.
        nodes: Its nodes by id.
    """

    root: Element
    namespace: str
    imports: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)


def read_nodes(module: Module, problems: list[Problem]) -> None:
    """Find the nodes of a model file."""
    for element in children(module.root, *NODES):
        variable = child(element, "variable")
        name = element.get("name") or (variable.get("name") if variable is not None else None) or ""
        id_ = element.get("id") or name or ""
        if id_ in module.nodes:
            _wrong(problems, element, _("Two elements have the id %(id)s: rename one."), id=id_)
        make = NODES[element.tag.rpartition("}")[2]]
        module.nodes[id_] = make(
            key=f"{module.namespace}#{id_}", id=id_, name=normal_name(name), element=element
        )


def link(module: Module, modules: dict[str, Module], problems: list[Problem]) -> None:
    """Find what each node of a model file requires."""

    def find(reference: Element) -> Requirement | None:
        namespace, _between, id_ = reference.get("href", "").rpartition("#")
        prefix = "" if namespace in ("", module.namespace) else module.imports.get(namespace, "")
        source = module if namespace in ("", module.namespace) else modules.get(namespace)
        node = source.nodes.get(id_) if source else None
        if node is None:
            _wrong(problems, reference, _("There is no element %(href)s."), href=reference.get("href", ""))
            return None
        return Requirement(node=node, prefix=prefix)

    for node in module.nodes.values():
        for kind in ("informationRequirement", "knowledgeRequirement"):
            for requirement in children(node.element, kind):
                for reference in children(requirement, *_REQUIRED):
                    if found := find(reference):
                        node.requirements.append(found)
        if isinstance(node, Service):
            node.parameters = _found(find, children(node.element, "inputData"))
            node.parameters += _found(find, children(node.element, "inputDecision"))
            node.outputs = _found(find, children(node.element, "outputDecision"))


def _found(
    find: Callable[[Element], Requirement | None], references: Iterable[Element]
) -> tuple[Requirement, ...]:
    return tuple(found for reference in references if (found := find(reference)))


def find_cycles(modules: Iterable[Module], problems: list[Problem]) -> None:
    """Refuse decisions that need themselves; knowledge models may call each other."""
    done: set[str] = set()

    def visit(node: Node, path: tuple[str, ...]) -> None:
        if node.key in path:
            names = ", ".join(key.rpartition("#")[2] for key in path[path.index(node.key) :])
            _wrong(problems, node.element, _("These decisions need each other: %(names)s."), names=names)
            return
        if node.key in done:
            return
        for requirement in node.requirements:
            if not (isinstance(node, Knowledge) and isinstance(requirement.node, Knowledge)):
                visit(requirement.node, (*path, node.key))
        done.add(node.key)

    for module in modules:
        for node in module.nodes.values():
            visit(node, ())


def _wrong(problems: list[Problem], element: Element, message: str, **params: Any) -> None:
    problems.append(
        Problem(
            path=id_of(element),
            message=message,
            params=params,
            element_name=element.get("name"),
            line=line_of(element),
        )
    )
