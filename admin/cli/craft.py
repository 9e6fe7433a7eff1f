"""Commands for who draws and who writes plug-ins: check, scenarios, new, catalogues."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path

import click

import forms
from admin.app import create_app
from admin.centre import open_centre
from admin.cli.tables import all_owners, owners
from engine.db.migrations import migrate, write_revision
from engine.definition import read_folder
from engine.settings import read_settings
from engine.testing import play, read_scenario


@click.command()
@click.argument("root", type=click.Path(exists=True, path_type=Path, file_okay=False), default=Path("."))
def check(root: Path) -> None:
    """Hold manifests, processes and catalogues against the source."""
    problems = import_module("admin.check").check(root)
    for problem in problems:
        click.secho(str(problem), fg="red", err=True)
    click.echo(f"{len(problems)} problems" if problems else "No problems.")
    sys.exit(1 if problems else 0)


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path, file_okay=False))
def scenarios(folder: Path) -> None:
    """Play the scenarios of a process folder on the real engine, in a world that is thrown away."""
    failed = 0
    packages = [
        read_folder(other)
        for other in sorted(folder.resolve().parent.iterdir())
        if (other / "process.toml").exists()
    ]
    for path in sorted(folder.glob("scenarios/*.toml")):
        scenario = read_scenario(path.name, path.read_bytes())
        wrong = play(
            scenario,
            key=folder.resolve().name,
            packages=packages,
            plugins=("plugins",),
            floors=(forms.register,),
        )
        click.secho(
            f"{'FAILED' if wrong else 'ok'}  {path.stem}: {scenario.title}", fg="red" if wrong else None
        )
        for line in wrong:
            click.echo(f"        {line}")
        failed += bool(wrong)
    sys.exit(1 if failed else 0)


@click.group()
def new() -> None:
    """Make a process or a plug-in that runs and passes its tests."""


@new.command("process")
@click.argument("name")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), default=Path("."))
def new_process(name: str, root: Path) -> None:
    """Make bpmn/NAME."""
    click.echo(import_module("admin.scaffold").new_process(root, name))


@new.command("plugin")
@click.argument("name")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), default=Path("."))
def new_plugin(name: str, root: Path) -> None:
    """Make plugins/NAME and its tests."""
    click.echo(import_module("admin.scaffold").new_plugin(root, name))


@click.command()
@click.argument("root", type=click.Path(exists=True, path_type=Path, file_okay=False), default=Path("."))
def catalogues(root: Path) -> None:
    """Bring every owner's catalogues up to date with its source texts; translations are kept."""
    for line in import_module("admin.check.catalogues").update_all(root):
        click.echo(line)


@click.command()
@click.argument("owner")
@click.argument("message")
@click.pass_context
def migration(context: click.Context, owner: str, message: str) -> None:
    """Write a migration of an owner from what its models and an up-to-date database differ in."""
    with tempfile.TemporaryDirectory(prefix="callwright-migration-") as folder:
        centre = open_centre(read_settings({}, data_dir=Path(folder)), web=True)
        homes = all_owners(centre)
        if owner not in homes:
            raise click.BadParameter(f"known are {', '.join(homes)}", param_hint="OWNER")
        migrate(centre.database, owners(centre))
        # Every room is imported by the app, and with it every table.
        create_app(centre)
        write_revision(centre.database, homes, owner, message)
        centre.database.dispose()
