"""What an expression of a drawing may ask about people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.context import Context
from engine.people.groups import groups_of
from engine.people.lookups import head_of, manager_of, people_of
from engine.people.models import Person
from engine.people.persons import get_person
from engine.people.units import units_of


def feel_functions(ctx: Context) -> Mapping[str, Callable[..., Any]]:
    """Return the FEEL functions about people, bound to the open transaction.

    ``manager of(person, level)``, ``head of(unit)``, ``people of("group:dispatch")``,
    ``groups of(person)``, ``units of(person)`` answer keys; ``person(key)`` answers a context. Telephone
    numbers and mail addresses are no business of a drawing: messages find them by themselves.
    """

    def manager(person: Any, level: Any = 1) -> str | None:
        return _key(manager_of(ctx, _text(person), int(level)))

    def head(unit: Any) -> str | None:
        return _key(head_of(ctx, _text(unit)))

    def people(of: Any) -> list[str]:
        return [person.key for person in people_of(ctx, _text(of))]

    def groups(person: Any) -> list[str]:
        return groups_of(ctx, _text(person))

    def units(person: Any) -> list[str]:
        return units_of(ctx, _text(person))

    def person(key: Any) -> dict[str, Any]:
        found = get_person(ctx, _text(key))
        return {
            "key": found.key,
            "name": found.name,
            "locale": found.locale,
            "left": found.closed_at is not None,
        }

    return {
        "manager of": manager,
        "head of": head,
        "people of": people,
        "groups of": groups,
        "units of": units,
        "person": person,
    }


def _key(person: Person | None) -> str | None:
    return None if person is None else person.key


def _text(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError("people, units and groups are named by texts")
    return key
