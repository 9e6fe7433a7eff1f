"""What one looks at first."""

from __future__ import annotations

from typing import Any

from admin.kit.current import context, signed_in
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import Texts
from admin.kit.permissions import needs
from admin.kit.views import View, expose, page
from admin.web.work.starts import startable
from engine import runtime
from engine.i18n import _
from engine.work import held_since, list_tasks


class HomeView(View):
    """What one looks at first."""

    route_base = ""

    @expose("/")
    @needs()
    def show(self) -> Any:
        """Show what is due, what is mine, what my groups have, what I asked for, what I can start."""
        ctx = context()
        key = _key()
        with ctx.read():
            texts = Texts(ctx)
            mine_count, mine = list_tasks(ctx, mine=key, page_size=8)
            claimed_count = list_tasks(ctx, assignee=key, page_size=1)[0]
            waiting_count = list_tasks(ctx, candidate=key, page_size=1)[0]
            overdue_count = list_tasks(ctx, mine=key, due_by=ctx.now, page_size=1)[0]
            asked_count, asked = runtime.list_instances(ctx, mine=key, called=False, page_size=5)
            starts = startable(ctx)[:6]
            return page(
                "work/home.html",
                tasks=mine,
                texts=texts,
                now=ctx.now,
                held=held_since(ctx, mine),
                mine_count=mine_count,
                claimed_count=claimed_count,
                waiting_count=waiting_count,
                overdue_count=overdue_count,
                asked=asked,
                asked_count=asked_count,
                starts=starts,
            )


def _key() -> str:
    who = signed_in()
    assert who is not None
    return who.key


def register(appbuilder: Any) -> None:
    """Add the page and its line in the menu."""
    appbuilder.add_view_no_menu(HomeView)
    add_menu(appbuilder, MenuEntry(label=_("Home"), endpoint="HomeView.show", icon="home"))
