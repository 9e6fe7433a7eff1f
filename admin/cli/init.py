"""``callwright init``: tables, permissions, the shipped processes, the demo world. Safe to repeat."""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.resources import files

import click

from admin.app import create_app
from admin.centre import open_centre
from admin.cli.common import settings_of
from admin.cli.demo import demo_password
from admin.cli.family import watch_parent
from admin.cli.tables import owners
from admin.identity.setup import init_security
from engine.context import SYSTEM, Context
from engine.db.migrations import migrate
from engine.definition import deploy, read_folder
from engine.errors import NotFound
from engine.jobs import return_expired
from engine.notify import doubt_unsent
from engine.people import Person
from engine.settings import Settings
from engine.worktime import load_calendar, save_calendar

log = logging.getLogger(__name__)

# Mornings and afternoons of a week's working days: what a centre begins with until it says otherwise.
OFFICE_HOURS = {"mon-fri": ["09:00-13:00", "14:00-18:00"]}


@click.command()
@click.option("--world", default="none", help="Demo world for an empty database: city_hotline, or none.")
@click.option(
    "--alone", is_flag=True, help="No worker runs: what one held when it was killed is done at once."
)
@click.option(
    "--restored",
    is_flag=True,
    help="The database is a backup that was restored, and no worker runs yet: providers are asked about "
    "each message that waited in it before it is sent.",
)
@click.pass_context
def init(context: click.Context, world: str, alone: bool, restored: bool) -> None:
    """Make or update tables, permissions and shipped processes."""
    watch_parent()
    initialise(settings_of(context), world=world, alone=alone, restored=restored)


def initialise(
    settings: Settings, *, world: str = "none", alone: bool = False, restored: bool = False
) -> None:
    """Bring a database to what this version of the product needs.

    Args:
        settings: The product's.
        world: The demo world that an empty database gets; ``none`` for none.
        alone: No worker runs: nobody has to wait until the lease of one that was killed expires.
        restored: The database is an older copy of itself, and no worker runs.
    """
    centre = open_centre(settings, web=True)
    try:
        migrate(centre.database, owners(centre))
        app = create_app(centre)
        init_security(app)
        ctx = Context(centre=centre, actor=SYSTEM)
        if alone or restored:
            return_expired(ctx, everybody=True)
        if restored:
            click.echo(f"{doubt_unsent(ctx)} messages may have been sent since; their providers are asked.")
        _make_calendar(ctx)
        deploy_shipped(ctx)
        if world != "none" and _nobody(ctx):
            password = demo_password(settings)
            import_module("seed.load").load_world(app, world, password=password)
    finally:
        centre.database.dispose()


def deploy_shipped(ctx: Context) -> None:
    """Deploy the process folders that ship with the product, each content once."""
    for folder in sorted(files("bpmn").iterdir(), key=lambda found: found.name):
        if folder.is_dir() and (folder / "process.toml").is_file():
            deployed = deploy(ctx, files=read_folder(folder), source="folder", only_unseen=True)
            if deployed.new:
                log.info(
                    "deployed %s",
                    ", ".join(f"{found.key} version {found.version}" for found in deployed.definitions),
                )


def _make_calendar(ctx: Context) -> None:
    with ctx.read():
        try:
            load_calendar(ctx.session)
            return
        except NotFound:
            pass
    region = {"Asia/Hong_Kong": "HK", "Asia/Shanghai": "CN"}.get(ctx.settings.time_zone, "none")
    save_calendar(
        ctx,
        key="default",
        name="Office hours",
        zone=ctx.settings.time_zone,
        bands=OFFICE_HOURS,
        region=region,
    )


def _nobody(ctx: Context) -> bool:
    with ctx.read():
        return ctx.session.query(Person).first() is None
