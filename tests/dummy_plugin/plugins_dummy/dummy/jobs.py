"""The clockwork, and what is done when it is asked for."""

from __future__ import annotations

from engine.context import Context
from engine.history import audit
from engine.jobs import ClaimedJob
from engine.plugin import job
from plugins_dummy.dummy import services


@job("count", every_s=3600)
def count(ctx: Context, job: ClaimedJob) -> None:
    """Write down how many were greeted."""
    with ctx.write():
        audit(ctx, "dummy.count", "dummy", "all", {"count": len(services.list_greetings(ctx))})


@job("forget", lane="batch")
def forget(ctx: Context, job: ClaimedJob) -> None:
    """Forget what is kept long enough."""
    services.forget_greetings(ctx)
