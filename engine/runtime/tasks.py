"""What people do with their tasks: take, put back, acknowledge, write a note, finish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, update

from engine.context import Context, verb
from engine.errors import Conflict, Forbidden, InvalidSubmission, Problem
from engine.feel.temporal import from_instant
from engine.files import adopt, check_reference, reference
from engine.history import audit
from engine.i18n import _
from engine.ids import new_id
from engine.machine.stimuli import TaskDone
from engine.push import publish
from engine.runtime.advance import InstanceRef, advance, lock_instance
from engine.runtime.instances import RESERVED
from engine.values import Json
from engine.work import Comment, Task, UserTask, ValidatedForm, close_links, get_task, may_see, need_may_act
from engine.work import revoke_links_of as _revoke_links_of

DEFAULT_OUTCOME = "completed"


class AlreadyEnded(Conflict):
    """This task has been finished already."""

    code = "already_ended"


def _open_task(ctx: Context, task_id: str) -> Task:
    """Hold a task's instance and the task, in this order, and make sure that it is open and the actor's.

    Raises:
        AlreadyEnded: Somebody was faster; the message says who and when.
    """
    lock_instance(ctx, get_task(ctx, task_id).instance_id)
    task = get_task(ctx, task_id, lock=True)
    if task.open:
        need_may_act(ctx, task)
        return task
    if task.state == "completed" and task.ended_at is not None:
        raise AlreadyEnded(
            _("%(person)s finished this at %(time)s."),
            person=task.ended_by or "",
            time=task.ended_at.astimezone(ctx.settings.zone).strftime("%Y-%m-%d %H:%M"),
        )
    raise AlreadyEnded(_("This is not needed any more: the process went on without it."))


@verb
def claim_task(ctx: Context, *, task_id: str) -> Task:
    """Take a task that several may do; from now on it is the actor's alone.

    Raises:
        NotFound: There is no such task.
        Conflict: Somebody else took it, or it is over.
        Forbidden: The actor is no candidate.
    """
    task = _open_task(ctx, task_id)
    if ctx.actor.key is None:
        raise Forbidden()
    if task.assignee == ctx.actor.key:
        return task
    if task.assignee is not None:
        raise Conflict(_("%(person)s took this task."), person=task.assignee)
    _change(ctx, task, assignee=ctx.actor.key, state="claimed")
    _revoke_links_of(ctx, task_id, but=ctx.actor.key)
    audit(ctx, "task.claim", "task", task_id)
    return get_task(ctx, task_id)


@verb
def unclaim_task(ctx: Context, *, task_id: str) -> Task:
    """Put a task back: everybody who may take it sees it again.

    Raises:
        NotFound: There is no such task.
        Conflict: It is over, or nobody's.
        Forbidden: It is somebody else's.
    """
    task = _open_task(ctx, task_id)
    if task.assignee is None:
        raise Conflict(_("Nobody has taken this task."))
    _change(ctx, task, assignee=None, state="open")
    audit(ctx, "task.unclaim", "task", task_id)
    return get_task(ctx, task_id)


@verb
def acknowledge_task(ctx: Context, *, task_id: str) -> Task:
    """Say "on it": take the task and keep when.

    Raises:
        NotFound: There is no such task.
        Conflict: Somebody else took it, or it is over.
        Forbidden: The actor may not work on it.
    """
    task = claim_task(ctx, task_id=task_id)
    if task.acknowledged_at is None:
        _change(ctx, task, acknowledged_at=ctx.now, acknowledged_by=ctx.actor.key)
        audit(ctx, "task.acknowledge", "task", task_id)
    return get_task(ctx, task_id)


@verb
def add_comment(
    ctx: Context, *, instance_id: str, text: str, task_id: str | None = None, files: Sequence[Json] = ()
) -> str:
    """Write a note on an instance.

    Args:
        ctx: Who writes it.
        instance_id: On which instance.
        text: What it says.
        task_id: The task it was written at.
        files: Uploads of the actor's own, or files of the instance: ``{"$file": id}``.

    Returns:
        The note's id.

    Raises:
        Forbidden: The actor may not see the instance.
        InvalidSubmission: There is nothing in it, or too much.
        NotFound: There is no such file.
    """
    if not may_see(ctx, instance_id):
        raise Forbidden()
    if not (text.strip() or files) or len(text) > 10_000:
        raise InvalidSubmission(
            problems=[Problem(path="text", message=_("Write between 1 and 10,000 characters."))]
        )
    comment_id = new_id()
    ctx.connection.execute(
        insert(Comment).values(
            id=comment_id,
            instance_id=instance_id,
            task_id=task_id,
            author=ctx.actor.name,
            through=ctx.actor.channel,
            text=text.strip(),
            files=[_kept(ctx, file, instance_id) for file in files] or None,
            written_at=ctx.now,
        )
    )
    publish(ctx, "instance", instance_id)
    return comment_id


def _kept(ctx: Context, file: Json, instance_id: str) -> Json:
    """Give a note's file to the instance."""
    found = check_reference(ctx, file, owner_kind="instance", owner_id=instance_id)
    adopt(ctx, found, owner_kind="instance", owner_id=instance_id)
    return reference(found)


@verb
def complete_task(
    ctx: Context,
    *,
    task_id: str,
    outcome: str | None = None,
    data: Mapping[str, Json] | None = None,
    opinion: str | None = None,
    form: ValidatedForm | None = None,
) -> InstanceRef:
    """Finish a task with an outcome, and bring its process to the next wait states.

    Args:
        ctx: Who finishes it.
        task_id: Which task.
        outcome: One of the step's buttons; the only one where it has one or none.
        data: Variables to write, of a task without a form.
        opinion: What the person says about it.
        form: The checked data of the task's form.

    Raises:
        NotFound: There is no such task.
        AlreadyEnded: Somebody was faster; the message says who and when.
        Forbidden: It is not the actor's.
        InvalidSubmission: The outcome, the opinion or the data cannot be accepted.
    """
    task = _open_task(ctx, task_id)
    chosen = _outcome(task, outcome, opinion)
    if task.form_key is not None and form is None:
        raise InvalidSubmission(_("This task has a form: hand it in filled."))
    if form is not None and form.form_key != task.form_key:
        raise InvalidSubmission(_("This is another task's form."))
    variables = dict(form.values if form is not None else data or {})
    _check(variables)
    _change(
        ctx,
        task,
        state="completed",
        ended_at=ctx.now,
        ended_by=ctx.actor.name,
        ended_through=ctx.actor.channel,
        assignee=task.assignee or ctx.actor.key,
        outcome=chosen,
        opinion=opinion,
    )
    close_links(ctx, [task_id])
    audit(ctx, "task.complete", "task", task_id, {"outcome": chosen})
    return advance(
        ctx,
        task.instance_id,
        TaskDone(
            visit=task_id,
            outcome=chosen,
            by=ctx.actor.name,
            at=str(from_instant(ctx.now)),
            opinion=opinion,
            variables=variables,
        ),
    )


def _outcome(task: Task, outcome: str | None, opinion: str | None) -> str:
    """Return the outcome that is meant.

    Raises:
        InvalidSubmission: It is none of the step's, or it needs an opinion.
    """
    known = {button["name"]: button for button in task.options.get("outcomes", ())}
    if not known:
        return outcome or DEFAULT_OUTCOME
    chosen: str | None = outcome or (next(iter(known)) if len(known) == 1 else None)
    if chosen is None or chosen not in known:
        raise InvalidSubmission(
            problems=[
                Problem(
                    path="outcome",
                    message=_("Choose one of: %(known)s."),
                    params={"known": ", ".join(known)},
                )
            ]
        )
    if known[chosen].get("opinion_required") and not (opinion or "").strip():
        raise InvalidSubmission(
            problems=[Problem(path="opinion", message=_("Say why: this decision needs an opinion."))]
        )
    return chosen


def _check(variables: Mapping[str, Json]) -> None:
    problems = [
        Problem(path=name, message=_("This name cannot be written to."))
        for name in variables
        if not name.isidentifier() or name in RESERVED
    ]
    if problems:
        raise InvalidSubmission(problems=problems)


def _change(ctx: Context, task: Task, **values: Any) -> None:
    changed = ctx.connection.execute(
        update(UserTask).where(UserTask.id == task.id, UserTask.state == task.state).values(**values)
    )
    if changed.rowcount != 1:
        raise Conflict()
    publish(ctx, "task", task.id)
