"""What operators look after: jobs and incidents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admin.api.fields import Body, Fields, IdText, Instant, ListArgs, Row, Text, Whole, sort_of
from admin.api.masking import masked_text
from admin.api.operation import Api, Page, changes, lists, reads
from engine.context import Context
from engine.i18n import translate
from engine.jobs import INCIDENT_SORTS, JOB_SORTS, get_incident, list_incidents, list_jobs
from engine.runtime import retry_incident

REPAIR = ("incidents.operate",)
JOB_STATES = ("waiting", "running", "done", "failed")
INCIDENT_STATES = ("open", "resolved")


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

    @reads("/<uuid:incident_id>", answer=IncidentSchema, needs=REPAIR)
    def get(self, ctx: Context, said: dict[str, Any], incident_id: str) -> dict[str, Any]:
        """Read an incident."""
        return _row(ctx, get_incident(ctx, incident_id))

    @changes("/<uuid:incident_id>/retry", body=RetryBody, answer=IncidentSchema, needs=REPAIR)
    def retry(self, ctx: Context, said: dict[str, Any], incident_id: str) -> dict[str, Any]:
        """Try again what an incident stopped, perhaps with corrected variables."""
        retry_incident(ctx, incident_id=incident_id, variables=said.get("variables"))
        return _row(ctx, get_incident(ctx, incident_id))


def _row(ctx: Context, incident: Mapping[str, Any]) -> dict[str, Any]:
    said = translate(ctx.locale, incident["message"], **(incident["params"] or {}))
    return {
        **incident,
        "message": masked_text(ctx, said),
        "detail": masked_text(ctx, incident["detail"]),
    }
