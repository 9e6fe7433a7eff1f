"""JSON values: what a variable may hold, and their text.

Null, boolean, text, list, context and number; a number keeps all its digits (``Decimal`` in Python, never
a float).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import orjson

Json: TypeAlias = Any


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


def loads(text: str | bytes) -> Json:
    """Read JSON text; every number becomes a Decimal.

    Raises:
        ValueError: The text is not JSON.
    """
    return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")
