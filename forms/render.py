"""A form as one person's browser gets it: schema in their language, the data it needs and no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from engine.values import Json
from forms.conditions import seen
from forms.data import MISSING, fields_of, get, put
from forms.expressions import is_expression
from forms.options import options_of, source_of
from forms.rights import HIDDEN, READ, REQUIRED, fixed_lists, rights_by_component
from forms.schema import LIST, Component, Form
from forms.validate import Filling

_TEXTS = ("label", "description", "text", "content", "alt", "dateLabel", "timeLabel")
_INNER_TEXTS = (
    ("appearance", "prefixAdorner"),
    ("appearance", "suffixAdorner"),
    ("validate", "patternErrorMessage"),
    ("properties", "refuseMessage"),
)
_NAMED = ("values", "columns")
_HOLES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_AROUND = re.compile(r"^(?:(?:this|parent|_this_|_parent_)\.)+")
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What the browser gets.

    Args:
        schema: form-js JSON.
        data: The values of the fields, and what the form's expressions name.
        rights: What the person may do with the fields that are not as the form has them, by key.
    """

    schema: Mapping[str, Json]
    data: Mapping[str, Json]
    rights: Mapping[str, str] = field(default_factory=dict)


def render(form: Form, filling: Filling) -> Rendered:
    """Prepare a form for somebody's browser.

    Fields that the person may not see are not in it, nor are their values. Lists that the product keeps
    become options. form-js's own buttons are left out: the page has the step's.

    Args:
        form: The form.
        filling: What it is filled in over; its ``say`` says the form's texts.
    """
    components = list(_Shown(form, filling).components(form.components))
    schema = {**form.raw, "type": "default", "components": components}
    rights = {key: right for key, right in filling.rights.items() if right != HIDDEN}
    return Rendered(schema=schema, data=_data(form, components, filling), rights=rights)


def translatable(form: Form) -> Iterator[tuple[str, str]]:
    """Yield every text of a form that people read, with the key or id of its component.

    Expressions are no texts; a text with holes is one, holes and all.
    """
    for component in form.walk():
        name = component.key or component.id
        for text in _texts(component.raw):
            yield name, text


def _texts(raw: Mapping[str, Any]) -> Iterator[str]:
    found = [raw.get(part) for part in _TEXTS]
    found += [(raw.get(outer) or {}).get(inner) for outer, inner in _INNER_TEXTS]
    for part in _NAMED:
        found += [one.get("label") for one in raw.get(part) or () if isinstance(one, dict)]
    for text in found:
        if isinstance(text, str) and text.strip() and not is_expression(text):
            yield text


class _Shown:
    """The components that a person gets, as they get them."""

    def __init__(self, form: Form, filling: Filling) -> None:
        self.filling = filling
        self.rights = rights_by_component(form, filling.rights)
        self.fixed = fixed_lists(form, filling.rights)

    def components(self, components: Sequence[Component]) -> Iterator[dict[str, Json]]:
        for component in components:
            right = self.rights[component]
            if right == HIDDEN or component.kind == "button":
                continue
            raw = _said(component.raw, self.filling.say)
            if component.components:
                raw["components"] = list(self.components(component.components))
            if right == READ and component.holds_value:
                raw["readonly"] = True
            if component.kind == LIST and (right == READ or component.key in self.fixed):
                raw["allowAddRemove"] = False
            if right == REQUIRED and component.holds_value:
                raw["validate"] = {**(raw.get("validate") or {}), "required": True}
            if source_of(component):
                raw["values"] = _kept_options(component, self.filling)
                raw.pop("valuesKey", None)
                raw.pop("valuesExpression", None)
            yield raw


def _said(raw: Mapping[str, Any], in_language: Callable[[str], str]) -> dict[str, Any]:
    """Say a component's texts in the person's language."""
    said = dict(raw)

    def say(text: Json) -> Json:
        return in_language(text) if isinstance(text, str) and not is_expression(text) else text

    for part in _TEXTS:
        if part in said:
            said[part] = say(said[part])
    for outer, inner in _INNER_TEXTS:
        if isinstance(said.get(outer), dict) and inner in said[outer]:
            said[outer] = {**said[outer], inner: say(said[outer][inner])}
    for part in _NAMED:
        if isinstance(said.get(part), list):
            said[part] = [
                {**one, "label": say(one["label"])} if isinstance(one, dict) and "label" in one else one
                for one in said[part]
            ]
    return said


def _kept_options(component: Component, filling: Filling) -> list[Json]:
    options = options_of(component, {}, variables=filling.variables, lookup=filling.lookup, now=filling.now)
    return [{"value": option.value, "label": option.label} for option in options]


def _data(form: Form, components: Sequence[Json], filling: Filling) -> Mapping[str, Json]:
    """Choose the variables that the browser needs: those of its fields, and those that it names."""
    named = set(_names(components))
    data: Mapping[str, Json] = _chosen(form.components, filling.variables, named)
    return seen(form, data, filling.rights, filling.now)


def _chosen(components: Sequence[Component], variables: Mapping[str, Json], named: Set[str]) -> Json:
    chosen: Json = {}
    for name in sorted(named):
        path, value = _find(variables, name)
        if path:
            chosen = put(chosen, path, value)
    for component, path in fields_of(components):
        value, name = get(variables, path, MISSING), ".".join(path)
        if component.kind == LIST and isinstance(value, list) and name not in named:
            inside = named | {one.removeprefix(f"{name}.") for one in named}
            rows = [row if isinstance(row, Mapping) else {} for row in value]
            value = [_chosen(component.components, row, inside) for row in rows]
        if value is not MISSING:
            chosen = put(chosen, path, value)
    return chosen


def _find(variables: Mapping[str, Json], name: str) -> tuple[tuple[str, ...], Json]:
    """Find what a dotted name means: the innermost value on its way that is no context."""
    value: Json = variables
    path: tuple[str, ...] = ()
    for part in name.split("."):
        if not isinstance(value, Mapping):
            break
        if part not in value:
            return (), None
        path, value = (*path, part), value[part]
    return path, value


def _names(part: Json) -> Iterator[str]:
    """Yield the dotted names in the expressions and holes of a schema, and perhaps a few more."""
    if isinstance(part, Mapping):
        if isinstance(part.get("valuesKey"), str):
            yield part["valuesKey"]
        for inner in part.values():
            yield from _names(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _names(inner)
    elif isinstance(part, str):
        for source in [part[1:]] if is_expression(part) else _HOLES.findall(part):
            for name in _NAME.findall(_STRING.sub("", source)):
                yield _AROUND.sub("", name)
