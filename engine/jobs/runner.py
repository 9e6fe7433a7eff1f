"""Runs claimed jobs: by their kind's function, outside of any transaction; what fails is tried again."""

from __future__ import annotations

import logging
import time
import traceback
from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.exc import DataError

from engine.context import Context
from engine.errors import CallwrightError, ConfigurationError, TechnicalFailure
from engine.history import mask
from engine.i18n import _
from engine.jobs.claiming import ClaimedJob, claim
from engine.jobs.incidents import open_incident, resolve_incidents_of_job
from engine.jobs.models import Job
from engine.jobs.queue import (
    RETRIES_S,
    LostLease,
    Suspended,
    backoff_s,
    finish,
    give_up,
    put_off,
)
from engine.jobs.suspending import suspend_job
from engine.metrics import JOB_S

log = logging.getLogger(__name__)

_STATE = select(Job.state).where(Job.id == bindparam("job"))


def run_claimed(ctx: Context, job: ClaimedJob) -> bool:
    """Run a job that a worker holds, and end it one way or the other.

    Args:
        ctx: The worker's context; no transaction is open.
        job: What ``claim`` returned.

    Returns:
        Whether it was done.
    """
    began_s = time.perf_counter()
    outcome = _run(ctx, job)
    JOB_S.labels(job.kind, outcome).observe(time.perf_counter() - began_s)
    return outcome == "done"


def _run(ctx: Context, job: ClaimedJob) -> str:
    try:
        kind = ctx.registry.job_kinds.get(job.kind)
        if kind is None:
            raise ConfigurationError(_("Nothing installed does %(name)s."), name=job.kind)
        kind.function(ctx, job)
    except LostLease:
        log.warning("a job was taken over by another worker", extra=job.marks)
        return "lost"
    except Suspended:
        suspend_job(ctx, job)
        return "suspended"
    except Exception as error:
        _failed(ctx, job, error)
        return "failed"
    with ctx.read():
        ended = _ended(ctx, job)
    # Most jobs end in the transaction that keeps their result: nothing is left to write.
    if not ended or job.attempt_count > 1:
        with ctx.write():
            if not ended:
                finish(ctx, job)
            if job.attempt_count > 1:
                resolve_incidents_of_job(ctx, job.id)
    return "done"


def _ended(ctx: Context, job: ClaimedJob) -> bool:
    return bool(ctx.connection.execute(_STATE, {"job": job.id}).scalar() != "running")


def _failed(ctx: Context, job: ClaimedJob, error: Exception) -> None:
    """Put a failed job off, or give it up with an incident."""
    retries_s = job.retries_s if job.retries_s is not None else RETRIES_S
    if isinstance(error, CallwrightError):
        permanent = not isinstance(error, TechnicalFailure)
    else:
        # What no column keeps is no shorter the next time.
        permanent = isinstance(error, DataError)
    wait_s = backoff_s(retries_s, job.attempt_count)
    free = False
    if isinstance(error, TechnicalFailure):
        permanent = error.permanent
        free = error.code == "busy"
        if error.retry_after_s is not None and wait_s is not None:
            wait_s = max(wait_s, error.retry_after_s)
    said = mask(str(error)) or type(error).__name__
    with ctx.write():
        if free:
            put_off(ctx, job, until=ctx.now + timedelta(seconds=1), error=said, costs_attempt=False)
        elif wait_s is not None and not permanent:
            put_off(ctx, job, until=ctx.now + timedelta(seconds=wait_s), error=said)
            log.info("a job is tried again in %.0f s: %s", wait_s, said, extra=job.marks)
        else:
            give_up(ctx, job, error=said)
            known = isinstance(error, CallwrightError)
            open_incident(
                ctx,
                code=error.code if isinstance(error, CallwrightError) else type(error).__name__,
                message=error.message if isinstance(error, CallwrightError) else _("%(reason)s"),
                params=error.params if isinstance(error, CallwrightError) else {"reason": said},
                detail=None if known else mask("".join(traceback.format_exception(error))),
                instance_id=job.instance_id,
                process_key=job.process_key,
                element_id=job.element_id,
                visit_id=job.visit_id,
                job_id=job.id,
            )
            log.warning("a job gave up: %s", said, extra=job.marks)


def run_due(ctx: Context, *, owner: str = "here", limit: int = 1_000) -> int:
    """Run everything that is due, one after the other, until nothing is: for tests and scenarios.

    Returns:
        How many jobs ran.
    """
    count = 0
    while count < limit:
        claimed = claim(ctx, owner=owner, limit=1)
        if not claimed:
            return count
        run_claimed(ctx, claimed[0])
        count += 1
    return count
