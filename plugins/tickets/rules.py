"""What is true of every ticket: which state may follow which, what is hidden, what goes first. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from engine.i18n import _

State = Literal["new", "dispatched", "in_progress", "answered", "closed", "not_accepted", "withdrawn"]

STATES: Mapping[str, str] = {
    "new": _("New"),
    "dispatched": _("With the department"),
    "in_progress": _("In progress"),
    "answered": _("Answered"),
    "closed": _("Closed"),
    "not_accepted": _("Not accepted"),
    "withdrawn": _("Withdrawn"),
}

# A ticket may be dispatched again: another department, or an answer that was not good enough. Until it is
# closed, a department may take its answer back: what happens then happens as if it were still with it.
_NEXT: Mapping[State, frozenset[State]] = {
    "new": frozenset({"dispatched", "not_accepted", "withdrawn"}),
    "dispatched": frozenset({"dispatched", "in_progress", "answered", "not_accepted", "withdrawn"}),
    "in_progress": frozenset({"dispatched", "in_progress", "answered", "not_accepted", "withdrawn"}),
    "answered": frozenset({"dispatched", "in_progress", "answered", "withdrawn", "closed"}),
    "closed": frozenset(),
    "not_accepted": frozenset(),
    "withdrawn": frozenset(),
}

_SUMMARY_LENGTH = 60
# Telephone and identity numbers, however they are grouped; a house number or a date's day is shorter.
_LONG_NUMBER = re.compile(r"\+?\d(?:[ \-.]?\d){5,}")
_CLAUSE_END = re.compile(r"[.!?;。！？；\n]")

_URGENT, _NORMAL, _MOST = 80, 50, 100
_SOON = timedelta(hours=1)


def may_become(state: State, following: State) -> bool:
    """Tell whether a ticket in one state may go to another."""
    return following in _NEXT[state]


def is_final(state: State) -> bool:
    """Tell whether nothing follows on a state."""
    return not _NEXT[state]


def priority(urgency: str | None, due_at: datetime | None, now: datetime) -> int:
    """Say how early a ticket goes in a list.

    Args:
        urgency: ``urgent`` or ``normal``; unknown words count as normal.
        due_at: When it is due, if somebody set it.
        now: The present.

    Returns:
        0 to 100. The last hour before it is due adds 10, being overdue 20.
    """
    base = _URGENT if urgency == "urgent" else _NORMAL
    if due_at is None or due_at - now > _SOON:
        return base
    return min(_MOST, base + (20 if due_at <= now else 10))


def is_rating(value: Decimal | int) -> bool:
    """Tell whether a number is a rating: a whole one from 1 to 5."""
    return value == int(value) and 1 <= value <= 5


def short_summary(summary: str | None, description: str | None) -> str:
    """Say in a few words what a ticket is about, without telephone or identity numbers.

    Handlers read the summary in an SMS. Where the reporter gave none, the first clause of the description
    stands for it, until a dispatcher writes a better one.

    Returns:
        At most 60 characters; empty where nothing was said.
    """
    said = (summary or "").strip() or _CLAUSE_END.split((description or "").strip(), maxsplit=1)[0]
    said = " ".join(_LONG_NUMBER.sub("…", said).split())
    return said if len(said) <= _SUMMARY_LENGTH else said[: _SUMMARY_LENGTH - 1].rstrip() + "…"


def mask_phone(phone: str | None) -> str:
    """Hide a telephone number but for its last three digits: enough to tell two reporters apart."""
    digits = re.sub(r"\D", "", phone or "")
    return "•" * (len(digits) - 3) + digits[-3:] if len(digits) > 5 else "•" * len(digits)


def mask_name(name: str | None) -> str:
    """Hide a name but for the first character of its first part: ``Chan Tai Man`` is ``C•••``."""
    said = (name or "").strip()
    return said[0] + "•••" if said else ""


def mask_place(place: str | None) -> str:
    """Hide a place altogether; an empty one stays empty, so that one sees whether it is known."""
    return "•••" if (place or "").strip() else ""
