"""Instances begin, end, are suspended and resumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from engine import feel
from engine.context import Context, verb
from engine.db import upsert
from engine.definition import Definition, get_definition, get_definition_by_id
from engine.definition.environment import environment
from engine.definition.models import BusinessKeyCounter
from engine.errors import Conflict, InvalidSubmission, Problem
from engine.history import audit
from engine.i18n import _
from engine.ids import new_id
from engine.instance import ProcessInstance
from engine.machine import Run
from engine.machine.stimuli import Cancel, Start
from engine.push import publish
from engine.runtime.advance import Gone, InstanceRef, advance, bring_forward, given_names, lock_instance
from engine.values import Json

# What the engine itself says of an instance: nobody outside may say otherwise.
RESERVED = frozenset({"decisions", "initiator", "business_key", "started_at", "instance_id"})


@verb
def start_process(
    ctx: Context,
    *,
    process_key: str,
    variables: Mapping[str, Json] | None = None,
    business_key: str | None = None,
    version: int | None = None,
    start_event: str | None = None,
) -> InstanceRef:
    """Start a process and bring it to its first wait states.

    Args:
        ctx: Who starts it; the actor becomes its initiator.
        process_key: Which process.
        variables: What it begins with; unknown names are kept.
        business_key: A key of the caller's own; else the next of its counter.
        version: The latest where omitted.
        start_event: Which start event; else the one without a trigger.

    Raises:
        NotFound: There is no such process or version.
        Conflict: The business key is taken.
        InvalidSubmission: A name or value cannot be kept.
    """
    definition = get_definition(ctx, key=process_key, version=version)
    return begin(
        ctx, definition, variables=variables or {}, business_key=business_key, start_event=start_event
    )


def begin(
    ctx: Context,
    definition: Definition,
    *,
    variables: Mapping[str, Json],
    business_key: str | None = None,
    start_event: str | None = None,
    parent: Any = None,
    parent_visit: str | None = None,
) -> InstanceRef:
    """Begin an instance of a definition within the open write transaction.

    Args:
        ctx: The open write transaction.
        definition: What is run.
        variables: What it begins with.
        business_key: A key of the caller's own.
        start_event: Which start event.
        parent: The row of the instance that calls it.
        parent_visit: The caller's element visit that waits for it.
    """
    _check_names(variables, reserved=RESERVED if parent is None else frozenset())
    instance_id = new_id()
    key = business_key or _next_business_key(ctx, definition)
    values: dict[str, Any] = {
        "id": instance_id,
        "process_key": definition.key,
        "definition_id": definition.id,
        "business_key": key,
        "title": definition.title,
        "state": "active",
        "initiator": parent.initiator if parent is not None else ctx.actor.key,
        "root_id": parent.root_id if parent is not None else instance_id,
        "parent_id": parent.id if parent is not None else None,
        "parent_visit": parent_visit,
        "started_at": ctx.now,
        "incident_count": 0,
        "revision": 0,
        "machine_state": b"",
    }
    try:
        with ctx.connection.begin_nested():
            ctx.connection.execute(insert(ProcessInstance).values(**values))
    except IntegrityError as error:
        raise Conflict(
            _("There is a %(process)s with the key %(key)s already. Choose another key."),
            process=definition.key,
            key=key,
        ) from error
    row = lock_instance(ctx, instance_id)
    run = Run(definition.spec, environment(ctx, definition, given_names(row)))
    started = bring_forward(ctx, row, definition, run, Start(event=start_event, variables=dict(variables)))
    _set_title(ctx, definition, row, run)
    publish(ctx, "instance", instance_id)
    return started


def _check_names(variables: Mapping[str, Json], *, reserved: frozenset[str]) -> None:
    problems = [
        Problem(path=name, message=_("A variable's name is letters, digits and _, and begins with a letter."))
        for name in variables
        if not name.isidentifier()
    ]
    problems += [
        Problem(path=name, message=_("This name cannot be written to."))
        for name in variables
        if name in reserved
    ]
    if problems:
        raise InvalidSubmission(problems=problems)


def _next_business_key(ctx: Context, definition: Definition) -> str | None:
    """Return the next key of a process's counter; None where its manifest has no rule."""
    rule = definition.manifest.business_key
    if rule is None:
        return None
    today = ctx.now.astimezone(ctx.settings.zone)
    parts = {
        "yy": f"{today:%y}",
        "yyyy": f"{today:%Y}",
        "mm": f"{today:%m}",
        "dd": f"{today:%d}",
    }
    # The number starts anew whenever the rest of the key changes.
    period = feel.render(rule.pattern, {**parts, "number": "#"})
    counter = upsert(BusinessKeyCounter.__table__, ctx.centre.database.dialect)  # type: ignore[arg-type]
    number = ctx.connection.execute(
        counter.values(process_key=definition.key, period=period, last_number=1)
        .on_conflict_do_update(
            index_elements=["process_key", "period"],
            set_={"last_number": BusinessKeyCounter.last_number + 1},
        )
        .returning(BusinessKeyCounter.last_number)
    ).scalar_one()
    return feel.render(rule.pattern, {**parts, "number": f"{number:0{rule.digits}d}"})


def _set_title(ctx: Context, definition: Definition, row: Any, run: Run) -> None:
    template = definition.manifest.instance_title
    if not template:
        return
    scope = {**given_names(row), **{name: run.read(name) for name in run.scopes.texts.get(None, {})}}
    title = feel.render(template, scope, now=ctx.now.astimezone(ctx.settings.zone)).strip()[:255]
    if title:
        ctx.connection.execute(
            update(ProcessInstance).where(ProcessInstance.id == row.id).values(title=title)
        )


@verb
def cancel_instance(ctx: Context, *, instance_id: str, reason: str) -> InstanceRef:
    """End an instance before its time; what it called ends too.

    Raises:
        NotFound: There is none of this id.
        Gone: It has ended already.
        InvalidSubmission: No reason was given.
    """
    if not reason.strip() and ctx.actor.kind != "system":
        raise InvalidSubmission(
            problems=[Problem(path="reason", message=_("Say why: the reason is kept in history."))]
        )
    ended = advance(ctx, instance_id, Cancel(), even_suspended=True)
    audit(ctx, "instance.cancel", "instance", instance_id, {"reason": reason})
    return ended


@verb
def suspend_instance(ctx: Context, *, instance_id: str, reason: str = "") -> InstanceRef:
    """Hold an instance: nothing moves it until it is resumed."""
    return _switch(ctx, instance_id, "active", "suspended", "instance.suspend", reason)


@verb
def resume_instance(ctx: Context, *, instance_id: str, reason: str = "") -> InstanceRef:
    """Let a held instance go on."""
    return _switch(ctx, instance_id, "suspended", "active", "instance.resume", reason)


def _switch(ctx: Context, instance_id: str, before: str, after: str, action: str, reason: str) -> InstanceRef:
    row = lock_instance(ctx, instance_id)
    if row.state != before:
        if row.state == "suspended":
            raise Conflict(_("The process is paused already."))
        if row.state == "active":
            raise Conflict(_("The process is not paused."))
        raise Gone()
    ctx.connection.execute(
        update(ProcessInstance).where(ProcessInstance.id == instance_id).values(state=after)
    )
    audit(ctx, action, "instance", instance_id, {"reason": reason})
    publish(ctx, "instance", instance_id)
    return InstanceRef(id=instance_id, business_key=row.business_key, state=after)


def call_process(
    ctx: Context, *, parent_id: str, visit: str, process_key: str, variables: Any
) -> InstanceRef:
    """Begin a called instance within the open write transaction, its caller held first."""
    parent = lock_instance(ctx, parent_id)
    held = ctx.connection.execute(
        select(ProcessInstance.id, ProcessInstance.business_key, ProcessInstance.state).where(
            ProcessInstance.parent_visit == visit
        )
    ).first()
    if held is not None:
        return InstanceRef(id=held.id, business_key=held.business_key, state=held.state)
    definition = get_definition(ctx, key=process_key)
    return begin(ctx, definition, variables=variables, parent=parent, parent_visit=visit)


def definition_of(ctx: Context, instance_id: str) -> Definition:
    """Return what an instance runs."""
    row = lock_instance(ctx, instance_id)
    return get_definition_by_id(ctx, row.definition_id)
