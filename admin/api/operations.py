"""What operators look after: jobs and incidents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admin.api.fields import Body, Fields, IdText, Instant, ListArgs, Row, Text, Whole, sort_of
from admin.api.masking import masked_text
from admin.api.operation import Api, Page, changes, lists, reads
from admin.api.paging import page_of
from engine.context import Context
from engine.i18n import outline, translate
from engine.jobs import (
    INCIDENT_SORTS,
    JOB_SORTS,
    get_incident,
    incidents_of_cause,
    list_incidents,
    list_jobs,
)
from engine.runtime import resolve_incident, retry_incident, retry_incidents_of_cause, skip_incident

REPAIR = ("incidents.operate",)
JOB_STATES = ("waiting", "running", "done", "failed", "suspended")
INCIDENT_STATES = ("open", "resolved")
_CAUSE_SORTS = {
    "count": lambda row: row["count"],
    "first_at": lambda row: row["first_at"],
    "last_at": lambda row: row["last_at"],
}


class JobSchema(Row):
    """A piece of work for the worker."""

    id = Text()
    kind = Text()
    lane = Text(known=("interactive", "batch"))
    state = Text(known=JOB_STATES)
    due_at = Instant()
    instance_id = Text(allow_none=True)
    process_key = Text(allow_none=True)
    element_id = Text(allow_none=True)
    visit_id = Text(allow_none=True)
    attempt_count = Whole()
    error = Text(allow_none=True, metadata={"description": "Why the last try failed."})
    created_at = Instant()
    ended_at = Instant()


class IncidentSchema(Row):
    """Something needs an operator."""

    id = Text()
    state = Text(known=INCIDENT_STATES)
    code = Text()
    message = Text()
    detail = Text(allow_none=True)
    instance_id = Text(allow_none=True)
    process_key = Text(allow_none=True)
    element_id = Text(allow_none=True)
    visit_id = Text(allow_none=True)
    job_id = Text(allow_none=True)
    created_at = Instant()
    resolved_at = Instant()
    resolved_by = Text(allow_none=True)


class JobArgs(ListArgs):
    """What the list of jobs takes."""

    state = Text(known=JOB_STATES)
    kind = Text()
    process_key = Text()
    instance_id = IdText()
    sort = sort_of(JOB_SORTS, "-created_at")


class IncidentArgs(ListArgs):
    """What the list of incidents takes."""

    state = Text(known=INCIDENT_STATES)
    process_key = Text()
    instance_id = IdText()
    sort = sort_of(INCIDENT_SORTS, "-created_at")


class CauseSchema(Row):
    """Open incidents of one cause: the same process, element and error."""

    incident_id = Text(metadata={"description": "One of them."})
    process_key = Text(allow_none=True)
    element_id = Text(allow_none=True)
    code = Text()
    message = Text(metadata={"description": "What differs from one to the next is left out: …"})
    count = Whole()
    first_at = Instant()
    last_at = Instant()


class CauseArgs(ListArgs):
    """What the list of causes takes."""

    sort = sort_of(_CAUSE_SORTS, "-count")


class SkipBody(Body):
    """Why an element counts as done, and what it would have brought."""

    reason = Text(required=True, least=1, most=2000, metadata={"description": "Kept in the audit log."})
    variables = Fields(
        load_default=dict, metadata={"description": "Variables as the element would have left them."}
    )


class ResolveBody(Body):
    """Why an incident needs nothing more."""

    reason = Text(load_default="", most=2000)


class CountSchema(Row):
    """How many there were."""

    count = Whole()


class RetryBody(Body):
    """What is corrected before the next try."""

    variables = Fields(metadata={"description": "The instance's variables as they should be."})


class JobsApi(Api):
    """Jobs."""

    resource_name = "jobs"

    @lists("", answer=JobSchema, args=JobArgs, needs=REPAIR)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List jobs. What a job carries is not told."""
        count, rows = list_jobs(ctx, **said)
        return Page(count, [{**row, "error": masked_text(ctx, row["error"])} for row in rows])


class IncidentsApi(Api):
    """Incidents."""

    resource_name = "incidents"

    @lists("", answer=IncidentSchema, args=IncidentArgs, needs=REPAIR)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List incidents, resolved ones too where no state is named."""
        said.setdefault("state", None)
        count, rows = list_incidents(ctx, **said)
        return Page(count, [_row(ctx, row) for row in rows])

    @lists("/causes", answer=CauseSchema, args=CauseArgs, needs=REPAIR)
    def causes(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List the causes of the open incidents, those that stopped most first."""
        rows = [{**row, "message": outline(ctx.locale, row["message"])} for row in incidents_of_cause(ctx)]
        return page_of(rows, said, _CAUSE_SORTS)

    @reads("/<uuid:incident_id>", answer=IncidentSchema, needs=REPAIR)
    def get(self, ctx: Context, said: dict[str, Any], incident_id: str) -> dict[str, Any]:
        """Read an incident."""
        return _row(ctx, get_incident(ctx, incident_id))

    @changes("/<uuid:incident_id>/retry", body=RetryBody, answer=IncidentSchema, needs=REPAIR)
    def retry(self, ctx: Context, said: dict[str, Any], incident_id: str) -> dict[str, Any]:
        """Try again what an incident stopped, perhaps with corrected variables."""
        retry_incident(ctx, incident_id=incident_id, variables=said.get("variables"))
        return _row(ctx, get_incident(ctx, incident_id))

    @changes("/<uuid:incident_id>/retry-all", body=Body, answer=CountSchema, needs=REPAIR)
    def retry_all(self, ctx: Context, said: dict[str, Any], incident_id: str) -> dict[str, Any]:
        """Try again everything that the same cause stopped; each is tried by itself, a moment later."""
        incident = get_incident(ctx, incident_id)
        of = {name: incident[name] for name in ("process_key", "element_id", "code", "message")}
        return {"count": retry_incidents_of_cause(ctx, **of)}

    @changes("/<uuid:incident_id>/skip", body=SkipBody, answer=IncidentSchema, needs=REPAIR)
    def skip(self, ctx: Context, said: dict[str, Any], incident_id: str) -> dict[str, Any]:
        """Leave the element that an incident stopped as if it had been done."""
        skip_incident(ctx, incident_id=incident_id, **said)
        return _row(ctx, get_incident(ctx, incident_id))

    @changes("/<uuid:incident_id>/resolve", body=ResolveBody, answer=IncidentSchema, needs=REPAIR)
    def resolve(self, ctx: Context, said: dict[str, Any], incident_id: str) -> dict[str, Any]:
        """Close an incident that needs nothing more."""
        resolve_incident(ctx, incident_id=incident_id, **said)
        return _row(ctx, get_incident(ctx, incident_id))


def _row(ctx: Context, incident: Mapping[str, Any]) -> dict[str, Any]:
    said = translate(ctx.locale, incident["message"], **(incident["params"] or {}))
    return {
        **incident,
        "message": masked_text(ctx, said),
        "detail": masked_text(ctx, incident["detail"]),
    }
