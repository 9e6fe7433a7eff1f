"""What an expression of a drawing may ask about working time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.feel.temporal import Date, DateTime, DaysTimeDuration, from_instant, parse_date_time
from engine.worktime.calendar import Calendar
from engine.worktime.rules import add, between, working_days_between


def feel_functions(calendar: Callable[[], Calendar]) -> Mapping[str, Callable[..., Any]]:
    """Return the FEEL functions about working time, bound to a calendar that is loaded when one is called.

    ``working time.add(instant, duration)`` takes a duration or its text (``"PT4H"``, ``"P3D"``; days are
    working days), ``working time.between(instant, instant)`` answers a duration, ``working days
    between(instant, instant)`` a number. An instant without a zone is read in the calendar's.
    """

    def zone() -> ZoneInfo:
        return ZoneInfo(calendar().zone)

    def working_time_add(instant: Any, duration: Any) -> DateTime:
        length = duration.timedelta() if isinstance(duration, DaysTimeDuration) else duration
        if not isinstance(length, str | timedelta):
            raise ValueError("working time is added as days, hours, minutes and seconds")
        return from_instant(add(calendar(), _instant(instant, zone()), length).astimezone(zone()))

    def working_time_between(start: Any, end: Any) -> DaysTimeDuration:
        passed = between(calendar(), _instant(start, zone()), _instant(end, zone()))
        return DaysTimeDuration((passed // timedelta(microseconds=1)) * 1000)

    def working_days(start: Any, end: Any) -> int:
        return working_days_between(calendar(), _instant(start, zone()), _instant(end, zone()))

    return {
        "working time.add": working_time_add,
        "working time.between": working_time_between,
        "working days between": working_days,
    }


def _instant(value: Any, zone: ZoneInfo) -> datetime:
    if isinstance(value, str):
        value = parse_date_time(value)
    if isinstance(value, Date):
        return datetime.combine(date(value.year, value.month, value.day), time(), zone)
    if isinstance(value, DateTime):
        return value.instant(zone)
    raise ValueError("an instant is a date and time")
