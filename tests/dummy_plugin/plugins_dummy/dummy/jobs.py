"""The clockwork, and what is done when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from engine.context import Context
from engine.errors import Problem
from engine.history import audit
from engine.i18n import _
from engine.jobs import ClaimedJob
from engine.plugin import ProcessEvent, checks, job, listener
from plugins_dummy.dummy import services


@job("count", title=_("Count the greetings"), every_s=3600)
def count(ctx: Context, job: ClaimedJob) -> None:
    """Write down how many were greeted."""
    with ctx.write():
        audit(ctx, "dummy.count", "dummy", "all", {"count": len(services.list_greetings(ctx))})


@job("forget", title=_("Forget old greetings"), lane="batch")
def forget(ctx: Context, job: ClaimedJob) -> None:
    """Forget what is kept long enough."""
    services.forget_greetings(ctx)


@listener
def hear(ctx: Context, event: ProcessEvent) -> None:
    """Write down that a process began, in the transaction in which it does."""
    if event.name == "instance.started":
        audit(ctx, "dummy.heard", "instance", event.instance_id or "", {"process": event.process_key})


@checks("keep")
def keep_problems(value: str) -> Sequence[Problem]:
    """Say that a greeting cannot be kept for less than no time."""
    backwards = Problem(path="keep", message=_("Greetings cannot be kept for less than no time."))
    return [backwards] if value.startswith("-") else []
