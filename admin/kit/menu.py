"""The menu: entries of our own pages and of the plug-ins' manifests, each shown to those who may open it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from admin.kit.current import permitted, signed_in
from admin.kit.permissions import ADMINISTERS, administers_some
from engine.i18n import _
from engine.plugin import Registry

# The order in which groups of entries stand, by the name that entries give as their category.
CATEGORIES = {
    "Work": ("briefcase", _("Work")),
    "Processes": ("schema", _("Processes")),
    "Operations": ("activity", _("Operations")),
    "Organisation": ("sitemap", _("Organisation")),
    "Administration": ("settings", _("Administration")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    """A line of the menu.

    Args:
        label: A gettext source text; also the entry's name.
        endpoint: ``ViewClass.method`` or a path.
        category: The group it stands in; empty for the top.
        icon: A name of the icon sprite.
        permissions: Shown to those who have one of them; none means everybody who is signed in.
        order: Where it stands among the entries of its group; lower ones first.
    """

    label: str
    endpoint: str
    category: str = ""
    icon: str = ""
    permissions: tuple[str, ...] = ()
    order: int = 50

    def shown(self) -> bool:
        """Whether whoever is signed in may see it."""
        if not self.permissions:
            return signed_in() is not None
        if any(permitted(permission) for permission in self.permissions):
            return True
        return ADMINISTERS in self.permissions and administers_some()


def add_menu(appbuilder: Any, *entries: MenuEntry) -> None:
    """Add lines to the menu, in the order given."""
    for entry in entries:
        icon, label = CATEGORIES.get(entry.category, ("", entry.category))
        appbuilder.menu.add_link(
            entry.label,
            href=entry.endpoint,
            icon=entry.icon,
            category=entry.category,
            category_icon=icon,
            category_label=label,
            cond=entry.shown,
        )
        appbuilder.menu.find(entry.label).order = entry.order


def add_manifest_menu(appbuilder: Any, registry: Registry) -> None:
    """Add the lines that the plug-ins' manifests list, and put the groups in their order."""
    for plugin in registry.plugins.values():
        for item in plugin.manifest.menu:
            add_menu(
                appbuilder,
                MenuEntry(
                    label=item.label,
                    endpoint=item.view,
                    category=item.category,
                    icon=item.icon,
                    permissions=(item.permission,) if item.permission else (),
                ),
            )
    for group in appbuilder.menu.menu:
        group.childs.sort(key=lambda item: getattr(item, "order", 50))
    order = list(CATEGORIES)
    appbuilder.menu.menu.sort(
        key=lambda item: (
            order.index(item.name) + 1 if item.name in order else len(order) + 1 if item.childs else 0
        )
    )
