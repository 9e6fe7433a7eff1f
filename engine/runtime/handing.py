"""Somebody leaves, or is away for good: all that waits for them, and all that would, is somebody else's."""

from __future__ import annotations

from sqlalchemy import delete, insert, or_, select, update

from engine.context import Actor, Context, verb
from engine.errors import InvalidSubmission, Problem
from engine.history import audit
from engine.i18n import _
from engine.jobs import ClaimedJob, enqueue, finish
from engine.machine.nodes.approvals import LeftOut
from engine.machine.stimuli import RemoveSigner
from engine.people import add_cover, covers_of, end_cover, get_person, need_here
from engine.push import publish
from engine.runtime.advance import go_on, lock_instance
from engine.runtime.approvals import left_out_of, signers_of, transfer_task
from engine.runtime.instances import check_reason
from engine.runtime.notices import tell_of
from engine.work import OPEN_STATES, OPERATE, Candidate, Task, UserTask, get_task, keep_action

HAND_OVER = "hand_over"
"""The kind of the job that hands one task over."""


@verb
def hand_over_work(ctx: Context, *, person_key: str, to: str, reason: str) -> int:
    """Hand everything that waits for somebody over to somebody else, and all that will.

    What is open is handed over task by task, each in a transaction of its own; for what is still to come the
    other one is their cover without an end, so that every approver rule that finds the one asks the other.

    Args:
        ctx: Who says so.
        person_key: Whose work; they may have left already.
        to: Whose it is from now on.
        reason: Why; kept at every task.

    Returns:
        How many tasks are handed over.

    Raises:
        NotFound: There is no such person.
        Conflict: Who would get it has left.
        InvalidSubmission: Nobody hands over to themselves, or no reason was given.
    """
    check_reason(reason)
    get_person(ctx, person_key)
    need_here(ctx, to)
    if person_key == to:
        raise InvalidSubmission(
            problems=[Problem(path="to", message=_("It is theirs already. Choose somebody else."))]
        )
    for cover in covers_of(ctx, person_key):
        if cover.person_key == person_key:
            end_cover(ctx, cover_id=cover.id)
    add_cover(ctx, person_key=person_key, cover_key=to)
    candidate = select(Candidate.task_id).where(Candidate.kind == "person", Candidate.key == person_key)
    theirs = select(UserTask.id, UserTask.instance_id, UserTask.process_key).where(
        UserTask.state.in_(OPEN_STATES),
        or_(UserTask.assignee == person_key, UserTask.owner == person_key, UserTask.id.in_(candidate)),
    )
    tasks = ctx.connection.execute(theirs).all()
    for task in tasks:
        enqueue(
            ctx,
            kind=HAND_OVER,
            payload={
                "task": task.id,
                "from": person_key,
                "to": to,
                "by": ctx.actor.key,
                "reason": reason,
            },
            instance_id=task.instance_id,
            process_key=task.process_key,
        )
    audit(ctx, "person.hand_over", "person", person_key, {"to": to, "tasks": len(tasks), "reason": reason})
    return len(tasks)


def hand_over_task(ctx: Context, job: ClaimedJob) -> None:
    """Hand one task over: the function of the job kind ``hand_over``."""
    said = job.payload
    operator = Actor(key=said["by"], kind="person", permissions=frozenset({OPERATE}), channel="worker")
    with ctx.write():
        finish(ctx, job)
        acting = ctx.as_actor(operator if said["by"] else ctx.actor)
        instance_id = job.instance_id
        assert instance_id is not None
        lock_instance(ctx, instance_id)
        task = get_task(ctx, said["task"], lock=True)
        if task.open:
            _hand_over(acting, task, said["from"], said["to"], said["reason"])


def _hand_over(ctx: Context, task: Task, from_: str, to: str, reason: str) -> None:
    instance = lock_instance(ctx, task.instance_id)
    lent_to_them = task.assignee == from_ and task.owner is not None
    if task.visit_id is not None and not lent_to_them and to in left_out_of(ctx, task.id):
        raise LeftOut()
    if task.owner == from_:
        ctx.connection.execute(update(UserTask).where(UserTask.id == task.id).values(owner=to))
        keep_action(ctx, task, "transfer", person=to, opinion=reason)
        publish(ctx, "task", task.id)
        tell_of(ctx, "transferred", instance, task=get_task(ctx, task.id), concerned=[to], text=reason)
    elif task.assignee == from_ and task.owner is not None:
        # Lent to who leaves: its owner has it again.
        ctx.connection.execute(
            update(UserTask).where(UserTask.id == task.id).values(assignee=task.owner, owner=None)
        )
        keep_action(ctx, task, "give_back", person=task.owner, opinion=reason)
        publish(ctx, "task", task.id)
        tell_of(ctx, "given_back", instance, task=get_task(ctx, task.id), concerned=[task.owner], text=reason)
    elif task.assignee == from_ and _is_asked(ctx, task, to):
        # One decision of theirs is enough.
        keep_action(ctx, task, "remove", person=from_, opinion=reason)
        go_on(ctx, instance, RemoveSigner(visit=task.visit, task=task.id))
    elif task.assignee == from_:
        transfer_task(ctx, task_id=task.id, to=to, opinion=reason)
    else:
        _replace_candidate(ctx, task, from_, to)
        tell_of(ctx, "transferred", instance, task=task, concerned=[to], text=reason)


def _is_asked(ctx: Context, task: Task, person_key: str) -> bool:
    return any(
        signer.person == person_key and signer.state in ("asked", "waits")
        for signer in signers_of(ctx, task.id)
    )


def _replace_candidate(ctx: Context, task: Task, from_: str, to: str) -> None:
    whose = Candidate.task_id == task.id, Candidate.kind == "person"
    there = ctx.connection.execute(select(Candidate.key).where(*whose, Candidate.key == to)).first()
    ctx.connection.execute(delete(Candidate).where(*whose, Candidate.key == from_))
    if there is None:
        ctx.connection.execute(insert(Candidate).values(task_id=task.id, kind="person", key=to))
    publish(ctx, "task", task.id)
