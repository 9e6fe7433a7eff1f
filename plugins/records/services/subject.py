"""Whom and what a record is about, looked at before it is kept."""

from __future__ import annotations

from collections.abc import Iterator

from engine.context import Context
from engine.errors import InvalidSubmission, Problem
from engine.i18n import _
from engine.people import find_person

_MOST_CHARACTERS = 64


def check_subject(ctx: Context, *, person_key: str, kind: str) -> None:
    """Refuse a record about nobody, or of no kind. Who has left may have one: an exit interview.

    Raises:
        InvalidSubmission: The problems say which and why.
    """
    problems = [*_of_person(ctx, person_key), *_of_kind(kind)]
    if problems:
        raise InvalidSubmission(problems=problems)


def _of_person(ctx: Context, key: str) -> Iterator[Problem]:
    if not key:
        yield Problem(path="person_key", message=_("Say whom it is about: a user name."))
    elif find_person(ctx, key) is None:
        yield Problem(path="person_key", message=_("There is no person %(key)s."), params={"key": key})


def _of_kind(kind: str) -> Iterator[Problem]:
    if not kind:
        yield Problem(path="kind", message=_("Say of what kind it is: a word such as annual."))
    elif len(kind) > _MOST_CHARACTERS:
        yield Problem(
            path="kind",
            message=_("Write at most %(most)s characters."),
            params={"most": _MOST_CHARACTERS},
        )
