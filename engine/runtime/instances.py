"""Instances begin, end, are suspended and resumed."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from engine import feel
from engine.context import Context, verb
from engine.db import table_of, upsert
from engine.definition import Definition, get_definition_by_id, get_startable, refuse_if_paused
from engine.definition.environment import environment
from engine.definition.models import BusinessKeyCounter
from engine.errors import BudgetExceeded, Forbidden, InvalidSubmission, Problem
from engine.history import audit
from engine.i18n import _
from engine.ids import new_id
from engine.instance import ProcessInstance, given_names
from engine.jobs import refuse_if_behind
from engine.machine import Run
from engine.machine.stimuli import Cancel, Start
from engine.people import default_region, e164, managers_of, need_here
from engine.push import publish
from engine.runtime.advance import (
    InstanceRef,
    NewInstance,
    bring_forward,
    go_on,
    lock_instance,
)
from engine.runtime.notices import notices_at, tell_of
from engine.runtime.refusing import need_somebody_from_start
from engine.values import Json
from engine.work import handlers_of

# What the engine itself says of an instance: nobody outside may say otherwise.
RESERVED = frozenset({"decisions", "initiator", "submitter", "business_key", "started_at", "instance_id"})
# Who may hand in for anybody.
START_FOR_OTHERS = "processes.start_for_others"
LONGEST_NAME = 128
MAXIMUM_CASCADE = 8
MAXIMUM_DEPTH = 20
MAXIMUM_CALLED = 2_000


@verb
def start_process(
    ctx: Context,
    *,
    process_key: str,
    variables: Mapping[str, Json] | None = None,
    business_key: str | None = None,
    version: int | None = None,
    start_event: str | None = None,
    initiator: str | None = None,
) -> InstanceRef:
    """Start a process and bring it to its first wait states.

    Args:
        ctx: Who starts it; the actor becomes its initiator.
        process_key: Which process.
        variables: What it begins with; unknown names are kept.
        business_key: A key of the caller's own; else the next of its counter.
        version: The latest where omitted.
        start_event: Which start event; else the one without a trigger.
        initiator: Whose request it is, where the actor hands it in for somebody else: rules about the
            initiator, such as their manager, then mean that person.

    Raises:
        NotFound: There is no such process, version or person.
        Forbidden: The actor may not hand in for them.
        Conflict: The business key is taken, the version is paused, or the person has left.
        InvalidSubmission: A name or value cannot be kept.
        NobodyWouldDecide: Nobody would decide on it, at a step that refuses it then.
        Behind: The work is behind; only where whoever asks can try again.
    """
    definition = get_startable(ctx, key=process_key, version=version)
    check_may_hand_in(ctx, initiator)
    return _begin(
        ctx,
        definition,
        variables=variables or {},
        business_key=business_key,
        start_event=start_event,
        initiator=initiator,
    )


def _submitter(ctx: Context, initiator: str | None) -> str | None:
    return ctx.actor.key if initiator is not None and initiator != ctx.actor.key else None


def check_may_hand_in(ctx: Context, initiator: str | None) -> None:
    """Make sure that the actor may hand in for somebody: with the permission, or as whoever stands above.

    Args:
        ctx: Who hands in.
        initiator: Whose request it is; None for the actor's own.

    Raises:
        NotFound: There is no such person.
        Conflict: They have left.
        Forbidden: The actor may not.
    """
    if initiator is None or initiator == ctx.actor.key:
        return
    need_here(ctx, initiator)
    if ctx.actor.may(START_FOR_OTHERS):
        return
    above = [person.key for person in managers_of(ctx, initiator)]
    if ctx.actor.key is None or ctx.actor.key not in above:
        raise Forbidden(_("Only those who stand above %(person)s hand in for them."), person=initiator)


def begin(
    ctx: Context,
    definition: Definition,
    *,
    variables: Mapping[str, Json],
    business_key: str | None = None,
    start_event: str | None = None,
    came: tuple[str, str | None] | None = None,
    initiator: str | None = None,
) -> InstanceRef:
    """Begin an instance of a definition within the open write transaction.

    Args:
        ctx: The open write transaction.
        definition: What is run.
        variables: What it begins with.
        business_key: A key of the caller's own.
        start_event: Which start event.
        came: Which of its triggers came, its kind and its name; None where it counts as having come.
        initiator: Whose request it is, where the actor hands it in for somebody else.

    Raises:
        NotFound: There is no such person.
        Forbidden: The actor may not hand in for them.
        Conflict: The business key is taken, the version is paused, or the person has left.
    """
    refuse_if_paused(ctx, definition)
    check_may_hand_in(ctx, initiator)
    return _begin(
        ctx,
        definition,
        variables=variables,
        business_key=business_key,
        start_event=start_event,
        came=came,
        initiator=initiator,
    )


def _begin(
    ctx: Context,
    definition: Definition,
    *,
    variables: Mapping[str, Json],
    business_key: str | None = None,
    start_event: str | None = None,
    came: tuple[str, str | None] | None = None,
    initiator: str | None = None,
    parent: Any = None,
    parent_visit: str | None = None,
) -> InstanceRef:
    """Begin an instance of a version that is not paused.

    Args:
        ctx, definition, variables, business_key, start_event, came: As of ``begin``.
        initiator: Whose request it is, where the actor hands it in for somebody else.
        parent: The row of the instance that calls it.
        parent_visit: The caller's element visit that waits for it.
    """
    if parent is None:
        refuse_if_behind(ctx)
    if ctx.cascade > MAXIMUM_CASCADE:
        raise BudgetExceeded(
            _(
                "%(limit)s processes began one by the other's message or signal, and none of them waited. "
                "Draw a wait, or take the message off."
            ),
            limit=MAXIMUM_CASCADE,
        )
    check_names(variables, reserved=RESERVED if parent is None else frozenset())
    variables = _with_telephones(ctx, definition, variables, strict=parent is None)
    if parent is None:
        _check_types(definition, variables)
    instance_id = new_id()
    key = business_key or _next_business_key(ctx, definition)
    row = NewInstance(
        id=instance_id,
        process_key=definition.key,
        definition_id=definition.id,
        business_key=key,
        title=definition.title,
        initiator=parent.initiator if parent is not None else initiator or ctx.actor.key,
        submitter=parent.submitter if parent is not None else _submitter(ctx, initiator),
        root_id=parent.root_id if parent is not None else instance_id,
        parent_id=parent.id if parent is not None else None,
        parent_visit=parent_visit,
        started_at=ctx.now,
    )
    begun = Start(event=start_event, came=came, variables=dict(variables), cascade=ctx.cascade)
    if parent is None and came is None:
        need_somebody_from_start(ctx, definition, row, begun)
    run = Run(definition.spec, environment(ctx, definition, given_names(row)))
    started = bring_forward(ctx, row, definition, run, begun)
    publish(ctx, "instance", instance_id)
    return started


def _check_types(definition: Definition, variables: Mapping[str, Json]) -> None:
    """Make sure that what the manifest declares is of its type, or nothing."""
    problems = []
    for name, declared in definition.manifest.types.items():
        if variables.get(name) is None:
            continue
        try:
            feel.from_json(variables[name], declared)
        except InvalidSubmission as error:
            problems.append(Problem(path=name, message=error.message, params=error.params))
    if problems:
        raise InvalidSubmission(problems=problems)


def check_names(variables: Mapping[str, Json], *, reserved: frozenset[str] = RESERVED) -> None:
    """Make sure that somebody outside may write variables of these names.

    Raises:
        InvalidSubmission: A name is none, or nobody's to write; ``problems`` lists all of them.
    """
    problems = [
        Problem(path=name, message=_("A variable's name is letters, digits and _, and begins with a letter."))
        for name in variables
        if not name.isidentifier()
    ]
    problems += [
        Problem(
            path=name,
            message=_("A variable's name has at most %(most)s characters."),
            params={"most": LONGEST_NAME},
        )
        for name in variables
        if len(name) > LONGEST_NAME
    ]
    problems += [
        Problem(path=name, message=_("This name cannot be written to."))
        for name in variables
        if name in reserved
    ]
    if problems:
        raise InvalidSubmission(problems=problems)


def _with_telephones(
    ctx: Context, definition: Definition, variables: Mapping[str, Json], *, strict: bool
) -> Mapping[str, Json]:
    """Write the telephone numbers among variables as E.164: answers find what waits for them by it.

    Args:
        ctx: The context.
        definition: Says which variables are telephone numbers.
        variables: What an instance begins with.
        strict: Whether what is no telephone number is refused, else it stays as it is.
    """
    read: dict[str, Json] = {}
    problems: list[Problem] = []
    for name in definition.manifest.telephones & variables.keys():
        said = variables[name]
        if said is None or said == "":
            continue
        try:
            read[name] = e164(str(said), default_region(ctx), path=name)
        except InvalidSubmission as error:
            problems += error.problems
    if problems and strict:
        raise InvalidSubmission(problems=problems)
    return {**variables, **read}


_PERIODS = {"never": "", "year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}


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
    # The number starts anew whenever the rest of the key changes, where nothing else is said.
    rest = feel.render(rule.pattern, {**parts, "number": "#"})
    period = f"{rule.reset} {today.strftime(_PERIODS[rule.reset])}".strip() if rule.reset else rest
    number = ctx.connection.execute(
        _counting(ctx.centre.database.dialect), {"process_key": definition.key, "period": period}
    ).scalar_one()
    return feel.render(rule.pattern, {**parts, "number": f"{number:0{rule.digits}d}"})


@functools.cache
def _counting(dialect_name: str) -> Any:
    counter = table_of(BusinessKeyCounter)
    return (
        upsert(counter, dialect_name)
        .values(last_number=1)
        .on_conflict_do_update(
            index_elements=["process_key", "period"], set_={"last_number": counter.c.last_number + 1}
        )
        .returning(counter.c.last_number)
    )


@verb
def cancel_instance(ctx: Context, *, instance_id: str, reason: str) -> InstanceRef:
    """End an instance before its time; what it called ends too. Who was asked and its initiator hear of it.

    Raises:
        NotFound: There is none of this id.
        Gone: It has ended already.
        InvalidSubmission: No reason was given.
    """
    if ctx.actor.kind != "system":
        check_reason(reason)
    instance = lock_instance(ctx, instance_id)
    people = handlers_of(ctx, instance_id)
    ended = go_on(ctx, instance, Cancel(), even_suspended=True)
    audit(ctx, "instance.cancel", "instance", instance_id, {"reason": reason})
    # What ends with its caller is told of with it.
    if instance.parent_id is None or ctx.actor.kind != "system":
        definition = get_definition_by_id(ctx, instance.definition_id)
        if definition.spec.approves or instance.followed or notices_at(ctx, definition, None, "cancelled"):
            concerned = [*people, *([instance.initiator] if instance.initiator else [])]
            tell_of(ctx, "cancelled", instance, concerned=concerned, text=reason)
    return ended


def check_reason(reason: str) -> None:
    """Make sure that somebody said why.

    Raises:
        InvalidSubmission: Nobody did.
    """
    if not reason.strip():
        raise InvalidSubmission(
            problems=[Problem(path="reason", message=_("Say why: the reason is kept in history."))]
        )


def call_process(
    ctx: Context, *, parent_id: str, visit: str, process_key: str, variables: Any
) -> InstanceRef:
    """Begin a called instance within the open write transaction, its caller held first."""
    parent = lock_instance(ctx, parent_id)
    held = ctx.connection.execute(
        select(ProcessInstance.id, ProcessInstance.business_key, ProcessInstance.state).where(
            ProcessInstance.parent_id == parent_id, ProcessInstance.parent_visit == visit
        )
    ).first()
    if held is not None:
        return InstanceRef(id=held.id, business_key=held.business_key, state=held.state)
    _check_family(ctx, parent)
    definition = get_startable(ctx, key=process_key)
    return _begin(ctx, definition, variables=variables, parent=parent, parent_visit=visit)


def _check_family(ctx: Context, parent: Any) -> None:
    """Make sure that an instance may call another one.

    Raises:
        BudgetExceeded: Calls are nested too deeply, or too many instances of them are open.
    """
    if parent.parent_id is None and parent.root_id == parent.id:
        depth = 1
    else:
        above = select(ProcessInstance.id, ProcessInstance.parent_id).where(ProcessInstance.id == parent.id)
        callers = above.cte("callers", recursive=True)
        further = select(ProcessInstance.id, ProcessInstance.parent_id).join(
            callers, ProcessInstance.id == callers.c.parent_id
        )
        callers = callers.union_all(further)
        depth = ctx.connection.execute(select(func.count()).select_from(callers)).scalar_one()
    if depth > MAXIMUM_DEPTH:
        raise BudgetExceeded(
            _("More than %(limit)s processes call one another. Look for one that calls itself."),
            limit=MAXIMUM_DEPTH,
        )
    open_count = ctx.connection.execute(
        select(func.count()).where(
            ProcessInstance.root_id == parent.root_id, ProcessInstance.state.in_(("active", "suspended"))
        )
    ).scalar_one()
    if open_count > MAXIMUM_CALLED:
        raise BudgetExceeded(
            _("More than %(limit)s called processes are open below one."), limit=MAXIMUM_CALLED
        )
