"""What drawings call of scores: read, publish and change them, and their appeals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypedDict

from engine.context import Context
from engine.i18n import _
from engine.people import find_person
from engine.plugin.offers import Field, service_task
from plugins.records import services
from plugins.records.models import Score
from plugins.records.service_tasks.outcomes import outcomes
from plugins.records.service_tasks.parameters import Anybody, InstanceId, Person

ScoreKind = Annotated[str, Field(label=_("Kind of score"), help=_("qa, kpi or any other word."))]
Reference = Annotated[str, Field(label=_("Of what"), help=_("A call, a period: as it was published."))]
Value = Annotated[Decimal | None, Field(label=_("Score"), help=_("The weighted mean of the parts if empty."))]
Parts = Annotated[
    list[Any] | None,
    Field(label=_("Parts"), help=_("A list of contexts with name, weight (above 0) and value.")),
]
DecidedBy = Annotated[str | None, Field(label=_("Who decided it"), help=_("A user name; who acts if empty."))]
AppealUntil = Annotated[
    datetime | None, Field(label=_("Can be appealed until"), help=_("It cannot be appealed if empty."))
]


class Scored(TypedDict):
    """A version of a score."""

    value: Annotated[Decimal, Field(label=_("Score"))]
    parts: Annotated[list[Any], Field(label=_("Parts"), help=_("Contexts with name, weight and value."))]
    version: Annotated[int, Field(label=_("Version"), help=_("From 1; each change of the score adds 1."))]
    reason: Annotated[str | None, Field(label=_("Reason of the change"))]
    by: Annotated[str | None, Field(label=_("Who decided it"), help=_("Null where a program did."))]
    published_at: Annotated[datetime, Field(label=_("Published"))]
    appeal_until: AppealUntil
    appealed: Annotated[bool, Field(label=_("This version was appealed"))]


class Average(TypedDict):
    """The mean of several scores."""

    value: Annotated[Decimal | None, Field(label=_("Average score"), help=_("Null where there is none."))]
    count: Annotated[int, Field(label=_("Number of scores"))]


@service_task("score", title=_("Read a score"), mode="inline", looks=True)
def read_score(
    ctx: Context,
    person: Person,
    kind: ScoreKind,
    reference: Reference,
    version: Annotated[int | None, Field(label=_("Version"), help=_("The one that holds if empty."))] = None,
) -> Scored:
    """Read a person's score for a call, a period or whatever it is of; error: no_score."""
    return _scored(
        ctx, services.read_score, person_key=person, kind=kind, reference=reference, version=version
    )


@service_task("open_scores", title=_("List scores that can be appealed"), mode="inline", looks=True)
def list_open_scores(
    ctx: Context,
    kind: ScoreKind,
    person: Anybody = None,
    reference: Annotated[
        str | None, Field(label=_("Of what"), help=_("A call, a period; all if empty."))
    ] = None,
) -> Annotated[
    list[Any],
    Field(
        label=_("Scores"),
        help=_("Contexts with person, reference, value, parts, appeal_until and by, the latest first."),
    ),
]:
    """List scores whose window is open and that nobody has appealed: to choose from, or to ask about each."""
    found = services.open_scores(ctx, kind=kind, person_key=person or None, reference=reference or None)
    return [_open_score(ctx, one) for one in found]


@service_task("average_score", title=_("Average scores"), mode="inline", looks=True)
def average_score(
    ctx: Context,
    person: Person,
    kind: ScoreKind,
    first_on: Annotated[date | None, Field(label=_("First day"), help=_("Ever since if empty."))] = None,
    last_on: Annotated[
        date | None, Field(label=_("Last day"), help=_("Included; until now if empty."))
    ] = None,
) -> Average:
    """Say what a person's scores of a kind came to on average, as they hold now."""
    value, count = services.average_score(
        ctx, person_key=person, kind=kind, first_on=first_on, last_on=last_on
    )
    return {"value": value, "count": count}


@service_task("publish_score", title=_("Publish a score"), mode="inline")
def publish_score(
    ctx: Context,
    person: Person,
    kind: ScoreKind,
    reference: Reference,
    value: Value = None,
    parts: Parts = None,
    by: DecidedBy = None,
    appeal_until: AppealUntil = None,
    instance_id: InstanceId = None,
) -> Scored:
    """Publish a score and until when it can be appealed; error: score_exists."""
    subject = {"person_key": person, "kind": kind, "reference": reference}
    decided = {"value": value, "parts": parts or (), "by": by, "appeal_until": appeal_until}
    return _scored(ctx, services.publish_score, **subject, **decided, instance_id=instance_id)


@service_task("rescore", title=_("Change a score"), mode="inline")
def rescore(
    ctx: Context,
    person: Person,
    kind: ScoreKind,
    reference: Reference,
    reason: Annotated[str, Field(label=_("Reason of the change"), help=_("The person reads it."))],
    value: Value = None,
    parts: Parts = None,
    by: DecidedBy = None,
    appeal_until: Annotated[
        datetime | None, Field(label=_("Can be appealed until"), help=_("As before if empty."))
    ] = None,
    instance_id: InstanceId = None,
) -> Scored:
    """Publish a new version of a score with a reason; the one before stays; error: no_score."""
    subject = {"person_key": person, "kind": kind, "reference": reference, "reason": reason}
    decided = {"value": value, "parts": parts or (), "by": by, "appeal_until": appeal_until}
    return _scored(ctx, services.rescore, **subject, **decided, instance_id=instance_id)


@service_task("check_appeal", title=_("Check that a score can be appealed"), mode="inline", looks=True)
def check_appeal(
    ctx: Context, person: Person, kind: ScoreKind, reference: Reference, instance_id: InstanceId = None
) -> Scored:
    """Read a score that can be appealed now and was not before; errors: no_score, appeal_closed."""
    subject = {"person_key": person, "kind": kind, "reference": reference}
    return _scored(ctx, services.check_appeal, **subject, instance_id=instance_id)


@service_task("appeal", title=_("Appeal a score"), mode="inline")
def appeal_score(
    ctx: Context, person: Person, kind: ScoreKind, reference: Reference, instance_id: InstanceId = None
) -> Scored:
    """Keep that a score is appealed, so that it is not again; errors: no_score, appeal_closed."""
    subject = {"person_key": person, "kind": kind, "reference": reference}
    return _scored(ctx, services.appeal_score, **subject, instance_id=instance_id)


def _scored(ctx: Context, verb: Callable[..., Score], **said: Any) -> Scored:
    with outcomes(ctx, services.NoScore, services.ScoreExists, services.AppealClosed):
        score = verb(ctx, **said)
    return {
        "value": score.value,
        "parts": score.parts,
        "version": score.version,
        "reason": score.reason,
        "by": _decider(ctx, score),
        "published_at": score.published_at,
        "appeal_until": score.appeal_until,
        "appealed": score.appealed_at is not None,
    }


def _open_score(ctx: Context, one: Score) -> dict[str, Any]:
    return {
        "person": one.person_key,
        "reference": one.reference,
        "value": one.value,
        "parts": one.parts,
        "appeal_until": one.appeal_until,
        "by": _decider(ctx, one),
    }


def _decider(ctx: Context, score: Score) -> str | None:
    """Return who can be left out when it is looked at again: a person."""
    return score.published_by if find_person(ctx, score.published_by) is not None else None
