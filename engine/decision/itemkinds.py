"""The types that a model defines: item definitions (7.3.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.decision.compiling import Compiling
from engine.decision.reading import Element, child, children, text_of
from engine.feel.errors import FeelError
from engine.feel.expression import Expression
from engine.feel.kinds import ANY, ContextOf, FunctionOf, Kind, ListOf
from engine.feel.runtime import Run
from engine.feel.tokens import normal_name
from engine.i18n import _


class ItemKind(Kind):
    """A type with a name of its own; what it is made of is known once all are read."""

    __slots__ = ("inner", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.inner: Kind = ANY

    def has(self, value: Any) -> bool:
        """Tell whether a value is of what the type is made of."""
        return self.inner.has(value)

    def fits(self, other: Kind) -> bool:
        """Tell whether what it is made of fits."""
        return self is other or self.inner.fits(other.inner if isinstance(other, ItemKind) else other)

    def coerce(self, value: Any) -> Any:
        """Convert as what it is made of."""
        return self.inner.coerce(value)

    def __str__(self) -> str:
        return self.name


class Allowed(Kind):
    """A type some of whose values are allowed."""

    __slots__ = ("base", "tests")

    def __init__(self, base: Kind, tests: Expression) -> None:
        self.base = base
        self.tests = tests

    def has(self, value: Any) -> bool:
        """Tell whether a value is of the type and passes the tests."""
        return self.base.has(value) and self.tests.run(Run({}, None), {}, value) is True

    def fits(self, other: Kind) -> bool:
        """Tell whether the type itself fits."""
        return self is other or self.base.fits(other.base if isinstance(other, Allowed) else other)

    def coerce(self, value: Any) -> Any:
        """Convert as the type does, and refuse a value that is not allowed."""
        value = self.base.coerce(value)
        if value is None or self.has(value):
            return value
        raise FeelError(_("The value is none of those allowed: %(allowed)s."), allowed=self.tests.source)

    def __str__(self) -> str:
        return str(self.base)


def define(definitions: Element, compiling: Compiling, kinds: dict[str, Kind]) -> None:
    """Add a model's types to those that are known."""
    found = [
        (element, ItemKind(element.get("name", ""))) for element in children(definitions, "itemDefinition")
    ]
    for element, kind in found:
        if kind.name in kinds:
            compiling.wrong(element, _("There are two types named %(name)s: rename one."), name=kind.name)
        kinds[normal_name(kind.name)] = kinds[kind.name] = kind
    for element, kind in found:
        kind.inner = _inner(element, compiling)
        if _is_circular(kind):
            compiling.wrong(element, _("The type %(name)s is defined by itself."), name=kind.name)
            kind.inner = ANY


def words(definitions: Element) -> frozenset[str]:
    """Return the names of all components: they may follow a point anywhere in the model."""
    return frozenset(
        normal_name(component.get("name", ""))
        for component in definitions.iter("{*}itemComponent", "{*}output", "{*}column")
        if component.get("name")
    )


def _inner(element: Element, compiling: Compiling) -> Kind:
    kind: Kind
    components = [*children(element, "itemComponent")]
    if (item := child(element, "functionItem")) is not None:
        parameters = [
            compiling.kind(parameter, parameter.get("typeRef")) for parameter in children(item, "parameters")
        ]
        kind = FunctionOf(tuple(parameters), compiling.kind(item, item.get("outputTypeRef")))
    elif components:
        kind = ContextOf(
            tuple((normal_name(part.get("name", "")), _inner(part, compiling)) for part in components)
        )
    else:
        reference = child(element, "typeRef")
        kind = compiling.kind(
            element, text_of(reference) if reference is not None else element.get("typeRef")
        )
    kind = _constrained(element, "allowedValues", kind, compiling)
    if element.get("isCollection") in ("true", "1"):
        kind = ListOf(kind)
    return _constrained(element, "typeConstraint", kind, compiling)


def _constrained(element: Element, name: str, kind: Kind, compiling: Compiling) -> Kind:
    found = child(element, name)
    text = text_of(found)
    if found is None or not text:
        return kind
    tests = compiling.expression(found, text, unary=True)
    return Allowed(kind, tests) if tests else kind


def allowed_values(kind: Kind) -> Expression | None:
    """Return the list of a type's allowed values, where it has one."""
    while True:
        if isinstance(kind, Allowed):
            return kind.tests
        if isinstance(kind, ItemKind):
            kind = kind.inner
        elif isinstance(kind, ListOf):
            kind = kind.element
        else:
            return None


def component(kind: Kind, name: str) -> Kind:
    """Return the type of a context's component; any type where it has none."""
    while isinstance(kind, ItemKind | Allowed | ListOf):
        kind = _UNWRAP[type(kind)](kind)
    return dict(kind.entries).get(normal_name(name), ANY) if isinstance(kind, ContextOf) else ANY


_UNWRAP: dict[type, Callable[[Any], Kind]] = {
    ItemKind: lambda kind: kind.inner,
    Allowed: lambda kind: kind.base,
    ListOf: lambda kind: kind.element,
}


def _is_circular(kind: ItemKind) -> bool:
    """Tell whether a type leads back to itself without a context or a list on the way."""
    seen: set[int] = set()
    at: Kind = kind
    while isinstance(at, ItemKind | Allowed):
        if id(at) in seen:
            return True
        seen.add(id(at))
        at = _UNWRAP[type(at)](at)
    return False
