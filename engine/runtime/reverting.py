"""A migrated instance goes back to what it was, as long as it has not moved since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from engine.context import Context, verb
from engine.errors import Conflict, NotFound
from engine.history import ElementVisit, audit
from engine.i18n import _
from engine.instance import MessageSubscription, MigratedInstance, Migration, ProcessInstance
from engine.jobs import Incident, Job, enqueue
from engine.push import publish
from engine.runtime.advance import InstanceRef, lock_instance
from engine.runtime.instances import check_reason
from engine.work import OPEN_STATES, UserTask

REVERTIBLE = timedelta(hours=24)
"""How long after a migration an instance may go back."""

_TASK = ("definition_id", "element_id", "name", "form_key", "options")


def snapshot(ctx: Context, row: Any) -> dict[str, Any]:
    """Return the rows that wait for an instance, as a migration may change them."""

    def rows(table: Any, names: tuple[str, ...], *wanted: Any) -> list[dict[str, Any]]:
        columns = [getattr(table, name) for name in ("id", *names)]
        found = ctx.connection.execute(
            select(*columns).where(table.instance_id == row.id, *wanted)
        ).mappings()
        return [dict(one) for one in found]

    subscriptions = rows(
        MessageSubscription, ("kind", "name", "correlation", "element_id", "visit_id", "created_at")
    )
    return {
        "state": row.state,
        "jobs": rows(Job, ("state", "element_id", "unique_key"), Job.state != "done"),
        "subscriptions": [{**one, "created_at": one["created_at"].isoformat()} for one in subscriptions],
        "tasks": rows(UserTask, _TASK, UserTask.state.in_(OPEN_STATES)),
        "visits": rows(ElementVisit, ("element_id", "element_name", "type"), ElementVisit.state == "active"),
        "incidents": rows(Incident, ("element_id",), Incident.state == "open"),
    }


@verb
def revert_instance(ctx: Context, *, instance_id: str, reason: str) -> InstanceRef:
    """Take the last migration of an instance back: everything is as it was right before.

    Args:
        ctx: Who decides that.
        instance_id: Which instance.
        reason: Why; kept in the audit log.

    Raises:
        NotFound: There is no such instance, or it was not migrated.
        Conflict: It has moved since, was paused or resumed, or it is too long ago.
        InvalidSubmission: No reason was given.
    """
    check_reason(reason)
    row = lock_instance(ctx, instance_id)
    item = ctx.connection.execute(
        select(MigratedInstance.__table__)
        .where(MigratedInstance.instance_id == instance_id, MigratedInstance.state == "migrated")
        .order_by(MigratedInstance.id.desc())
        .limit(1)
    ).first()
    if item is None:
        raise NotFound(_("This process was not migrated."))
    if item.revision != row.revision:
        raise Conflict(_("The process has moved since it was migrated and cannot go back."))
    if item.rows["state"] != row.state:
        raise Conflict(_("The process was paused or resumed since it was migrated. Undo that first."))
    if ctx.now > item.ended_at + REVERTIBLE:
        raise Conflict(
            _("A process can go back for %(hours)s hours after it was migrated; they are over."),
            hours=int(REVERTIBLE.total_seconds() // 3600),
        )
    _restore(ctx, instance_id, item.rows, item.ended_at)
    ctx.connection.execute(
        update(ProcessInstance)
        .where(ProcessInstance.id == instance_id)
        .values(
            definition_id=item.from_definition_id,
            machine_state=item.machine_state,
            revision=row.revision + 1,
            incident_count=select(func.count())
            .where(Incident.instance_id == instance_id, Incident.state == "open")
            .scalar_subquery(),
        )
    )
    ctx.connection.execute(
        update(MigratedInstance)
        .where(MigratedInstance.id == item.id)
        .values(state="reverted", reverted_at=ctx.now)
    )
    audit(ctx, "instance.revert", "instance", instance_id, {"migration": item.migration_id, "reason": reason})
    publish(ctx, "instance", instance_id)
    return InstanceRef(id=instance_id, business_key=row.business_key, state=row.state)


@verb
def revert_migration(ctx: Context, *, migration_id: str, reason: str) -> int:
    """Take a migration back for every instance that has not moved since, each in its own transaction.

    Returns:
        How many instances are asked to go back.

    Raises:
        NotFound: There is no such migration.
        InvalidSubmission: No reason was given.
    """
    check_reason(reason)
    key = ctx.connection.execute(select(Migration.process_key).where(Migration.id == migration_id)).scalar()
    if key is None:
        raise NotFound(_("There is no such migration."))
    items = ctx.connection.execute(
        select(MigratedInstance.id, MigratedInstance.instance_id).where(
            MigratedInstance.migration_id == migration_id, MigratedInstance.state == "migrated"
        )
    ).all()
    for item in items:
        enqueue(
            ctx,
            kind="revert",
            payload={"item": item.id, "reason": reason, "by": ctx.actor.key},
            instance_id=item.instance_id,
            process_key=key,
            lane="batch",
        )
    detail = {"migration": migration_id, "count": len(items), "reason": reason}
    audit(ctx, "process.revert", "process", key, detail)
    return len(items)


def revert_waiting(ctx: Context, item_id: str, reason: str) -> None:
    """Take one instance of many back, within the open write transaction, or note why it stays."""
    instance_id = ctx.connection.execute(
        select(MigratedInstance.instance_id).where(MigratedInstance.id == item_id)
    ).scalar_one()
    try:
        revert_instance(ctx, instance_id=instance_id, reason=reason)
    except (Conflict, NotFound) as error:
        problem = {"path": "", "message": error.message, "params": error.params, "element_name": None}
        ctx.connection.execute(
            update(MigratedInstance).where(MigratedInstance.id == item_id).values(problems=[problem])
        )


def _restore(ctx: Context, instance_id: str, kept: Mapping[str, Any], migrated_at: datetime) -> None:
    """Write the rows back that wait for an instance."""
    _restore_jobs(ctx, instance_id, kept["jobs"])
    ctx.connection.execute(delete(MessageSubscription).where(MessageSubscription.instance_id == instance_id))
    subscriptions = [
        {**one, "instance_id": instance_id, "created_at": datetime.fromisoformat(one["created_at"])}
        for one in kept["subscriptions"]
    ]
    if subscriptions:
        ctx.connection.execute(insert(MessageSubscription), subscriptions)
    for task in kept["tasks"]:
        drawn = {name: task[name] for name in _TASK}
        ctx.connection.execute(update(UserTask).where(UserTask.id == task["id"]).values(**drawn))
    ctx.connection.execute(
        update(ElementVisit)
        .where(ElementVisit.instance_id == instance_id, ElementVisit.state == "active")
        .values(state="cancelled", ended_at=ctx.now, actor=ctx.actor.name)
    )
    for visit in kept["visits"]:
        drawn = {name: visit[name] for name in ("element_id", "element_name", "type")}
        ctx.connection.execute(
            update(ElementVisit)
            .where(ElementVisit.id == visit["id"])
            .values(state="active", ended_at=None, actor=None, **drawn)
        )
    for incident in kept["incidents"]:
        ctx.connection.execute(
            update(Incident)
            .where(Incident.id == incident["id"], Incident.resolved_at == migrated_at)
            .values(state="open", resolved_at=None, resolved_by=None)
        )
        ctx.connection.execute(
            update(Incident).where(Incident.id == incident["id"]).values(element_id=incident["element_id"])
        )


def _restore_jobs(ctx: Context, instance_id: str, jobs: list[dict[str, Any]]) -> None:
    """Withdraw the jobs that the migration asked for; let those wait again that it withdrew."""
    known = [job["id"] for job in jobs]
    mine = Job.instance_id == instance_id
    ctx.connection.execute(
        update(Job)
        .where(mine, Job.state.in_(("waiting", "suspended", "failed")), Job.id.not_in(known))
        .where(Job.kind.not_in(("notify", "revert", "migrate")))
        .values(state="done", ended_at=ctx.now, unique_key=None, error="withdrawn")
    )
    for job in jobs:
        ctx.connection.execute(update(Job).where(Job.id == job["id"]).values(element_id=job["element_id"]))
        ctx.connection.execute(
            update(Job)
            .where(Job.id == job["id"], Job.state == "done", Job.error == "withdrawn")
            .values(state=job["state"], unique_key=job["unique_key"], ended_at=None, error=None)
        )
    ctx.after_commit(lambda: ctx.centre.wake(instance_id))
