"""Process instances on the command line: seen, stopped, moved, corrected, migrated and reverted."""

from __future__ import annotations

from typing import Any

import click

from admin.cli.common import acting
from admin.cli.saying import (
    PAGE_SIZE,
    by_option,
    named_values,
    picked,
    reason_option,
    show,
    show_list,
    variables_option,
)
from engine import runtime
from engine.i18n import say

_REF = ("id", "business_key", "state")
_ROW = (
    "id",
    "process_key",
    "business_key",
    "title",
    "state",
    "initiator",
    "started_at",
    "ended_at",
)


@click.group(invoke_without_command=True)
@click.option("--process", help="Of this process.")
@click.option("--state", help="In this state: active, suspended, completed, cancelled, failed.")
@click.option("--business-key", help="With this number.")
@click.pass_context
def instances(
    context: click.Context, process: str | None, state: str | None, business_key: str | None
) -> None:
    """List process instances, or do something with one."""
    if context.invoked_subcommand is not None:
        return
    ctx = acting(context)
    with ctx.read():
        count, found = runtime.list_instances(
            ctx, key=process, state=state, business_key=business_key, page_size=PAGE_SIZE
        )
    show_list(count, [picked(row, *_ROW) for row in found])


@instances.command("show")
@click.argument("instance_id")
@click.pass_context
def show_one(context: click.Context, instance_id: str) -> None:
    """Show an instance: its data, and the steps at which it stands."""
    ctx = acting(context)
    with ctx.read():
        row = runtime.get_instance(ctx, instance_id)
        show(
            {
                **picked(row, *_ROW),
                "variables": runtime.variables_of(ctx, instance_id),
                "steps": [
                    picked(step, "visit_id", "element_id", "name", "failed", "to")
                    for step in runtime.steps_of(ctx, instance_id)
                ],
            }
        )


@instances.command()
@click.argument("instance_id")
@click.pass_context
def history(context: click.Context, instance_id: str) -> None:
    """List the elements that an instance went through."""
    ctx = acting(context)
    with ctx.read():
        rows = runtime.history_of(ctx, instance_id)
    names = ("id", "element_id", "state", "actor", "started_at", "ended_at")
    show_list(len(rows), [picked(row, *names) for row in rows])


@instances.command()
@click.argument("instance_id")
@click.option("--reason", default="", help="Why; kept in the audit log.")
@by_option
@click.pass_context
def suspend(context: click.Context, instance_id: str, reason: str, by: str | None) -> None:
    """Let an instance pause; its timers keep the time that is left to them."""
    show(picked(runtime.suspend_instance(acting(context, by), instance_id=instance_id, reason=reason), *_REF))


@instances.command()
@click.argument("instance_id")
@click.option("--reason", default="", help="Why; kept in the audit log.")
@by_option
@click.pass_context
def resume(context: click.Context, instance_id: str, reason: str, by: str | None) -> None:
    """Let an instance that pauses go on."""
    show(picked(runtime.resume_instance(acting(context, by), instance_id=instance_id, reason=reason), *_REF))


@instances.command()
@click.argument("instance_id")
@reason_option
@by_option
@click.pass_context
def cancel(context: click.Context, instance_id: str, reason: str, by: str | None) -> None:
    """End an instance before its time."""
    show(picked(runtime.cancel_instance(acting(context, by), instance_id=instance_id, reason=reason), *_REF))


@instances.command()
@click.argument("instance_id")
@click.argument("visit_id")
@click.argument("to")
@reason_option
@by_option
@click.pass_context
def move(
    context: click.Context, instance_id: str, visit_id: str, to: str, reason: str, by: str | None
) -> None:
    """Move an instance from a step (``show`` names its visit) to another element."""
    ctx = acting(context, by)
    moved = runtime.move_token(ctx, instance_id=instance_id, visit_id=visit_id, to=to, reason=reason)
    show(picked(moved, *_REF))


@instances.command()
@click.argument("instance_id")
@click.argument("visit_id")
@variables_option
@reason_option
@by_option
@click.pass_context
def skip(
    context: click.Context,
    instance_id: str,
    visit_id: str,
    variable: tuple[str, ...],
    reason: str,
    by: str | None,
) -> None:
    """Leave a step as if it had been done, perhaps with what it would have left behind."""
    skipped = runtime.skip_element(
        acting(context, by),
        instance_id=instance_id,
        visit_id=visit_id,
        variables=named_values(variable),
        reason=reason,
    )
    show(picked(skipped, *_REF))


@instances.command()
@click.argument("instance_id")
@variables_option
@reason_option
@by_option
@click.pass_context
def correct(
    context: click.Context, instance_id: str, variable: tuple[str, ...], reason: str, by: str | None
) -> None:
    """Correct an instance's variables."""
    corrected = runtime.correct_variables(
        acting(context, by), instance_id=instance_id, variables=named_values(variable), reason=reason
    )
    show(picked(corrected, *_REF))


@click.command()
@click.argument("process_key")
@click.pass_context
def versions(context: click.Context, process_key: str) -> None:
    """List the versions of a process, and how many instances run in each."""
    ctx = acting(context)
    with ctx.read():
        found = runtime.list_running_versions(ctx, process_key)
    names = (
        "version", "title", "deployed_at", "suspended_at",
        "active_count", "suspended_count", "incident_count",
    )  # fmt: skip
    show_list(len(found), [picked(row, *names) for row in found])


@click.command("suspend-version")
@click.argument("process_key")
@click.argument("version", type=int)
@click.option("--instances", is_flag=True, help="What runs in it pauses too, timers and all.")
@reason_option
@by_option
@click.pass_context
def suspend_version(
    context: click.Context, process_key: str, version: int, instances: bool, reason: str, by: str | None
) -> None:
    """Let nothing begin in a version of a process until it is resumed."""
    count = runtime.suspend_version(
        acting(context, by), process_key=process_key, version=version, reason=reason, instances=instances
    )
    show({"process_key": process_key, "version": version, "instance_count": count})


@click.command("resume-version")
@click.argument("process_key")
@click.argument("version", type=int)
@reason_option
@by_option
@click.pass_context
def resume_version(
    context: click.Context, process_key: str, version: int, reason: str, by: str | None
) -> None:
    """Let instances begin in a version again; those that pause with it go on."""
    count = runtime.resume_version(
        acting(context, by), process_key=process_key, version=version, reason=reason
    )
    show({"process_key": process_key, "version": version, "instance_count": count})


@click.command()
@click.argument("process_key")
@click.argument("to_version", type=int)
@click.option("--from-version", type=int, help="Only those that run in this version.")
@click.option("--instance", "-i", multiple=True, help="Only this instance; may be said again.")
@click.option("--map", "-m", "mapping", multiple=True, help="old_element=new_element.")
@click.option("--reason", default="", help="Why; kept in the audit log. Needed with --go.")
@click.option("--go", is_flag=True, help="Do it; without this it is only said what stands in the way.")
@by_option
@click.pass_context
def migrate(
    context: click.Context,
    process_key: str,
    to_version: int,
    from_version: int | None,
    instance: tuple[str, ...],
    mapping: tuple[str, ...],
    reason: str,
    go: bool,
    by: str | None,
) -> None:
    """Let open instances go on in another version; says first what stands in the way."""
    ctx = acting(context, by)
    which: dict[str, Any] = {
        "process_key": process_key,
        "to_version": to_version,
        "from_version": from_version,
        "instances": instance or None,
        "mapping": dict(pair.partition("=")[::2] for pair in mapping),
    }
    if go:
        show({"migration": runtime.migrate_instances(ctx, reason=reason, **which)})
        return
    with ctx.read():
        checks = runtime.check_migration(ctx, **which)
    show_list(
        len(checks),
        [
            {
                **picked(check, "instance_id", "business_key", "version"),
                "problems": [{"path": one.path, "message": say(ctx.locale, one)} for one in check.problems],
            }
            for check in checks
        ],
    )


@click.command()
@click.argument("migration_id")
@reason_option
@by_option
@click.pass_context
def revert(context: click.Context, migration_id: str, reason: str, by: str | None) -> None:
    """Take a migration back, for every instance that has not gone on since."""
    show(
        {"reverting": runtime.revert_migration(acting(context, by), migration_id=migration_id, reason=reason)}
    )
