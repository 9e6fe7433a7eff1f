"""Names of people and of drawn things, as a page says them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy import select

from admin.kit.current import web
from engine.context import TIMER, Context
from engine.definition import Definition, get_definition_by_id, group_names, list_definitions
from engine.errors import NotFound
from engine.people import Group, Person, Unit


def person_names(ctx: Context, keys: Iterable[str | None]) -> dict[str, str]:
    """Return people's names by their keys; who is no person (``system``, ``public``) is left out.

    What was done because the time was over is said to be by time-out.
    """
    wanted = {key for key in keys if key}
    rows = ctx.connection.execute(select(Person.key, Person.name).where(Person.key.in_(wanted)))
    clock = {TIMER.name: gettext("Time-out")} if TIMER.name in wanted else {}
    return {**clock, **{row.key: row.name for row in rows}}


def names_of_groups(ctx: Context, keys: Iterable[str]) -> dict[str, str]:
    """Return groups' names by their keys, in the language of the page."""
    found = ctx.session.scalars(select(Group).where(Group.key.in_(set(keys))))
    return group_names(ctx, found, locale=web().locale)


def unit_names(ctx: Context, keys: Iterable[str]) -> dict[str, str]:
    """Return units' names by their keys."""
    rows = ctx.connection.execute(select(Unit.key, Unit.name).where(Unit.key.in_(set(keys))))
    return {row.key: row.name for row in rows}


def process_titles(ctx: Context) -> dict[str, str]:
    """Return the deployed processes' titles by their keys."""
    return {one.key: one.text(web().locale, one.title) for one in list_definitions(ctx)}


class Texts:
    """What deployed processes say, in the language of the page.

    Args:
        ctx: With an open transaction.
    """

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._definitions: dict[str, Definition | None] = {}
        self.locale = web().locale

    def definition(self, definition_id: str) -> Definition | None:
        """Return a definition; None where it is not there any more."""
        if definition_id not in self._definitions:
            try:
                self._definitions[definition_id] = get_definition_by_id(self._ctx, definition_id)
            except NotFound:
                self._definitions[definition_id] = None
        return self._definitions[definition_id]

    def say(self, definition_id: str, source: str | None) -> str:
        """Say one of a process's texts."""
        definition = self.definition(definition_id)
        return source or "" if definition is None else definition.text(self.locale, source)

    def title(self, definition_id: str) -> str:
        """Say a process's title."""
        definition = self.definition(definition_id)
        return "" if definition is None else definition.text(self.locale, definition.title)

    def facts(self, definition_id: str, facts: Iterable[Mapping[str, str]] | None) -> str:
        """Say in a line what lists tell of an instance beside its title."""
        said = ((self.say(definition_id, fact["label"]), fact["text"]) for fact in facts or ())
        return " · ".join(f"{label}: {text}" for label, text in said)

    def outcome(self, task: Any, outcome: str | None = None) -> str:
        """Say how a task was finished, or would be, in the words of its button."""
        said = outcome or task.outcome
        buttons: list[Mapping[str, Any]] = task.options.get("outcomes", [])
        label = next((button["label"] for button in buttons if button["name"] == said), said)
        return self.say(task.definition_id, label)
