"""What happens in processes is heard and sent on; what was sent is forgotten in time."""

from __future__ import annotations

from engine.context import Context
from engine.i18n import _
from engine.jobs import ClaimedJob
from engine.plugin import ProcessEvent, job, listener
from plugins.http import services


@listener
def hear(ctx: Context, event: ProcessEvent) -> None:
    """Write down what webhooks want to hear of."""
    services.note_event(ctx, event)


@job("deliver", title=_("Tell another system what happened"), lane="batch")
def deliver(ctx: Context, job: ClaimedJob) -> None:
    """Send one event to one webhook."""
    services.deliver(ctx, job)


@job("forget", title=_("Forget old deliveries to other systems"), every_s=6 * 3600, lane="batch")
def forget(ctx: Context, job: ClaimedJob) -> None:
    """Delete what was delivered long ago."""
    services.forget_deliveries(ctx)
