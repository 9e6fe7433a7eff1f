"""Brings an instance forward: read, step, write, in one transaction that no other step of it can share."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from engine.context import Context
from engine.db import upsert
from engine.definition import Definition, get_definition_by_id
from engine.definition.environment import environment
from engine.errors import BpmnError, CallwrightError, Conflict, NotFound
from engine.i18n import _
from engine.instance import LargeValue, ProcessInstance
from engine.machine import Run, dump, load, step
from engine.machine.effects import CallService, Effect
from engine.machine.stimuli import Broke, ErrorThrown, ServiceDone, Stimulus
from engine.runtime.apply import Applying, apply
from engine.runtime.services import call_service


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRef:
    """An instance after a step."""

    id: str
    business_key: str | None
    state: str


class Gone(Conflict):
    """The process has ended meanwhile."""

    code = "instance_ended"


def lock_instance(ctx: Context, instance_id: str) -> Any:
    """Hold an instance's row until the transaction ends and return it.

    Raises:
        NotFound: There is none of this id.
    """
    row = ctx.connection.execute(
        select(ProcessInstance.__table__).where(ProcessInstance.id == instance_id).with_for_update()
    ).first()
    if row is None:
        raise NotFound(_("There is no such process instance."))
    return row


def advance(
    ctx: Context,
    instance_id: str,
    stimulus: Stimulus,
    *,
    job_id: str | None = None,
    even_suspended: bool = False,
) -> InstanceRef:
    """Let something happen to an instance, within the open write transaction.

    Args:
        ctx: The open write transaction; its actor is who history names.
        instance_id: Which instance.
        stimulus: What happens.
        job_id: The job that brings it, which is not withdrawn by its own step.
        even_suspended: Step a suspended instance too.

    Raises:
        Gone: The instance has ended.
        NotWaiting: It does not wait for this any more.
    """
    row = lock_instance(ctx, instance_id)
    if row.state not in ("active", "suspended"):
        raise Gone()
    if row.state == "suspended" and not even_suspended:
        raise Conflict(_("The process is suspended. Resume it first."))
    definition = get_definition_by_id(ctx, row.definition_id)
    run = load(definition.spec, row.machine_state, environment(ctx, definition, given_names(row)))
    return bring_forward(ctx, row, definition, run, stimulus, job_id=job_id)


def bring_forward(
    ctx: Context,
    row: Any,
    definition: Definition,
    run: Run,
    stimulus: Stimulus,
    *,
    job_id: str | None = None,
) -> InstanceRef:
    """Step a loaded run, serve its inline service tasks, and write everything down.

    Args:
        ctx: The open write transaction.
        row: The instance's row as it was read.
        definition: What it runs.
        run: The loaded run.
        stimulus: What happens.
        job_id: The job that brings it.
    """
    applying = Applying(instance=row, definition=definition, actor=ctx.actor.name, job_id=job_id)
    effects: list[Effect] = list(step(run, stimulus))
    inline = deque(_inline_calls(ctx, effects))
    while inline:
        answered = step(run, _serve(ctx, run, inline.popleft()))
        effects += answered
        inline.extend(_inline_calls(ctx, answered))
    apply(ctx, applying, run, effects)
    state = run.state if run.state != "active" else row.state
    ended_at: datetime | None = ctx.now if state in ("completed", "cancelled", "failed") else None
    written = ctx.connection.execute(
        update(ProcessInstance)
        .where(ProcessInstance.id == row.id, ProcessInstance.revision == row.revision)
        .values(
            machine_state=dump(run),
            revision=row.revision + 1,
            state=state,
            ended_at=ended_at,
            error_code=applying.error_code,
        )
    )
    if written.rowcount != 1:
        raise Conflict(_("Somebody else brought this process forward at the same moment. Look again."))
    _keep_large_values(ctx, run)
    return InstanceRef(id=row.id, business_key=row.business_key, state=state)


def given_names(row: Any) -> dict[str, Any]:
    """Return the names that every expression of an instance knows."""
    return {
        "instance_id": row.id,
        "business_key": row.business_key,
        "initiator": row.initiator,
        "started_at": row.started_at,
    }


def _inline_calls(ctx: Context, effects: Sequence[Effect]) -> list[CallService]:
    tasks = ctx.registry.service_tasks
    return [
        effect
        for effect in effects
        if isinstance(effect, CallService) and effect.name in tasks and tasks[effect.name].mode == "inline"
    ]


def _serve(ctx: Context, run: Run, call: CallService) -> Stimulus:
    """Call an inline service task; what fails leaves nothing of it behind."""
    if call.visit not in run.tasks:
        return Broke(visit=call.visit, error=Gone())
    try:
        ctx.transaction.flush()
        with ctx.connection.begin_nested():
            result = call_service(ctx, call.name, call.inputs)
            ctx.transaction.flush()
    except BpmnError as error:
        return ErrorThrown(visit=call.visit, code=error.code, message=error.message)
    except CallwrightError as error:
        return Broke(visit=call.visit, error=error)
    return ServiceDone(visit=call.visit, result=result)


def _keep_large_values(ctx: Context, run: Run) -> None:
    for hash_, text in run.scopes.new_values.items():
        kept = upsert(LargeValue.__table__, ctx.centre.database.dialect)  # type: ignore[arg-type]
        ctx.connection.execute(kept.values(hash=hash_, text=text).on_conflict_do_nothing())
