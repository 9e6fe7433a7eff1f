"""Values in and out: what a caller gives becomes FEEL's, what it gets is JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.errors import InvalidSubmission
from engine.feel.display import text_of
from engine.feel.errors import FeelError
from engine.feel.functions import FUNCTIONS
from engine.feel.kind_grammar import parse_kind
from engine.feel.kinds import KINDS, ContextOf, Kind, ListOf, Simple
from engine.feel.numbers import parse_number
from engine.feel.ranges import Range
from engine.feel.runtime import Run
from engine.feel.temporal import (
    Date,
    DateTime,
    DaysTimeDuration,
    Time,
    YearsMonthsDuration,
    from_instant,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_time,
)
from engine.i18n import _

MAX_DEPTH = 64
MAX_NAMED_VALUES = 1_000

_OURS = frozenset(
    (
        type(None),
        bool,
        str,
        Decimal,
        Date,
        Time,
        DateTime,
        DaysTimeDuration,
        YearsMonthsDuration,
        Range,
        *FUNCTIONS,
    )
)


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value as FEEL has it; what FEEL does not know is null.

    Whole numbers, floats and Python's own dates are converted; a list or context that needs no
    conversion is returned as it is.
    """
    kind = type(value)
    if kind in _OURS:
        return value
    if depth > MAX_DEPTH:
        return None
    if kind is dict:
        return _plain_context(value, depth)
    if kind is list:
        for item in value:
            if type(item) not in _OURS:
                return [plain(item, depth + 1) for item in value]
        return value
    return _foreign(value, depth)


def _plain_context(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    for name, item in value.items():
        if type(item) not in _OURS or type(name) is not str:
            return {str(name): plain(item, depth + 1) for name, item in value.items()}
    return value


def _foreign(value: Any, depth: int) -> Any:
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        number = Decimal(repr(value))
        return number if number.is_finite() else None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return from_instant(value)
    if isinstance(value, date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, time):
        return from_instant(datetime.combine(date(2000, 1, 1), value)).time
    if isinstance(value, timedelta):
        return DaysTimeDuration((value // timedelta(microseconds=1)) * 1000)
    if isinstance(value, Mapping):
        return {str(name): plain(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    return None


def names_to_tell(scope: Mapping[str, Any]) -> frozenset[str]:
    """Return the names in a scope, and in the contexts in it, that hold spaces or signs."""
    names: set[str] = set()
    rest: list[Any] = [scope]
    looked_at = 0
    while rest and looked_at < MAX_NAMED_VALUES:
        value = rest.pop()
        looked_at += 1
        if isinstance(value, Mapping):
            names.update(name for name in value if isinstance(name, str) and not name.isidentifier())
            rest += value.values()
        elif isinstance(value, list):
            rest += value[:1]
    return frozenset(names)


def is_small(value: Any, item_count: int) -> bool:
    """Tell whether a value has so few elements, counting a shared one each time it is met."""
    left = item_count
    level = [value]
    for _round in range(MAX_DEPTH):
        inner: list[Any] = []
        for one in level:
            items = one if type(one) is list else one.values() if type(one) is dict else ()
            left -= len(items)
            if left < 0:
                return False
            inner += [item for item in items if type(item) is list or type(item) is dict]
        if not inner:
            return True
        level = inner
    return False


def to_json(value: Any) -> Any:
    """Return a value as JSON has it: temporal values and ranges as their text, functions as null.

    Numbers stay Decimals, with all their digits.
    """
    if value is None or isinstance(value, bool | str | Decimal | int):
        return value
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, FUNCTIONS):
        return None
    return text_of(Run({}, None), value)


def from_json(value: Any, type_name: str | None = None) -> Any:
    """Return a JSON value as FEEL has it.

    Args:
        value: The JSON value.
        type_name: The FEEL type it is declared to have: a text becomes a date, a number, and so on.

    Raises:
        InvalidSubmission: It is not of that type.
    """
    value = plain(value)
    if type_name is None:
        return value
    kind = parse_kind(type_name)
    try:
        return read_as(kind, value)
    except (FeelError, ValueError, ArithmeticError) as error:
        raise InvalidSubmission(
            _("%(value)s is not of the type %(type)s."), value=str(value)[:40], type=kind.phrase
        ) from error


_READERS: dict[Kind, Any] = {
    KINDS["number"]: parse_number,
    KINDS["date"]: parse_date,
    KINDS["time"]: parse_time,
    KINDS["date and time"]: parse_date_time,
    KINDS["days and time duration"]: parse_duration,
    KINDS["years and months duration"]: parse_duration,
}


def read_as(kind: Kind, value: Any) -> Any:
    """Return a value as one of a kind, reading texts as dates and the like.

    Raises:
        FeelError: It is of another kind.
        ValueError: The text cannot be read.
        ArithmeticError: The number cannot be read.
    """
    if isinstance(kind, ListOf) and type(value) is list:
        return [read_as(kind.element, item) for item in value]
    if isinstance(kind, ContextOf) and type(value) is dict:
        kinds = dict(kind.entries)
        return {name: read_as(kinds[name], item) if name in kinds else item for name, item in value.items()}
    if isinstance(kind, Simple) and type(value) is str and kind in _READERS:
        value = _READERS[kind](value)
    return kind.coerce(value)
