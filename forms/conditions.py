"""What a form shows with some data: hide conditions, read-only conditions, computed fields.

The same expressions run in the browser while somebody fills the form in; here they decide. The order of
things is form-js's: conditions are asked twice, the second time over data in which the fields that the
first time hid have what the form began with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.values import Json
from forms.data import Path, begin, fitting, get, put, without
from forms.expressions import holds, value_of
from forms.rights import HIDDEN, READ, REQUIRED, WRITE, fixed_lists, rights_by_component
from forms.schema import GROUP, LIST, Component, Form

_PASSES = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scope:
    """What an expression of a form may name.

    Args:
        data: The form's values and the variables it begins with.
        this: The values of the row, or of the form.
        parent: What the row's surroundings may name; None for the form.
        i: The numbers of the rows, from 1, outermost first.
    """

    data: Mapping[str, Json]
    this: Json
    parent: Mapping[str, Json] | None = None
    i: tuple[int, ...] = ()

    @property
    def names(self) -> dict[str, Json]:
        """All names with their values."""
        special: dict[str, Json] = {"this": self.this, "parent": self.parent, "i": list(self.i)}
        return {**special, **self.data, **{f"_{name}_": value for name, value in special.items()}}

    def row(self, row: Json, number: int) -> Scope:
        """Return the scope of a row.

        Args:
            row: Its values.
            number: Which one, from 0.
        """
        here = self.this if isinstance(self.this, Mapping) else {}
        outer = Scope(data=here, this=self.this, parent=self.parent, i=self.i)
        return Scope(data=self.data, this=row, parent=outer.names, i=(*self.i, number + 1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """One component where it stands in the data: in a list once for each row.

    Args:
        component: Which one.
        path: Where its value stands.
        names: What its expressions may name.
        right: What the person may do with it.
        hidden: It is not shown, or stands in something that is not.
        readonly: A condition, or the form itself, lets it only be shown.
        fixed: It is a list whose rows can be neither added nor removed.
    """

    component: Component
    path: Path
    names: Mapping[str, Json]
    right: str
    hidden: bool
    readonly: bool
    fixed: bool = False

    @property
    def writable(self) -> bool:
        """Whether its answer counts."""
        return not (self.hidden or self.readonly) and self.right in (WRITE, REQUIRED)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """A form that has come to rest.

    Args:
        data: All values: answers where they count, else what the form began with, else computed ones.
        started: What the form began with.
        places: Every component where it stands, outer ones first.
    """

    data: Mapping[str, Json]
    started: Mapping[str, Json]
    places: Sequence[Place] = field(default_factory=tuple)


def settle(
    form: Form,
    sent: Mapping[str, Json],
    *,
    variables: Mapping[str, Json],
    rights: Mapping[str, str],
    now: datetime,
    region: str | None = None,
) -> Settled:
    """Find out what a form shows and computes with some answers.

    What the person may not see plays no part in the conditions: their browser does not have it either.

    Args:
        form: The form.
        sent: Clean answers.
        variables: What the form begins with.
        rights: What the person may do, by key.
        now: The aware instant, in the centre's zone.
        region: The country of telephone numbers without a country code.
    """
    look = _Look(form, rights, now)
    fits = fitting(form, variables, region)
    started = begin(form, variables, fits)
    data: Json = begin(form, variables, fits, sent, look.locked, look.fixed)
    for _pass in range(_PASSES):
        first = look(data, data)
        kept = look.lock(first, data, started)
        if kept is not data:
            data, first = kept, look(kept, kept)
        visible = _visible(first, data)
        shown = {**started, **visible}
        places = first if visible is data else look(data, shown)
        computed = look.compute(places, data, shown)
        if computed is data:
            break
        data = computed
    return Settled(data=data, started=started, places=places)


def seen(
    form: Form, data: Mapping[str, Json], rights: Mapping[str, str], now: datetime
) -> Mapping[str, Json]:
    """Return data without what the person may not see.

    Args:
        form: The form.
        data: Values by variable.
        rights: What the person may do, by key.
        now: The aware instant, in the centre's zone.
    """
    kept: Mapping[str, Json] = _Look(form, rights, now).seen(data)
    return kept


def _visible(places: Sequence[Place], data: Json) -> Json:
    for place in places:
        if place.hidden and place.component.key and place.component.kind != GROUP:
            data = without(data, place.path)
    return data


class _Look:
    """Looks at every component where it stands."""

    def __init__(self, form: Form, rights: Mapping[str, str], now: datetime) -> None:
        self.form = form
        self.now = now
        self.rights = rights_by_component(form, rights)
        self.fixed = fixed_lists(form, rights)
        self.unseen = any(right == HIDDEN for right in self.rights.values())
        self.locked = frozenset(
            component.key
            for component, right in self.rights.items()
            if (right in (HIDDEN, READ) and (component.holds_value or component.kind == LIST))
            or (component.holds_value and component.readonly is True)
        )

    def __call__(self, data: Json, shown: Json) -> list[Place]:
        """Ask the conditions.

        Args:
            data: Whose rows there are.
            shown: What expressions may name.
        """
        data, shown = self.seen(data), self.seen(shown)
        return list(self._walk(self.form.components, data, Scope(data=shown, this=shown), (), False))

    def seen(self, data: Json) -> Json:
        """Return data without what the person may not see."""
        if not self.unseen:
            return data
        scope = Scope(data={}, this=None)
        for place in self._walk(self.form.components, data, scope, (), True):
            if place.right == HIDDEN and place.component.key and place.component.kind != GROUP:
                data = without(data, place.path)
        return data

    def _walk(
        self, components: Sequence[Component], data: Json, scope: Scope, base: Path, hidden: bool
    ) -> Iterator[Place]:
        names = scope.names
        for component in components:
            gone = hidden or bool(component.hide and holds(component.hide, names, self.now))
            path = (*base, *component.path)
            readonly = component.readonly
            yield Place(
                component=component,
                path=path,
                names=names,
                right=self.rights[component],
                hidden=gone,
                readonly=not gone and holds(readonly, names, self.now)
                if isinstance(readonly, str)
                else readonly,
                fixed=component.key in self.fixed,
            )
            if component.kind == GROUP:
                yield from self._walk(component.components, data, scope, base, gone)
            elif component.kind == LIST:
                for number, row in enumerate(get(data, path) or ()):
                    inside = scope.row(row, number)
                    yield from self._walk(component.components, data, inside, (*path, number), gone)

    def lock(self, places: Sequence[Place], data: Json, started: Json) -> Json:
        """Take back answers that a condition makes read-only; the same data where there are none."""
        for place in places:
            if place.readonly and place.component.key not in self.locked:
                before = get(started, place.path, place.component.empty)
                if get(data, place.path) != before:
                    data = put(data, place.path, before)
        return data

    def compute(self, places: Sequence[Place], data: Json, shown: Json) -> Json:
        """Compute the expression fields, over everything; the same data where nothing changed."""
        mine = [place for place in places if place.component.kind == "expression" and place.writable]
        if not mine:
            return data
        scope = Scope(data=shown, this=shown)
        full = {place.path: place.names for place in self._walk(self.form.components, data, scope, (), True)}
        for place in mine:
            value = value_of(place.component.raw.get("expression") or "=null", full[place.path], self.now)
            if value != get(data, place.path):
                data = put(data, place.path, value)
        return data
