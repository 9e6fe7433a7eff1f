"""JSON values: what a variable may hold, and their text.

Null, boolean, text, list, context and number; a number keeps all its digits (``Decimal`` in Python, never
a float).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import orjson

Json: TypeAlias = Any

# No database keeps a NUL or half a character in a text.
UNFIT = re.compile("[\0\ud800-\udfff]")
# As JSON writes it: behind an even number of other backslashes.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

# Before or after the point: as many as an IEEE decimal of 128 bits has.
_MOST_DIGITS = 6144
# A key of more parts takes TOML's reader very long.
_MOST_PARTS = 30
_PART = re.compile(r"[ \t]*[\w\"'-]{1,100}[ \t]*")


def _default(value: object) -> object:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError(f"{value} is not a JSON number")
        return orjson.Fragment(number_text(value))
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def number_text(value: Decimal) -> str:
    """Write a number with all its digits, whole numbers without a fraction."""
    return (
        str(value.quantize(Decimal(1)))
        if value == value.to_integral_value() and abs(value) < Decimal(10) ** 28
        else str(value)
    )


def dumps(value: Json) -> str:
    """Write a value as JSON text.

    Raises:
        TypeError: It holds something that is not a JSON value.
    """
    return orjson.dumps(value, default=_default).decode()


def holds_nul(text: str) -> bool:
    """Whether a text in a value's JSON text holds a NUL."""
    return "\\u0000" in text and _NUL.search(text) is not None


def loads(text: str | bytes) -> Json:
    """Read JSON text; every number becomes a Decimal.

    Raises:
        ValueError: The text is not JSON, or a number in it is beyond what arithmetic can hold.
    """
    return _DECODER.decode(text if isinstance(text, str) else text.decode())


def typed(text: str) -> Json:
    """Read a value as people type it: JSON where it is, else the text itself."""
    try:
        return loads(text)
    except ValueError:
        return text


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError(f"the number {text[:32]} is too large or too small")
    return number


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


# Made once: ``json.loads`` would make one at each call.
_DECODER = json.JSONDecoder(parse_float=_number, parse_int=_number, parse_constant=_refuse_constant)


def read_toml(content: bytes) -> dict[str, Json]:
    """Read a TOML file that a stranger may have written.

    Raises:
        ValueError: It is no TOML, or nested too deeply.
    """
    text = content.decode()
    part_count = 0
    for part in text.split("."):
        part_count = part_count + 1 if _PART.fullmatch(part) else 0
        if part_count > _MOST_PARTS:
            raise ValueError(f"a key has more than {_MOST_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
