"""The engine's own kinds of jobs: each brings one instance forward in one transaction."""

from __future__ import annotations

from collections.abc import Callable

from engine import definition, parameters
from engine.context import Context
from engine.errors import BpmnError
from engine.files import SWEEP
from engine.history.seal import SEAL
from engine.jobs import ClaimedJob, finish
from engine.machine import NotWaiting
from engine.machine.stimuli import (
    Arrived,
    ErrorThrown,
    Proceed,
    ProcessDone,
    ServiceDone,
    Stimulus,
    TimerFired,
)
from engine.notify import MESSAGES, RECEIVE, SEND
from engine.plugin import JobKind, Registry
from engine.runtime.advance import Gone, advance
from engine.runtime.instances import call_process, cancel_instance
from engine.runtime.messages import broadcast_signal, deliver_message
from engine.runtime.queries import variables_of
from engine.runtime.receive import receive
from engine.runtime.services import call_service
from engine.work import get_task, may_see


def register(registry: Registry) -> None:
    """Add what this floor does: its kinds of files, and its kinds of jobs."""
    definition.register(registry)
    parameters.register(registry)
    registry.add_resource_kind(MESSAGES)
    registry.add_job_kind(SEND)
    registry.add_job_kind(SWEEP)
    registry.add_job_kind(SEAL)
    registry.add_job_kind(JobKind(name=RECEIVE, function=receive))
    registry.add_port("may_see_instance", may_see)
    registry.add_port("may_see_task", _may_see_task)
    for name, function in _KINDS.items():
        registry.add_job_kind(JobKind(name=name, function=function))


def _may_see_task(ctx: Context, task_id: str) -> bool:
    return may_see(ctx, get_task(ctx, task_id).instance_id)


def run_job(ctx: Context, job: ClaimedJob, stimulus: Stimulus) -> None:
    """Bring an instance forward and end the job in the same transaction.

    What the job brings may not be waited for any more: then it is over all the same.
    """
    with ctx.write():
        finish(ctx, job)
        if job.instance_id is None:
            return
        try:
            advance(ctx, job.instance_id, stimulus, job_id=job.id)
        except (NotWaiting, Gone):
            return


def _timer(ctx: Context, job: ClaimedJob) -> None:
    run_job(ctx, job, TimerFired(visit=job.visit_id or ""))


def _service(ctx: Context, job: ClaimedJob) -> None:
    """Call a plug-in outside of any transaction, then bring its result."""
    try:
        result = call_service(ctx, job.payload["name"], job.payload["inputs"])
    except BpmnError as error:
        run_job(ctx, job, ErrorThrown(visit=job.visit_id or "", code=error.code, message=error.message))
        return
    run_job(ctx, job, ServiceDone(visit=job.visit_id or "", result=result))


def _step(ctx: Context, job: ClaimedJob) -> None:
    run_job(ctx, job, Proceed())


def _signal(ctx: Context, job: ClaimedJob) -> None:
    run_job(ctx, job, Arrived(visit=job.visit_id or "", payload=job.payload["payload"]))


def _call(ctx: Context, job: ClaimedJob) -> None:
    with ctx.write():
        finish(ctx, job)
        try:
            call_process(
                ctx,
                parent_id=job.instance_id or "",
                visit=job.visit_id or "",
                process_key=job.payload["process_key"],
                variables=job.payload["variables"],
            )
        except Gone:
            return


def _return(ctx: Context, job: ClaimedJob) -> None:
    """Tell a caller that the process it called has ended."""
    if job.payload["state"] == "failed":
        run_job(
            ctx,
            job,
            ErrorThrown(
                visit=job.visit_id or "",
                code=job.payload["error_code"] or "error",
                message=job.payload["error_message"],
            ),
        )
        return
    with ctx.read():
        variables = variables_of(ctx, job.payload["called"])
    run_job(ctx, job, ProcessDone(visit=job.visit_id or "", variables=variables))


def _throw(ctx: Context, job: ClaimedJob) -> None:
    payload = job.payload
    with ctx.write():
        finish(ctx, job)
        if payload["kind"] == "signal":
            broadcast_signal(ctx, name=payload["name"], payload=payload["payload"])
            return
        deliver_message(
            ctx, name=payload["name"], payload=payload["payload"], correlation=payload["correlation"]
        )


def _cancel(ctx: Context, job: ClaimedJob) -> None:
    with ctx.write():
        finish(ctx, job)
        try:
            cancel_instance(ctx, instance_id=job.instance_id or "", reason=job.payload["reason"])
        except Gone:
            return


_KINDS: dict[str, Callable[[Context, ClaimedJob], None]] = {
    "timer": _timer,
    "service": _service,
    "step": _step,
    "signal": _signal,
    "call": _call,
    "return": _return,
    "throw": _throw,
    "cancel": _cancel,
}
