"""What can be wrong with an expression: with its text (raised), or with its values (a warning)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import DefinitionError, Phrase
from engine.i18n import _


def position(source: str, at: int) -> tuple[int, int]:
    """Return the line and column, both from 1, of an offset in a text."""
    before = source[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


class FeelSyntaxError(DefinitionError):
    """This expression cannot be read.

    Args:
        message: A gettext source text: one sentence.
        source: The expression.
        at: The offset of the place in it.
        params: The values of the message's holes.
    """

    def __init__(self, message: str, source: str, at: int, **params: Any) -> None:
        super().__init__(message, **params)
        self.source = source
        self.line, self.column = position(source, at)

    @property
    def placed(self) -> Phrase:
        """What it says, and where."""
        return _placed(self.phrase, self.line, self.column)

    def __str__(self) -> str:
        return str(self.placed)


class FeelError(Exception):
    """A value is not what an operator or a function needs: the result is null, with a warning.

    Args:
        message: A gettext source text: one sentence.
        params: The values of the message's holes.
    """

    def __init__(self, message: str, **params: Any) -> None:
        super().__init__(message)
        self.message = message
        self.params = params


class OverBudget(Exception):
    """The evaluation took more than it may: the whole result is null, with a warning."""


@dataclass(frozen=True, slots=True)
class FeelWarning:
    """Why a value became null, and where.

    Args:
        message: A gettext source text: one sentence.
        params: The values of its holes.
        line: The line in the expression, from 1.
        column: The column in the expression, from 1.
        source: The expression.
        element: The id of the model's element that holds the expression, where there is one.
    """

    message: str
    params: dict[str, Any] = field(default_factory=dict)
    line: int = 1
    column: int = 1
    source: str = ""
    element: str | None = None

    @property
    def placed(self) -> Phrase:
        """What it says, and where."""
        return _placed(Phrase(self.message, self.params), self.line, self.column)

    def __str__(self) -> str:
        return str(self.placed)


def reasons(warnings: Sequence[FeelWarning]) -> Phrase | str:
    """Say all warnings in one phrase for the hole of a message; an empty text where there are none."""
    return functools.reduce(_and, [one.placed for one in warnings]) if warnings else ""


def _placed(reason: Phrase, line: int, column: int) -> Phrase:
    return Phrase(
        _("line %(line)s, column %(column)s: %(reason)s"), {"line": line, "column": column, "reason": reason}
    )


def _and(one: Phrase, other: Phrase) -> Phrase:
    return Phrase(_("%(one)s %(other)s"), {"one": one, "other": other})
