"""The border between variables and scripts: what goes in, and the check of what comes out.

A whole number is an ``int`` in a script. A number with a fraction is a ``float`` if it has at most 15
significant digits, which a float keeps; a longer one is a ``decimal.Decimal`` with all its digits. A float
comes back rounded to 15 significant digits, so 0.1 + 0.2 is 0.3 again; a Decimal comes back as it is.
A declared date, time or duration is Python's own; what Python cannot hold (years and months, a time with a
zone, the year 12000) is its ISO text, and texts is what all of them come back as.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson

from engine.feel.temporal import Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration
from engine.i18n import _
from engine.sandbox.errors import ScriptValueRefused
from engine.values import Json

MAX_DEPTH = 32
MAX_NODES = 50_000
MAX_TEXT_LENGTH = 1_000_000
MAX_DIGITS = 34
MAX_EXPONENT = 6144

_FLOAT_DIGITS = 15
_TEMPORAL = (Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration)
_MAX_BITS = 20_600  # of a whole number with MAX_EXPONENT digits, and some


def to_script(value: Json) -> object:
    """Return a variable's value as a script sees it.

    Args:
        value: A JSON value; it may hold FEEL's temporal values.

    Raises:
        TypeError: It is no such value.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if len(value.normalize().as_tuple().digits) <= _FLOAT_DIGITS else value
    if isinstance(value, Mapping):
        return {key: to_script(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_script(item) for item in value]
    if isinstance(value, _TEMPORAL):
        return _moment(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _moment(value: object) -> date | time | timedelta | str:
    try:
        if isinstance(value, Date):
            return date(value.year, value.month, value.day)
        if isinstance(value, DateTime):
            moment: datetime = value.instant(UTC)
            return moment if value.zone else moment.replace(tzinfo=None)
        if isinstance(value, DaysTimeDuration):
            return value.timedelta()
        if isinstance(value, Time) and value.zone is None:
            return time(value.hour, value.minute, value.second, value.nanosecond // 1000)
    except (ValueError, OverflowError):
        pass
    return str(value)


def checked(name: str, value: object) -> Json:
    """Return a script's value as a variable may hold it.

    Tuples become lists, temporal values their ISO text. A part that is met twice counts twice: forty
    doublings of a list are few objects in a script and 2**40 in a text.

    Args:
        name: The variable, for messages.
        value: What came out of the sandbox.

    Raises:
        ScriptValueRefused: It is no data, or too much of it; the message names the place.
    """
    return _Check().copy(name, value, 0)


@dataclass(slots=True)
class _Check:
    nodes: int = 0
    text_length: int = 0

    def copy(self, path: str, value: object, depth: int) -> Json:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _refused(_("“%(path)s” has more than %(limit)s parts."), path, limit=MAX_NODES)
        if depth > MAX_DEPTH:
            raise _refused(_("“%(path)s” is nested more than %(limit)s deep."), path, limit=MAX_DEPTH)
        if isinstance(value, str):
            return self._text(path, value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float | Decimal):
            return _number(path, value)
        if isinstance(value, dict):
            return {
                self._key(path, key): self.copy(f"{path}.{key}", item, depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.copy(f"{path}[{index}]", item, depth + 1) for index, item in enumerate(value)]
        if isinstance(value, date | time):
            return value.isoformat()
        if isinstance(value, timedelta):
            return str(DaysTimeDuration(value // timedelta(microseconds=1) * 1000))
        # An object of a class of the script's own has its class's name.
        kind = getattr(value, "name", None) or type(value).__name__
        raise _refused(_("“%(path)s” holds a %(kind)s, which is no data."), path, kind=kind)

    def _text(self, path: str, text: str) -> str:
        self.text_length += len(text)
        if self.text_length > MAX_TEXT_LENGTH:
            raise _refused(_("“%(path)s” has more than %(limit)s characters."), path, limit=MAX_TEXT_LENGTH)
        if "\0" in text or (not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)):
            raise _refused(_("“%(path)s” holds a character that no text may hold."), path)
        return text

    def _key(self, path: str, key: object) -> str:
        if not isinstance(key, str):
            raise _refused(
                _("“%(path)s” has a key that is no text: %(kind)s."), path, kind=type(key).__name__
            )
        return self._text(path, key)


def _number(path: str, value: int | float | Decimal) -> Decimal:
    if isinstance(value, int):
        finite, short = True, value.bit_length() <= _MAX_BITS
    else:
        finite, short = (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)), True
    if not finite:
        raise _refused(_("“%(path)s” is no finite number."), path)
    if short:
        number = Decimal(f"{value:.{_FLOAT_DIGITS}g}") if isinstance(value, float) else Decimal(value)
        digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
        if len(digits) <= MAX_DIGITS and abs(number.adjusted()) <= MAX_EXPONENT:
            return number
    raise _refused(_("“%(path)s” has more than %(limit)s digits."), path, limit=MAX_DIGITS)


def _refused(message: str, path: str, **params: Any) -> ScriptValueRefused:
    return ScriptValueRefused(message, path=path[:200], **params)


def same(one: Json, other: Json) -> bool:
    """Tell whether what came out of a script is what went in; true is not one.

    Args:
        one: What came out, checked.
        other: What went in, before it was made a script's.
    """
    if isinstance(other, _TEMPORAL):
        return bool(one == checked("", to_script(other)))
    if isinstance(one, str):
        return bool(one == other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def untouched(one: object, other: object) -> bool:
    """Tell quickly that what came out of a script is what was sent in; where it cannot tell, it says no.

    Args:
        one: What came out, unchecked.
        other: What was sent: a tree, so that comparing ends even where the first one is none.
    """
    try:
        # Equal first: that bounds what is written then, which tells 1 from 1.0 and true.
        return bool(one == other) and orjson.dumps(one) == orjson.dumps(other)
    except (TypeError, RecursionError):
        return False
