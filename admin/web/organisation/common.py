"""What the organisation's pages share: their tabs, lists to choose from, errors by field."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext

from admin.identity.logins import is_privileged
from admin.kit.current import permitted
from engine.context import Context
from engine.errors import Forbidden
from engine.i18n import _
from engine.people import UnitNode, unit_tree

MANAGE = "people.manage"
ROLES = "roles.manage"


def tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs over every page of the organisation."""
    entries = (
        ("people", gettext("People"), "PeopleView.list"),
        ("units", gettext("Units"), "UnitsView.list"),
        ("groups", gettext("Groups"), "GroupsView.list"),
        ("import", gettext("Import"), "ImportView.upload"),
    )
    return [
        {"label": label, "url": url_for(endpoint), "current": name == current}
        for name, label, endpoint in entries
    ]


def unit_choices(nodes: list[UnitNode]) -> list[tuple[str, str]]:
    """Return the units to choose from, indented as they stand."""
    return [(node.unit.key, "\u2003" * node.depth + node.unit.name) for node in nodes]


def units_below(nodes: list[UnitNode], key: str) -> set[str]:
    """Return a unit's key and those of the units below it."""
    found: set[str] = set()
    depth: int | None = None
    for node in nodes:
        if node.unit.key == key:
            depth = node.depth
            found.add(key)
        elif depth is not None and node.depth > depth:
            found.add(node.unit.key)
        else:
            depth = None
    return found


def unit_names(ctx: Context) -> dict[str, str]:
    """Return what the units are called, by key."""
    return {node.unit.key: node.unit.name for node in unit_tree(ctx)}


def guard(ctx: Context, person_key: str) -> None:
    """Let only those who manage roles touch whoever manages roles: else a telephone number opens every door.

    Raises:
        Forbidden: It is such a person, and whoever is signed in does not manage roles.
    """
    if not permitted(ROLES) and is_privileged(ctx, person_key=person_key):
        raise Forbidden(_("Only somebody who manages roles may change this person."))
