"""Calling the functions that the caller of an evaluation gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import CallwrightError
from engine.feel.errors import FeelError
from engine.feel.exchange import plain
from engine.feel.functions import Overloaded
from engine.feel.runtime import Run
from engine.i18n import _


def host_function(name: str, function: Callable[..., Any]) -> Overloaded:
    """Return a Python function as a FEEL one.

    What it returns is converted. A value that it refuses (`CallwrightError`, `ValueError`, `TypeError`,
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
    run.tick()
    try:
        return plain(function(*arguments, **named))
    except CallwrightError as error:
        raise FeelError(error.message, **error.params) from error
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise FeelError(_("%(function)s: %(reason)s"), function=name, reason=str(error)[:200]) from error
