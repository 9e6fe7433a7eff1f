"""How the steps of a drawing use their forms, looked at when it is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from engine import feel
from engine.definition import Package
from engine.definition.manifest import FILE
from engine.errors import Phrase, Problem
from engine.feel.tree import Comparison, Literal, Name, Path
from engine.i18n import _
from engine.machine import ProcessSpec
from engine.machine.nodes.base import Node
from forms.rights import HIDDEN, READ, REQUIRED, WRITE, places, rights_by_component, step_rights
from forms.schema import Component, Form, read_form


def check_step(package: Package, node: Node) -> Iterator[Phrase]:
    """Say what is wrong with the rights that a step gives to its form's fields.

    Args:
        package: What is deployed; its forms can be read.
        node: The step: a user task or a start event.
    """
    settings = node.settings.task
    if not settings.rights and settings.fields == WRITE:
        return
    forms = list(_forms_of(package, node))
    if not forms:
        yield Phrase(_("The step has no form: leave out the rights to its fields, or name a form."))
        return
    for key, right in settings.rights.items():
        found = [component for form in forms for component in form.walk() if component.key == key]
        if not found:
            known = dict.fromkeys(one.key for form in forms for one in form.walk() if one.key)
            yield Phrase(
                _("The form %(form)s has no field %(key)s. It has: %(known)s."),
                {"form": forms[0].key, "key": key, "known": ", ".join(known) or "-"},
            )
        for component in found:
            yield from _misfits(component, right)
    for form in forms:
        yield from _overruled(form, settings.rights)
    yield from _unwritten(forms[0], node)


def _misfits(component: Component, right: str) -> Iterator[Phrase]:
    if right != REQUIRED:
        return
    if not component.holds_value:
        yield Phrase(
            _("%(key)s holds fields and is none: it cannot be required. Name the fields inside."),
            {"key": component.key},
        )
    elif component.readonly is True:
        yield Phrase(
            _("%(key)s is read-only in the form: it cannot be required. Let the form have it written."),
            {"key": component.key},
        )


def _overruled(form: Form, named: Mapping[str, str]) -> Iterator[Phrase]:
    """Look for rights within a container that lets nothing inside be written."""
    for outer in form.walk():
        right = named.get(outer.key) if outer.key and outer.components else None
        if right not in (HIDDEN, READ):
            continue
        for inner in _inside(outer):
            if inner.key in named and named[inner.key] not in (right, HIDDEN):
                yield Phrase(
                    _("%(key)s stands in %(outer)s, which is %(right)s as a whole. Leave one of them out."),
                    {"key": inner.key, "outer": outer.key, "right": right},
                )


def _inside(component: Component) -> Iterator[Component]:
    for inner in component.components:
        yield inner
        yield from _inside(inner)


def _unwritten(form: Form, node: Node) -> Iterator[Phrase]:
    """Look for replies whose words go into a field that the step does not let be written."""
    settings = node.settings.task
    rights = rights_by_component(form, step_rights(form, named=settings.rights, default=settings.fields))
    by_key = {component.key: right for component, right in rights.items() if component.key}
    for reply in settings.replies:
        if reply.text_into and by_key.get(reply.text_into) in (HIDDEN, READ):
            yield Phrase(
                _("The words of the reply %(verb)s go into %(key)s, which cannot be written here."),
                {"verb": reply.verb, "key": reply.text_into},
            )


def _forms_of(package: Package, node: Node) -> Iterator[Form]:
    """Yield the forms that an element asks for: its own, and of a start event those of the manifest."""
    starts = package.manifest.starts if package.manifest is not None else ()
    keys = [node.settings.task.form, *(one.form for one in starts if one.event == node.element_id)]
    for key in dict.fromkeys(keys):
        content = package.form(key) if key is not None else None
        if content is not None and key is not None:
            yield read_form(content, key)


def warn_of_steps(package: Package) -> Iterator[Problem]:
    """Tell what runs, but perhaps not as meant: conditions over weak fields, and lists that tell too much.

    Args:
        package: What is deployed; everything in it can be read.
    """
    yield from warn_of_conditions(package)
    yield from warn_of_lists(package)


# What lists tell.

_HOLES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def warn_of_lists(package: Package) -> Iterator[Problem]:
    """Tell where a title or a fact names what a step hides or what is personal: all who see lists read it.

    Args:
        package: What is deployed; everything in it can be read.
    """
    held_back = {
        **dict.fromkeys(_personal(package), _("Lists show %(name)s here, which is personal. Leave it out.")),
        **dict.fromkeys(_hidden(package), _("Lists show %(name)s here, which a step hides. Leave it out.")),
    }
    if not held_back:
        return
    for path, element_name, text in _listed(package):
        named = list(_named_in(text))
        for place, message in sorted(held_back.items()):
            if any(_touches(name, place) for name in named):
                yield Problem(path=path, message=message, params={"name": place}, element_name=element_name)


def _listed(package: Package) -> Iterator[tuple[str, str | None, str]]:
    """Yield the texts with holes that lists show: where they stand, whose they are, and what they say."""
    manifest = package.manifest
    if manifest is not None:
        yield f"{FILE}#instance_title", None, manifest.instance_title
        for number, fact in enumerate(manifest.facts, 1):
            yield f"{FILE}#fact[{number}]", None, fact.text
        for name in manifest.listed:
            yield f"{FILE}#worklist.columns", None, f"{{{{ {name} }}}}"
    for path, spec in package.processes.values():
        for node in spec.nodes:
            yield f"{path}#{node.element_id}", node.element_name, node.settings.task.title or ""


def _named_in(text: str) -> Iterator[str]:
    for hole in _HOLES.findall(text):
        # What cannot be read is said by whoever keeps the text.
        with suppress(feel.FeelSyntaxError):
            yield from _names(feel.compile(hole.strip()).tree)


def _hidden(package: Package) -> set[str]:
    return {place for place, _component, right in _places(package) if right == HIDDEN}


def _personal(package: Package) -> set[str]:
    marked = package.manifest.sensitive if package.manifest is not None else ()
    return {*marked, *(place for place, component, _right in _places(package) if component.sensitive)}


def _places(package: Package) -> Iterator[tuple[str, Component, str]]:
    """Yield where values of forms stand, with the field and what a step lets people do with it."""
    for _path, spec in package.processes.values():
        for node in spec.nodes:
            for form in _forms_of(package, node):
                rights = _rights_of(form, node)
                for place, component in places(form, node.settings.task.into).items():
                    yield place, component, rights[place]


def _touches(name: str, place: str) -> bool:
    """Whether an expression that names something reads what stands at a place: it, or what it stands in."""
    plain = place.replace("[]", "")
    return plain == name or plain.startswith(f"{name}.") or name.startswith(f"{plain}.")


def _rights_of(form: Form, node: Node) -> dict[str, str]:
    """Return what a step lets people do with a form, by where the values stand."""
    settings = node.settings.task
    rights = rights_by_component(form, step_rights(form, named=settings.rights, default=settings.fields))
    return {place: rights[one] for place, one in places(form, settings.into).items()}


# What a process decides by.


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A step asks for a variable: whether it must be given, whether it may be."""

    node: Node
    required: bool
    writable: bool


def warn_of_conditions(package: Package) -> Iterator[Problem]:
    """Tell where a condition reads a field that nobody must fill in, or that can be changed afterwards.

    Only fields of forms are looked at: what a service, a decision or a script writes is known to nobody.

    Args:
        package: What is deployed; everything in it can be read.
    """
    for path, spec in package.processes.values():
        asked = _asked(package, spec)
        if not asked:
            continue
        ahead = {node.element_id: _reached(spec, node) for node in spec.nodes}
        for node in spec.nodes:
            for name in dict.fromkeys(_named(node)):
                yield from _weak(path, node, name, asked.get(name, ()), ahead)


def _asked(package: Package, spec: ProcessSpec) -> dict[str, list[_Asked]]:
    """Return the steps that ask for each variable, or part of one."""
    found: dict[str, list[_Asked]] = {}
    for node in spec.nodes:
        settings = node.settings.task
        for form in _forms_of(package, node):
            rights = _rights_of(form, node)
            for place, component in places(form, settings.into).items():
                if component.kind == "expression" or not component.holds_value or "[]" in place:
                    continue
                right = rights[place]
                writable = right in (WRITE, REQUIRED) and component.readonly is not True
                required = writable and (right == REQUIRED or _is_given(component)) and not component.hide
                found.setdefault(place, []).append(_Asked(node=node, required=required, writable=writable))
    return found


def _is_given(component: Component) -> bool:
    """Whether a field that is shown has a value in any case."""
    return component.required or component.kind == "checkbox" or component.raw.get("defaultValue") is not None


def _weak(
    path: str, node: Node, name: str, asked: Iterable[_Asked], ahead: Mapping[str, set[str]]
) -> Iterator[Problem]:
    def warn(message: str, /, **params: Any) -> Problem:
        return Problem(
            path=f"{path}#{node.element_id}", message=message, params=params, element_name=node.element_name
        )

    here = node.element_id
    before = [one for one in asked if one.writable and here in ahead[one.node.element_id]]
    if before and not any(one.required for one in before) and name not in _compared_with_null(node):
        yield warn(
            _("It decides by %(name)s, which nobody must fill in before. Require it at %(step)s."),
            name=name,
            step=before[0].node.element_id,
        )
    for one in asked:
        later = one.node.element_id in ahead[here] and here not in ahead[one.node.element_id]
        if one.writable and later:
            yield warn(
                _("It decides by %(name)s, which %(step)s can change afterwards. Let it only be read there."),
                name=name,
                step=one.node.element_id,
            )


def _reached(spec: ProcessSpec, node: Node) -> set[str]:
    """Return the ids of what comes after an element, along flows and in and out of sub-processes."""
    reached: set[str] = set()
    todo = [node]
    while todo:
        for one in _next(spec, todo.pop()):
            if one.element_id not in reached:
                reached.add(one.element_id)
                todo.append(one)
    return reached


def _next(spec: ProcessSpec, node: Node) -> Iterator[Node]:
    for flow in node.outgoing:
        yield spec.node(flow.target)
    yield from node.boundary
    yield from getattr(node, "entries", ())
    if node.jumps_to is not None:
        yield spec.node(node.jumps_to)
    if node.within is not None:
        # Whatever stands in a sub-process may lead to its end.
        for flow in spec.node(node.within).outgoing:
            yield spec.node(flow.target)


def _named(node: Node) -> Iterator[str]:
    """Yield the variables that the conditions behind an element read: ``amount``, ``application.amount``."""
    for flow in node.outgoing:
        if flow.condition is not None and flow.condition.feel is not None:
            yield from _names(flow.condition.feel.tree)


def _compared_with_null(node: Node) -> set[str]:
    """Return what the conditions behind an element ask for whether it is there at all."""
    found: set[str] = set()
    todo: list[Any] = [
        flow.condition.feel.tree
        for flow in node.outgoing
        if flow.condition is not None and flow.condition.feel is not None
    ]
    while todo:
        part = todo.pop()
        if isinstance(part, Comparison) and any(_is_null(one) for one in (part.left, part.right)):
            found |= {name for one in (part.left, part.right) if (name := _dotted(one)) is not None}
        elif isinstance(part, tuple):
            todo += part
        elif is_dataclass(part):
            todo += [getattr(part, one.name) for one in fields(part)]
    return found


def _is_null(part: Any) -> bool:
    return isinstance(part, Literal) and part.value is None


def _names(part: Any) -> Iterator[str]:
    dotted = _dotted(part)
    if dotted is not None:
        yield dotted
    elif isinstance(part, tuple):
        for one in part:
            yield from _names(one)
    elif is_dataclass(part):
        for one in fields(part):
            yield from _names(getattr(part, one.name))


def _dotted(part: Any) -> str | None:
    if isinstance(part, Name):
        return part.name
    if isinstance(part, Path):
        source = _dotted(part.source)
        return None if source is None else f"{source}.{part.name}"
    return None
