"""Incidents on the command line: seen, tried again, skipped, closed."""

from __future__ import annotations

import click

from admin.cli.common import acting
from admin.cli.saying import (
    PAGE_SIZE,
    by_option,
    named_values,
    picked,
    reason_option,
    said,
    show,
    show_list,
    variables_option,
)
from engine import runtime
from engine.jobs import get_incident, incidents_of_cause, list_incidents

_ROW = ("id", "process_key", "element_id", "instance_id", "code", "created_at")


@click.group(invoke_without_command=True)
@click.option("--process", help="Of this process.")
@click.pass_context
def incidents(context: click.Context, process: str | None) -> None:
    """List open incidents, or do something with one."""
    if context.invoked_subcommand is not None:
        return
    ctx = acting(context)
    with ctx.read():
        count, found = list_incidents(ctx, process_key=process, page_size=PAGE_SIZE)
    show_list(count, [{**picked(row, *_ROW), "message": said(ctx, row)} for row in found])


@incidents.command()
@click.pass_context
def causes(context: click.Context) -> None:
    """List what stops instances, with how many it stops and one incident of each."""
    ctx = acting(context)
    with ctx.read():
        found = incidents_of_cause(ctx)
    rows = []
    for row in found:
        with ctx.read():
            incident = get_incident(ctx, row["incident_id"])
        names = ("incident_id", "process_key", "element_id", "code", "count", "first_at", "last_at")
        rows.append({**picked(row, *names), "message": said(ctx, incident)})
    show_list(len(rows), rows)


@incidents.command()
@click.argument("incident_id")
@variables_option
@by_option
@click.pass_context
def retry(context: click.Context, incident_id: str, variable: tuple[str, ...], by: str | None) -> None:
    """Try again what an incident stopped, perhaps with corrected variables."""
    ctx = acting(context, by)
    runtime.retry_incident(ctx, incident_id=incident_id, variables=named_values(variable))
    _show(context, incident_id)


@incidents.command("retry-all")
@click.argument("incident_id")
@by_option
@click.pass_context
def retry_all(context: click.Context, incident_id: str, by: str | None) -> None:
    """Try again everything that the cause of an incident stopped."""
    ctx = acting(context, by)
    with ctx.read():
        cause = picked(get_incident(ctx, incident_id), "process_key", "element_id", "code", "message")
    show({"retrying": runtime.retry_incidents_of_cause(ctx, **cause)})


@incidents.command()
@click.argument("incident_id")
@variables_option
@reason_option
@by_option
@click.pass_context
def skip(
    context: click.Context, incident_id: str, variable: tuple[str, ...], reason: str, by: str | None
) -> None:
    """Leave the step that an incident stopped as if it had been done."""
    ctx = acting(context, by)
    runtime.skip_incident(ctx, incident_id=incident_id, variables=named_values(variable), reason=reason)
    _show(context, incident_id)


@incidents.command()
@click.argument("incident_id")
@reason_option
@by_option
@click.pass_context
def resolve(context: click.Context, incident_id: str, reason: str, by: str | None) -> None:
    """Close an incident without doing anything else."""
    runtime.resolve_incident(acting(context, by), incident_id=incident_id, reason=reason)
    _show(context, incident_id)


def _show(context: click.Context, incident_id: str) -> None:
    ctx = acting(context)
    with ctx.read():
        show(picked(get_incident(ctx, incident_id), *_ROW, "state"))
