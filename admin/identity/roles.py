"""The product's roles: what each may do beyond its own work. The role editor may change them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.plugin import Registry

ADMINISTRATOR = "Administrator"

# Administrator has every permission, also those that come with later plug-ins.
ROLES: Mapping[str, tuple[str, ...]] = {
    ADMINISTRATOR: (),
    "Designer": ("processes.see", "processes.deploy", "instances.see_all", "api.describe"),
    "Operator": (
        "incidents.operate",
        "instances.operate",
        "instances.see_all",
        "notifications.see",
        "processes.see",
        "api.describe",
    ),
    "Supervisor": (
        "tasks.see_all",
        "tasks.assign",
        "instances.see_all",
        "instances.operate",
        "notifications.see",
        "personal_data.see",
        "processes.see",
    ),
    "Manager": ("tasks.see_all", "instances.see_all", "processes.see"),
    "HR": ("people.manage", "personal_data.see"),
    "Planner": ("instances.see_all",),
    "QA": ("instances.see_all", "personal_data.see"),
    "Agent": ("personal_data.see",),
    "Handler": (),
}


def default_grants(registry: Registry) -> dict[str, set[str]]:
    """Return what each role may do when it is new: ours and what the installed plug-ins give to it.

    Args:
        registry: The installed plug-ins; a manifest's ``[roles]`` may name a role of its own.
    """
    grants = {role: set(granted) for role, granted in ROLES.items()}
    for plugin in registry.plugins.values():
        for role, granted in plugin.manifest.roles.items():
            grants.setdefault(role, set()).update(granted)
    return grants
