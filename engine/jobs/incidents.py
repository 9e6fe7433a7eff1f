"""Incidents: what needs an operator. Grouped by cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, func, insert, select, update

from engine.context import Context
from engine.db import equal_to, order_by, page_of
from engine.errors import NotFound, Phrase
from engine.ids import new_id
from engine.instance import ProcessInstance
from engine.jobs.models import Incident
from engine.push import publish, tell

INCIDENT_SORTS = {
    "created_at": Incident.created_at,
    "resolved_at": Incident.resolved_at,
    "process_key": Incident.process_key,
    "element_id": Incident.element_id,
    "code": Incident.code,
    "state": Incident.state,
}
_TOLD = ("instance_id", "process_key", "element_id", "code")


def open_incident(
    ctx: Context,
    *,
    code: str,
    message: str,
    params: Mapping[str, Any] | None = None,
    detail: str | None = None,
    instance_id: str | None = None,
    process_key: str | None = None,
    element_id: str | None = None,
    visit_id: str | None = None,
    job_id: str | None = None,
) -> str:
    """Say within the open transaction that something needs an operator.

    Args:
        ctx: The open write transaction.
        code: The error's code.
        message: Its gettext source text, with ``%(name)s`` holes.
        params: What goes into the holes; no personal data.
        detail: More for whoever repairs it.
        instance_id, process_key, element_id, visit_id, job_id: Where it happened.
    """
    incident_id = new_id()
    ctx.connection.execute(
        insert(Incident).values(
            id=incident_id,
            state="open",
            code=code,
            message=message,
            params={
                name: value if isinstance(value, Phrase) else str(value)
                for name, value in (params or {}).items()
            },
            detail=detail,
            instance_id=instance_id,
            process_key=process_key,
            element_id=element_id,
            visit_id=visit_id,
            job_id=job_id,
            created_at=ctx.now,
        )
    )
    if instance_id is not None:
        _count(ctx, instance_id, 1)
    publish(ctx, "incident", incident_id)
    _tell(ctx, "opened", incident_id, instance_id, process_key, element_id, code)
    return incident_id


def get_incident(ctx: Context, incident_id: str) -> dict[str, Any]:
    """Return an incident.

    Raises:
        NotFound: There is none of this id.
    """
    row = (
        ctx.connection.execute(select(Incident.__table__).where(Incident.id == incident_id))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound()
    return dict(row)


def close_incident(ctx: Context, incident_id: str) -> None:
    """Mark an incident as resolved by the context's actor, within the open transaction."""
    row = get_incident(ctx, incident_id)
    closed = ctx.connection.execute(
        update(Incident)
        .where(Incident.id == incident_id, Incident.state == "open")
        .values(state="resolved", resolved_at=ctx.now, resolved_by=ctx.actor.name)
    )
    if closed.rowcount and row["instance_id"] is not None:
        _count(ctx, row["instance_id"], -1)
    publish(ctx, "incident", incident_id)
    if closed.rowcount:
        _tell(ctx, "resolved", incident_id, *(row[name] for name in _TOLD))


def resolve_incidents_of_job(ctx: Context, job_id: str) -> None:
    """Close the incidents of a job that came through after all."""
    rows = ctx.connection.execute(
        select(Incident.id).where(Incident.job_id == job_id, Incident.state == "open")
    ).scalars()
    for incident_id in rows.all():
        close_incident(ctx, incident_id)


def close_incidents(ctx: Context, *, instance_id: str, visit_ids: Sequence[str] | None = None) -> None:
    """Close what is open of an instance, within the open transaction: nothing is left to repair.

    Args:
        ctx: The open write transaction.
        instance_id: Whose.
        visit_ids: Only at these element visits.
    """
    wanted = select(Incident.id).where(Incident.instance_id == instance_id, Incident.state == "open")
    if visit_ids is not None:
        wanted = wanted.where(Incident.visit_id.in_(visit_ids))
    for incident_id in ctx.connection.execute(wanted).scalars().all():
        close_incident(ctx, incident_id)


def _tell(
    ctx: Context,
    what: str,
    incident_id: str,
    instance_id: str | None,
    process_key: str | None,
    element_id: str | None,
    code: str,
) -> None:
    tell(
        ctx,
        f"incident.{what}",
        instance_id=instance_id,
        process_key=process_key,
        incident_id=incident_id,
        element_id=element_id,
        code=code,
    )


def _count(ctx: Context, instance_id: str, change: int) -> None:
    ctx.connection.execute(
        update(ProcessInstance)
        .where(ProcessInstance.id == instance_id)
        .values(incident_count=ProcessInstance.incident_count + change)
    )


def list_incidents(
    ctx: Context,
    *,
    state: str | None = "open",
    instance_id: str | None = None,
    process_key: str | None = None,
    sort: str = "-created_at",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many incidents there are and one page of them.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = equal_to(
        {
            Incident.state: state,
            Incident.instance_id: instance_id,
            Incident.process_key: process_key,
        }
    )
    return page_of(
        ctx.connection,
        select(Incident.__table__).where(*wanted),
        order_by(sort, INCIDENT_SORTS, last=Incident.id),
        page=page,
        page_size=page_size,
    )


def incidents_of_cause(ctx: Context) -> list[dict[str, Any]]:
    """Return the open incidents grouped by cause: process, element, code and message; most first."""
    rows = ctx.connection.execute(
        select(
            Incident.process_key,
            Incident.element_id,
            Incident.code,
            Incident.message,
            func.max(cast(Incident.id, String)).label("incident_id"),
            func.count().label("count"),
            func.min(Incident.created_at).label("first_at"),
            func.max(Incident.created_at).label("last_at"),
        )
        .where(Incident.state == "open")
        .group_by(Incident.process_key, Incident.element_id, Incident.code, Incident.message)
        .order_by(func.count().desc())
    ).mappings()
    # Not every database knows a greatest id; as text each has one, written its own way.
    return [{**row, "incident_id": str(UUID(row["incident_id"]))} for row in rows]
