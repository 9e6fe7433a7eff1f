"""Effects to rows: what a step asked for, written in its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import Any

from sqlalchemy import Executable, bindparam, delete, literal, select, union_all

from engine.context import Context
from engine.db import Base, Id, inserting, one_or_many, table_of, updating, upsert
from engine.definition import Definition
from engine.history import ElementVisit, VariableWrite
from engine.ids import new_id
from engine.instance import ListedVariable, MessageSubscription, ProcessInstance
from engine.jobs import Job, close_incidents, enqueue, open_incident, withdraw_jobs, withdraw_jobs_of
from engine.machine import Run
from engine.machine.effects import (
    Await,
    CallProcess,
    CallService,
    CloseUserTasks,
    Continue,
    Decided,
    Effect,
    End,
    Entered,
    Escalate,
    Failed,
    Left,
    Logged,
    Notify,
    OpenUserTask,
    SetTimer,
    StopWaiting,
    Threw,
    Throw,
    TimeUp,
    Wrote,
)
from engine.machine.nodes.subprocesses import AdHocSubProcess
from engine.people import successor_of
from engine.push import publish, tell
from engine.runtime.announce import announce
from engine.runtime.inbox import look_for_kept
from engine.work import OPEN_STATES, Candidate, UserTask, close_links

_VISITS = bindparam("visits", type_=Id(), expanding=True)
_IDS = bindparam("ids", type_=Id(), expanding=True)
_TASKS = updating(UserTask).where(UserTask.id.in_(_IDS))


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
    awaited: list[Await] = field(default_factory=list)
    opened: dict[str, OpenUserTask] = field(default_factory=dict)
    rows: dict[type[Base], list[dict[str, Any]]] = field(default_factory=dict)
    notices: list[Notify] = field(default_factory=list)
    failed: dict[str, Failed] = field(default_factory=dict)

    def add(self, model: type[Base], **row: Any) -> None:
        """Add a row, written with all others of its table when the step's effects have been looked at."""
        self.rows.setdefault(model, []).append(row)


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
    for model, rows in applying.rows.items():
        ctx.connection.execute(inserting(model), one_or_many(rows))
    for task_id, task in applying.opened.items():
        publish(ctx, "task", task_id)
        tell(ctx, "task.opened", **_whose(applying), task_id=task_id, element_id=task.element)
    _stop(ctx, applying)
    _open_incidents(ctx, applying)
    _write_history(ctx, applying)
    changed = {write["name"] for write in applying.writes if write["scope"] is None}
    write_listed(ctx, applying.instance.id, run, changed & set(applying.definition.manifest.listed))
    look_for_kept(ctx, applying.instance.id, applying.awaited)
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
def _threw(effect: Threw, ctx: Context, applying: Applying, done: set[str]) -> None:
    line = {"error": effect.code, "message": effect.message}
    applying.lines.setdefault(effect.visit, []).append(line)


@_take.register
def _decided(effect: Decided, ctx: Context, applying: Applying, done: set[str]) -> None:
    applying.lines.setdefault(effect.visit, []).append(
        {"decision": effect.decision, "matched": [str(rule) for rule in effect.matched]}
    )


@_take.register
def _open_user_task(effect: OpenUserTask, ctx: Context, applying: Applying, done: set[str]) -> None:
    if effect.visit in done:
        return
    if effect.assignee is not None and (successor := successor_of(ctx, effect.assignee)) is not None:
        effect = replace(effect, assignee=successor)
    node = applying.definition.spec.node(effect.element)
    task_id = effect.task or effect.visit
    applying.opened[task_id] = effect
    task = {
        "id": task_id,
        "visit_id": effect.visit if effect.task else None,
        "instance_id": applying.instance.id,
        "process_key": applying.instance.process_key,
        "definition_id": applying.instance.definition_id,
        "business_key": applying.instance.business_key,
        "element_id": effect.element,
        "title": effect.title,
        "state": "claimed" if effect.assignee else "open",
        **task_settings(node),
        "assignee": effect.assignee,
        "covers_for": effect.covers_for,
        "priority": effect.priority,
        "due_at": effect.due_at,
        "created_at": ctx.now,
    }
    if effect.visit in applying.visits or not _open_again(ctx, task):
        applying.add(UserTask, **task)
    candidates = [("person", key) for key in effect.candidate_users]
    candidates += [("group", key) for key in effect.candidate_groups]
    for kind, key in dict.fromkeys(candidates):
        applying.add(Candidate, task_id=task_id, kind=kind, key=key)


def task_settings(node: Any) -> dict[str, Any]:
    """Return what of a task's row is how its element is drawn."""
    settings = node.settings.task
    return {
        "name": node.element_name or node.element_id,
        "form_key": settings.form,
        "options": {**_options(settings), **_choice(node)},
    }


def _choice(node: Any) -> dict[str, Any]:
    """Return what people choose from at an element, and whether they say when it is complete."""
    if not isinstance(node, AdHocSubProcess):
        return {}
    activities = [
        {"element_id": one.element_id, "name": one.element_name or one.element_id} for one in node.entries
    ]
    return {"activities": activities, "ends_by_hand": node.settings.condition is None}


_NOT_ENDED = dict.fromkeys(("ended_at", "ended_by", "ended_through", "outcome", "opinion"))


def _open_again(ctx: Context, task: Mapping[str, Any]) -> bool:
    """Open a task once more whose end could not be taken over; False where there is none of this visit."""
    reopened = ctx.connection.execute(_TASKS, {"ids": [task["id"]], **task, **_NOT_ENDED})
    ctx.connection.execute(delete(Candidate).where(Candidate.task_id == task["id"]))
    return reopened.rowcount == 1


def _options(settings: Any) -> dict[str, Any]:
    warn = {} if settings.warn_s is None else {"warn_s": int(settings.warn_s)}
    return {
        **warn,
        "into": settings.into,
        "link": settings.link,
        "batch": settings.batch,
        "outcomes": [
            {
                "name": outcome.name,
                "label": outcome.label,
                "opinion": outcome.opinion,
                "opinion_required": outcome.opinion == "required",
                "signature_required": outcome.signature_required,
            }
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
        **_offered(settings),
    }


def _offered(settings: Any) -> dict[str, Any]:
    """Return what a step says of its form's fields and its buttons; nothing where it says nothing of them."""
    offered: dict[str, Any] = {}
    if settings.fields != "write":
        offered["fields"] = settings.fields
    if settings.rights:
        offered["rights"] = dict(settings.rights)
    if settings.buttons:
        offered["buttons"] = {
            one.name: {"label": one.label, "hidden": one.hidden} for one in settings.buttons
        }
    return offered


@_take.register
def _close_user_tasks(effect: CloseUserTasks, ctx: Context, applying: Applying, done: set[str]) -> None:
    _cancel_tasks(ctx, applying, dict.fromkeys(effect.tasks, effect.element))


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
def _time_up(effect: TimeUp, ctx: Context, applying: Applying, done: set[str]) -> None:
    if effect.visit in done:
        return
    # In a transaction of its own: what cannot be done leaves the step open, with an incident.
    enqueue(
        ctx,
        kind="limit",
        payload={"task": effect.task, **effect.said},
        visit_id=effect.visit,
        element_id=effect.element,
        **_whose(applying),
    )


@_take.register
def _await(effect: Await, ctx: Context, applying: Applying, done: set[str]) -> None:
    if effect.visit in done:
        return
    applying.awaited.append(effect)
    applying.add(
        MessageSubscription,
        id=new_id(),
        kind=effect.kind,
        name=effect.name,
        correlation=effect.correlation,
        instance_id=applying.instance.id,
        element_id=effect.element,
        visit_id=effect.visit,
        created_at=ctx.now,
    )


@_take.register
def _stop_waiting(effect: StopWaiting, ctx: Context, applying: Applying, done: set[str]) -> None:
    applying.stopped.append(effect.visit)
    applying.failed.pop(effect.visit, None)


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
            "cascade": effect.cascade,
        },
        visit_id=None,
        element_id=effect.element,
        **_whose(applying),
    )


@_take.register
def _escalate(effect: Escalate, ctx: Context, applying: Applying, done: set[str]) -> None:
    """Bring an escalation that is not caught to the caller; without one nothing happens, as BPMN says."""
    instance = applying.instance
    if instance.parent_id is None:
        return
    enqueue(
        ctx,
        kind="escalate",
        payload={"code": effect.code, "payload": dict(effect.payload)},
        instance_id=instance.parent_id,
        visit_id=instance.parent_visit,
    )


@_take.register
def _notify(effect: Notify, ctx: Context, applying: Applying, done: set[str]) -> None:
    applying.notices.append(effect)


@_take.register
def _failed(effect: Failed, ctx: Context, applying: Applying, done: set[str]) -> None:
    applying.failed[effect.visit] = effect


@_take.register
def _continue(effect: Continue, ctx: Context, applying: Applying, done: set[str]) -> None:
    enqueue(ctx, kind="step", unique_key=f"step:{applying.instance.id}", **_whose(applying))


@_take.register
def _end(effect: End, ctx: Context, applying: Applying, done: set[str]) -> None:
    instance = applying.instance
    if instance.state == "suspended":
        withdraw_jobs_of(ctx, instance.id)
    if instance.incident_count:
        close_incidents(ctx, instance_id=instance.id)
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
    tell(ctx, f"instance.{effect.state}", **_whose(applying), error_code=effect.error_code)


def _whose(applying: Applying) -> dict[str, Any]:
    return {"instance_id": applying.instance.id, "process_key": applying.instance.process_key}


# What may wait for visits, each found by an index of its table.
_WAITING: Executable = union_all(
    select(literal("job").label("kind"), Job.id, Job.element_id).where(
        Job.visit_id.in_(_VISITS), Job.state.in_(("waiting", "suspended"))
    ),
    select(literal("subscription"), MessageSubscription.id, MessageSubscription.element_id).where(
        MessageSubscription.visit_id.in_(_VISITS)
    ),
    select(literal("task"), UserTask.id, UserTask.element_id).where(
        UserTask.id.in_(_VISITS), UserTask.state.in_(OPEN_STATES)
    ),
    select(literal("task"), UserTask.id, UserTask.element_id).where(
        UserTask.visit_id.in_(_VISITS), UserTask.state.in_(OPEN_STATES)
    ),
    select(literal("called"), ProcessInstance.id, literal("")).where(
        ProcessInstance.parent_id == bindparam("instance"),
        ProcessInstance.parent_visit.in_(_VISITS),
        ProcessInstance.state.in_(("active", "suspended")),
    ),
)
_UNSUBSCRIBE = delete(table_of(MessageSubscription)).where(MessageSubscription.id.in_(_IDS))


def _stop(ctx: Context, applying: Applying) -> None:
    """Withdraw what waits for visits that are over."""
    visits = [visit for visit in applying.stopped if visit not in applying.visits]
    if not visits:
        return
    ctx.transaction.write_gathered(inserting(Job))
    names = {"visits": visits, "instance": applying.instance.id}
    waiting: dict[str, dict[str, str]] = {"job": {}, "subscription": {}, "task": {}, "called": {}}
    for kind, of, element_id in ctx.connection.execute(_WAITING, names):
        waiting[kind][of] = element_id
    waiting["job"].pop(applying.job_id or "", None)
    if waiting["job"]:
        withdraw_jobs(ctx, list(waiting["job"]))
    if waiting["subscription"]:
        ctx.connection.execute(_UNSUBSCRIBE, {"ids": list(waiting["subscription"])})
    _cancel_tasks(ctx, applying, waiting["task"])
    for called in waiting["called"]:
        # Each is stepped in a transaction of its own.
        enqueue(ctx, kind="cancel", payload={"reason": ""}, instance_id=called)
    if applying.instance.incident_count:
        close_incidents(ctx, instance_id=applying.instance.id, visit_ids=visits)


def _cancel_tasks(ctx: Context, applying: Applying, tasks: Mapping[str, str]) -> None:
    """Take tasks from people, each with its element: they are not needed any more."""
    if not tasks:
        return
    ctx.connection.execute(_TASKS, {"ids": list(tasks), "state": "cancelled", "ended_at": ctx.now})
    close_links(ctx, list(tasks))
    for task_id, element_id in tasks.items():
        publish(ctx, "task", task_id)
        tell(ctx, "task.cancelled", **_whose(applying), task_id=task_id, element_id=element_id)


def _open_incidents(ctx: Context, applying: Applying) -> None:
    """Call an operator to what failed, unless the same step has ended it."""
    for effect in applying.failed.values():
        open_incident(
            ctx,
            code=effect.code,
            message=effect.message,
            params=effect.params,
            element_id=effect.element,
            visit_id=effect.visit,
            **_whose(applying),
        )


_LEAVE = updating(ElementVisit).where(ElementVisit.id == bindparam("visit"))
_LINES = select(ElementVisit.log).where(ElementVisit.id == bindparam("visit"))


def _write_history(ctx: Context, applying: Applying) -> None:
    later: list[dict[str, Any]] = []
    for visit, lines in applying.lines.items():
        if visit in applying.visits:
            applying.visits[visit]["log"] = lines
        else:
            later.append({"visit": visit, "lines": lines})
    if applying.visits:
        ctx.connection.execute(inserting(ElementVisit), one_or_many(list(applying.visits.values())))
    if applying.left:
        ctx.connection.execute(_LEAVE, one_or_many(applying.left))
    for entry in later:
        held = ctx.connection.execute(_LINES, {"visit": entry["visit"]}).scalar()
        ctx.connection.execute(_LEAVE, {"visit": entry["visit"], "log": [*(held or []), *entry["lines"]]})
    if applying.writes:
        ctx.connection.execute(inserting(VariableWrite), one_or_many(applying.writes))


def write_listed(ctx: Context, instance_id: str, run: Run, names: Iterable[str]) -> None:
    """Keep variables that lists sort and filter on beside the state."""
    for name in sorted(names):
        value = _listed_text(run.read(name))
        put = upsert(ListedVariable.__table__, ctx.centre.database.dialect)  # type: ignore[arg-type]
        put = put.values(instance_id=instance_id, name=name, value=value)
        ctx.connection.execute(
            put.on_conflict_do_update(index_elements=["instance_id", "name"], set_={"value": value})
        )


def _listed_text(value: Any) -> str | None:
    if value is None or isinstance(value, Mapping | list):
        return None
    return str(value)[:255]
