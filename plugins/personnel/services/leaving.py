"""Leaving: whose the work is from then on, and the end of it."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from engine import people
from engine.context import Context, verb
from engine.errors import Conflict
from engine.i18n import _, translate
from engine.runtime import hand_over_work
from plugins.personnel.services.employments import changed, current, today


class NoSuccessor(Conflict):
    """Name somebody else who is here: all that waits for who leaves is theirs from then on."""

    code: ClassVar[str] = "no_successor"


def check_successor(ctx: Context, *, person_key: str, successor_key: str | None) -> str:
    """Return who takes somebody's work over: who is named, else their manager.

    Raises:
        NoSuccessor: It is the person, somebody who has left, or nobody.
        NotFound: There is nobody of the leaver's key.
    """
    if successor_key is None:
        manager = people.manager_of(ctx, person_key)
        successor_key = None if manager is None else manager.key
    successor = None if successor_key is None else people.find_person(ctx, successor_key)
    if successor is None or successor.closed_at is not None or successor.key == person_key:
        raise NoSuccessor()
    return successor.key


@verb
def leave(
    ctx: Context, *, person_key: str, successor_key: str | None = None, left_on: date | None = None
) -> int:
    """Let somebody go: their work is handed over, their employment ends, they are out at once.

    Open tasks are handed over one by one; what would have come to them comes to the successor. Whom they
    covered for decides again for themselves. Who has left already has: nothing happens.

    Args:
        ctx: Who says so.
        person_key: Who leaves.
        successor_key: Who has their work from now on; their manager where omitted.
        left_on: Their last day; today where omitted.

    Returns:
        How many open tasks are handed over.

    Raises:
        NoSuccessor: It is the person, somebody who has left, or nobody.
        NotFound: There is nobody of that key.
    """
    if people.get_person(ctx, person_key).closed_at is not None:
        return 0
    to = check_successor(ctx, person_key=person_key, successor_key=successor_key)
    employment = current(ctx, person_key)
    name = people.get_person(ctx, person_key).name
    reason = translate(people.centre_locale(ctx), _("%(name)s has left."), name=name)
    count = hand_over_work(ctx, person_key=person_key, to=to, reason=reason)
    for cover in people.covers_of(ctx, person_key):
        if cover.cover_key == person_key and people.get_person(ctx, cover.person_key).closed_at is None:
            people.end_cover(ctx, cover_id=cover.id)
    employment.left_on = left_on or today(ctx)
    changed(ctx, employment, "employment.leave")
    people.close_person(ctx, key=person_key)
    return count
