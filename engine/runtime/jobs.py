"""The engine's own kinds of jobs: each brings one instance forward in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine import definition, parameters
from engine.context import Actor, Context
from engine.errors import BpmnError, Conflict
from engine.files import SWEEP
from engine.history.seal import SEAL
from engine.i18n import _
from engine.jobs import ClaimedJob, Suspended, finish, suspend_job
from engine.machine import NotWaiting
from engine.machine.stimuli import (
    Arrived,
    ErrorThrown,
    Escalated,
    Proceed,
    ProcessDone,
    ServiceDone,
    Stimulus,
    TimerFired,
)
from engine.notify import DIGEST, MESSAGES, NEXT, RECEIVE, SEND, SETTINGS
from engine.plugin import JobKind, Registry
from engine.runtime import unassigned
from engine.runtime.advance import Gone, advance
from engine.runtime.deadlines import DEADLINE
from engine.runtime.digest import tell_together
from engine.runtime.handing import HAND_OVER, hand_over_task
from engine.runtime.instances import call_process, cancel_instance
from engine.runtime.kept import KEPT_JOBS, deliver_message
from engine.runtime.limits import LIMIT, time_up
from engine.runtime.messages import broadcast_signal
from engine.runtime.migration import migrate_waiting
from engine.runtime.operate import retry_incident
from engine.runtime.overdue import deadline_rings
from engine.runtime.paused import GO_ON, HOLD, go_on_waiting, hold_waiting
from engine.runtime.queries import variables_of
from engine.runtime.receive import receive
from engine.runtime.requests import SETTING as URGING
from engine.runtime.retention import FORGET
from engine.runtime.retention import SETTINGS as KEPT
from engine.runtime.reverting import revert_waiting
from engine.runtime.rota import tell_next
from engine.runtime.services import call_service
from engine.runtime.starts import KIND as START
from engine.runtime.starts import schedule_starts, start_by_timer
from engine.values import Json
from engine.work import get_task, may_see


def register(registry: Registry) -> None:
    """Add what this floor does: its kinds of files, and its kinds of jobs."""
    definition.register(registry)
    parameters.register(registry)
    registry.add_resource_kind(MESSAGES)
    for spec in (*SETTINGS, *KEPT, URGING):
        registry.add_setting(spec)
    registry.add_job_kind(SEND)
    registry.add_job_kind(SWEEP)
    registry.add_job_kind(SEAL)
    registry.add_job_kind(FORGET)
    registry.add_job_kind(JobKind(name=RECEIVE, title=_("Read an incoming message"), function=receive))
    registry.add_job_kind(JobKind(name=NEXT, title=_("Tell the next candidate"), function=tell_next))
    registry.add_job_kind(
        JobKind(name=DIGEST, title=_("Say what waited in one message"), function=tell_together)
    )
    registry.add_job_kind(JobKind(name=HAND_OVER, title=_("Hand a task over"), function=hand_over_task))
    registry.add_job_kind(
        JobKind(name=LIMIT, title=_("Act where the time of a step is over"), function=time_up)
    )
    registry.add_job_kind(JobKind(name=DEADLINE, title=_("Look at a deadline"), function=deadline_rings))
    for kind in KEPT_JOBS:
        registry.add_job_kind(kind)
    registry.listeners.append(unassigned.hear)
    registry.add_port("may_see_instance", may_see)
    registry.add_port("may_see_task", _may_see_task)
    registry.add_port("deployed", schedule_starts)
    for name, (title, function) in _KINDS.items():
        registry.add_job_kind(JobKind(name=name, title=title, function=function))


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
    run_job(ctx, job, TimerFired(visit=job.visit_id or "", due_at=job.due_at))


def _service(ctx: Context, job: ClaimedJob) -> None:
    """Call a plug-in outside of any transaction, then bring its result."""
    brought = job.payload.get("brought") or _call_service(ctx, job)
    visit = job.visit_id or ""
    stimulus: Stimulus
    if "error" in brought:
        stimulus = ErrorThrown(visit=visit, code=brought["error"], message=brought["message"])
    else:
        stimulus = ServiceDone(visit=visit, result=brought["result"])
    try:
        run_job(ctx, job, stimulus)
    except Suspended:
        # Called once: what it brought is kept until the instance goes on.
        suspend_job(ctx, job, payload={**job.payload, "brought": brought})


def _call_service(ctx: Context, job: ClaimedJob) -> dict[str, Json]:
    acting = replace(ctx, idempotency_key=f"{job.instance_id}:{job.visit_id}")
    try:
        return {"result": call_service(acting, job.payload["name"], job.payload["inputs"])}
    except BpmnError as error:
        return {"error": error.code, "message": error.message}


def _step(ctx: Context, job: ClaimedJob) -> None:
    run_job(ctx, job, Proceed(look=bool((job.payload or {}).get("look"))))


def _signal(ctx: Context, job: ClaimedJob) -> None:
    run_job(ctx, job, Arrived(visit=job.visit_id or "", payload=job.payload["payload"]))


def _escalate(ctx: Context, job: ClaimedJob) -> None:
    """Bring an escalation of a called process to its caller."""
    payload = job.payload
    run_job(ctx, job, Escalated(visit=job.visit_id or "", code=payload["code"], payload=payload["payload"]))


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
        throwing = replace(ctx, cascade=int(payload.get("cascade", 0)))
        if payload["kind"] == "signal":
            broadcast_signal(
                throwing, name=payload["name"], payload=payload["payload"], thrown_by=job.instance_id
            )
            return
        deliver_message(
            throwing, name=payload["name"], payload=payload["payload"], correlation=payload["correlation"]
        )


def _cancel(ctx: Context, job: ClaimedJob) -> None:
    with ctx.write():
        finish(ctx, job)
        try:
            cancel_instance(ctx, instance_id=job.instance_id or "", reason=job.payload["reason"])
        except Gone:
            return


def _retry(ctx: Context, job: ClaimedJob) -> None:
    """Try one of the incidents of a cause again, as whoever asked for it."""
    with ctx.write():
        finish(ctx, job)
        try:
            retry_incident(_as_asker(ctx, job), incident_id=job.payload["incident"])
        except Conflict:
            # Somebody tried it, or the process has ended.
            return


def _migrate(ctx: Context, job: ClaimedJob) -> None:
    with ctx.write():
        finish(ctx, job)
        migrate_waiting(_as_asker(ctx, job), job.payload["item"])


def _revert(ctx: Context, job: ClaimedJob) -> None:
    with ctx.write():
        finish(ctx, job)
        revert_waiting(_as_asker(ctx, job), job.payload["item"], job.payload["reason"])


def _hold(ctx: Context, job: ClaimedJob) -> None:
    with ctx.write():
        finish(ctx, job)
        hold_waiting(_as_asker(ctx, job), job)


def _go_on(ctx: Context, job: ClaimedJob) -> None:
    with ctx.write():
        finish(ctx, job)
        go_on_waiting(_as_asker(ctx, job), job)


def _as_asker(ctx: Context, job: ClaimedJob) -> Context:
    """The same transaction, in the name of whoever asked for the job."""
    who = job.payload["by"]
    return ctx.as_actor(Actor(key=who, kind="person")) if who else ctx


_KINDS: dict[str, tuple[str, Callable[[Context, ClaimedJob], None]]] = {
    START: (_("Start a process at its time"), start_by_timer),
    "timer": (_("Let a timer ring"), _timer),
    "service": (_("Run a service task"), _service),
    "step": (_("Go on with a process"), _step),
    "signal": (_("Bring a signal to a process"), _signal),
    "escalate": (_("Bring an escalation to the caller"), _escalate),
    "call": (_("Start a called process"), _call),
    "return": (_("Bring back what a called process found"), _return),
    "throw": (_("Send a message or signal to other processes"), _throw),
    "cancel": (_("Cancel a called process"), _cancel),
    "retry": (_("Try again what an incident stopped"), _retry),
    "migrate": (_("Take a process to another version"), _migrate),
    HOLD: (_("Pause a process with its version"), _hold),
    GO_ON: (_("Let a process go on with its version"), _go_on),
    "revert": (_("Take a process back to its former version"), _revert),
}
