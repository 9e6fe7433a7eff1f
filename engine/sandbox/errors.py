"""What can go wrong with a script. All but a busy sandbox is permanent: trying again cannot help."""

from __future__ import annotations

from typing import Any

from engine.errors import TechnicalFailure
from engine.i18n import _


class ScriptError(TechnicalFailure):
    """The script failed.

    Args:
        message: A gettext source text with holes; None for the script's own words alone.
        reason: The script's own message, such as ``ZeroDivisionError: division by zero``.
        line: The line in the script, from 1, where it is known.
    """

    code = "script_error"

    def __init__(
        self, message: str | None = None, *, reason: str = "", line: int | None = None, **params: Any
    ) -> None:
        if message is None and reason:
            message = (
                _("Line %(line)s of the script: %(reason)s") if line else _("The script failed: %(reason)s")
            )
        super().__init__(message, permanent=True, reason=reason, line=line, **params)
        self.reason = reason
        self.line = line
        self.log: tuple[str, ...] = ()


class ScriptSyntaxError(ScriptError):
    """This script cannot be read."""

    code = "script_syntax"


class ScriptLimitExceeded(ScriptError):
    """The script wanted more than a script may have."""

    code = "script_limit"


class ScriptValueRefused(ScriptError):
    """The script made a value that is no data."""

    code = "script_value"


class ScriptCrashed(ScriptError):
    """The sandbox's worker died twice over this script."""

    code = "script_crashed"


class SandboxUnavailable(TechnicalFailure):
    """Scripts cannot run on this machine: the program “monty” of the package pydantic-monty is missing."""

    code = "sandbox_unavailable"

    def __init__(self) -> None:
        super().__init__(permanent=True)


class SandboxForked(TechnicalFailure):
    """A process that has run a script was forked, and its child wants to run one: start children by exec."""

    code = "sandbox_forked"

    def __init__(self) -> None:
        super().__init__(permanent=True)


class SandboxBusy(TechnicalFailure):
    """All script workers are busy: try again in a moment."""

    code = "sandbox_busy"
