"""The door for other plug-ins."""

from __future__ import annotations

from engine.context import Context
from plugins_dummy.dummy.services import greet, list_greetings

__all__ = ["greet", "was_greeted"]


def was_greeted(ctx: Context, *, name: str) -> bool:
    """Whether somebody was ever greeted."""
    return bool(list_greetings(ctx, name=name))
