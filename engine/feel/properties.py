"""What a path may read of a value that is no context (table 65 of 10.3.2.12)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.feel.numbers import DECIMAL128
from engine.feel.ranges import Range
from engine.feel.temporal import Date, DateTime, DaysTimeDuration, Region, Time, YearsMonthsDuration

_Reader = Callable[[Any], Any]

_S_NS = Decimal(10**9)


def _number(read: Callable[[Any], int]) -> _Reader:
    return lambda value: Decimal(read(value))


def _part(unit: str) -> _Reader:
    return lambda value: Decimal(value.part(unit))


def _seconds(nanoseconds: int) -> Decimal:
    return DECIMAL128.divide(Decimal(nanoseconds), _S_NS)


def _seconds_of(duration: DaysTimeDuration) -> Decimal:
    seconds = _seconds(abs(duration.nanoseconds) % (60 * 10**9))
    return -seconds if duration.nanoseconds < 0 else seconds


def _offset(value: Time | DateTime) -> DaysTimeDuration | None:
    if not value.zone:
        return None
    seconds = value.offset_s if isinstance(value, DateTime) else value.zone.offset_at(None)
    return DaysTimeDuration((seconds or 0) * 10**9)


def _region(value: Time | DateTime) -> str | None:
    return value.zone.key if isinstance(value.zone, Region) else None


_DATE: dict[str, _Reader] = {
    "year": _number(lambda value: value.year),
    "month": _number(lambda value: value.month),
    "day": _number(lambda value: value.day),
    "weekday": _number(lambda value: value.weekday),
}
_ZONE: dict[str, _Reader] = {"time offset": _offset, "timezone": _region}
_TIME: dict[str, _Reader] = {
    "hour": _number(lambda value: value.hour),
    "minute": _number(lambda value: value.minute),
    "second": lambda value: _seconds(value.second * 10**9 + value.nanosecond),
}

PROPERTIES: dict[type, dict[str, _Reader]] = {
    Date: _DATE,
    Time: _TIME | _ZONE,
    DateTime: {name: lambda value, read=read: read(value.date) for name, read in _DATE.items()}
    | {name: lambda value, read=read: read(value.time) for name, read in _TIME.items()}
    | _ZONE,
    DaysTimeDuration: {unit: _part(unit) for unit in ("days", "hours", "minutes")} | {"seconds": _seconds_of},
    YearsMonthsDuration: {unit: _part(unit) for unit in ("years", "months")},
    Range: {
        "start": lambda value: value.start,
        "end": lambda value: value.end,
        "start included": lambda value: value.start_included,
        "end included": lambda value: value.end_included,
    },
}
