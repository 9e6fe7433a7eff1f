"""Timers: what the drawing says, as an instant. Literal ISO 8601, or FEEL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.errors import BudgetExceeded
from engine.feel.temporal import (
    MIDNIGHT,
    Date,
    DateTime,
    DaysTimeDuration,
    YearsMonthsDuration,
    from_instant,
    parse_duration,
    parse_temporal,
)
from engine.i18n import _
from engine.machine.run import ExpressionFailed
from engine.machine.spec import Trigger

if TYPE_CHECKING:
    from engine.machine.run import Run
    from engine.machine.token import Token

_CYCLE = re.compile(r"^R(?P<count>\d*)/(?:(?P<start>[^P][^/]*)/)?(?P<period>P[^/]+)$")
MAXIMUM_MONTHS = 1_200
MAXIMUM_TICKS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """When it fires first, how often again, and after what span.

    Args:
        due_at: The first instant.
        repeats: Times it fires again after the first; -1 without end, None for a single timer.
        every: The ISO 8601 period of a cycle.
    """

    due_at: datetime
    repeats: int | None = None
    every: str | None = None


def read_timer(run: Run, token: Token, trigger: Trigger) -> Timer:
    """Evaluate a timer event's expression.

    Raises:
        ExpressionFailed: It gives no instant, duration or cycle.
        BudgetExceeded: A cycle ticks more often than once a second or too many times.
    """
    formula = trigger.formula
    assert formula is not None
    value: Any = run.evaluate(token, formula)
    if trigger.timer == "cycle" or (isinstance(value, str) and value.startswith("R")):
        return _cycle(run, str(value))
    return Timer(due_at=due_instant(run, value, formula.source))


def _cycle(run: Run, text: str) -> Timer:
    matched = _CYCLE.match(text)
    if matched is None:
        if text.startswith("P"):
            return Timer(due_at=next_tick(run, text), repeats=-1, every=text)
        raise _no_instant(text)
    count = int(matched["count"]) if matched["count"] else -1
    if count > MAXIMUM_TICKS:
        raise BudgetExceeded(
            _("The cycle %(text)s fires more than %(limit)s times."), text=text, limit=MAXIMUM_TICKS
        )
    period = matched["period"]
    first = due_instant(run, matched["start"], text) if matched["start"] else next_tick(run, period)
    return Timer(due_at=first, repeats=count - 1 if count > 0 else count, every=period)


def next_tick(run: Run, period: str) -> datetime:
    """Return the next instant of a cycle, counted from now: a missed tick is not caught up.

    Raises:
        BudgetExceeded: The period is shorter than a second.
    """
    due_at = due_instant(run, period, period)
    if (due_at - run.environment.now).total_seconds() < 1:
        raise BudgetExceeded(_("The cycle %(text)s is shorter than a second."), text=period)
    return due_at


def due_instant(run: Run, value: Any, source: str) -> datetime:
    """Turn what an expression gave into an instant: a date and time, a date, or a duration from now.

    Raises:
        ExpressionFailed: It is none of these.
        BudgetExceeded: It lies more than a hundred years ahead.
    """
    now = run.environment.now
    zone = now.tzinfo or UTC
    try:
        if isinstance(value, str):
            value = (
                parse_temporal(value.strip())
                if not value.strip().startswith("P")
                else parse_duration(value.strip())
            )
        if isinstance(value, YearsMonthsDuration):
            if abs(value.months) > MAXIMUM_MONTHS:
                raise BudgetExceeded(_("%(text)s is more than a hundred years."), text=source)
            value = from_instant(now).add_months(value.months)
        if isinstance(value, DaysTimeDuration):
            return (now + value.timedelta()).astimezone(UTC)
        if isinstance(value, Date):
            value = DateTime(value, MIDNIGHT)
        if isinstance(value, DateTime):
            return value.instant(zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _no_instant(source) from error
    raise _no_instant(source)


def _no_instant(source: str) -> ExpressionFailed:
    return ExpressionFailed(
        _("%(text)s is no instant: write PT4H, 2026-03-02T09:00:00+08:00, R3/PT1H, or FEEL that gives one."),
        text=source,
    )
