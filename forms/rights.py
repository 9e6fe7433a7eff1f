"""What a step lets people do with a form's fields: its default spread over them, containers included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from forms.schema import LIST, Component, Form

HIDDEN, READ, WRITE, REQUIRED = "hidden", "read", "write", "required"
"""What a person may do with a field; a container's right holds for what it contains."""

_WITHHELD = (HIDDEN, READ)


def right_of(component: Component, rights: Mapping[str, str], outer: str = WRITE) -> str:
    """Return what a person may do with a component that stands in something of another right."""
    own = rights.get(component.key) if component.key else None
    if HIDDEN in (own, outer):
        return HIDDEN
    if READ in (own, outer):
        return READ
    return own or (WRITE if outer == REQUIRED else outer)


def rights_by_component(form: Form, rights: Mapping[str, str]) -> dict[Component, str]:
    """Return what a person may do with each component, those in containers too."""
    found: dict[Component, str] = {}

    def know(components: Sequence[Component], outer: str) -> None:
        for component in components:
            found[component] = right_of(component, rights, outer)
            know(component.components, found[component])

    know(form.components, WRITE)
    return found


def step_rights(form: Form, *, named: Mapping[str, str], default: str) -> dict[str, str]:
    """Return the rights of a step: what it names, and its default for the fields of which it says nothing.

    What a container is named for holds for all inside. A list of which the step names nothing is one
    thing: read or hidden by default, so is it as a whole.

    Args:
        form: The step's form.
        named: Rights by key.
        default: The right of the others.
    """
    rights = dict(named)
    if default != WRITE:
        rights.update(dict.fromkeys(_unnamed(form.components, named, default), default))
    return rights


def _unnamed(components: Sequence[Component], named: Mapping[str, str], default: str) -> Iterator[str]:
    for component in components:
        if component.key and component.key in named:
            continue
        if component.kind == LIST:
            takes = default in _WITHHELD and not _names_inside(component, named)
        else:
            takes = component.holds_value and not (default == REQUIRED and component.kind == "expression")
        if takes:
            yield component.key
        yield from _unnamed(component.components, named, default)


def _names_inside(component: Component, named: Mapping[str, str]) -> bool:
    return any(inner.key in named or _names_inside(inner, named) for inner in component.components)


def fixed_lists(form: Form, rights: Mapping[str, str]) -> frozenset[str]:
    """Return the keys of the lists whose rows can be neither added nor removed.

    So it is drawn, or the person may not write all of a row: what they do not hand in is kept, and nobody
    could tell in which row.
    """
    known = rights_by_component(form, rights)

    def is_fixed(component: Component) -> bool:
        return component.rows_fixed or any(known[inner] in _WITHHELD for inner in _values(component))

    return frozenset(one.key for one in form.walk() if one.kind == LIST and is_fixed(one))


def _values(component: Component) -> Iterator[Component]:
    """Yield the fields and lists in a container, however deep."""
    for inner in component.components:
        if inner.holds_value or inner.kind == LIST:
            yield inner
        yield from _values(inner)


def places(form: Form, into: str | None) -> dict[str, Component]:
    """Return the fields and lists of a form by where their values stand among the variables.

    Args:
        form: The form.
        into: The variable that takes all of them as one context; None where each is a variable.
    """
    prefix = f"{into}." if into else ""
    return {
        f"{prefix}{component.key}": component
        for component in form.walk()
        if component.key and (component.holds_value or component.kind == LIST)
    }
