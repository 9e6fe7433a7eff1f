"""The directory that approvals ask: whom a word of a drawing names, who stands above, who covers."""

from __future__ import annotations

from collections.abc import Sequence

from engine.approval import Who
from engine.context import Context
from engine.errors import TechnicalFailure
from engine.i18n import _
from engine.people.covers import cover_of, successor_of
from engine.people.lookups import heads_of, managers_of, people_of, unit_head_of
from engine.people.persons import find_person
from engine.values import Json


class LookupFailed(TechnicalFailure):
    """A plug-in was asked who decides, and gave no answer that can be used."""

    code = "lookup_failed"


class PeopleDirectory:
    """Who is there, bound to the open transaction."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def find(self, who: Who, of: str, level: int | None) -> Sequence[str]:
        """Return the keys of the people that a word names now, in order.

        Nobody who has left is found; who is named themselves and has handed over, is by their successor.

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
            case Who.PERSON if (successor := successor_of(self._ctx, of)) is not None:
                return [successor]
            case _:
                found = people_of(self._ctx, f"{who}:{of}")
        return [person.key for person in found]

    def look_up(self, name: str, of: Json) -> Sequence[str]:
        """Return the keys of the people that a plug-in finds now, in order; nobody who has left.

        Raises:
            LookupFailed: It is not installed, or names somebody who is nobody here.
        """
        offer = self._ctx.registry.lookups.get(name)
        if offer is None:
            raise LookupFailed(_("No plug-in that is installed finds people by %(lookup)s."), lookup=name)
        found = {key: find_person(self._ctx, key) for key in offer.function(self._ctx, of)}
        for key, person in found.items():
            if person is None:
                raise LookupFailed(_("%(lookup)s names %(key)s, who is nobody here."), lookup=name, key=key)
        return [person.key for person in found.values() if person is not None and person.closed_at is None]

    def manager(self, person: str) -> str | None:
        """Return who stands above somebody; None where nobody does."""
        above = managers_of(self._ctx, person)
        return above[0].key if above else None

    def head(self, person: str) -> str | None:
        """Return who leads somebody's unit, or the one above where it is they; None where nobody does."""
        head = unit_head_of(self._ctx, person)
        return None if head is None else head.key

    def cover(self, person: str) -> str | None:
        """Return who stands in for somebody now; None where nobody does."""
        return cover_of(self._ctx, person)
