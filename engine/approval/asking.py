"""Whom a step asks, of those its rules found: the initiator, somebody again, a stand-in, nobody at all.

Pure: who stands above whom, who covers for whom and who has approved before is told by whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum


class IfInitiator(StrEnum):
    """What happens where the initiator would decide on their own request."""

    ASK = "ask"
    # Their decision counts as given.
    SKIP = "skip"
    # Their manager is asked in their place, and where there is none, they are not asked.
    MANAGER = "manager"
    # The head of their unit is asked in their place, one unit up where they lead it; where nobody leads it,
    # they are not asked.
    HEAD = "head"


class IfAgain(StrEnum):
    """What happens where somebody would decide who has approved in this instance before."""

    ASK = "ask"
    # Their approval counts, at whichever step it was.
    ONCE = "once"
    # It counts only if it was at the approval right before this one.
    NEXT = "next"


class Why(StrEnum):
    """Why a decision counts as given, or somebody else is asked."""

    INITIATOR = "initiator"
    AGAIN = "again"
    COVER = "cover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody a step asks.

    Args:
        person: Their key.
        weight: What their decision counts, from 0.
        given: Whether their approval counts as given.
        why: Why it does, or why it is they who are asked.
        instead_of: In whose place they decide.
    """

    person: str
    weight: int = 1
    given: bool = False
    why: Why | None = None
    instead_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known when a step opens.

    Args:
        initiator: Who asks for approval; None where a machine does.
        left_out: Whom the step leaves out: they do not decide in anybody's place either.
        approved: Who has approved in this instance so far.
        approved_last: Who has approved at the approval right before.
        returned: The step was sent back to: then nothing counts as given.
        in_place: Who is asked in the initiator's place; None where nobody is.
        covers: Who stands in for somebody now.
    """

    initiator: str | None = None
    left_out: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    approved_last: frozenset[str] = frozenset()
    returned: bool = False
    in_place: str | None = None
    covers: Callable[[str], str | None] = lambda person: None


def whom_to_ask(
    found: Sequence[tuple[str, int]],
    here: Circumstances,
    *,
    if_initiator: IfInitiator = IfInitiator.ASK,
    if_again: IfAgain = IfAgain.ASK,
) -> list[Asked]:
    """Return whom a step asks, in order, each once.

    Args:
        found: Whom its rules found, with their weights, in order; who is named twice weighs the most of it.
        here: What is known when it opens.
        if_initiator: What happens where the initiator is among them.
        if_again: What happens where somebody has approved before.

    Returns:
        Nobody, where there is nobody to ask: what that means is the step's to say.
    """
    asked: dict[str, Asked] = {}
    for person, weight in found:
        one = _one(person, weight, here, if_initiator, if_again)
        if one is None:
            continue
        before = asked.get(one.person)
        if before is None or (before.given and not one.given):
            weight = max(one.weight, before.weight if before else 0)
        else:
            one, weight = before, max(before.weight, one.weight)
        asked[one.person] = Asked(
            person=one.person, weight=weight, given=one.given, why=one.why, instead_of=one.instead_of
        )
    return list(asked.values())


def _one(
    person: str, weight: int, here: Circumstances, if_initiator: IfInitiator, if_again: IfAgain
) -> Asked | None:
    if person in here.left_out:
        return None
    instead_of, why = None, None
    if person == here.initiator and if_initiator is IfInitiator.SKIP and not here.returned:
        return Asked(person=person, weight=weight, given=True, why=Why.INITIATOR)
    if person == here.initiator and if_initiator in (IfInitiator.MANAGER, IfInitiator.HEAD):
        if here.in_place is None or here.in_place in here.left_out:
            return None
        person, instead_of, why = here.in_place, person, Why.INITIATOR
    counting = {IfAgain.ONCE: here.approved, IfAgain.NEXT: here.approved_last}.get(if_again, frozenset())
    if person in counting and not here.returned:
        return Asked(person=person, weight=weight, given=True, why=Why.AGAIN, instead_of=instead_of)
    cover = stand_in(person, here.covers, but={here.initiator, *here.left_out})
    if cover is not None:
        person, instead_of, why = cover, person, Why.COVER
    return Asked(person=person, weight=weight, why=why, instead_of=instead_of)


def stand_in(
    person: str, covers: Callable[[str], str | None], *, but: Collection[str | None] = ()
) -> str | None:
    """Return who decides in somebody's place: their cover, or that one's cover, and so on.

    A chain that comes back to somebody in it ends there: the last one before it decides.

    Args:
        person: Whose place.
        covers: Who stands in for somebody now.
        but: Who may not: because a manager is on leave, a request is not approved by who made it, nor by
            whom the step leaves out.

    Returns:
        None where nobody stands in, so that they decide themselves.
    """
    seen = [person]
    while (following := covers(seen[-1])) is not None and following not in seen:
        seen.append(following)
    return next((one for one in reversed(seen[1:]) if one not in but), None)
