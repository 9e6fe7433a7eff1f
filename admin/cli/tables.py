"""Whose tables there are, and whether the database has them as this version of the product wants them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from engine.context import Centre
from engine.db import Mode
from engine.db.migrations import is_current
from engine.errors import ConfigurationError
from engine.i18n import _


def owners(centre: Centre) -> Mapping[str, Path]:
    """Return who has migrations, and where."""
    return {name: folder for name, folder in all_owners(centre).items() if folder.is_dir()}


def all_owners(centre: Centre) -> Mapping[str, Path]:
    """Return who may have migrations, and where they would be: the floors and the installed plug-ins."""
    floors = {name: Path(str(import_module(name).__path__[0])) for name in ("engine", "forms", "admin")}
    plugins = {plugin.name: plugin.manifest.path for plugin in centre.registry.plugins.values()}
    return {name: folder / "migrations" for name, folder in {**floors, **plugins}.items()}


def require_tables(centre: Centre) -> None:
    """See that the database has the tables of this version.

    Raises:
        ConfigurationError: It has not; the message names the remedy.
    """
    transaction = centre.database.begin(Mode.READ)
    try:
        current = is_current(transaction.connection, owners(centre))
    finally:
        transaction.rollback()
    if not current:
        raise ConfigurationError(
            _("The database %(address)s has not the tables of this version. Run callwright init, once."),
            address=centre.database.url.render_as_string(),
        )
