"""The engine's nouns on the command line, for scripting: JSON out, exit code 1 on a refusal."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import click

from admin.cli.common import acting
from engine import runtime, values
from engine.definition import deploy as deploy_files
from engine.definition import get_definition, read_folder, read_zip
from engine.i18n import say, translate
from engine.jobs import list_incidents
from engine.work import list_tasks


def _show(value: Any) -> None:
    click.echo(values.dumps(value))


def _variables(pairs: tuple[str, ...]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for pair in pairs:
        name, _equals, text = pair.partition("=")
        try:
            read[name] = values.loads(text)
        except ValueError:
            read[name] = text
    return read


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
    _show(
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
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(files.items()):
                archive.writestr(name, content)
        return
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@click.command()
@click.argument("key")
@click.option("--variable", "-v", multiple=True, help="name=JSON or name=text.")
@click.option("--by", help="Act as this person.")
@click.option("--business-key", help="A key of your own.")
@click.pass_context
def start(
    context: click.Context, key: str, variable: tuple[str, ...], by: str | None, business_key: str | None
) -> None:
    """Start a process."""
    ctx = acting(context, by)
    begun = runtime.start_process(
        ctx, process_key=key, variables=_variables(variable), business_key=business_key
    )
    _show({"id": begun.id, "business_key": begun.business_key, "state": begun.state})


@click.command()
@click.option("--mine", help="Open to this person.")
@click.option("--state", default="open,claimed", help="In one of these states.")
@click.pass_context
def tasks(context: click.Context, mine: str | None, state: str) -> None:
    """List user tasks."""
    ctx = acting(context)
    with ctx.read():
        count, found = list_tasks(ctx, mine=mine, state=state.split(","), page_size=100)
    _show(
        {
            "count": count,
            "result": [
                {
                    "id": task.id,
                    "element_id": task.element_id,
                    "title": task.title,
                    "business_key": task.business_key,
                    "assignee": task.assignee,
                    "state": task.state,
                }
                for task in found
            ],
        }
    )


@click.command()
@click.argument("task_id")
@click.option("--outcome", help="One of the step's buttons.")
@click.option("--data", "-d", multiple=True, help="field=JSON or field=text.")
@click.option("--opinion", help="What you say about it.")
@click.option("--by", help="Act as this person.")
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
    done = finish(ctx, task_id=task_id, outcome=outcome, data=_variables(data), opinion=opinion)
    _show({"id": done.id, "business_key": done.business_key, "state": done.state})


@click.command()
@click.option("--retry", help="Try this incident again.")
@click.pass_context
def incidents(context: click.Context, retry: str | None) -> None:
    """List open incidents, or try one again."""
    ctx = acting(context)
    if retry is not None:
        runtime.retry_incident(ctx, incident_id=retry)
        return
    with ctx.read():
        count, found = list_incidents(ctx, page_size=100)
    _show(
        {
            "count": count,
            "result": [
                {
                    "id": incident["id"],
                    "process_key": incident["process_key"],
                    "element_id": incident["element_id"],
                    "code": incident["code"],
                    "message": translate(ctx.locale, incident["message"], **(incident["params"] or {})),
                }
                for incident in found
            ],
        }
    )
