"""What can be chosen: options of a field, wherever they come from."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import or_, select

from engine import people
from engine.context import Context
from engine.definition import Definition, group_names
from engine.errors import DefinitionError
from engine.values import Json, number_text
from forms.expressions import value_of
from forms.schema import Component, read_form

SOURCE = "options"
"""The property of a field that names where its options come from: ``persons``, ``units``, ``groups``…"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing that can be chosen.

    Args:
        value: What is kept.
        label: What people read; a source text where it stands in the form.
    """

    value: Json
    label: str


Lookup = Callable[[str], Sequence[Option]]


def source_of(component: Component) -> str:
    """Say which list the product keeps a field chooses from; empty for none."""
    return str(component.properties.get(SOURCE) or "")


@functools.lru_cache(maxsize=2048)
def fixed_options(component: Component) -> tuple[Option, ...] | None:
    """Return the options that stand in the form; None where they come from elsewhere."""
    raw = component.raw
    if source_of(component) or raw.get("valuesKey") is not None or raw.get("values") is None:
        return None
    return read_options(raw["values"])


def options_of(
    component: Component,
    names: Mapping[str, Json],
    *,
    variables: Mapping[str, Json],
    lookup: Lookup,
    now: datetime,
) -> Sequence[Option]:
    """Return what a field lets people choose from.

    Args:
        component: The field.
        names: What its expression may name.
        variables: What the form begins with: a list of it may hold the options.
        lookup: The options of a list that the product keeps.
        now: The aware instant, in the centre's zone.
    """
    if source := source_of(component):
        return lookup(source)
    fixed = fixed_options(component)
    if fixed is not None:
        return fixed
    key = component.raw.get("valuesKey")
    if key is not None:
        return read_options(variables.get(key))
    return read_options(value_of(component.raw.get("valuesExpression"), names, now))


def chosen_labels(definition: Definition) -> dict[tuple[str, str], str]:
    """Return what the options of a process's forms are called, by the field's name and the option's value."""
    files = definition.package.files
    found: dict[tuple[str, str], str] = {}
    for path in definition.package.matching("*.form"):
        with suppress(DefinitionError):
            for component in read_form(files[path], path).walk():
                for option in fixed_options(component) or ():
                    found.setdefault((str(component.key), str(option.value)), option.label)
    return found


def list_sources(definition: Definition) -> dict[str, str]:
    """Return which of the product's lists fields let people choose from, by the field's name."""
    files = definition.package.files
    found: dict[str, str] = {}
    for path in definition.package.matching("*.form"):
        with suppress(DefinitionError):
            for component in read_form(files[path], path).walk():
                source = source_of(component)
                if source and component.key:
                    found.setdefault(str(component.key), source)
    return found


def keep_lists(ctx: Context) -> Lookup:
    """Return the lists that the product keeps: people, units, groups, posts; each is read once.

    A field's property ``options`` names one: ``persons``, ``units``, ``groups``, ``posts``, or whom a drawing
    may mean (``group:dispatchers``, ``unit:water``, ``post:duty``). The public sees none of them.
    """

    @functools.cache
    def lookup(source: str) -> tuple[Option, ...]:
        if ctx.actor.kind == "public":
            return ()
        with ctx.read():
            if source in _LISTS:
                return tuple(_LISTS[source](ctx))
            return tuple(Option(value=one.key, label=one.name) for one in people.people_of(ctx, source))

    return lookup


def _persons(ctx: Context) -> Iterator[Option]:
    open_ones = select(people.Person).where(people.Person.closed_at.is_(None)).order_by(people.Person.name)
    for person in ctx.session.scalars(open_ones):
        yield Option(value=person.key, label=person.name)


def _units(ctx: Context) -> Iterator[Option]:
    for node in people.unit_tree(ctx):
        yield Option(value=node.unit.key, label=node.unit.name)


def _posts(ctx: Context) -> Iterator[Option]:
    kind = people.Post
    now = or_(kind.valid_to.is_(None), kind.valid_to > ctx.now)
    for post in ctx.session.scalars(select(kind).where(now).order_by(kind.name)):
        yield Option(value=post.key, label=post.name)


def _groups(ctx: Context) -> Iterator[Option]:
    found = [group for group, _count in people.group_counts(ctx)]
    for key, name in group_names(ctx, found).items():
        yield Option(value=key, label=name)


_LISTS: Mapping[str, Callable[[Context], Iterator[Option]]] = {
    "persons": _persons,
    "units": _units,
    "groups": _groups,
    "posts": _posts,
}


def is_source(source: str) -> bool:
    """Tell whether a name can be one of a list that the product keeps."""
    kind, colon, key = source.partition(":")
    return source in _LISTS or (bool(colon) and bool(key) and kind in ("group", "unit", "post"))


def read_options(values: Json) -> tuple[Option, ...]:
    """Read a list of options as form-js does: values alone, or ``{value, label}``; the rest is left out."""
    if not isinstance(values, list):
        return ()
    return tuple(option for option in map(_read, values) if option is not None)


def _read(raw: Json) -> Option | None:
    if not isinstance(raw, Mapping):
        return Option(value=raw, label=_label(raw)) if _is_value(raw) else None
    value, label = raw.get("value"), raw.get("label")
    if isinstance(label, str) and label:
        return Option(value=value, label=label) if _is_value(value) or _is_context(value) else None
    return Option(value=value, label=_label(value)) if _is_value(value) else None


def _is_value(value: Json) -> bool:
    return isinstance(value, bool | int | float | Decimal) or (isinstance(value, str) and value != "")


def _is_context(value: Json) -> bool:
    return isinstance(value, Mapping | list) and len(value) > 0


def _label(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, Decimal) else str(value)


def find_option(values: Iterable[Json], value: Json) -> Json:
    """Return the one of some values that a value equals, as JSON compares; None where there is none."""
    return next((known for known in values if same(known, value)), None)


def same(one: Json, other: Json) -> bool:
    """Compare two JSON values: a boolean is no number, a number no text."""
    if isinstance(one, Mapping):
        return (
            isinstance(other, Mapping)
            and one.keys() == other.keys()
            and all(same(one[name], other[name]) for name in one)
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(other, float):
        return isinstance(one, Decimal) and same(one, Decimal(repr(other)))
    if any(isinstance(number, Decimal) and number.is_nan() for number in (one, other)):
        # No number is like none at all, and a signalling one cannot even be compared.
        return False
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)
