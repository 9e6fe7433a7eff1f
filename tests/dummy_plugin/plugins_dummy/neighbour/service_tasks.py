"""What a drawing can call."""

from __future__ import annotations

from typing import Annotated

from engine.context import Context
from engine.i18n import _
from engine.plugin import Field, service_task
from plugins_dummy.dummy import public


@service_task("greet_back", title=_("Greet back"), mode="inline")
def greet_back(
    ctx: Context, name: Annotated[str, Field(label=_("Name"))]
) -> Annotated[bool, Field(label=_("Known"))]:
    """Greet who greeted us, and say whether we knew each other."""
    known = public.was_greeted(ctx, name=name)
    public.greet(ctx, name=name, tone="formal")
    return known
