"""A running product, put together from its settings."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from engine.clock import Clock, DatabaseClock
from engine.context import Centre
from engine.db import Database
from engine.i18n import install_catalogues
from engine.parameters import check_environment
from engine.plugin import Registry
from engine.plugin.loader import load_plugins
from engine.settings import Settings, make_folders
from engine.worker import waker

# Floors below the plug-ins that add something to the registry by a function of this name.
_FLOORS = ("engine.runtime", "forms", "admin.api.once", "admin.identity.doors", "admin.identity.holders")
PLUGIN_PACKAGES = ("plugins",)


def open_centre(
    settings: Settings,
    *,
    web: bool = True,
    clock: Clock | None = None,
    packages: tuple[str, ...] = PLUGIN_PACKAGES,
) -> Centre:
    """Put a product together.

    Args:
        settings: What it was told.
        web: Whether the plug-ins' web rooms are loaded too.
        clock: The database's own where omitted.
        packages: Packages whose folders are plug-ins.

    Raises:
        ConfigurationError: A manifest, a room or a setting is wrong, or the database cannot be reached.
    """
    make_folders(settings)
    database = Database(settings.database)
    database.reach()
    registry = installed(settings, web=web, packages=packages)
    check_environment(registry)
    install_catalogues(locale_folders(registry))
    return Centre(
        settings=settings,
        database=database,
        clock=clock or DatabaseClock(),
        registry=registry,
        wake=waker(settings.broker_url) if settings.broker_url else lambda _instance_id: None,
    )


def installed(
    settings: Settings, *, web: bool = True, packages: tuple[str, ...] = PLUGIN_PACKAGES
) -> Registry:
    """Load everything that is installed into a closed registry. Touches no database and no network.

    Args:
        settings: What the gateways are made from.
        web: Whether the plug-ins' web rooms are loaded too.
        packages: Packages whose folders are plug-ins.

    Raises:
        ConfigurationError: A manifest, a room or a setting is wrong.
    """
    registry = Registry()
    for floor in _FLOORS:
        register = getattr(import_module(floor), "register", None) if find_spec(floor) else None
        if register is not None:
            register(registry)
    load_plugins(registry, packages, web=web)
    for plugin in registry.plugins.values():
        channel = plugin.rooms.get("channel")
        if channel is not None:
            registry.add_gateway(channel.gateway(settings))
    registry.close()
    return registry


def locale_folders(registry: Registry) -> list[Path]:
    """Return where the installed owners keep their catalogues, floors first."""
    floors = [Path(str(import_module(floor).__path__[0])) for floor in ("engine", "forms", "admin")]
    return [folder / "locale" for folder in (*floors, *(p.manifest.path for p in registry.plugins.values()))]
