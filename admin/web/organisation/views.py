"""The organisation's pages and their place in the menu."""

from __future__ import annotations

from typing import Any

from admin.kit.menu import MenuEntry, add_menu
from admin.web.organisation.common import MANAGE
from admin.web.organisation.groups import GroupsView
from admin.web.organisation.importing import ImportView
from admin.web.organisation.people import PeopleView
from admin.web.organisation.units import UnitsView
from engine.i18n import _


def register(appbuilder: Any) -> None:
    """Add the pages."""
    for view in (PeopleView, UnitsView, GroupsView, ImportView):
        appbuilder.add_view_no_menu(view)
    entries = (
        (_("People"), "PeopleView.list", "users"),
        (_("Units"), "UnitsView.list", "sitemap"),
        (_("Groups"), "GroupsView.list", "users-group"),
    )
    for label, endpoint, icon in entries:
        add_menu(
            appbuilder,
            MenuEntry(
                label=label, endpoint=endpoint, icon=icon, category="Organisation", permissions=(MANAGE,)
            ),
        )
