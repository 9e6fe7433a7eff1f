"""Appeals: of a score at most one, within its window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import select

from engine.context import Context, verb
from engine.db import alone_in, equal_to
from engine.errors import Conflict
from engine.i18n import _
from plugins.records import rules
from plugins.records.models import Score
from plugins.records.services.scores import HOLDS, IS_APPEALED, of_subject, read_score


class AppealClosed(Conflict):
    """This score cannot be appealed any more."""

    code: ClassVar[str] = "appeal_closed"


_CLOSED = {
    "never": _("This score cannot be appealed."),
    "late": _("The time in which this score could be appealed is over."),
    "again": _("This score was appealed before."),
}


def open_scores(
    ctx: Context, *, kind: str, person_key: str | None = None, reference: str | None = None
) -> Sequence[Score]:
    """Return the scores that can be appealed now: of each the version that holds, the latest first.

    Args:
        ctx: Who asks.
        kind: ``qa``, ``kpi`` or any other word.
        person_key: Whose; everybody's where omitted.
        reference: Of one call or period; of all where omitted.
    """
    asked = equal_to({Score.kind: kind, Score.person_key: person_key, Score.reference: reference})
    latest = Score.published_at.desc(), Score.person_key, Score.id
    with ctx.read():
        is_open = HOLDS, ~IS_APPEALED, Score.appeal_until >= ctx.now
        return ctx.session.scalars(select(Score).where(*asked, *is_open).order_by(*latest)).all()


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
                    *of_subject(person_key, kind, reference), Score.appealed_at.is_not(None)
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
