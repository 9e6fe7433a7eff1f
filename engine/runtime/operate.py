"""What operators do: try failed things again, skip them, move a process, correct its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from engine.context import Context, verb
from engine.definition import get_definition_by_id
from engine.definition.environment import environment
from engine.errors import Conflict, InvalidSubmission, NotFound, Problem
from engine.history import ElementVisit, audit
from engine.i18n import _
from engine.instance import ProcessInstance, given_names
from engine.jobs import Incident, Job, enqueue, withdraw_failed
from engine.jobs.incidents import close_incident, get_incident
from engine.machine import load
from engine.machine.repair import NotPossible, targets
from engine.machine.stimuli import Correct, Move, Retry, Skip
from engine.runtime.advance import InstanceRef, advance
from engine.runtime.instances import check_names, check_reason
from engine.values import Json

# Jobs that hold what their element handed over when it was reached.
_HANDING_OVER = ("service", "call")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step at which an instance stands.

    Args:
        visit_id: Its element visit.
        element_id, name: Where.
        failed: Whether an operator must help.
        to: The elements to which it may be moved.
    """

    visit_id: str
    element_id: str
    name: str
    failed: bool
    to: tuple[str, ...]


@verb
def retry_job(ctx: Context, *, job_id: str) -> None:
    """Let a job that gave up be tried again, with all its tries.

    Raises:
        NotFound: There is no such job.
        Conflict: It has not given up.
    """
    changed = ctx.connection.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == "failed")
        .values(state="waiting", due_at=ctx.now, attempt_count=0, lost_count=0, ended_at=None, owner=None)
    )
    if changed.rowcount != 1:
        if ctx.connection.execute(select(Job.id).where(Job.id == job_id)).first() is None:
            raise NotFound(_("There is no such job."))
        raise Conflict(_("This job has not given up."))
    audit(ctx, "job.retry", "job", job_id)
    ctx.after_commit(lambda: ctx.centre.wake(None))


@verb
def retry_incident(ctx: Context, *, incident_id: str, variables: Mapping[str, Json] | None = None) -> None:
    """Try again what an incident stopped, perhaps with corrected variables.

    They are written first, in the same transaction: what a job hands to a service task or to a called process
    is evaluated anew over them.

    Args:
        ctx: Who tries.
        incident_id: Which incident.
        variables: Corrections to the instance's variables.

    Raises:
        NotFound: There is no such incident.
        Conflict: It is resolved already, or the process has ended.
        InvalidSubmission: A name cannot be written to, or the incident belongs to no process.
    """
    check_names(variables or {})
    incident = get_incident(ctx, incident_id)
    if incident["state"] != "open":
        raise Conflict(_("This incident is resolved already."))
    close_incident(ctx, incident_id)
    audit(ctx, "incident.retry", "incident", incident_id, {"variables": sorted(variables or {})})
    if incident["job_id"] is not None and variables:
        _correct_and_retry(ctx, incident, variables)
    elif incident["job_id"] is not None:
        retry_job(ctx, job_id=incident["job_id"])
    elif incident["visit_id"] is not None and incident["instance_id"] is not None:
        advance(
            ctx,
            incident["instance_id"],
            Retry(visit=incident["visit_id"], variables=variables or {}),
            even_suspended=True,
        )


def _correct_and_retry(ctx: Context, incident: Mapping[str, Any], variables: Mapping[str, Json]) -> None:
    if incident["instance_id"] is None:
        raise InvalidSubmission(
            problems=[
                Problem(
                    path="variables",
                    message=_("This incident belongs to no process: there is nothing to correct. Send none."),
                )
            ]
        )
    job_id = incident["job_id"]
    kind = ctx.connection.execute(select(Job.kind).where(Job.id == job_id)).scalar_one()
    anew = kind in _HANDING_OVER
    if anew:
        withdraw_failed(ctx, job_id)
    else:
        retry_job(ctx, job_id=job_id)
    correct = Correct(variables=variables, visit=incident["visit_id"], anew=anew)
    advance(ctx, incident["instance_id"], correct, even_suspended=True)


@verb
def retry_incidents_of_cause(
    ctx: Context, *, process_key: str | None, element_id: str | None, code: str, message: str
) -> int:
    """Let everything that one cause stopped be tried again, each in a transaction of its own.

    Returns:
        How many incidents there are.
    """
    wanted = select(Incident.id, Incident.instance_id, Incident.process_key).where(
        Incident.state == "open",
        Incident.code == code,
        Incident.message == message,
        Incident.process_key == process_key if process_key is not None else Incident.process_key.is_(None),
        Incident.element_id == element_id if element_id is not None else Incident.element_id.is_(None),
    )
    found = ctx.connection.execute(wanted).all()
    for incident in found:
        enqueue(
            ctx,
            kind="retry",
            payload={"incident": incident.id, "by": ctx.actor.key},
            instance_id=incident.instance_id,
            process_key=incident.process_key,
            unique_key=f"retry:{incident.id}",
        )
    audit(ctx, "incident.retry_all", "process", process_key or "", {"element": element_id, "code": code})
    return len(found)


@verb
def skip_incident(
    ctx: Context, *, incident_id: str, reason: str, variables: Mapping[str, Json] | None = None
) -> InstanceRef:
    """Leave the element that an incident stopped as if it had been done; the process goes on behind it.

    Args:
        ctx: Who decides that.
        incident_id: Which incident.
        reason: Why; kept in the audit log.
        variables: Variables as the element would have left them.

    Raises:
        NotFound: There is no such incident.
        Conflict: It is resolved already.
        InvalidSubmission: No reason was given, or a name cannot be written to.
        NotPossible: No element of the drawing waits for it.
    """
    incident = get_incident(ctx, incident_id)
    if incident["state"] != "open":
        raise Conflict(_("This incident is resolved already."))
    if incident["instance_id"] is None or incident["visit_id"] is None:
        raise NotPossible(_("No step of a process waits for this. Try it again, or close the incident."))
    skipped = skip_element(
        ctx,
        instance_id=incident["instance_id"],
        visit_id=incident["visit_id"],
        reason=reason,
        variables=variables,
    )
    close_incident(ctx, incident_id)
    return skipped


@verb
def skip_element(
    ctx: Context,
    *,
    instance_id: str,
    visit_id: str,
    reason: str,
    variables: Mapping[str, Json] | None = None,
) -> InstanceRef:
    """Leave an element that waits or failed as if it had been done.

    Args:
        ctx: Who decides that.
        instance_id: Which instance.
        visit_id: Where in it.
        reason: Why; kept in the audit log.
        variables: Variables as the element would have left them.

    Raises:
        NotFound: There is no such instance.
        NotWaiting: It has gone on meanwhile.
        NotPossible: What waits there is no step.
        InvalidSubmission: No reason was given, or a name cannot be written to.
    """
    check_reason(reason)
    check_names(variables or {})
    skipped = advance(ctx, instance_id, Skip(visit=visit_id, variables=variables or {}), even_suspended=True)
    _audited(ctx, "instance.skip", instance_id, visit_id, reason, variables=sorted(variables or {}))
    return skipped


@verb
def move_token(ctx: Context, *, instance_id: str, visit_id: str, to: str, reason: str) -> InstanceRef:
    """Take a process from one step to another beside it: the first is cancelled, the other begins.

    Args:
        ctx: Who decides that.
        instance_id: Which instance.
        visit_id: The element visit that is left.
        to: The id of the element that begins, in the same scope.
        reason: Why; kept in the audit log.

    Raises:
        NotFound: There is no such instance.
        NotWaiting: It has gone on meanwhile.
        NotPossible: It makes no sense; the message says why.
        InvalidSubmission: No reason was given.
    """
    check_reason(reason)
    moved = advance(ctx, instance_id, Move(visit=visit_id, to=to), even_suspended=True)
    _audited(ctx, "instance.move", instance_id, visit_id, reason, to=to)
    return moved


@verb
def correct_variables(
    ctx: Context,
    *,
    instance_id: str,
    variables: Mapping[str, Json],
    reason: str,
    visit_id: str | None = None,
) -> InstanceRef:
    """Give variables of an instance other values; history keeps the old ones.

    Args:
        ctx: Who corrects.
        instance_id: Which instance.
        variables: Names and their values.
        reason: Why; kept in the audit log.
        visit_id: An element visit whose scope they are seen from; the instance's own where omitted.

    Raises:
        NotFound: There is no such instance.
        InvalidSubmission: No reason or nothing was given, or a name cannot be written to.
    """
    check_reason(reason)
    check_names(variables)
    if not variables:
        raise InvalidSubmission(
            problems=[Problem(path="variables", message=_("Name at least one variable and its value."))]
        )
    corrected = advance(ctx, instance_id, Correct(variables=variables, visit=visit_id), even_suspended=True)
    audit(
        ctx,
        "instance.correct",
        "instance",
        instance_id,
        {"variables": sorted(variables), "reason": reason},
    )
    return corrected


def steps_of(ctx: Context, instance_id: str) -> list[Step]:
    """Return the steps at which an open instance stands, and where each may be moved to.

    Raises:
        NotFound: There is no such instance.
    """
    row = ctx.connection.execute(
        select(ProcessInstance.__table__).where(ProcessInstance.id == instance_id)
    ).first()
    if row is None:
        raise NotFound(_("There is no such process instance."))
    if row.state not in ("active", "suspended"):
        return []
    definition = get_definition_by_id(ctx, row.definition_id)
    run = load(definition.spec, row.machine_state, environment(ctx, definition, given_names(row)))
    return [
        Step(
            visit_id=token.id,
            element_id=token.node.element_id,
            name=token.node.element_name or token.node.element_id,
            failed=token.failed,
            to=tuple(targets(run, token)),
        )
        for token in run.tasks.values()
        if token.scope is not None and token.visited
    ]


def _audited(ctx: Context, action: str, instance_id: str, visit_id: str, reason: str, **more: Json) -> None:
    element = ctx.connection.execute(
        select(ElementVisit.element_id).where(ElementVisit.id == visit_id)
    ).scalar()
    audit(ctx, action, "instance", instance_id, {"element": element, "reason": reason, **more})


@verb
def resolve_incident(ctx: Context, *, incident_id: str, reason: str = "") -> None:
    """Close an incident that needs nothing more."""
    close_incident(ctx, incident_id)
    audit(ctx, "incident.resolve", "incident", incident_id, {"reason": reason})
