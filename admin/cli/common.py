"""What commands share: the centre they work on, and whom they act as."""

from __future__ import annotations

import click

from admin.centre import open_centre
from admin.cli.tables import require_tables
from engine.context import SYSTEM, Actor, Centre, Context
from engine.settings import Settings, read_settings


def settings_of(context: click.Context, **given: str | None) -> Settings:
    """Read the settings that a command runs with."""
    return read_settings(None, data_dir=context.obj["data_dir"], **given)


def centre_of(context: click.Context, *, web: bool = False, tables: bool = True) -> Centre:
    """Open the centre that a command works on.

    Args:
        context: The command's.
        web: Whether the plug-ins' web rooms are loaded too.
        tables: Whether its database must have the tables of this version.

    Raises:
        ConfigurationError: It cannot be opened, or has not the tables.
    """
    centre = open_centre(settings_of(context), web=web)
    if tables:
        require_tables(centre)
    return centre


def acting(context: click.Context, person: str | None = None, *, tables: bool = True) -> Context:
    """Return the context of a command: a person's where one is named, else the product's own."""
    actor = SYSTEM if person is None else Actor(key=person, kind="person", channel="cli")
    return Context(centre=centre_of(context, tables=tables), actor=actor, locale=context.obj["locale"])
