"""The versions of a process and what runs in each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from engine.context import Context
from engine.definition.models import ProcessDefinition
from engine.errors import NotFound
from engine.i18n import _
from engine.instance import ProcessInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningVersion:
    """A version of a process, and how many open instances it has.

    Args:
        id: The definition's id.
        version: Its number, from 1.
        title: What its manifest or drawing calls it.
        deployment_id: What delivered it.
        deployed_at: When.
        suspended_at: Since when nothing begins in it.
        active_count, suspended_count: Instances in that state.
        incident_count: Open instances that an operator must help, whichever their state.
    """

    id: str
    version: int
    title: str
    deployment_id: str
    deployed_at: datetime
    suspended_at: datetime | None
    active_count: int
    suspended_count: int
    incident_count: int

    @property
    def open_count(self) -> int:
        """How many instances have not ended."""
        return self.active_count + self.suspended_count


def list_running_versions(ctx: Context, key: str) -> list[RunningVersion]:
    """Return every version of a process with the counts of its open instances, newest first.

    Raises:
        NotFound: There is no such process.
    """
    instance = ProcessInstance
    is_open = instance.state.in_(("active", "suspended"))
    counts = (
        select(
            instance.definition_id,
            func.sum(case((instance.state == "active", 1), else_=0)).label("active_count"),
            func.sum(case((instance.state == "suspended", 1), else_=0)).label("suspended_count"),
            func.sum(case((instance.incident_count > 0, 1), else_=0)).label("incident_count"),
        )
        .where(instance.process_key == key, is_open)
        .group_by(instance.definition_id)
        .subquery()
    )
    rows = ctx.connection.execute(
        select(
            ProcessDefinition.id,
            ProcessDefinition.version,
            ProcessDefinition.title,
            ProcessDefinition.deployment_id,
            ProcessDefinition.deployed_at,
            ProcessDefinition.suspended_at,
            func.coalesce(counts.c.active_count, 0).label("active_count"),
            func.coalesce(counts.c.suspended_count, 0).label("suspended_count"),
            func.coalesce(counts.c.incident_count, 0).label("incident_count"),
        )
        .outerjoin(counts, counts.c.definition_id == ProcessDefinition.id)
        .where(ProcessDefinition.key == key)
        .order_by(ProcessDefinition.version.desc())
    ).all()
    if not rows:
        raise NotFound(_("There is no process %(key)s. Deploy it first."), key=key)
    return [RunningVersion(**row._mapping) for row in rows]
