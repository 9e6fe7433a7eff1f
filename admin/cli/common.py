"""What commands share: the centre they work on, and whom they act as."""

from __future__ import annotations

import click

from admin.centre import open_centre
from engine.context import SYSTEM, Actor, Centre, Context
from engine.settings import Settings, read_settings


def settings_of(context: click.Context, **given: str | None) -> Settings:
    """Read the settings that a command runs with."""
    return read_settings(None, data_dir=context.obj["data_dir"], **given)


def centre_of(context: click.Context, *, web: bool = False) -> Centre:
    """Open the centre that a command works on."""
    return open_centre(settings_of(context), web=web)


def acting(context: click.Context, person: str | None = None) -> Context:
    """Return the context of a command: a person's where one is named, else the product's own."""
    actor = SYSTEM if person is None else Actor(key=person, kind="person", channel="cli")
    return Context(centre=centre_of(context), actor=actor, locale=context.obj["locale"])
