"""What people do with a step beside deciding it: send it back, ask others too, hand it over, take it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from engine.context import Context, verb
from engine.definition import get_definition_by_id
from engine.definition.environment import environment
from engine.errors import Conflict, Forbidden, InvalidSubmission, Problem
from engine.feel.temporal import from_instant
from engine.history import ElementVisit, audit
from engine.i18n import _
from engine.instance import given_names
from engine.machine import Run, load, return_targets
from engine.machine.nodes.approvals import left_out_at
from engine.machine.stimuli import AddSigner, HandOver, RemoveSigner, Return, TakeBack
from engine.people import need_here
from engine.runtime.advance import INSTANCE, InstanceRef, go_on, lock_instance
from engine.runtime.notices import tell_of
from engine.runtime.tasks import change_task, hold_open_task
from engine.runtime.undo import is_repeatable
from engine.work import (
    Task,
    buttons_of,
    candidates_of,
    close_links,
    get_task,
    keep_action,
    need_offered,
    revoke_links_of,
    tasks_of_instance,
)

Where = Literal["before", "after", "beside"]
Again = Literal["through", "back"]


@verb
def return_task(
    ctx: Context, *, task_id: str, to: str, again: Again = "through", opinion: str
) -> InstanceRef:
    """Send a step back to an earlier one.

    Args:
        ctx: Who sends it back.
        task_id: Their task.
        to: The element that is done again; one that was passed.
        again: Whether everything between is done again then, or it comes straight back.
        opinion: Why.

    Raises:
        NotFound: There is no such task.
        AlreadyEnded: Somebody was faster.
        Forbidden: It is not the actor's, or the step does not offer it.
        InvalidSubmission: Nobody said why, or it was never at that element.
        CannotReturn: It cannot be sent back there.
    """
    instance, task = hold_open_task(ctx, task_id)
    need_offered(task, "return")
    problems = []
    if not opinion.strip():
        problems.append(Problem(path="opinion", message=_("Say why it is sent back.")))
    if to not in _passed(ctx, task.instance_id):
        problems.append(Problem(path="to", message=_("It was never at that step. Choose one it has passed.")))
    if problems:
        raise InvalidSubmission(problems=problems)
    change_task(
        ctx,
        task,
        state="completed",
        ended_at=ctx.now,
        ended_by=ctx.actor.name,
        ended_through=ctx.actor.channel,
        outcome="returned",
        opinion=opinion,
    )
    close_links(ctx, [task_id])
    keep_action(ctx, task, "return", outcome=to, opinion=opinion)
    audit(ctx, "task.return", "task", task_id, {"to": to, "again": again})
    now = str(from_instant(ctx.now))
    said = Return(visit=task.visit, to=to, again=again, by=ctx.actor.name, at=now, opinion=opinion)
    reached = go_on(ctx, instance, said)
    tell_of(ctx, "returned", instance, element_id=to, concerned=_asked_at(ctx, instance, to), text=opinion)
    return reached


def returns_of(ctx: Context, task_id: str) -> list[str]:
    """Return the elements to which a task can be sent back, in the order in which they were passed.

    Raises:
        NotFound: There is no such task.
    """
    with ctx.read():
        task = get_task(ctx, task_id)
        if not task.open or "return" not in buttons_of(task):
            return []
        run = _run(ctx, task.instance_id)
        return return_targets(run, run.tasks[task.visit], _passed(ctx, task.instance_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerState:
    """Somebody at an approval, as it stands.

    Args:
        id: Their task, or what will be it.
        person: Their key; None where whoever takes it decides.
        state: ``asked`` now, ``waits`` for their turn, or what they said: ``approved``, ``rejected``,
            ``removed``.
        why: Why it is they who are asked, or their approval counts as given: ``initiator``, ``again``,
            ``cover``; ``timer`` where their time was over and it was decided without them.
        instead_of: In whose place.
        added_by: Who added them.
    """

    id: str
    person: str | None
    state: str
    why: str | None
    instead_of: str | None
    added_by: str | None


def signers_of(ctx: Context, task_id: str) -> list[SignerState]:
    """Return who is asked at the approval of a task, in order; nobody where it is over, or is none.

    Raises:
        NotFound: There is no such task.
    """
    with ctx.read():
        task = get_task(ctx, task_id)
        token = _run(ctx, task.instance_id).tasks.get(task.visit)
        kept = token.memory.get("signers", ()) if token is not None else ()
    return [
        SignerState(
            id=one["id"],
            person=one["person"],
            state=one["decision"] or ("asked" if one["asked"] else "waits"),
            why=one["why"],
            instead_of=one["instead_of"],
            added_by=one["added_by"],
        )
        for one in kept
    ]


def left_out_of(ctx: Context, task_id: str) -> Sequence[str]:
    """Return whom the approval of a task leaves out; nobody where it is over, or is none.

    Raises:
        NotFound: There is no such task.
    """
    with ctx.read():
        task = get_task(ctx, task_id)
        token = _run(ctx, task.instance_id).tasks.get(task.visit)
        return left_out_at(token) if token is not None else ()


@verb
def add_signer(
    ctx: Context, *, task_id: str, person_key: str, where: Where = "beside", opinion: str | None = None
) -> InstanceRef:
    """Let somebody else be asked too, before the actor decides, after, or beside all others.

    Raises:
        NotFound: There is no such task or person.
        AlreadyEnded: Somebody was faster.
        Forbidden: It is not the actor's, or the step does not offer it.
        Conflict: Nobody can be added here, they are asked already, or the step leaves them out.
    """
    instance, task = _held_approval(ctx, task_id)
    need_offered(task, "add")
    need_here(ctx, person_key)
    keep_action(ctx, task, "add", person=person_key, outcome=where, opinion=opinion)
    audit(ctx, "task.add_signer", "task", task_id, {"person": person_key, "where": where})
    said = AddSigner(visit=task.visit, person=person_key, by=ctx.actor.name, where=where, task=task.id)
    reached = go_on(ctx, instance, said)
    tell_of(ctx, "added", instance, element_id=task.element_id, concerned=[person_key], text=opinion)
    return reached


@verb
def remove_signer(ctx: Context, *, task_id: str, signer_id: str, opinion: str | None = None) -> InstanceRef:
    """Let somebody be asked no more who has not decided.

    Args:
        ctx: Who says so.
        task_id: Their own task at the step.
        signer_id: Whose asking ends: their task, or what will be.
        opinion: Why.

    Raises:
        NotFound: There is no such task.
        AlreadyEnded: Somebody was faster.
        Forbidden: The task is not the actor's, or its step does not offer it.
        Conflict: They have decided, or nobody else is asked.
    """
    instance, task = _held_approval(ctx, task_id)
    need_offered(task, "remove")
    keep_action(ctx, task, "remove", outcome=signer_id, opinion=opinion)
    audit(ctx, "task.remove_signer", "task", task_id, {"signer": signer_id})
    removed = next((one.person for one in signers_of(ctx, task_id) if one.id == signer_id), None)
    reached = go_on(ctx, instance, RemoveSigner(visit=task.visit, task=signer_id))
    concerned = [removed] if removed else []
    tell_of(ctx, "removed", instance, element_id=task.element_id, concerned=concerned, text=opinion)
    return reached


@verb
def transfer_task(
    ctx: Context, *, task_id: str, to: str, opinion: str | None = None, silent: bool = False
) -> Task:
    """Hand a task over to somebody else for good.

    Args:
        ctx: Whose task it is.
        task_id: Which task.
        to: Who gets it.
        opinion: What the actor says about it.
        silent: Whoever gets it is told by other words than those of a hand-over.

    Raises:
        NotFound: There is no such task or person.
        AlreadyEnded: Somebody was faster.
        Forbidden: It is not the actor's, or the step does not offer it.
        Conflict: They have it already, have left, or the step leaves them out.
    """
    instance, task = hold_open_task(ctx, task_id)
    need_offered(task, "transfer")
    need_here(ctx, to)
    if task.assignee == to:
        raise Conflict(_("%(person)s has it already."), person=to)
    keep_action(ctx, task, "transfer", person=to, opinion=opinion)
    change_task(ctx, task, assignee=to, state="claimed", acknowledged_at=None, acknowledged_by=None)
    revoke_links_of(ctx, task_id, but=to)
    audit(ctx, "task.transfer", "task", task_id, {"to": to})
    if task.visit_id is not None:
        go_on(ctx, instance, HandOver(visit=task.visit, task=task.id, to=to))
    left = get_task(ctx, task_id)
    if not silent:
        tell_of(ctx, "transferred", instance, task=left, concerned=[to], text=opinion)
    return left


@verb
def take_back_decision(ctx: Context, *, task_id: str) -> InstanceRef:
    """Take back what one decided: while the approval is open, or as long as nobody decided what follows.

    Where the step is over and one decided it alone, what follows is closed, those who were asked there are
    told, and the step is done again.

    Raises:
        NotFound: There is no such task.
        Forbidden: Somebody else decided it, or the step does not offer it.
        Conflict: It has not been decided, others decided there too, or the process has gone on.
    """
    task = get_task(ctx, task_id)
    instance = lock_instance(ctx, task.instance_id)
    task = get_task(ctx, task_id, lock=True)
    if task.ended_by != ctx.actor.name:
        raise Forbidden(_("Only who decided it can take it back."))
    need_offered(task, "take_back")
    following = following_undecided(ctx, task)
    if following is None and (task.state != "completed" or not signers_of(ctx, task_id)):
        raise Conflict(_("This cannot be taken back any more."))
    keep_action(ctx, task, "take_back", outcome=task.outcome, opinion=task.opinion)
    audit(ctx, "task.take_back", "task", task_id)
    if following is not None:
        asked = _asked_at(ctx, instance, following.element_id)
        said = Return(
            visit=following.visit, to=task.element_id, again="through", by=ctx.actor.name,
            at=str(from_instant(ctx.now)), opinion="",
        )  # fmt: skip
        reached = go_on(ctx, instance, said)
        concerned = [key for key in asked if key != ctx.actor.key]
        tell_of(ctx, "taken_back", instance, element_id=task.element_id, concerned=concerned)
        return reached
    reached = go_on(ctx, instance, TakeBack(visit=task.visit, task=task.id))
    left = get_task(ctx, task_id)
    if not left.open:
        # It is somebody else's turn before theirs: it is opened again when it is theirs.
        change_task(ctx, left, state="cancelled", ended_by=None, outcome=None, opinion=None)
    others = [signer.person for signer in signers_of(ctx, task_id) if signer.state in ("asked", "approved")]
    concerned = [key for key in others if key is not None and key != ctx.actor.key]
    tell_of(ctx, "taken_back", instance, element_id=task.element_id, concerned=concerned)
    return reached


def following_undecided(ctx: Context, task: Task) -> Task | None:
    """Return an open task of the step that followed what one decided alone, while nobody decided there.

    None where the step is open itself, where others decided at it, where the process has gone on or has
    branched, or where something was done on the way that must not be done twice.
    """
    if task.state != "completed" or task.outcome == "returned":
        return None
    tasks = tasks_of_instance(ctx, task.instance_id)
    waiting = [one for one in tasks if one.open]
    others = [one for one in tasks if one.id != task.id and one.state == "completed"]
    since = select(ElementVisit.seq).where(ElementVisit.id == task.visit).scalar_subquery()
    visits = select(ElementVisit.id, ElementVisit.element_id).where(
        ElementVisit.instance_id == task.instance_id, ElementVisit.seq > since
    )
    later = {row.id: row.element_id for row in ctx.connection.execute(visits)}
    at = {one.visit for one in waiting}
    if len(at) != 1 or task.visit in at or any(one.visit in {task.visit, *later} for one in others):
        return None
    run = _run(ctx, task.instance_id)
    if not all(is_repeatable(ctx, run.spec.node(element).settings) for element in later.values()):
        return None
    token = run.tasks.get(waiting[0].visit)
    back = [] if token is None else return_targets(run, token, _passed(ctx, task.instance_id))
    return waiting[0] if task.element_id in back else None


def _run(ctx: Context, instance_id: str) -> Run:
    row = ctx.connection.execute(select(INSTANCE).where(INSTANCE.c.id == instance_id)).one()
    definition = get_definition_by_id(ctx, row.definition_id)
    return load(definition.spec, row.machine_state, environment(ctx, definition, given_names(row)))


def _held_approval(ctx: Context, task_id: str) -> tuple[Any, Task]:
    instance, task = hold_open_task(ctx, task_id)
    if task.visit_id is None:
        raise Conflict(_("One person does this step. Hand it over instead."))
    return instance, task


def _asked_at(ctx: Context, instance: Any, element_id: str) -> list[str]:
    """Return whom a step waits for now."""
    tasks = [task for task in tasks_of_instance(ctx, instance.id) if task.element_id == element_id]
    keys: dict[str, None] = {}
    for task in tasks:
        if task.open:
            keys.update(dict.fromkeys([task.assignee] if task.assignee else candidates_of(ctx, task.id)))
    return list(keys)


def _passed(ctx: Context, instance_id: str) -> list[str]:
    passed = (
        select(ElementVisit.element_id)
        .where(ElementVisit.instance_id == instance_id, ElementVisit.state != "active")
        .order_by(ElementVisit.seq)
    )
    return list(dict.fromkeys(ctx.connection.scalars(passed)))
