"""Scores: published once, changed only by a new version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from engine.context import Context, verb
from engine.db import alone_in, equal_to, order_by, page_of
from engine.errors import Conflict, InvalidSubmission, NotFound, Problem
from engine.i18n import _
from engine.values import Json
from plugins.records import rules
from plugins.records.models import Score
from plugins.records.services.subject import check_subject

SCORE_SORTS = {
    "published_at": Score.published_at,
    "person_key": Score.person_key,
    "kind": Score.kind,
    "reference": Score.reference,
    "version": Score.version,
}


class NoScore(NotFound):
    """There is no such score."""

    code: ClassVar[str] = "no_score"


class ScoreExists(Conflict):
    """Another score is published for this already: change it by a new version with a reason."""

    code: ClassVar[str] = "score_exists"


_LONGEST_REFERENCE = 128
_other = aliased(Score)
_SAME = (
    _other.person_key == Score.person_key,
    _other.kind == Score.kind,
    _other.reference == Score.reference,
)
HOLDS = ~exists().where(*_SAME, _other.version > Score.version)
"""Of a version, in SQL: there is none after it."""
IS_APPEALED = exists().where(*_SAME, _other.appealed_at.is_not(None))
"""Of a version, in SQL: it, or another one of the same score, was appealed."""


@verb
def publish_score(
    ctx: Context,
    *,
    person_key: str,
    kind: str,
    reference: str,
    value: Decimal | None = None,
    parts: Sequence[Json] = (),
    by: str | None = None,
    appeal_until: datetime | None = None,
    instance_id: str | None = None,
) -> Score:
    """Publish the first version of a score. Published again with the same value and parts it is the same.

    Args:
        ctx: Who acts.
        person_key: Whose score.
        kind: ``qa``, ``kpi`` or any other word.
        reference: Of what: a call, a period.
        value: The score; the weighted mean of its parts where omitted.
        parts: Contexts of ``name``, ``weight`` (more than 0) and ``value``.
        by: Who decided it; the actor where omitted.
        appeal_until: The last moment at which it can be appealed; never where omitted.
        instance_id: The instance that publishes it.

    Raises:
        InvalidSubmission: Something cannot be; ``problems`` lists what.
        ScoreExists: Another value is published for this already.
    """
    found, known = _weighed(ctx, person_key, kind, reference, value, parts)
    alone_in(ctx.connection, Score.__table__)
    before = _latest(ctx, person_key, kind, reference)
    if before is not None:
        if (before.version, before.value, before.parts) != (1, found, known):
            raise ScoreExists()
        return before
    subject: dict[str, Any] = {"person_key": person_key, "kind": kind, "reference": reference}
    decided: dict[str, Any] = {"value": found, "parts": known, "published_by": by, "instance_id": instance_id}
    return _add(ctx, **subject, **decided, version=1, appeal_until=appeal_until)


@verb
def rescore(
    ctx: Context,
    *,
    person_key: str,
    kind: str,
    reference: str,
    reason: str,
    value: Decimal | None = None,
    parts: Sequence[Json] = (),
    by: str | None = None,
    appeal_until: datetime | None = None,
    instance_id: str | None = None,
) -> Score:
    """Publish a new version of a score; the one before stays. The same instance does it once.

    Args:
        ctx: Who acts.
        person_key: Whose score.
        kind: As it was published.
        reference: As it was published.
        reason: Why.
        value: The new score; the weighted mean of the new parts where omitted.
        parts: As for :func:`publish_score`; those of the version before are not taken over.
        by: Who decided it; the actor where omitted.
        appeal_until: As before where omitted.
        instance_id: The instance that decided it.

    Raises:
        InvalidSubmission: Something cannot be; ``problems`` lists what.
        NoScore: None is published.
    """
    found, known = _weighed(ctx, person_key, kind, reference, value, parts)
    if not reason:
        raise InvalidSubmission(problems=[Problem(path="reason", message=_("Say why the score changes."))])
    alone_in(ctx.connection, Score.__table__)
    subject: dict[str, Any] = {"person_key": person_key, "kind": kind, "reference": reference}
    before = read_score(ctx, **subject)
    is_same = (before.instance_id, before.value, before.parts) == (instance_id, found, known)
    if instance_id is not None and is_same:
        return before
    decided: dict[str, Any] = {"value": found, "parts": known, "published_by": by, "instance_id": instance_id}
    until = appeal_until or before.appeal_until
    return _add(ctx, **subject, **decided, version=before.version + 1, reason=reason, appeal_until=until)


def _add(ctx: Context, *, published_by: str | None, **columns: Any) -> Score:
    score = Score(published_at=ctx.now, published_by=published_by or ctx.actor.name, **columns)
    ctx.session.add(score)
    ctx.session.flush()
    return score


def read_score(
    ctx: Context, *, person_key: str, kind: str, reference: str, version: int | None = None
) -> Score:
    """Return a score: the version that holds, or another one.

    Raises:
        NoScore: None is published, or not that version.
    """
    with ctx.read():
        score = _latest(ctx, person_key, kind, reference, version)
    if score is None:
        raise NoScore()
    return score


def average_score(
    ctx: Context, *, person_key: str, kind: str, first_on: date | None = None, last_on: date | None = None
) -> tuple[Decimal | None, int]:
    """Return the mean of somebody's scores of a kind, each as it holds now, and how many there are.

    Args:
        ctx: Who asks.
        person_key: Whose.
        kind: As they were published.
        first_on: Of those first published on this day or later, by the centre's clock.
        last_on: Of those first published on this day or earlier.

    Raises:
        InvalidSubmission: The person or the kind cannot be.
    """
    check_subject(ctx, person_key=person_key, kind=kind)
    mine = select(Score).where(Score.person_key == person_key, Score.kind == kind).order_by(Score.version)
    holds: dict[str, Decimal] = {}
    with ctx.read():
        for score in ctx.session.scalars(mine):
            day = score.published_at.astimezone(ctx.settings.zone).date()
            is_meant = (first_on is None or first_on <= day) and (last_on is None or day <= last_on)
            if score.reference in holds or (score.version == 1 and is_meant):
                holds[score.reference] = score.value
    return (rules.mean(list(holds.values())) if holds else None), len(holds)


def get_score(ctx: Context, score_id: str) -> Score:
    """Return a version of a score.

    Raises:
        NoScore: There is none of this id.
    """
    score = ctx.session.get(Score, score_id)
    if score is None:
        raise NoScore()
    return score


def list_scores(
    ctx: Context,
    *,
    person_key: str | None = None,
    kind: str | None = None,
    reference: str | None = None,
    holds: bool | None = None,
    sort: str = "-published_at",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many versions of scores there are and one page of them.

    Each says whether it ``holds`` and whether the score ``is_appealed``, in whichever version.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = equal_to({Score.person_key: person_key, Score.kind: kind, Score.reference: reference})
    if holds is not None:
        wanted.append(HOLDS if holds else ~HOLDS)
    return page_of(
        ctx.connection,
        select(Score.__table__, HOLDS.label("holds"), IS_APPEALED.label("is_appealed")).where(*wanted),
        order_by(sort, SCORE_SORTS, last=Score.id),
        page=page,
        page_size=page_size,
    )


def _latest(
    ctx: Context, person_key: str, kind: str, reference: str, version: int | None = None
) -> Score | None:
    return ctx.session.scalar(
        select(Score)
        .where(*of_subject(person_key, kind, reference), *equal_to({Score.version: version}))
        .order_by(Score.version.desc())
        .limit(1)
    )


def of_subject(person_key: str, kind: str, reference: str) -> tuple[ColumnElement[bool], ...]:
    """Say in SQL which versions are of one score."""
    return Score.person_key == person_key, Score.kind == kind, Score.reference == reference


def _weighed(
    ctx: Context, person_key: str, kind: str, reference: str, value: Decimal | None, parts: Sequence[Json]
) -> tuple[Decimal, list[Json]]:
    """Return a score's value and its parts as they are kept."""
    check_subject(ctx, person_key=person_key, kind=kind)
    problems = []
    if not reference or len(reference) > _LONGEST_REFERENCE:
        problems.append(
            Problem(
                path="reference",
                message=_("Say what the score is of, a call or a period, in at most %(most)s characters."),
                params={"most": _LONGEST_REFERENCE},
            )
        )
    known = [_part(part) for part in parts]
    read = [part for part in known if part is not None]
    if len(read) < len(known):
        problems.append(
            Problem(
                path="parts",
                message=_("Each part has a name, a weight above 0 and a value, both of them numbers."),
            )
        )
    elif value is None and not read:
        problems.append(Problem(path="value", message=_("Give the score, or parts of which it is made.")))
    if value is not None and not rules.is_figure(Decimal(value)):
        problems.append(Problem(path="value", message=_("No score is that large.")))
    if problems:
        raise InvalidSubmission(problems=problems)
    kept = [{"name": part.name, "weight": part.weight, "value": part.value} for part in read]
    return (rules.weighted(read) if value is None else Decimal(value)), kept


def _part(said: Json) -> rules.Part | None:
    match said:
        case {"name": str() as name, "weight": weight, "value": value} if (
            name and _is_figure(weight) and _is_figure(value) and weight > 0
        ):
            return rules.Part(name=name, weight=Decimal(weight), value=Decimal(value))
    return None


def _is_figure(said: Json) -> bool:
    is_number = isinstance(said, Decimal | int) and not isinstance(said, bool)
    return is_number and rules.is_figure(Decimal(said))
