"""Greetings for programs: ``/api/v1/greetings``."""

from __future__ import annotations

from typing import Any

from admin.api.operation import Api, Page, lists
from engine.context import Context
from plugins_dummy.dummy.schemas import GreetingArgs, GreetingSchema
from plugins_dummy.dummy.services import list_greetings


class GreetingsApi(Api):
    """Greetings."""

    resource_name = "greetings"

    @lists("", answer=GreetingSchema, args=GreetingArgs, needs=("dummy.see",))
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List greetings."""
        rows = list_greetings(ctx, name=said.get("name"))
        return Page(len(rows), [vars(row) for row in rows])


def register(appbuilder: Any) -> None:
    """Add the calls."""
    appbuilder.add_api(GreetingsApi)
