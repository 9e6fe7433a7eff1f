"""Who decides, where a drawing asks for it."""

from __future__ import annotations

from engine.context import Context
from engine.i18n import _
from engine.plugin import lookup
from engine.values import Json

# Who stands at a door; a stranger does, now and then.
DOORS = {"front": ["kit", "mei"], "back": ["mei"], "barred": [], "haunted": ["ghost"]}


@lookup("doormen", title=_("Doormen"))
def doormen(ctx: Context, of: Json) -> list[str]:
    """Find who stands at a door."""
    return DOORS[of["door"]] if isinstance(of, dict) else DOORS[str(of)]
