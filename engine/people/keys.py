"""Keys of persons, units, groups, posts and skills: given once, never used again."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, or_

from engine.context import Context
from engine.errors import Conflict, InvalidSubmission, NotFound, Problem
from engine.i18n import _
from engine.people.models import Person

_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{1,63}")
_LONGEST_NAME = 200


class _Dated(Protocol):
    valid_from: Any
    valid_to: Any


def valid(kind: type[Any], now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Say in SQL that a row of this kind holds now."""
    return and_(kind.valid_from <= now, or_(kind.valid_to.is_(None), kind.valid_to > now))


def is_key(key: str) -> bool:
    """Whether a text may be a key."""
    return _KEY.fullmatch(key) is not None


def key_problem(key: str, path: str = "key") -> Problem:
    """Say what a key looks like."""
    if not key:
        return Problem(path=path, message=_("This is needed."))
    return Problem(
        path=path,
        message=_(
            "%(key)s cannot be a key. Use 2 to 64 lowercase letters, digits, underscores, dots or dashes, "
            "beginning with a letter or digit."
        ),
        params={"key": key},
    )


def name_problems(name: str) -> list[Problem]:
    """Say what is wrong with a name."""
    if not name.strip():
        return [Problem(path="name", message=_("Write a name."))]
    if len(name) > _LONGEST_NAME:
        return [
            Problem(
                path="name", message=_("Use at most %(count)s characters."), params={"count": _LONGEST_NAME}
            )
        ]
    return []


def check_key_and_name(key: str, name: str) -> None:
    """Refuse a key or a name that cannot be.

    Raises:
        InvalidSubmission: The problems say which and why.
    """
    problems = [*([] if is_key(key) else [key_problem(key)]), *name_problems(name)]
    if problems:
        raise InvalidSubmission(problems=problems)


def need_person(ctx: Context, key: str) -> Person:
    """Return somebody who is still here.

    Raises:
        NotFound: There is nobody of that key.
        Conflict: They have left.
    """
    person = ctx.session.get(Person, key)
    if person is None:
        raise NotFound(_("There is no person %(key)s."), key=key)
    if person.closed_at is not None:
        raise Conflict(_("%(key)s has left."), key=key)
    return person


def need_valid(ctx: Context, kind: type[Any], key: str, message: str) -> Any:
    """Return a unit, group, post or skill that holds now.

    Args:
        ctx: With an open transaction.
        kind: Its class.
        key: Its key.
        message: What is said where there is none, with the hole ``key``.

    Raises:
        NotFound: There is none, or it has ended.
    """
    found: _Dated | None = ctx.session.get(kind, key)
    if found is None or (found.valid_to is not None and found.valid_to <= ctx.now):
        raise NotFound(message, key=key)
    return found
