"""Values as text, as the function `string` writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.feel.functions import FUNCTIONS
from engine.feel.numbers import number_text
from engine.feel.ranges import Range
from engine.feel.runtime import Run


def text_of(run: Run, value: Any) -> str:
    """Write a value: a text as it is, everything else as an expression would say it.

    Raises:
        FeelError: The text would be too long.
    """
    text = value if isinstance(value, str) else _write(run, value)
    run.afford_text(len(text))
    return text


def _write(run: Run, value: Any) -> str:
    run.tick()
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, list):
        return _bounded(run, f"[{', '.join(_inner(run, item) for item in value)}]")
    if isinstance(value, dict):
        entries = (f"{_key(name)}: {_inner(run, item)}" for name, item in value.items())
        return _bounded(run, "{" + ", ".join(entries) + "}")
    if isinstance(value, Range):
        return _range(run, value)
    if isinstance(value, FUNCTIONS):
        return f"function {value.name}"
    return str(value)


def _bounded(run: Run, text: str) -> str:
    run.afford_text(len(text))
    return text


def _inner(run: Run, value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    return _write(run, value)


def _key(name: str) -> str:
    return name if name.replace(" ", "_").isidentifier() else f'"{name}"'


def _range(run: Run, value: Range) -> str:
    if value.operator:
        operand = value.end if value.start is None else value.start
        return f"({value.operator}{_inner(run, operand)})"
    opening, closing = "[" if value.start_included else "(", "]" if value.end_included else ")"
    return f"{opening}{_inner(run, value.start)}..{_inner(run, value.end)}{closing}"
