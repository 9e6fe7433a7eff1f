"""What may come of a service task beside its result: errors that a drawing can catch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.context import Context
from engine.errors import BpmnError, CallwrightError
from engine.i18n import say
from engine.people import centre_locale


@contextmanager
def outcomes(ctx: Context, *errors: type[CallwrightError]) -> Iterator[None]:
    """Let the drawing catch what may happen to anybody; the rest is a mistake of the drawing.

    Args:
        ctx: Whose language of the centre the message is in.
        errors: What may happen.
    """
    try:
        yield
    except errors as error:
        # Kept in the history, which many read.
        raise BpmnError(error.code, say(centre_locale(ctx), error)) from error
