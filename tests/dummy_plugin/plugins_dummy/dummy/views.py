"""The page of greetings."""

from __future__ import annotations

from typing import Any

from admin.kit import View, context, expose, needs, page
from plugins_dummy.dummy.services import list_greetings


class GreetingsView(View):
    """Greetings."""

    route_base = "/greetings"
    default_view = "list"

    @expose("/")
    @needs("dummy.see")
    def list(self) -> str:
        """Show everybody who was greeted."""
        with context().read() as ctx:
            return page("dummy/greetings.html", greetings=list_greetings(ctx))


def register(appbuilder: Any) -> None:
    """Add the page; the manifest has its line of the menu."""
    appbuilder.add_view_no_menu(GreetingsView)
