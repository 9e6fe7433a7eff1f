"""Text with holes, such as ``Dear {{ customer.name }}, your ticket {{ number }} is closed``.

What stands between ``{{#if paid}}`` and ``{{/if}}`` is said where the expression is true, what stands between
``{{#loop rows}}`` and ``{{/loop}}`` once for each element: the same signs, and the same names inside of a
loop, as the forms of the browser know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from engine.feel.display import text_of
from engine.feel.errors import FeelError, FeelSyntaxError
from engine.feel.exchange import names_to_tell
from engine.feel.expression import Expression, compile_expression
from engine.feel.localized import localized
from engine.feel.runtime import Run
from engine.i18n import _

MAX_TEXT_LENGTH = 5_000_000
"""The characters of a filled text; what would come after is left out."""

MAX_DEPTH = 20
"""How deep blocks may stand in each other."""

_OPEN, _CLOSE = "{{", "}}"
_BLOCK = re.compile(r"\{\{\s*(?:#(if|loop)(?=[\s(])|/(if|loop)\s*\}\})")


@dataclass(frozen=True, slots=True)
class _Block:
    """What is said under a condition, or for each element of a list."""

    kind: str
    expression: Expression
    pieces: tuple[_Piece, ...]


_Piece: TypeAlias = "str | Expression | _Block"


class _Full(Exception):
    """There is no room for more text."""


def holes(template: str, names: frozenset[str] = frozenset()) -> tuple[Expression, ...]:
    """Return the expressions in a text, those of its blocks too, in order: the check before it is used.

    Args:
        template: The text.
        names: The names that are known in its scope.

    Raises:
        FeelSyntaxError: A hole or a block is not closed, or what stands in it cannot be read.
    """
    return tuple(_expressions(_pieces(template, names)))


def skeleton(template: str, sign: str, names: frozenset[str] = frozenset()) -> str:
    """Return a text with a sign in place of each hole, and what blocks say once, without their marks.

    Args:
        template: The text.
        sign: What stands for a hole.
        names: The names that are known in its scope.

    Raises:
        FeelSyntaxError: A hole or a block is not closed, or what stands in it cannot be read.
    """

    def said(pieces: tuple[_Piece, ...]) -> str:
        return "".join(
            piece if isinstance(piece, str) else said(piece.pieces) if isinstance(piece, _Block) else sign
            for piece in pieces
        )

    return said(_pieces(template, names))


def render(
    template: str,
    scope: Mapping[str, Any],
    *,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    now: datetime | None = None,
    locale: str | None = None,
    escape: Callable[[str], str] = str,
) -> str:
    """Fill the holes of a text; a hole whose value is null stays empty.

    In a loop the names are those of the element, ``this`` for the element itself, and ``parent`` for what
    could be named around it.

    Args:
        template: The text.
        scope: The variables, by name.
        functions: Own functions, by name.
        now: The aware instant, in the zone in which instants are shown.
        locale: The language in which numbers, dates and times are written (``en``, ``zh_Hans``,
            ``zh_Hant``); None writes them as FEEL does.
        escape: What makes a value harmless where the text is more than text, such as HTML.

    Raises:
        FeelSyntaxError: A hole or a block cannot be read.
    """
    functions = functions or {}
    names = names_to_tell(scope) | names_to_tell(dict.fromkeys(functions))
    filler = _Filler(functions, now, locale, escape)
    try:
        filler.fill(_pieces(template, names), scope)
    except _Full:
        filler.text.append("…")
    return "".join(filler.text)


class _Filler:
    """Fills the pieces of one text."""

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]],
        now: datetime | None,
        locale: str | None,
        escape: Callable[[str], str],
    ) -> None:
        self.functions = functions
        self.run = Run({}, now)
        self.locale = locale
        self.escape = escape
        self.text: list[str] = []
        self.room = MAX_TEXT_LENGTH

    def fill(self, pieces: tuple[_Piece, ...], scope: Mapping[str, Any]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                self.say(piece)
            elif isinstance(piece, Expression):
                value = self.value(piece, scope)
                if value is not None:
                    self.say(self.escape(self.shown(value)))
            elif piece.kind == "loop":
                for item in _items(self.value(piece.expression, scope)):
                    # However little it says: an element is not free.
                    self.say("", at_least=1)
                    self.fill(piece.pieces, _inside(item, scope))
            elif self.value(piece.expression, scope) is True:
                self.fill(piece.pieces, scope)

    def value(self, expression: Expression, scope: Mapping[str, Any]) -> Any:
        return expression.evaluate(scope, functions=self.functions, now=self.run.now).value

    def say(self, text: str, *, at_least: int = 0) -> None:
        self.room -= max(len(text), at_least)
        if self.room < 0:
            raise _Full
        self.text.append(text)

    def shown(self, value: Any) -> str:
        if self.locale and (shown := localized(value, self.locale, self.run.now)) is not None:
            return shown
        try:
            return text_of(self.run, value)
        except FeelError:
            return ""


def _items(value: Any) -> list[Any]:
    """Return what a loop goes through: nothing for null, a value alone as a list of it."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _inside(item: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be named in a loop, as form-js has it."""
    around = {"this": item, "parent": scope}
    own = item if isinstance(item, Mapping) else {}
    return {**around, **own, **{f"_{name}_": value for name, value in around.items()}}


def _expressions(pieces: tuple[_Piece, ...]) -> Iterator[Expression]:
    for piece in pieces:
        if isinstance(piece, Expression):
            yield piece
        elif isinstance(piece, _Block):
            yield piece.expression
            yield from _expressions(piece.pieces)


@lru_cache(maxsize=1024)
def _pieces(template: str, names: frozenset[str]) -> tuple[_Piece, ...]:
    return _Reader(template, names).read()


class _Reader:
    """Reads a text into its pieces."""

    def __init__(self, template: str, names: frozenset[str]) -> None:
        self.template = template
        self.names = names
        # The blocks that are open: kind, expression, where they begin, and the pieces around them.
        self.open: list[tuple[str, Expression, int, list[_Piece]]] = []
        self.pieces: list[_Piece] = []

    def read(self) -> tuple[_Piece, ...]:
        at = 0
        while (start := self.template.find(_OPEN, at)) >= 0:
            if start > at:
                self.pieces.append(self.template[at:start])
            mark = _BLOCK.match(self.template, start)
            if mark is None:
                expression, at = _hole(self.template, start, start + len(_OPEN), self.names)
                self.pieces.append(expression)
            elif mark[1]:
                at = self.begin(mark[1], start, mark.end())
            else:
                self.end(mark[2], start)
                at = mark.end()
        if self.open:
            kind, _expression, start, _around = self.open[-1]
            raise FeelSyntaxError(
                _("This block is not closed: {{/%(kind)s}} is missing."), self.template, start, kind=kind
            )
        if at < len(self.template):
            self.pieces.append(self.template[at:])
        return tuple(self.pieces)

    def begin(self, kind: str, start: int, first: int) -> int:
        if len(self.open) >= MAX_DEPTH:
            raise FeelSyntaxError(_("Too many blocks stand in each other."), self.template, start)
        expression, at = _hole(self.template, start, first, self.names)
        self.open.append((kind, expression, start, self.pieces))
        self.pieces = []
        return at

    def end(self, kind: str, start: int) -> None:
        if not self.open or self.open[-1][0] != kind:
            raise FeelSyntaxError(
                _("{{/%(kind)s}} closes no block that is open here."), self.template, start, kind=kind
            )
        _kind, expression, _start, around = self.open.pop()
        around.append(_Block(kind, expression, tuple(self.pieces)))
        self.pieces = around


def _hole(template: str, start: int, first: int, names: frozenset[str]) -> tuple[Expression, int]:
    """Read one hole; its end is the first closing sign at which the expression is whole."""
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
