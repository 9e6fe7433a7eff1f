"""Figures about a process: how often it ran, how long its steps took, what was late, where time goes.

Everything is counted by the database. What happened within a span of days counts: an instance or a visit has
begun in it, or ended in it; what waits, waits now, whenever it began. Time is elapsed time: nights, holidays
and pauses count, but for being late, which goes by the due time of a task: that stands still in a pause.

The visits of a step that people do are those at which somebody was asked: several people who are asked at an
approval are one visit, each round of a multi-instance is one, and where the start or an earlier approval
counts, the step was not visited. Steps of machines are told where they took any time.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from engine.context import Context
from engine.db import SecondsBetween, equal_to
from engine.definition import get_definition
from engine.errors import Problem, UnknownFilter
from engine.i18n import _
from engine.instance import ProcessInstance
from engine.jobs import Incident
from engine.work.figures.counting import Counted, count, number, ranked, taken, took
from engine.work.figures.nouns import ProcessFigures
from engine.work.figures.steps import step_figures
from engine.work.rights import OPERATE, SEE_ALL
from engine.work.supervision import supervises

LONGEST_D = 366
USUAL_D = 30
# The earliest day that any history can have: dates before it stand for it.
_EARLIEST = date(1970, 1, 1)


def may_see_figures(ctx: Context, process_key: str) -> bool:
    """Whether the context's actor may see a process's figures: they see all there is, or supervise it."""
    return ctx.actor.may(SEE_ALL) or ctx.actor.may(OPERATE) or supervises(ctx, process_key)


def figures_of(
    ctx: Context,
    *,
    process_key: str,
    first_on: date | None = None,
    last_on: date | None = None,
    version: int | None = None,
) -> ProcessFigures:
    """Return how a process fared.

    Args:
        ctx: Any open transaction; who asks was looked at by ``may_see_figures``.
        process_key: Which process.
        first_on: The first day that counts, in the centre's time zone; 30 days with the last where omitted.
        last_on: The last day that counts; today where omitted.
        version: Only what runs, or ran last, in this version.

    Raises:
        NotFound: There is no such process or version.
        UnknownFilter: The span ends before it begins, or has more than 366 days; the problem names which.
    """
    definition_id = get_definition(ctx, key=process_key, version=version).id
    first_on, last_on = _days(ctx, first_on, last_on)
    since, until = _midnight(ctx, first_on), _midnight(ctx, last_on + timedelta(days=1))
    counted = Counted(
        ctx=ctx,
        since=since,
        until=until,
        instances=[
            *equal_to(
                {
                    ProcessInstance.process_key: process_key,
                    ProcessInstance.definition_id: definition_id if version is not None else None,
                }
            ),
            or_(ProcessInstance.ended_at.is_(None), ProcessInstance.ended_at >= since),
        ],
    )
    return ProcessFigures(
        process_key=process_key,
        version=version,
        first_on=first_on,
        last_on=last_on,
        steps=step_figures(counted),
        **_instance_figures(counted),
    )


def _days(ctx: Context, first_on: date | None, last_on: date | None) -> tuple[date, date]:
    """Return the span that is meant.

    Raises:
        UnknownFilter: It cannot be counted.
    """
    today = ctx.now.astimezone(ctx.settings.zone).date()
    last = min(last_on or today, today)
    first = max(first_on or max(last, _EARLIEST) - timedelta(days=USUAL_D - 1), _EARLIEST)
    if first_on is not None and (last_on or today) < first_on:
        message = _("The span ends before it begins.")
        raise UnknownFilter(message, problems=[Problem(path="last_on", message=_("Choose a later day."))])
    if last - first >= timedelta(days=LONGEST_D):
        said = Problem(
            path="first_on",
            message=_("Choose at most %(most)s days."),
            params={"most": LONGEST_D},
        )
        raise UnknownFilter(_("The span is too long."), problems=[said])
    return first, last


def _midnight(ctx: Context, day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ctx.settings.zone)


def _instance_figures(counted: Counted) -> dict[str, Any]:
    one = ProcessInstance
    ended = counted.within(one.ended_at)
    completed = and_(ended, one.state == "completed")
    seconds = case((completed, SecondsBetween(one.started_at, one.ended_at)))
    disturbed = select(Incident.id).where(Incident.instance_id == one.id).exists()
    rows = (
        select(
            one.state,
            number(counted.within(one.started_at)).label("started"),
            number(ended).label("ended"),
            case((and_(completed, ~disturbed), 1), else_=0).label("smooth"),
            seconds.label("seconds"),
            *ranked(seconds),
        )
        .where(*counted.instances)
        .subquery()
    )
    ended_as = {
        f"{state}_count": count(and_(rows.c.ended == 1, rows.c.state == state))
        for state in ("completed", "cancelled", "failed")
    }
    figures = {
        "started_count": func.coalesce(func.sum(rows.c.started), 0),
        **ended_as,
        "running_count": count(rows.c.state.in_(("active", "suspended"))),
        "smooth_count": func.coalesce(func.sum(rows.c.smooth), 0),
    }
    found = (
        counted.ctx.connection.execute(
            select(*(column.label(name) for name, column in figures.items()), *took(rows))
        )
        .mappings()
        .one()
    )
    return {**{name: int(found[name]) for name in figures}, "took": taken(found)}
