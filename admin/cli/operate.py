"""Processes are deployed, started and worked on: JSON out, exit code 1 on a refusal."""

from __future__ import annotations

from pathlib import Path

import click

from admin.cli.common import acting
from admin.cli.saying import by_option, named_values, picked, show, show_list, variables_option
from engine import runtime
from engine.definition import deploy as deploy_files
from engine.definition import get_definition, read_folder, read_zip, write_zip
from engine.i18n import say
from engine.work import list_tasks


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.pass_context
def deploy(context: click.Context, path: Path) -> None:
    """Deploy a process folder, a zip of one, or a single file."""
    ctx = acting(context)
    if path.is_dir():
        files = read_folder(path)
    elif path.suffix == ".zip":
        files = read_zip(path.read_bytes())
    else:
        files = {path.name: path.read_bytes()}
    deployed = deploy_files(ctx, files=files, source="upload")
    for warning in deployed.warnings:
        click.secho(f"{warning.path}: {say(ctx.locale, warning)}", fg="yellow", err=True)
    show(
        [{"key": found.key, "version": found.version, "new": deployed.new} for found in deployed.definitions]
    )


@click.command()
@click.argument("key")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--version", type=int, help="The latest where omitted.")
@click.pass_context
def export(context: click.Context, key: str, path: Path, version: int | None) -> None:
    """Write a deployed process as a folder, or as a .zip."""
    ctx = acting(context)
    with ctx.read():
        files = get_definition(ctx, key=key, version=version).package.files
    if path.suffix == ".zip":
        path.write_bytes(write_zip(files))
        return
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@click.command()
@click.argument("key")
@variables_option
@by_option
@click.option("--business-key", help="A key of your own.")
@click.pass_context
def start(
    context: click.Context, key: str, variable: tuple[str, ...], by: str | None, business_key: str | None
) -> None:
    """Start a process."""
    ctx = acting(context, by)
    begun = runtime.start_process(
        ctx, process_key=key, variables=named_values(variable), business_key=business_key
    )
    show(picked(begun, "id", "business_key", "state"))


@click.command()
@click.option("--mine", help="Open to this person.")
@click.option("--state", default="open,claimed", help="In one of these states.")
@click.pass_context
def tasks(context: click.Context, mine: str | None, state: str) -> None:
    """List user tasks."""
    ctx = acting(context)
    with ctx.read():
        count, found = list_tasks(ctx, mine=mine, state=state.split(","), page_size=100)
    names = ("id", "element_id", "title", "business_key", "assignee", "state")
    show_list(count, [picked(task, *names) for task in found])


@click.command()
@click.argument("task_id")
@click.argument("activity")
@by_option
@click.pass_context
def choose(context: click.Context, task_id: str, activity: str, by: str | None) -> None:
    """Begin an activity of an ad-hoc sub-process, whose task this is."""
    chosen = runtime.choose_activity(acting(context, by), task_id=task_id, element_id=activity)
    show(picked(chosen, "id", "business_key", "state"))


@click.command()
@click.argument("task_id")
@click.option("--outcome", help="One of the step's buttons.")
@click.option("--data", "-d", multiple=True, help="field=JSON or field=text.")
@click.option("--opinion", help="What you say about it.")
@by_option
@click.pass_context
def complete(
    context: click.Context,
    task_id: str,
    outcome: str | None,
    data: tuple[str, ...],
    opinion: str | None,
    by: str | None,
) -> None:
    """Finish a user task."""
    ctx = acting(context, by)
    finish = ctx.registry.ports.get("finish_task", runtime.complete_task)
    done = finish(ctx, task_id=task_id, outcome=outcome, data=named_values(data), opinion=opinion)
    show(picked(done, "id", "business_key", "state"))
