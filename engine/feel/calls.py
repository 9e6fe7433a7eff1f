"""Calling the functions that the caller of an evaluation gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import CallwrightError
from engine.feel.errors import FeelError
from engine.feel.exchange import plain
from engine.feel.functions import FUNCTIONS, Overloaded
from engine.feel.runtime import Run
from engine.i18n import _
from engine.values import UNFIT

# Such a function may ask a database: it costs as much as a loop of so many turns.
TICKS = 2_000


def host_function(name: str, function: Callable[..., Any]) -> Overloaded:
    """Return a Python function as a FEEL one.

    It is handed data: no functions, and no texts with characters that nobody can keep. What it returns is
    converted. A value that it refuses (`CallwrightError`, `ValueError`, `TypeError`,
    `LookupError`) gives null and a warning; any other error is the caller's own and passes through.
    """

    def call(run: Run, arguments: Sequence[Any]) -> Any:
        return _called(run, name, function, *arguments)

    def call_named(run: Run, arguments: dict[str, Any]) -> Any:
        return _called(
            run, name, function, **{key.replace(" ", "_"): value for key, value in arguments.items()}
        )

    return Overloaded(name, call, call_named)


def _called(run: Run, name: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    run.tick(TICKS)
    for value in (*arguments, *named.values()):
        _check(name, value)
    try:
        return plain(function(*arguments, **named))
    except CallwrightError as error:
        raise FeelError(error.message, **error.params) from error
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise FeelError(_("%(function)s: %(reason)s"), function=name, reason=str(error)[:200]) from error


def _check(name: str, value: Any) -> None:
    """See that a value can be handed to a function of the caller's.

    Raises:
        FeelError: It is a function, or a text with a NUL or half a character.
    """
    if isinstance(value, FUNCTIONS):
        raise FeelError(_("%(function)s takes no function."), function=name)
    if isinstance(value, str) and UNFIT.search(value):
        raise FeelError(_("%(function)s takes no text with a NUL or half a character."), function=name)
