"""Values as people of one language write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal

from engine.feel.temporal import Date, DateTime, Time


def localized(value: Any, locale: str, now: datetime | None) -> str | None:
    """Write a number, date or time for people; None for every other value.

    Args:
        value: The value.
        locale: Their language.
        now: An instant in the zone in which instants are shown; UTC where there is none.
    """
    if isinstance(value, Decimal):
        return str(format_decimal(value, locale=locale, decimal_quantization=False))
    zone = (now.tzinfo if now else None) or UTC
    try:
        if isinstance(value, Date):
            return str(format_date(date(value.year, value.month, value.day), "medium", locale=locale))
        if isinstance(value, DateTime):
            instant = value.instant(zone).astimezone(zone)
            return str(format_datetime(instant.replace(tzinfo=None), "medium", locale=locale))
        if isinstance(value, Time):
            shown = datetime(2000, 1, 1, value.hour, value.minute, value.second)  # noqa: DTZ001 - a wall clock
            return str(format_time(shown, "short", locale=locale))
    except ValueError:
        pass
    return None
