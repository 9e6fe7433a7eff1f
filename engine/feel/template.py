"""Text with holes, such as ``Dear {{ customer.name }}, your ticket {{ number }} is closed``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from engine.feel.display import text_of
from engine.feel.errors import FeelError, FeelSyntaxError
from engine.feel.exchange import names_to_tell
from engine.feel.expression import Expression, compile_expression
from engine.feel.localized import localized
from engine.feel.runtime import Run
from engine.i18n import _

_OPEN, _CLOSE = "{{", "}}"


def holes(template: str, names: frozenset[str] = frozenset()) -> tuple[Expression, ...]:
    """Return the expressions in a text, in order: the check before it is used.

    Args:
        template: The text.
        names: The names that are known in its scope.

    Raises:
        FeelSyntaxError: A hole is not closed, or what stands in it cannot be read.
    """
    return tuple(piece for piece in _pieces(template, names) if isinstance(piece, Expression))


def render(
    template: str,
    scope: Mapping[str, Any],
    *,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    now: datetime | None = None,
    locale: str | None = None,
) -> str:
    """Fill the holes of a text; a hole whose value is null stays empty.

    Args:
        template: The text.
        scope: The variables, by name.
        functions: Own functions, by name.
        now: The aware instant, in the zone in which instants are shown.
        locale: The language in which numbers, dates and times are written (``en``, ``zh_Hans``,
            ``zh_Hant``); None writes them as FEEL does.

    Raises:
        FeelSyntaxError: A hole cannot be read.
    """
    functions = functions or {}
    names = names_to_tell(scope) | names_to_tell(dict.fromkeys(functions))
    run = Run({}, now)
    text: list[str] = []
    for piece in _pieces(template, names):
        if isinstance(piece, str):
            text.append(piece)
            continue
        value = piece.evaluate(scope, functions=functions, now=now).value
        if value is not None:
            text.append(_shown(run, value, locale))
    return "".join(text)


def _shown(run: Run, value: Any, locale: str | None) -> str:
    if locale and (shown := localized(value, locale, run.now)) is not None:
        return shown
    try:
        return text_of(run, value)
    except FeelError:
        return ""


@lru_cache(maxsize=1024)
def _pieces(template: str, names: frozenset[str]) -> tuple[str | Expression, ...]:
    pieces: list[str | Expression] = []
    at = 0
    while (start := template.find(_OPEN, at)) >= 0:
        pieces.append(template[at:start])
        expression, at = _hole(template, start, names)
        pieces.append(expression)
    pieces.append(template[at:])
    return tuple(piece for piece in pieces if piece != "")


def _hole(template: str, start: int, names: frozenset[str]) -> tuple[Expression, int]:
    """Read one hole; its end is the first closing sign at which the expression is whole."""
    first = start + len(_OPEN)
    end = template.find(_CLOSE, first)
    if end < 0:
        raise FeelSyntaxError(_("This hole is not closed: }} is missing."), template, start)
    wrong: FeelSyntaxError | None = None
    for _round in range(20):
        try:
            return compile_expression(template[first:end].strip(), names), end + len(_CLOSE)
        except FeelSyntaxError as error:
            wrong = wrong or error
        # The sign may stand inside of a text, or close two contexts: "{{ {a: {b: 1}}.a }}".
        end = template.find(_CLOSE, end + 1)
        if end < 0:
            break
    raise FeelSyntaxError(wrong.message, template, first, **wrong.params) from wrong  # type: ignore[union-attr]
