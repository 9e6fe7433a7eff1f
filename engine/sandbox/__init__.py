"""Script tasks: Python from a drawing, run outside the process with limits."""

from engine.sandbox.errors import (
    SandboxBusy,
    SandboxForked,
    SandboxUnavailable,
    ScriptCrashed,
    ScriptError,
    ScriptLimitExceeded,
    ScriptSyntaxError,
    ScriptValueRefused,
)
from engine.sandbox.names import names_used
from engine.sandbox.pool import Limits
from engine.sandbox.sandbox import Sandbox, ScriptResult

__all__ = [
    "Limits",
    "Sandbox",
    "SandboxBusy",
    "SandboxForked",
    "SandboxUnavailable",
    "ScriptCrashed",
    "ScriptError",
    "ScriptLimitExceeded",
    "ScriptResult",
    "ScriptSyntaxError",
    "ScriptValueRefused",
    "names_used",
]
