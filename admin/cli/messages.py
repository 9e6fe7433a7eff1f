"""Messages and signals on the command line: brought, kept, handed to an instance, discarded."""

from __future__ import annotations

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
from engine.notify import list_inbound

_REF = ("id", "business_key", "state")


@click.group(invoke_without_command=True)
@click.option("--state", help="In this state: waiting, unmatched, matched, discarded.")
@click.pass_context
def messages(context: click.Context, state: str | None) -> None:
    """List what came in, or bring a message."""
    if context.invoked_subcommand is not None:
        return
    ctx = acting(context)
    with ctx.read():
        count, found = list_inbound(ctx, state=state, page_size=PAGE_SIZE)
    names = ("id", "channel", "sender", "body", "state", "received_at", "instance_id")
    show_list(count, [picked(row, *names) for row in found])


@messages.command()
@click.argument("name")
@click.option("--correlation", help="The value of its correlation key.")
@click.option("--business-key", help="Of the instance that is meant.")
@click.option("--instance", help="The id of the instance that is meant.")
@variables_option
@by_option
@click.pass_context
def correlate(
    context: click.Context,
    name: str,
    correlation: str | None,
    business_key: str | None,
    instance: str | None,
    variable: tuple[str, ...],
    by: str | None,
) -> None:
    """Bring a message to the one instance that waits for it now."""
    brought = runtime.correlate_message(
        acting(context, by),
        name=name,
        payload=named_values(variable),
        correlation=correlation,
        business_key=business_key,
        instance_id=instance,
    )
    show(picked(brought, *_REF))


@messages.command()
@click.argument("name")
@click.option("--correlation", help="The value of its correlation key.")
@click.option("--business-key", help="Of the instance that is meant.")
@click.option("--kept-s", type=float, default=3600.0, help="How long it may wait for somebody, in seconds.")
@variables_option
@by_option
@click.pass_context
def publish(
    context: click.Context,
    name: str,
    correlation: str | None,
    business_key: str | None,
    kept_s: float,
    variable: tuple[str, ...],
    by: str | None,
) -> None:
    """Bring a message to whoever waits for it, begins with it, or will wait for it in time."""
    published = runtime.publish_message(
        acting(context, by),
        name=name,
        payload=named_values(variable),
        correlation=correlation,
        business_key=business_key,
        kept_s=kept_s,
    )
    show(picked(published, "id", "instance_id", "expires_at"))


@messages.command()
@click.argument("message_id")
@click.argument("instance_id")
@click.option("--name", help="As this message, where the instance waits for several.")
@by_option
@click.pass_context
def deliver(
    context: click.Context, message_id: str, instance_id: str, name: str | None, by: str | None
) -> None:
    """Hand a message that nobody waited for to an instance."""
    ctx = acting(context, by)
    show(
        picked(runtime.deliver_inbound(ctx, message_id=message_id, instance_id=instance_id, name=name), *_REF)
    )


@messages.command()
@click.argument("message_id")
@reason_option
@by_option
@click.pass_context
def discard(context: click.Context, message_id: str, reason: str, by: str | None) -> None:
    """Lay a message aside."""
    runtime.discard_inbound(acting(context, by), message_id=message_id, reason=reason)
    show({"id": message_id, "state": "discarded"})


@click.command()
@click.argument("name")
@variables_option
@by_option
@click.pass_context
def signal(context: click.Context, name: str, variable: tuple[str, ...], by: str | None) -> None:
    """Bring a signal to everything that waits for it."""
    ctx = acting(context, by)
    show({"count": runtime.broadcast_signal(ctx, name=name, payload=named_values(variable))})
