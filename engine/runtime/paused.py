"""Versions of a process are held and go on: while one is held, nothing begins in it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select, update

from engine.context import Context, verb
from engine.definition import Definition, get_definition, paused_since
from engine.definition.models import ProcessDefinition
from engine.errors import Conflict
from engine.history import audit
from engine.i18n import _
from engine.instance import ProcessInstance
from engine.jobs import ClaimedJob, enqueue
from engine.push import publish
from engine.runtime.advance import Gone
from engine.runtime.instances import check_reason
from engine.runtime.starts import continue_starts, suspend_starts
from engine.runtime.suspend import resume_instance, suspend_instance

HOLD, GO_ON = "hold", "go_on"


@verb
def suspend_version(
    ctx: Context, *, process_key: str, version: int, reason: str, instances: bool = False
) -> int:
    """Hold a version of a process: nothing begins in it until it is resumed, and its starting timers pause.

    Args:
        ctx: Who decides that.
        process_key: Of this process.
        version: Which one.
        reason: Why; kept in the audit log.
        instances: Whether what runs in it is held too, each instance in a transaction of its own.

    Returns:
        How many instances are being held with it.

    Raises:
        NotFound: There is no such process or version.
        Conflict: It is held already.
        InvalidSubmission: No reason was given.
    """
    check_reason(reason)
    definition = get_definition(ctx, key=process_key, version=version)
    if paused_since(ctx, definition.id) is not None:
        raise Conflict(_("Version %(version)s is paused already."), version=version)
    _switch(ctx, definition, ctx.now)
    if _is_latest(ctx, definition):
        suspend_starts(ctx, definition)
    running = select(ProcessInstance.id).where(
        ProcessInstance.definition_id == definition.id, ProcessInstance.state == "active"
    )
    found = ctx.connection.execute(running.order_by(ProcessInstance.id)).scalars().all() if instances else ()
    for instance_id in found:
        _ask(ctx, HOLD, definition, instance_id, reason, ctx.now)
    _audited(ctx, "suspend", definition, reason, len(found))
    return len(found)


@verb
def resume_version(ctx: Context, *, process_key: str, version: int, reason: str) -> int:
    """Let a held version begin instances again; those that were held together with it go on.

    Args:
        ctx: Who decides that.
        process_key: Of this process.
        version: Which one.
        reason: Why; kept in the audit log.

    Returns:
        How many instances go on with it.

    Raises:
        NotFound: There is no such process or version.
        Conflict: It is not held.
        InvalidSubmission: No reason was given.
    """
    check_reason(reason)
    definition = get_definition(ctx, key=process_key, version=version)
    held_at = paused_since(ctx, definition.id)
    if held_at is None:
        raise Conflict(_("Version %(version)s is not paused."), version=version)
    _switch(ctx, definition, None)
    if _is_latest(ctx, definition):
        continue_starts(ctx, definition, held_since=held_at)
    together = select(ProcessInstance.id).where(
        ProcessInstance.definition_id == definition.id,
        ProcessInstance.state == "suspended",
        ProcessInstance.suspended_at == held_at,
    )
    found = ctx.connection.execute(together.order_by(ProcessInstance.id)).scalars().all()
    for instance_id in found:
        _ask(ctx, GO_ON, definition, instance_id, reason, held_at)
    _audited(ctx, "resume", definition, reason, len(found))
    return len(found)


def hold_waiting(ctx: Context, job: ClaimedJob) -> None:
    """Hold one instance of a version that is held, within the open write transaction, if it still runs."""
    said = job.payload
    definition_id, held_at = said["definition_id"], datetime.fromisoformat(said["held_at"])
    if paused_since(ctx, definition_id) != held_at:
        return  # Resumed meanwhile.
    try:
        suspend_instance(ctx, instance_id=said["instance"], reason=said["reason"], held_at=held_at)
    except (Conflict, Gone):
        return


def go_on_waiting(ctx: Context, job: ClaimedJob) -> None:
    """Let one instance of a version that was resumed go on, within the open write transaction."""
    try:
        resume_instance(ctx, instance_id=job.payload["instance"], reason=job.payload["reason"])
    except (Conflict, Gone):
        return


def _is_latest(ctx: Context, definition: Definition) -> bool:
    """Whether it is the version that timers start."""
    return get_definition(ctx, key=definition.key).id == definition.id


def _switch(ctx: Context, definition: Definition, suspended_at: datetime | None) -> None:
    ctx.connection.execute(
        update(ProcessDefinition)
        .where(ProcessDefinition.id == definition.id)
        .values(suspended_at=suspended_at)
    )
    publish(ctx, "definition", definition.key)


def _ask(
    ctx: Context, kind: str, definition: Definition, instance_id: str, reason: str, held_at: datetime
) -> None:
    # Not a job of the instance: it would be held with it.
    payload = {
        "definition_id": definition.id,
        "instance": instance_id,
        "reason": reason,
        "by": ctx.actor.key,
        "held_at": held_at.astimezone(UTC).isoformat(),
    }
    enqueue(ctx, kind=kind, payload=payload, process_key=definition.key, lane="batch")


def _audited(ctx: Context, verb_: str, definition: Definition, reason: str, count: int) -> None:
    detail = {"version": definition.version, "instances": count, "reason": reason}
    audit(ctx, f"process.{verb_}", "process", definition.key, detail)
