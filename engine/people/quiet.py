"""Quiet hours: when somebody is not to be disturbed by what can wait. It is said when they are over."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.context import Context
from engine.parameters import parameter
from engine.people.models import Person

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
NEVER = "never"


def are_quiet_hours(text: str) -> bool:
    """Whether a text says quiet hours: ``22:00-07:00``, or ``never``."""
    found = _HOURS.fullmatch(text)
    return text == NEVER or (found is not None and found.group(1, 2) != found.group(3, 4))


def quiet_until(ctx: Context, person: Person) -> datetime | None:
    """Return when somebody's quiet hours end; None where they may be disturbed now."""
    said = person.quiet_hours or str(parameter(ctx, "reminders.quiet_hours") or "")
    # A parameter that is no hours holds nothing up.
    if not said or said == NEVER or not are_quiet_hours(said):
        return None
    zone = ZoneInfo(person.time_zone) if person.time_zone else ctx.settings.zone
    return end_of_quiet(said, ctx.now.astimezone(zone))


def end_of_quiet(hours: str, now: datetime) -> datetime | None:
    """Return when quiet hours end that hold at an instant; None where they do not.

    Args:
        hours: Such as ``22:00-07:00``; the end is no longer quiet.
        now: The instant by the clock of whoever rests.
    """
    begin, end = (time.fromisoformat(text) for text in hours.split("-"))
    wall = now.time()
    over_midnight = end < begin
    quiet = wall >= begin or wall < end if over_midnight else begin <= wall < end
    if not quiet:
        return None
    day = now.date() + timedelta(days=1 if over_midnight and wall >= begin else 0)
    return datetime.combine(day, end, now.tzinfo)
