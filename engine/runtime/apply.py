"""Effects to rows: what a step asked for, written in its transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from engine.context import Context
from engine.db import upsert
from engine.definition import Definition
from engine.history import ElementVisit, VariableWrite
from engine.ids import new_id
from engine.instance import ListedVariable, MessageSubscription, ProcessInstance
from engine.jobs import cancel_jobs, enqueue, open_incident
from engine.machine import Run
from engine.machine.effects import (
    Await,
    CallProcess,
    CallService,
    Continue,
    Decided,
    Effect,
    End,
    Entered,
    Failed,
    Left,
    Logged,
    Notify,
    OpenUserTask,
    SetTimer,
    StopWaiting,
    Throw,
    Wrote,
)
from engine.push import publish
from engine.runtime.announce import announce
from engine.work import Candidate, UserTask, close_links


@dataclass(kw_only=True)
class Applying:
    """The rows of one step, collected so that each table is written once.

    Args:
        instance: The instance's row as it was read.
        definition: What it runs.
        actor: Who history names.
        job_id: The job that brings the step, which must not be withdrawn by it.
    """

    instance: Any
    definition: Definition
    actor: str
    job_id: str | None = None
    visits: dict[str, dict[str, Any]] = field(default_factory=dict)
    left: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[str, list[Any]] = field(default_factory=dict)
    writes: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    opened: dict[str, OpenUserTask] = field(default_factory=dict)
    notices: list[Notify] = field(default_factory=list)
    error_code: str | None = None


def apply(ctx: Context, applying: Applying, run: Run, effects: Sequence[Effect]) -> None:
    """Write what a step asked for, within the open transaction.

    Args:
        ctx: The open write transaction.
        applying: Where rows are collected.
        run: The run after the step.
        effects: What it asked for, in order.
    """
    # What an element asked for and gave up within the same step never becomes a row.
    done = {effect.visit for effect in effects if isinstance(effect, StopWaiting)}
    for effect in effects:
        _take(effect, ctx, applying, done)
    _stop(ctx, applying)
    _write_history(ctx, applying)
    _write_listed(ctx, applying, run)
    for notice in applying.notices:
        announce(ctx, applying, notice)


@singledispatch
def _take(effect: Any, ctx: Context, applying: Applying, done: set[str]) -> None:
    raise TypeError(type(effect).__name__)


@_take.register
def _entered(effect: Entered, ctx: Context, applying: Applying, done: set[str]) -> None:
    node = applying.definition.spec.node(effect.element)
    applying.visits[effect.visit] = {
        "id": effect.visit,
        "instance_id": applying.instance.id,
        "element_id": effect.element,
        "element_name": node.element_name,
        "flow_id": effect.flow,
        "type": node.tag,
        "state": "active",
        "started_at": ctx.now,
        "ended_at": None,
        "actor": None,
        "log": None,
    }


@_take.register
def _left(effect: Left, ctx: Context, applying: Applying, done: set[str]) -> None:
    ended = {"state": effect.state, "ended_at": ctx.now, "actor": applying.actor}
    if effect.visit in applying.visits:
        applying.visits[effect.visit].update(ended)
    else:
        applying.left.append({"visit": effect.visit, **ended})


@_take.register
def _wrote(effect: Wrote, ctx: Context, applying: Applying, done: set[str]) -> None:
    applying.writes.append(
        {
            "instance_id": applying.instance.id,
            "visit_id": effect.visit,
            "scope": effect.scope,
            "name": effect.name,
            "value": effect.text,
            "actor": applying.actor,
            "at": ctx.now,
        }
    )


@_take.register
def _logged(effect: Logged, ctx: Context, applying: Applying, done: set[str]) -> None:
    applying.lines.setdefault(effect.visit, []).append(effect.text)


@_take.register
def _decided(effect: Decided, ctx: Context, applying: Applying, done: set[str]) -> None:
    applying.lines.setdefault(effect.visit, []).append(
        {"decision": effect.decision, "matched": [str(rule) for rule in effect.matched]}
    )


@_take.register
def _open_user_task(effect: OpenUserTask, ctx: Context, applying: Applying, done: set[str]) -> None:
    if effect.visit in done:
        return
    node = applying.definition.spec.node(effect.element)
    settings = node.settings.task
    applying.opened[effect.visit] = effect
    ctx.connection.execute(
        insert(UserTask).values(
            id=effect.visit,
            instance_id=applying.instance.id,
            process_key=applying.instance.process_key,
            definition_id=applying.instance.definition_id,
            business_key=applying.instance.business_key,
            element_id=effect.element,
            name=node.element_name or effect.element,
            title=effect.title,
            state="claimed" if effect.assignee else "open",
            form_key=settings.form,
            options=_options(settings),
            assignee=effect.assignee,
            priority=effect.priority,
            due_at=effect.due_at,
            created_at=ctx.now,
        )
    )
    candidates = [("person", key) for key in effect.candidate_users]
    candidates += [("group", key) for key in effect.candidate_groups]
    if candidates:
        ctx.connection.execute(
            insert(Candidate),
            [{"task_id": effect.visit, "kind": kind, "key": key} for kind, key in dict.fromkeys(candidates)],
        )
    publish(ctx, "task", effect.visit)


def _options(settings: Any) -> dict[str, Any]:
    return {
        "into": settings.into,
        "link": settings.link,
        "outcomes": [
            {"name": outcome.name, "label": outcome.label, "opinion_required": outcome.opinion_required}
            for outcome in settings.outcomes
        ],
        "replies": [
            {
                "verb": reply.verb,
                "outcome": reply.outcome,
                "message": reply.message,
                "text_into": reply.text_into,
            }
            for reply in settings.replies
        ],
    }


@_take.register
def _call_service(effect: CallService, ctx: Context, applying: Applying, done: set[str]) -> None:
    offer = ctx.registry.service_tasks.get(effect.name)
    if effect.visit in done or (offer is not None and offer.mode == "inline"):
        return
    enqueue(
        ctx,
        kind="service",
        payload={"name": effect.name, "inputs": dict(effect.inputs)},
        retries_s=effect.retries_s or (offer.retries_s if offer is not None else None),
        visit_id=effect.visit,
        element_id=effect.element,
        **_whose(applying),
    )


@_take.register
def _call_process(effect: CallProcess, ctx: Context, applying: Applying, done: set[str]) -> None:
    if effect.visit in done:
        return
    enqueue(
        ctx,
        kind="call",
        payload={"process_key": effect.process_key, "variables": dict(effect.variables)},
        visit_id=effect.visit,
        element_id=effect.element,
        **_whose(applying),
    )


@_take.register
def _set_timer(effect: SetTimer, ctx: Context, applying: Applying, done: set[str]) -> None:
    if effect.visit in done:
        return
    enqueue(
        ctx,
        kind="timer",
        due_at=effect.due_at,
        visit_id=effect.visit,
        element_id=effect.element,
        **_whose(applying),
    )


@_take.register
def _await(effect: Await, ctx: Context, applying: Applying, done: set[str]) -> None:
    if effect.visit in done:
        return
    ctx.connection.execute(
        insert(MessageSubscription).values(
            id=new_id(),
            kind=effect.kind,
            name=effect.name,
            correlation=effect.correlation,
            instance_id=applying.instance.id,
            element_id=effect.element,
            visit_id=effect.visit,
            created_at=ctx.now,
        )
    )


@_take.register
def _stop_waiting(effect: StopWaiting, ctx: Context, applying: Applying, done: set[str]) -> None:
    applying.stopped.append(effect.visit)


@_take.register
def _throw(effect: Throw, ctx: Context, applying: Applying, done: set[str]) -> None:
    enqueue(
        ctx,
        kind="throw",
        payload={
            "kind": effect.kind,
            "name": effect.name,
            "payload": dict(effect.payload),
            "correlation": effect.correlation,
        },
        visit_id=None,
        element_id=effect.element,
        **_whose(applying),
    )


@_take.register
def _notify(effect: Notify, ctx: Context, applying: Applying, done: set[str]) -> None:
    applying.notices.append(effect)


@_take.register
def _failed(effect: Failed, ctx: Context, applying: Applying, done: set[str]) -> None:
    open_incident(
        ctx,
        code=effect.code,
        message=effect.message,
        params=effect.params,
        element_id=effect.element,
        visit_id=effect.visit,
        instance_id=applying.instance.id,
        process_key=applying.instance.process_key,
    )


@_take.register
def _continue(effect: Continue, ctx: Context, applying: Applying, done: set[str]) -> None:
    enqueue(ctx, kind="step", unique_key=f"step:{applying.instance.id}", **_whose(applying))


@_take.register
def _end(effect: End, ctx: Context, applying: Applying, done: set[str]) -> None:
    instance = applying.instance
    applying.error_code = effect.error_code
    cancel_jobs(ctx, instance_id=instance.id, but=applying.job_id)
    ctx.connection.execute(delete(MessageSubscription).where(MessageSubscription.instance_id == instance.id))
    _cancel_tasks(ctx, UserTask.instance_id == instance.id)
    _cancel_called(ctx, ProcessInstance.parent_id == instance.id)
    if instance.parent_id is not None and effect.state != "cancelled":
        enqueue(
            ctx,
            kind="return",
            payload={
                "called": instance.id,
                "state": effect.state,
                "error_code": effect.error_code,
                "error_message": effect.error_message,
            },
            instance_id=instance.parent_id,
            visit_id=instance.parent_visit,
        )
    publish(ctx, "instance", instance.id)


def _whose(applying: Applying) -> dict[str, Any]:
    return {"instance_id": applying.instance.id, "process_key": applying.instance.process_key}


def _stop(ctx: Context, applying: Applying) -> None:
    """Withdraw what waits for visits that are over."""
    stopped = applying.stopped
    if not stopped:
        return
    cancel_jobs(ctx, visit_ids=stopped, but=applying.job_id)
    ctx.connection.execute(delete(MessageSubscription).where(MessageSubscription.visit_id.in_(stopped)))
    _cancel_tasks(ctx, UserTask.id.in_(stopped))
    _cancel_called(ctx, ProcessInstance.parent_visit.in_(stopped))


def _cancel_tasks(ctx: Context, whose: Any) -> None:
    open_ = (
        ctx.connection.execute(select(UserTask.id).where(whose, UserTask.state.in_(("open", "claimed"))))
        .scalars()
        .all()
    )
    if not open_:
        return
    ctx.connection.execute(
        update(UserTask).where(UserTask.id.in_(open_)).values(state="cancelled", ended_at=ctx.now)
    )
    close_links(ctx, list(open_))
    for task_id in open_:
        publish(ctx, "task", task_id)


def _cancel_called(ctx: Context, whose: Any) -> None:
    """Ask for the end of called instances: each is stepped in a transaction of its own."""
    called = ctx.connection.execute(
        select(ProcessInstance.id, ProcessInstance.process_key).where(
            whose, ProcessInstance.state.in_(("active", "suspended"))
        )
    ).all()
    for row in called:
        enqueue(ctx, kind="cancel", payload={"reason": ""}, instance_id=row.id, process_key=row.process_key)


def _write_history(ctx: Context, applying: Applying) -> None:
    later: list[dict[str, Any]] = []
    for visit, lines in applying.lines.items():
        if visit in applying.visits:
            applying.visits[visit]["log"] = lines
        else:
            later.append({"visit": visit, "lines": lines})
    if applying.visits:
        ctx.connection.execute(insert(ElementVisit), list(applying.visits.values()))
    if applying.left:
        ctx.connection.execute(
            update(ElementVisit.__table__)  # type: ignore[arg-type]
            .where(ElementVisit.id == bindparam("visit"))
            .values(state=bindparam("state"), ended_at=bindparam("ended_at"), actor=bindparam("actor")),
            applying.left,
        )
    for entry in later:
        held = ctx.connection.execute(
            select(ElementVisit.log).where(ElementVisit.id == entry["visit"])
        ).scalar()
        ctx.connection.execute(
            update(ElementVisit)
            .where(ElementVisit.id == entry["visit"])
            .values(log=[*(held or []), *entry["lines"]])
        )
    if applying.writes:
        ctx.connection.execute(insert(VariableWrite), applying.writes)


def _write_listed(ctx: Context, applying: Applying, run: Run) -> None:
    """Keep the variables that lists sort and filter on beside the state."""
    listed = applying.definition.manifest.listed
    changed = {write["name"] for write in applying.writes if write["scope"] is None} & set(listed)
    for name in sorted(changed):
        value = _listed_text(run.read(name))
        put = upsert(ListedVariable.__table__, ctx.centre.database.dialect)  # type: ignore[arg-type]
        put = put.values(instance_id=applying.instance.id, name=name, value=value)
        ctx.connection.execute(
            put.on_conflict_do_update(index_elements=["instance_id", "name"], set_={"value": value})
        )


def _listed_text(value: Any) -> str | None:
    if value is None or isinstance(value, Mapping | list):
        return None
    return str(value)[:255]
