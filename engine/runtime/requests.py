"""What is done to a request as a whole while it is under way, or after: hurried, taken back, opened again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, func, select

from engine.context import Context, verb
from engine.definition import Definition, get_definition_by_id
from engine.definition.environment import environment
from engine.errors import Conflict, Forbidden
from engine.history import audit
from engine.i18n import _
from engine.instance import given_names
from engine.machine import load
from engine.machine.stimuli import Appoint, Awaken, Withdraw
from engine.parameters import parameter
from engine.people import need_here
from engine.plugin import SettingSpec
from engine.push import tell
from engine.runtime.advance import Gone, InstanceRef, bring_forward, go_on, lock_instance
from engine.runtime.instances import cancel_instance, check_reason
from engine.runtime.notices import tell_of
from engine.work import (
    Involvement,
    Task,
    TaskAction,
    buttons_of,
    get_part,
    get_task,
    handlers_of,
    keep_action,
    may_operate,
    need_offered,
    supervises,
    waiting_at,
)

URGE_EVERY = "urge.every_s"
SETTING = SettingSpec(
    key=URGE_EVERY,
    type="integer",
    default=1800,
    unit="s",
    label=_("How often one request can be hurried"),
    help=_("People who are urged all the time stop looking. 0: as often as anybody likes."),
)
_OPEN = ("active", "suspended")


class TooSoon(Conflict):
    """They were urged a short while ago. Wait a little, or call them."""

    code = "urged_already"


@verb
def urge(ctx: Context, *, instance_id: str, text: str = "") -> list[str]:
    """Ask everybody whom an instance waits for to hurry, in one word of somebody who may.

    Whoever stands at a step that takes no urging is left in peace.

    Args:
        ctx: Its initiator, where the process lets them, a supervisor of the process, or whoever operates it.
        instance_id: Which instance; what it called is meant too.
        text: What is said.

    Returns:
        The keys of those who were told.

    Raises:
        NotFound: There is no such instance.
        Gone: It has ended.
        Forbidden: The actor may not.
        TooSoon: Somebody did a short while ago.
        NotOffered: No step at which it stands takes urging.
        Conflict: It waits for nobody.
    """
    instance, definition = _held(ctx, instance_id)
    if not _may_urge(ctx, definition, instance):
        raise Forbidden()
    _need_patience(ctx, instance_id, TaskAction.action == "urge")
    open_ = waiting_at(ctx, [instance_id])[instance_id]
    if open_ and not any(map(_takes_urging, open_)):
        need_offered(open_[0], "urge")
    people = handlers_of(ctx, instance_id, at=_takes_urging)
    if not people:
        raise Conflict(_("It waits for nobody now."))
    keep_action(
        ctx, instance_id, "urge", person=people[0] if len(people) == 1 else None, opinion=text or None
    )
    audit(ctx, "instance.urge", "instance", instance_id, {"people": people})
    tell_of(ctx, "urged", instance, concerned=people, text=text)
    return people


@verb
def remind(ctx: Context, *, part_id: str, text: str = "") -> None:
    """Remind somebody of a copy that they have not opened, of a question, or of a task that was lent to them.

    Args:
        ctx: Who gave it to them, or whoever may urge.
        part_id: What they have, from ``parts_of`` or ``list_parts``.
        text: What is said.

    Raises:
        NotFound: There is no such question or copy.
        Forbidden: The actor may not.
        Conflict: They have opened it, answered it or given it back, or nobody needs it any more.
        TooSoon: They were reminded a short while ago.
    """
    part = get_part(ctx, part_id)
    instance = lock_instance(ctx, part.instance_id)
    definition = get_definition_by_id(ctx, instance.definition_id)
    if part.by != ctx.actor.key and not _may_urge(ctx, definition, instance):
        raise Forbidden()
    if not _owed(ctx, part):
        raise Conflict(_("%(person)s need not be reminded any more."), person=part.person_key)
    _need_patience(ctx, instance.id, TaskAction.action == "remind", TaskAction.person == part.person_key)
    at = get_task(ctx, part.task_id) if part.task_id is not None else instance.id
    keep_action(ctx, at, "remind", person=part.person_key, opinion=text or None)
    audit(ctx, "instance.remind", "instance", instance.id, {"person": part.person_key})
    tell_of(ctx, "urged", instance, concerned=[part.person_key], text=text)


def remindable(ctx: Context, instance: Any, parts: Sequence[Involvement]) -> list[str]:
    """Return the ids of those of an instance's parts of which the context's actor may remind people."""
    definition, row = get_definition_by_id(ctx, instance["definition_id"]), SimpleNamespace(**instance)
    owed = [part for part in parts if _owed(ctx, part)]
    urges = bool(owed) and _may_urge(ctx, definition, row)
    return [part.id for part in owed if urges or part.by == ctx.actor.key]


def _owed(ctx: Context, part: Involvement) -> bool:
    """Whether somebody has still to open, to answer or to give back what they got."""
    if part.ended_at is not None or part.person_key == ctx.actor.key:
        return False
    if part.kind == "read":
        return part.read_at is None
    return part.kind in ("consult", "help") and part.task_id is not None and get_task(ctx, part.task_id).open


def _need_patience(ctx: Context, instance_id: str, *since: ColumnElement[bool]) -> None:
    """Make sure that something of which there is a log was not done a short while ago.

    Raises:
        TooSoon: It was.
    """
    every = timedelta(seconds=int(parameter(ctx, URGE_EVERY)))
    last = ctx.connection.execute(
        select(func.max(TaskAction.at)).where(TaskAction.instance_id == instance_id, *since)
    ).scalar()
    if last is not None and ctx.now - last < every:
        raise TooSoon()


@verb
def withdraw_request(ctx: Context, *, instance_id: str, reason: str) -> InstanceRef:
    """Take a request back to the step at which its initiator fills it in.

    Args:
        ctx: Its initiator, where the process lets them, or an operator.
        instance_id: Which instance.
        reason: Why; whoever was asked reads it.

    Raises:
        NotFound: There is no such instance.
        Gone: It has ended.
        Forbidden: The actor may not.
        CannotReturn: No step is the initiator's, or a step that is open forbids it.
        InvalidSubmission: No reason was given.
    """
    check_reason(reason)
    instance, definition = _held(ctx, instance_id)
    if not _may(ctx, definition, instance, "withdraw"):
        raise Forbidden()
    people = handlers_of(ctx, instance_id)
    keep_action(ctx, instance_id, "withdraw", opinion=reason)
    audit(ctx, "instance.withdraw", "instance", instance_id, {"reason": reason})
    taken = go_on(ctx, instance, Withdraw(by=ctx.actor.name))
    tell_of(ctx, "withdrawn", instance, concerned=people, text=reason)
    return taken


@verb
def cancel_request(ctx: Context, *, instance_id: str, reason: str) -> InstanceRef:
    """End a request before its time; what it called ends too, and history stays.

    Args:
        ctx: Its initiator, where the process lets them, or an operator.
        instance_id: Which instance.
        reason: Why; whoever was asked reads it, and so does the initiator.

    Raises:
        NotFound: There is no such instance.
        Gone: It has ended.
        Forbidden: The actor may not.
        InvalidSubmission: No reason was given.
    """
    check_reason(reason)
    instance, definition = _held(ctx, instance_id)
    if not _may(ctx, definition, instance, "cancel"):
        raise Forbidden()
    keep_action(ctx, instance_id, "cancel", opinion=reason)
    return cancel_instance(ctx, instance_id=instance_id, reason=reason)


@verb
def reopen_request(ctx: Context, *, instance_id: str, to: str, reason: str) -> InstanceRef:
    """Let an instance that has ended go on, at a step that people do; its data are as it left them.

    Args:
        ctx: An operator.
        instance_id: Which instance; none that another one called.
        to: The element that is done again.
        reason: Why; kept in history.

    Raises:
        NotFound: There is no such instance.
        Conflict: It has not ended, or another process called it and has gone on.
        CannotReturn: People do not do that step, or it lies in a part of the process that is over.
        InvalidSubmission: No reason was given.
    """
    check_reason(reason)
    row = lock_instance(ctx, instance_id)
    if row.state in _OPEN:
        raise Conflict(_("It has not ended. Send it back, or move it."))
    if row.parent_id is not None:
        raise Conflict(_("Another process called it and has gone on. Open that one again."))
    definition = get_definition_by_id(ctx, row.definition_id)
    run = load(definition.spec, row.machine_state, environment(ctx, definition, given_names(row)))
    keep_action(ctx, instance_id, "reopen", outcome=to, opinion=reason)
    audit(ctx, "instance.reopen", "instance", instance_id, {"to": to, "reason": reason})
    alive = SimpleNamespace(**{**row._mapping, "state": "active"})
    opened = bring_forward(ctx, alive, definition, run, Awaken(element=to, by=ctx.actor.name))
    tell(ctx, "instance.reopened", instance_id=instance_id, process_key=row.process_key)
    concerned = [*handlers_of(ctx, instance_id), *([row.initiator] if row.initiator else [])]
    tell_of(ctx, "reopened", alive, element_id=to, concerned=concerned, text=reason)
    return opened


@verb
def appoint_people(
    ctx: Context, *, instance_id: str, element_id: str, people: list[str], reason: str
) -> InstanceRef:
    """Say who does a later step of one instance instead of whom the drawing names.

    Args:
        ctx: An operator.
        instance_id: Which instance.
        element_id: A step that is not open.
        people: Their keys; nobody: as drawn again.
        reason: Why; kept in history.

    Raises:
        NotFound: There is no such instance or person.
        Gone: It has ended.
        CannotAppoint: It is no step that people do, or is open.
        Conflict: Somebody has left.
        InvalidSubmission: No reason was given.
    """
    check_reason(reason)
    instance = lock_instance(ctx, instance_id)
    for key in people:
        need_here(ctx, key)
    keep_action(
        ctx, instance_id, "appoint", person=", ".join(people)[:64], outcome=element_id, opinion=reason
    )
    audit(ctx, "instance.appoint", "instance", instance_id, {"element": element_id, "people": people})
    return go_on(ctx, instance, Appoint(element=element_id, people=tuple(people)), even_suspended=True)


def allowed(ctx: Context, instance: Any) -> list[str]:
    """Return what the context's actor may do to a request as a whole: ``urge``, ``withdraw``, ``cancel``."""
    return allowed_of(ctx, [instance])[instance["id"]]


def allowed_of(
    ctx: Context, instances: Sequence[Any], waiting: Mapping[str, Sequence[Task]] | None = None
) -> dict[str, list[str]]:
    """Return what the context's actor may do to each of some requests, by their ids.

    Args:
        ctx: Any open transaction.
        instances: Their rows.
        waiting: Their open tasks, as ``waiting_at`` finds them, where they are known already.
    """
    running = [one for one in instances if one["state"] in _OPEN]
    at = waiting_at(ctx, [one["id"] for one in running]) if waiting is None else waiting
    supervised: dict[str, bool] = {}
    operated: dict[str, bool] = {}
    found: dict[str, list[str]] = {one["id"]: [] for one in instances}
    for one in running:
        definition, row = get_definition_by_id(ctx, one["definition_id"]), SimpleNamespace(**one)
        if row.process_key not in operated:
            operated[row.process_key] = may_operate(ctx, row.process_key)
        may = [
            word
            for word in ("urge", "withdraw", "cancel")
            if operated[row.process_key] or _is_theirs(ctx, definition, row, word)
        ]
        if "urge" not in may:
            key = row.process_key
            if key not in supervised:
                supervised[key] = supervises(ctx, key)
            may = ["urge", *may] if supervised[key] else may
        if not any(map(_takes_urging, at[one["id"]])):
            may = [word for word in may if word != "urge"]
        found[one["id"]] = may
    return found


def _takes_urging(task: Task) -> bool:
    return "urge" in buttons_of(task)


def _may(ctx: Context, definition: Definition, instance: Any, word: str) -> bool:
    return may_operate(ctx, instance.process_key) or _is_theirs(ctx, definition, instance, word)


def _is_theirs(ctx: Context, definition: Definition, instance: Any, word: str) -> bool:
    """Whether it is the actor's request, and the process lets them."""
    own = ctx.actor.key is not None and ctx.actor.key in (instance.initiator, instance.submitter)
    return own and word in definition.manifest.initiator_may


def _may_urge(ctx: Context, definition: Definition, instance: Any) -> bool:
    return _may(ctx, definition, instance, "urge") or supervises(ctx, instance.process_key)


def _held(ctx: Context, instance_id: str) -> tuple[Any, Definition]:
    instance = lock_instance(ctx, instance_id)
    if instance.state not in _OPEN:
        raise Gone()
    return instance, get_definition_by_id(ctx, instance.definition_id)
