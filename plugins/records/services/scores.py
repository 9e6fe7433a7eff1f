"""Scores: published once, appealed at most once within their window, changed only by a new version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, select

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


class AppealClosed(Conflict):
    """This score cannot be appealed any more."""

    code: ClassVar[str] = "appeal_closed"


_LONGEST_REFERENCE = 128
_CLOSED = {
    "never": _("This score cannot be appealed."),
    "late": _("The time in which this score could be appealed is over."),
    "again": _("This score was appealed before."),
}


@verb
def publish_score(
    ctx: Context,
    *,
    person_key: str,
    kind: str,
    reference: str,
    value: Decimal | None = None,
    parts: Sequence[Json] = (),
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
    score = Score(
        person_key=person_key,
        kind=kind,
        reference=reference,
        version=1,
        value=found,
        parts=known,
        published_at=ctx.now,
        published_by=ctx.actor.name,
        appeal_until=appeal_until,
        instance_id=instance_id,
    )
    ctx.session.add(score)
    ctx.session.flush()
    return score


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
    before = read_score(ctx, person_key=person_key, kind=kind, reference=reference)
    decided = (instance_id, found, known)
    if instance_id is not None and (before.instance_id, before.value, before.parts) == decided:
        return before
    score = Score(
        person_key=person_key,
        kind=kind,
        reference=reference,
        version=before.version + 1,
        value=found,
        parts=known,
        reason=reason,
        published_at=ctx.now,
        published_by=by or ctx.actor.name,
        appeal_until=appeal_until or before.appeal_until,
        instance_id=instance_id,
    )
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


def check_appeal(
    ctx: Context, *, person_key: str, kind: str, reference: str, instance_id: str | None = None
) -> Score:
    """Return a score that can still be appealed.

    Args:
        ctx: Who asks.
        person_key: Whose score.
        kind: As it was published.
        reference: As it was published.
        instance_id: The appeal that asks: its own does not stand in its way.

    Raises:
        NoScore: None is published.
        AppealClosed: The window is over, or it was appealed before.
    """
    with ctx.read():
        score = read_score(ctx, person_key=person_key, kind=kind, reference=reference)
        appeals = set(
            ctx.session.scalars(
                select(Score.appeal_instance_id).where(
                    *_of(person_key, kind, reference), Score.appealed_at.is_not(None)
                )
            )
        )
        if instance_id is not None and instance_id in appeals:
            return score
        hindrance = rules.appeal_hindrance(
            appeal_until=score.appeal_until, is_appealed=bool(appeals), now=ctx.now
        )
    if hindrance is not None:
        raise AppealClosed(_CLOSED[hindrance])
    return score


@verb
def appeal_score(
    ctx: Context, *, person_key: str, kind: str, reference: str, instance_id: str | None = None
) -> Score:
    """Keep that a score is appealed, so that nobody appeals it again, whatever comes of it.

    Args:
        ctx: Who acts.
        person_key: Whose score.
        kind: As it was published.
        reference: As it was published.
        instance_id: The instance that carries the appeal; it may ask twice.

    Raises:
        NoScore: None is published.
        AppealClosed: The window is over, or it was appealed before.
    """
    alone_in(ctx.connection, Score.__table__)
    score = check_appeal(ctx, person_key=person_key, kind=kind, reference=reference, instance_id=instance_id)
    if score.appealed_at is None:
        score.appealed_at, score.appeal_instance_id = ctx.now, instance_id
        ctx.session.flush()
    return score


def list_scores(
    ctx: Context,
    *,
    person_key: str | None = None,
    kind: str | None = None,
    reference: str | None = None,
    sort: str = "-published_at",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many versions of scores there are and one page of them.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = equal_to({Score.person_key: person_key, Score.kind: kind, Score.reference: reference})
    return page_of(
        ctx.connection,
        select(Score.__table__).where(*wanted),
        order_by(sort, SCORE_SORTS, last=Score.id),
        page=page,
        page_size=page_size,
    )


def _latest(
    ctx: Context, person_key: str, kind: str, reference: str, version: int | None = None
) -> Score | None:
    return ctx.session.scalar(
        select(Score)
        .where(*_of(person_key, kind, reference), *equal_to({Score.version: version}))
        .order_by(Score.version.desc())
        .limit(1)
    )


def _of(person_key: str, kind: str, reference: str) -> tuple[ColumnElement[bool], ...]:
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
