"""The data of a form: places in nested values, and what a form begins with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, TypeAlias

import marshmallow as ma

from engine.values import Json
from forms.cleaning import schema_of
from forms.schema import LIST, Component, Form

Path: TypeAlias = tuple[str | int, ...]

MISSING: Any = object()


def get(data: Json, path: Path, default: Json = None) -> Json:
    """Return what stands at a path."""
    for name in path:
        if isinstance(data, Mapping):
            data = data.get(name, MISSING)
        elif isinstance(data, list) and isinstance(name, int) and name < len(data):
            data = data[name]
        else:
            return default
        if data is MISSING:
            return default
    return data


def put(data: Json, path: Path, value: Json) -> Json:
    """Return data with a value at a path; what lies beside the path is shared, nothing is changed."""
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(name, int):
        rows = list(data) if isinstance(data, list) else []
        rows += [{}] * (name + 1 - len(rows))
        rows[name] = put(rows[name], rest, value)
        return rows
    changed = dict(data) if isinstance(data, Mapping) else {}
    changed[name] = put(changed.get(name), rest, value)
    return changed


def without(data: Json, path: Path) -> Json:
    """Return data without what stands at a path; contexts that become empty go too."""
    name, rest = path[0], path[1:]
    inner = get(data, (name,), MISSING)
    if inner is MISSING:
        return data
    changed: Any = list(data) if isinstance(data, list) else dict(data)
    kept = without(inner, rest) if rest else None
    if rest and (kept or isinstance(name, int)):
        changed[name] = kept
    else:
        del changed[name]
    return changed


def path_text(path: Iterable[str | int]) -> str:
    """Write a path as problems name it: ``reporter.name``, ``items.2.price``."""
    return ".".join(map(str, path))


def fitting(form: Form, variables: Mapping[str, Json], region: str | None) -> Mapping[str, Json]:
    """Return the variables that the form's fields can hold; the others count as none."""
    try:
        fits = schema_of(form, region).load(variables, unknown=ma.EXCLUDE)
    except ma.ValidationError as error:
        fits = error.valid_data
    return fits if isinstance(fits, dict) else {}


def begin(
    form: Form,
    variables: Mapping[str, Json],
    fits: Mapping[str, Json],
    sent: Mapping[str, Json] | None = None,
    locked: Set[str] = frozenset(),
    fixed: Set[str] = frozenset(),
) -> dict[str, Json]:
    """Return what the browser's form holds: what was sent, else the variables, else the defaults.

    Args:
        form: The form.
        variables: What it begins with.
        fits: What of it the fields can hold.
        sent: Clean answers.
        locked: The keys of fields and lists whose answers do not count.
        fixed: The keys of lists whose rows can neither come nor go.
    """
    return _Filler(locked, fixed).fill(form.components, sent or {}, fits, variables)


class _Filler:
    def __init__(self, locked: Set[str], fixed: Set[str]) -> None:
        self.locked = locked
        self.fixed = fixed

    def fill(
        self, components: Sequence[Component], sent: Json, given: Json, beside: Mapping[str, Json]
    ) -> dict[str, Json]:
        """Fill a form or a row.

        Args:
            components: Its components.
            sent: Clean answers.
            given: What it begins with, as far as it fits.
            beside: All of what it begins with: what is not the form's stays as it is.
        """
        filled = dict(beside)
        own: set[Path] = set()
        for component, path in fields_of(components):
            place = filled
            for depth, name in enumerate(path[:-1], 1):
                if path[:depth] not in own:
                    own.add(path[:depth])
                    inner = place.get(name)
                    place[name] = dict(inner) if isinstance(inner, Mapping) else {}
                place = place[name]
            place[path[-1]] = self.value(component, get(sent, path, MISSING), get(given, path, MISSING))
        return filled

    def value(self, component: Component, sent: Json, given: Json) -> Json:
        if component.key in self.locked:
            sent = MISSING
        if component.kind == LIST:
            return self.rows(component, sent, given)
        value = given if sent is MISSING else sent
        if value is MISSING:
            value = component.raw.get("defaultValue")
        return component.empty if value is None else value

    def rows(self, component: Component, sent: Json, given: Json) -> list[Json]:
        inside, known = component.components, given if isinstance(given, list) else []
        if sent is not MISSING:
            # Only rows that can neither come nor go are still the same rows.
            old = known if component.key in self.fixed else []
            old = old + [{}] * (len(sent or ()) - len(old))
            return [self.fill(inside, row, was, was) for row, was in zip(sent or (), old, strict=False)]
        if isinstance(given, list):
            return [self.fill(inside, {}, row, row) for row in known]
        count = component.raw.get("defaultRepetitions")
        return [self.fill(inside, {}, {}, {}) for _row in range(int(1 if count is None else count))]


def fields_of(components: Sequence[Component]) -> Iterator[tuple[Component, tuple[str, ...]]]:
    """Yield what holds a value here, with its path: fields and lists, those of groups too, not of rows."""
    for component in components:
        if component.holds_value or component.kind == LIST:
            yield component, component.path
        else:
            yield from fields_of(component.components)
