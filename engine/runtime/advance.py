"""Brings an instance forward: read, step, write, in one transaction that no other step of it can share."""

from __future__ import annotations

import functools
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.exc import DataError

from engine import feel, metrics
from engine.context import Context
from engine.db import one_or_many, table_of, updating, upsert
from engine.definition import Definition, get_definition_by_id
from engine.definition.environment import environment, functions
from engine.errors import BpmnError, CallwrightError, Conflict, NotFound, TechnicalFailure
from engine.i18n import _
from engine.instance import LargeValue, ProcessInstance, given_names
from engine.jobs import Suspended
from engine.machine import Run, dump, load, step
from engine.machine.effects import CallService, Effect, End
from engine.machine.stimuli import Broke, ErrorThrown, ServiceDone, Stimulus
from engine.push import tell
from engine.runtime.apply import Applying, apply
from engine.runtime.deadlines import follow_deadlines
from engine.runtime.notices import notices_at, tell_of
from engine.runtime.services import call_service

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRef:
    """An instance after a step."""

    id: str
    business_key: str | None
    state: str


class Gone(Conflict):
    """The process has ended meanwhile."""

    code = "instance_ended"


@dataclass(kw_only=True)
class NewInstance:
    """The row of an instance that begins; written with its first step, or before something asks for it."""

    id: str
    process_key: str
    definition_id: str
    business_key: str | None
    title: str
    initiator: str | None
    submitter: str | None
    root_id: str
    parent_id: str | None
    parent_visit: str | None
    started_at: datetime
    state: str = "active"
    followed: bool = False
    incident_count: int = 0
    revision: int = 0
    machine_state: bytes = b""


INSTANCE = table_of(ProcessInstance)
_LOCKED = select(INSTANCE).where(INSTANCE.c.id == bindparam("instance")).with_for_update()
_REVISION = updating(ProcessInstance).where(
    INSTANCE.c.id == bindparam("instance"), INSTANCE.c.revision == bindparam("read")
)


def lock_instance(ctx: Context, instance_id: str) -> Any:
    """Hold an instance's row until the transaction ends and return it.

    Raises:
        NotFound: There is none of this id.
    """
    row = ctx.connection.execute(_LOCKED, {"instance": instance_id}).first()
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
        even_suspended: Let it happen to a suspended instance too; what follows from it waits.

    Raises:
        Gone: The instance has ended.
        Suspended: It is held.
        NotWaiting: It does not wait for this any more.
    """
    row = lock_instance(ctx, instance_id)
    return go_on(ctx, row, stimulus, job_id=job_id, even_suspended=even_suspended)


def go_on(
    ctx: Context, row: Any, stimulus: Stimulus, *, job_id: str | None = None, even_suspended: bool = False
) -> InstanceRef:
    """Let something happen to an instance whose row is held, as ``advance`` does."""
    if row.state not in ("active", "suspended"):
        raise Gone()
    if row.state == "suspended" and not even_suspended:
        raise Suspended()
    definition = get_definition_by_id(ctx, row.definition_id)
    run = load(definition.spec, row.machine_state, environment(ctx, definition, given_names(row)))
    return bring_forward(ctx, row, definition, run, stimulus, job_id=job_id, held=row.state == "suspended")


def bring_forward(
    ctx: Context,
    row: Any,
    definition: Definition,
    run: Run,
    stimulus: Stimulus,
    *,
    job_id: str | None = None,
    held: bool = False,
) -> InstanceRef:
    """Step a loaded run, serve its inline service tasks, and write everything down.

    Args:
        ctx: The open write transaction.
        row: The instance's row as it was read, or that of a new one.
        definition: What it runs.
        run: The loaded run.
        stimulus: What happens.
        job_id: The job that brings it.
        held: Whether the instance is suspended: nothing goes on by what happens.
    """
    began_s = time.perf_counter()
    effects: list[Effect] = list(step(run, stimulus, held=held))
    inline = deque(_inline_calls(ctx, effects))
    begins = unwritten = isinstance(row, NewInstance)
    if inline and unwritten:
        _write_new(ctx, row, definition)
        unwritten = False
    while inline:
        call = inline.popleft()
        if call.visit not in run.tasks:
            # Another branch of the same step has ended it before it was called.
            continue
        answered = step(run, _serve(ctx, call))
        effects += answered
        inline.extend(_inline_calls(ctx, answered))
    state = run.state if run.state != "active" else row.state
    ended_at: datetime | None = ctx.now if state in ("completed", "cancelled", "failed") else None
    error_code = next((effect.error_code for effect in effects if isinstance(effect, End)), None)
    after = {
        "machine_state": dump(run),
        "revision": row.revision + 1,
        "state": state,
        "ended_at": ended_at,
        "error_code": error_code,
    }
    if begins:
        # What is said of the first step names it as it is called from now on.
        after["title"] = row.title = _title(ctx, definition, row, run)
    if definition.manifest.facts:
        after["facts"] = facts_of_run(ctx, definition, row, run)
    if unwritten:
        _write_new(ctx, row, definition, **after)
    else:
        names = {"instance": row.id, "read": row.revision}
        if ctx.connection.execute(_REVISION, {**names, **after}).rowcount != 1:
            raise Conflict(_("Somebody else brought this process forward at the same moment. Look again."))
    apply(
        ctx,
        Applying(instance=row, definition=definition, actor=ctx.actor.name, job_id=job_id),
        run,
        effects,
    )
    _keep_large_values(ctx, run)
    _tell_of_end(ctx, row, definition, effects)
    if definition.manifest.deadlines:
        follow_deadlines(ctx, row, definition, run)
    took_s = time.perf_counter() - began_s
    ctx.after_commit(lambda: metrics.count_step(row.process_key, took_s))
    return InstanceRef(id=row.id, business_key=row.business_key, state=state)


@functools.cache
def _beginning(dialect_name: str) -> Any:
    inserted = upsert(INSTANCE, dialect_name).on_conflict_do_nothing(
        index_elements=["process_key", "business_key"]
    )
    return inserted.inline().execution_options(preserve_rowcount=True)


def _write_new(ctx: Context, row: NewInstance, definition: Definition, **after: Any) -> None:
    values = {"ended_at": None, "error_code": None, **vars(row), **after}
    if ctx.connection.execute(_beginning(ctx.centre.database.dialect), values).rowcount != 1:
        raise Conflict(
            _("There is a %(process)s with the key %(key)s already. Choose another key."),
            process=definition.key,
            key=row.business_key,
        )
    tell(ctx, "instance.started", instance_id=row.id, process_key=row.process_key)


def _title(ctx: Context, definition: Definition, row: NewInstance, run: Run) -> str:
    """Return what people read of an instance: its process's rule, else the process's own title."""
    template = definition.manifest.instance_title
    if not template:
        return row.title
    return _filler(ctx, row, run)(template) or row.title


def facts_of_run(ctx: Context, definition: Definition, row: Any, run: Run) -> list[dict[str, str]]:
    """Return what lists say of an instance as it stands, each with its label; empty ones are left out."""
    fill = _filler(ctx, row, run)
    said = [(fact.label, fill(fact.text)) for fact in definition.manifest.facts]
    return [{"label": label, "text": text} for label, text in said if text]


def _filler(ctx: Context, row: Any, run: Run) -> Callable[[str], str]:
    """Return what fills the holes of a text for lists from an instance's own variables."""
    scope = {**given_names(row), **{name: run.read(name) for name in run.scopes.texts.get(None, {})}}
    now = ctx.now.astimezone(ctx.settings.zone)
    known = functions(ctx)
    return lambda template: feel.render(template, scope, functions=known, now=now).strip()[:255]


def _tell_of_end(ctx: Context, row: Any, definition: Definition, effects: Sequence[Effect]) -> None:
    """Tell the initiator of what came of their request, unless a rejection that ends it has said so."""
    end = next((effect for effect in effects if isinstance(effect, End)), None)
    if end is None or end.state != "completed" or row.parent_id is not None:
        return
    spec = definition.spec
    said = notices_at(ctx, definition, None, "ended")
    if not (said or row.followed or spec.approves):
        return
    if end.element is not None and spec.node(end.element).settings.task.approval is not None:
        return
    concerned = [row.initiator] if row.initiator and (said or spec.approves) else []
    tell_of(ctx, "ended", row, concerned=concerned)


def _inline_calls(ctx: Context, effects: Sequence[Effect]) -> list[CallService]:
    tasks = ctx.registry.service_tasks
    return [
        effect
        for effect in effects
        if isinstance(effect, CallService) and effect.name in tasks and tasks[effect.name].mode == "inline"
    ]


def _serve(ctx: Context, call: CallService) -> Stimulus:
    """Call an inline service task; what fails leaves nothing of it behind."""
    try:
        with ctx.savepoint():
            result = call_service(ctx, call.name, call.inputs)
    except BpmnError as error:
        return ErrorThrown(visit=call.visit, code=error.code, message=error.message)
    except CallwrightError as error:
        return Broke(visit=call.visit, error=error)
    except DataError as error:
        log.warning("%s: %s", call.name, error.orig)
        return Broke(visit=call.visit, error=_too_long(call))
    return ServiceDone(visit=call.visit, result=result)


def _too_long(call: CallService) -> TechnicalFailure:
    return TechnicalFailure(
        _("%(name)s was handed something longer or larger than it can keep."), permanent=True, name=call.name
    )


def _keep_large_values(ctx: Context, run: Run) -> None:
    if run.scopes.new_values:
        kept = upsert(table_of(LargeValue), ctx.centre.database.dialect).on_conflict_do_nothing()
        rows = [{"hash": hash_, "text": text} for hash_, text in run.scopes.new_values.items()]
        ctx.connection.execute(kept, one_or_many(rows))
