"""Values as text, as the function `string` writes them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from engine.feel.functions import FUNCTIONS
from engine.feel.numbers import number_text
from engine.feel.ranges import Range
from engine.feel.runtime import Run

_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


def text_of(run: Run, value: Any) -> str:
    """Write a value: a text as it is, everything else as an expression would say it.

    Raises:
        FeelError: The text would be too long.
    """
    if isinstance(value, str):
        run.afford_text(len(value))
        return value
    parts: list[str] = []
    _write(run, value, parts)
    return "".join(parts)


def _write(run: Run, value: Any, parts: list[str]) -> None:
    """Add the pieces of a value's text, paying for each."""
    if isinstance(value, list):
        _enclose(run, "[]", (("", item) for item in value), parts)
    elif isinstance(value, dict):
        _enclose(run, "{}", ((f"{_key(name)}: ", item) for name, item in value.items()), parts)
    elif isinstance(value, Range):
        _range(run, value, parts)
    else:
        piece = quoted(value) if isinstance(value, str) else _single(value)
        run.tick(2)
        run.afford_text(len(piece))
        parts.append(piece)


def _single(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value)
    return f"function {value.name}" if isinstance(value, FUNCTIONS) else str(value)


def _enclose(run: Run, brackets: str, items: Iterable[tuple[str, Any]], parts: list[str]) -> None:
    run.tick(2)
    before = brackets[0]
    for label, item in items:
        parts.append(before + label)
        _write(run, item, parts)
        before = ", "
    parts.append(brackets if before == brackets[0] else brackets[1])


def quoted(text: str) -> str:
    """Write a text as a literal."""
    for sign, escape in _ESCAPES:
        text = text.replace(sign, escape)
    return f'"{text}"'


def _key(name: str) -> str:
    return name if name.replace(" ", "_").isidentifier() else quoted(name)


def _range(run: Run, value: Range, parts: list[str]) -> None:
    if value.operator:
        parts.append(f"({value.operator}")
        _write(run, value.end if value.start is None else value.start, parts)
        parts.append(")")
        return
    parts.append("[" if value.start_included else "(")
    _write(run, value.start, parts)
    parts.append("..")
    _write(run, value.end, parts)
    parts.append("]" if value.end_included else ")")
