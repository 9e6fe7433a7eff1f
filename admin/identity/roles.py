"""The product's roles: what each may do beyond its own work. The role editor may change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.i18n import _
from engine.plugin import Registry

ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role as the product brings it.

    Args:
        title: A gettext source text.
        permissions: What it may do when it is new.
    """

    title: str
    permissions: frozenset[str] = frozenset()


def _role(title: str, *permissions: str) -> Role:
    return Role(title=title, permissions=frozenset(permissions))


ROLES: Mapping[str, Role] = {
    # Has every permission, also those that come with later plug-ins.
    ADMINISTRATOR: _role(_("Administrator")),
    "designer": _role(
        _("Designer"),
        "processes.see",
        "processes.deploy",
        "notices.manage",
        "instances.see_all",
        "api.describe",
    ),
    "operator": _role(
        _("Operator"),
        "incidents.operate",
        "instances.operate",
        "instances.see_all",
        "notifications.see",
        "processes.see",
        "api.describe",
    ),
    "supervisor": _role(
        _("Supervisor"),
        "tasks.see_all",
        "tasks.assign",
        "instances.see_all",
        "instances.operate",
        "notifications.see",
        "personal_data.see",
        "processes.see",
    ),
    "manager": _role(_("Manager"), "tasks.see_all", "instances.see_all", "processes.see"),
    "hr": _role(_("Human resources"), "people.manage", "personal_data.see", "processes.start_for_others"),
    "planner": _role(_("Planner"), "instances.see_all"),
    "qa": _role(_("Quality"), "instances.see_all", "personal_data.see"),
    "agent": _role(_("Agent"), "personal_data.see"),
    "handler": _role(_("Handler")),
}


def role_title(name: str) -> str:
    """Return a role's title, a gettext source text; a role made here or by a plug-in is its own."""
    return ROLES[name].title if name in ROLES else name.replace("_", " ").capitalize()


def default_grants(registry: Registry) -> dict[str, set[str]]:
    """Return what each role may do when it is new: ours and what the installed plug-ins give to it.

    Args:
        registry: The installed plug-ins; a manifest's ``[roles]`` may name a role of its own.
    """
    grants = {name: set(role.permissions) for name, role in ROLES.items()}
    for plugin in registry.plugins.values():
        for name, granted in plugin.manifest.roles.items():
            grants.setdefault(name, set()).update(granted)
    return grants
