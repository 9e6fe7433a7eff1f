"""Back-pressure: whoever is behind takes on nothing new from people and programs."""

from __future__ import annotations

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from engine.context import Context
from engine.db import Database
from engine.errors import TooManyRequests
from engine.jobs.models import Job
from engine.parameters import parameter

BEHIND = "jobs.behind_s"
RETRY_AFTER_S = 10
_CAN_TRY_AGAIN = frozenset({"web", "rest"})
# How long an answer that all is well is believed: a start in a busy second asks for nothing.
_BELIEVED = timedelta(seconds=1)
_well_at: WeakKeyDictionary[Database, datetime] = WeakKeyDictionary()
_Running = aliased(Job)
# What waits for another job of its own instance is not late: nobody could have taken it.
_OLDEST_DUE = (
    select(Job.due_at)
    .where(
        Job.state == "waiting",
        Job.lane == "interactive",
        Job.due_at <= bindparam("now"),
        ~select(_Running.id)
        .where(_Running.instance_id == Job.instance_id, _Running.state == "running")
        .exists(),
    )
    .order_by(Job.due_at)
    .limit(1)
)


class Behind(TooManyRequests):
    """The work is behind, so nothing new begins just now. Try again in a moment."""

    code = "behind"


def oldest_due_s(ctx: Context) -> float:
    """Return for how long the oldest due interactive job has waited, in seconds; 0 where none is due."""
    oldest = ctx.connection.execute(_OLDEST_DUE, {"now": ctx.now}).scalar()
    return 0.0 if oldest is None else (ctx.now - oldest).total_seconds()


def refuse_if_behind(ctx: Context) -> None:
    """Let nothing new begin while the oldest due job waits for longer than the parameter allows.

    Only people at a page and programs are refused: they can try again. An SMS, a timer and a call by
    another process cannot. A process asks the database at most once a second as long as all is well.

    Raises:
        Behind: It does.
    """
    if ctx.actor.channel not in _CAN_TRY_AGAIN:
        return
    database = ctx.centre.database
    well_at = _well_at.get(database)
    if well_at is not None and well_at <= ctx.now < well_at + _BELIEVED:
        return
    late_s = oldest_due_s(ctx)
    # The parameter is asked for only where there is anything late.
    if late_s and (limit_s := int(parameter(ctx, BEHIND))) and late_s > limit_s:
        raise Behind(retry_after_s=RETRY_AFTER_S)
    _well_at[database] = ctx.now
