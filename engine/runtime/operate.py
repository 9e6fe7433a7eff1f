"""What operators do: try failed things again."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update

from engine.context import Context, verb
from engine.errors import Conflict, NotFound
from engine.history import audit
from engine.i18n import _
from engine.jobs import Incident, Job
from engine.jobs.incidents import close_incident, get_incident
from engine.machine.stimuli import Retry
from engine.runtime.advance import advance
from engine.values import Json


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

    Args:
        ctx: Who tries.
        incident_id: Which incident.
        variables: Corrections to the instance's variables, for a failed element.

    Raises:
        NotFound: There is no such incident.
        Conflict: It is resolved already.
    """
    incident = get_incident(ctx, incident_id)
    if incident["state"] != "open":
        raise Conflict(_("This incident is resolved already."))
    close_incident(ctx, incident_id)
    audit(ctx, "incident.retry", "incident", incident_id)
    if incident["job_id"] is not None:
        retry_job(ctx, job_id=incident["job_id"])
    elif incident["visit_id"] is not None and incident["instance_id"] is not None:
        advance(ctx, incident["instance_id"], Retry(visit=incident["visit_id"], variables=variables or {}))


@verb
def retry_incidents_of_cause(
    ctx: Context, *, process_key: str | None, element_id: str | None, code: str, message: str
) -> int:
    """Try again everything that one cause stopped.

    Returns:
        How many incidents there were.
    """
    wanted = select(Incident.id).where(
        Incident.state == "open",
        Incident.code == code,
        Incident.message == message,
        Incident.process_key == process_key if process_key is not None else Incident.process_key.is_(None),
        Incident.element_id == element_id if element_id is not None else Incident.element_id.is_(None),
    )
    ids = ctx.connection.execute(wanted).scalars().all()
    for incident_id in ids:
        retry_incident(ctx, incident_id=incident_id)
    return len(ids)


@verb
def resolve_incident(ctx: Context, *, incident_id: str, reason: str = "") -> None:
    """Close an incident that needs nothing more."""
    close_incident(ctx, incident_id)
    audit(ctx, "incident.resolve", "incident", incident_id, {"reason": reason})
