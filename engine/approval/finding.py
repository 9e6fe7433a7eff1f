"""Whom an approval names: the kinds of words a designer has, and who looks them up."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from engine.values import Json


class Who(StrEnum):
    """What a word of a drawing names, given a key of its kind."""

    PERSON = "person"
    GROUP = "group"
    POST = "post"
    # Everybody whose login has a role.
    ROLE = "role"
    # Everybody in a unit and below.
    UNIT = "unit"
    # The head of a unit; at level 2 of the unit above, and so on.
    HEAD = "head"
    # Whoever stands above a person; at level 2 above that one, and so on.
    MANAGER = "manager"
    # All of them, from the first up to a level; to the top where none is named.
    MANAGERS = "managers"
    # Whomever a plug-in finds.
    LOOKUP = "lookup"


class Directory(Protocol):
    """Who is there, as a step that opens may ask."""

    def find(self, who: Who, of: str, level: int | None) -> Sequence[str]:
        """Return the keys of the people that a word names now, in order.

        Args:
            who: The kind of word.
            of: A person, group, post, role or unit by its key.
            level: How far up; None where the designer named no level.

        Raises:
            NotFound: There is nothing of that key.
        """

    def look_up(self, name: str, of: Json) -> Sequence[str]:
        """Return the keys of the people that a plug-in finds now, in order.

        Args:
            name: ``plugin.name``.
            of: What it looks them up by.

        Raises:
            TechnicalFailure: It is not installed, or names somebody who is nobody here.
        """

    def manager(self, person: str) -> str | None:
        """Return who stands above somebody; None where nobody does."""

    def head(self, person: str) -> str | None:
        """Return who leads somebody's unit, or the one above where it is they; None where nobody does."""

    def cover(self, person: str) -> str | None:
        """Return who stands in for somebody now; None where nobody does."""


class NoDirectory:
    """Nobody is there: what a machine knows that was given no directory."""

    def find(self, who: Who, of: str, level: int | None) -> Sequence[str]:
        """Return the person themselves; nobody else is known."""
        return [of] if who is Who.PERSON else []

    def look_up(self, name: str, of: Json) -> Sequence[str]:
        """Return nobody."""
        return []

    def manager(self, person: str) -> str | None:
        """Return nobody."""
        return None

    def head(self, person: str) -> str | None:
        """Return nobody."""
        return None

    def cover(self, person: str) -> str | None:
        """Return nobody."""
        return None
