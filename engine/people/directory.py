"""The directory that approvals ask: whom a word of a drawing names, who stands above, who covers."""

from __future__ import annotations

from collections.abc import Sequence

from engine.approval import Who
from engine.context import Context
from engine.people.covers import cover_of
from engine.people.lookups import heads_of, managers_of, people_of


class PeopleDirectory:
    """Who is there, bound to the open transaction."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def find(self, who: Who, of: str, level: int | None) -> Sequence[str]:
        """Return the keys of the people that a word names now, in order; nobody who has left.

        Raises:
            NotFound: There is nothing of that key.
        """
        match who:
            case Who.HEAD:
                found = heads_of(self._ctx, of)[(level or 1) - 1 : level or 1]
            case Who.MANAGER:
                found = managers_of(self._ctx, of)[(level or 1) - 1 : level or 1]
            case Who.MANAGERS:
                found = managers_of(self._ctx, of)[:level]
            case _:
                found = people_of(self._ctx, f"{who}:{of}")
        return [person.key for person in found]

    def manager(self, person: str) -> str | None:
        """Return who stands above somebody; None where nobody does."""
        above = managers_of(self._ctx, person)
        return above[0].key if above else None

    def cover(self, person: str) -> str | None:
        """Return who stands in for somebody now; None where nobody does."""
        return cover_of(self._ctx, person)
