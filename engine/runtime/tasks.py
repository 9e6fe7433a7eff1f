"""What people do with their tasks: take, put back, acknowledge, finish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select

from engine.context import TIMER, Context, verb
from engine.db import table_of, updating
from engine.errors import Conflict, Forbidden, InvalidSubmission, NotFound, Problem
from engine.feel.temporal import from_instant
from engine.files import adopt, check_reference, reference
from engine.history import audit
from engine.i18n import _
from engine.machine.nodes.activities import DEFAULT_OUTCOME
from engine.machine.stimuli import Chosen, TaskDone
from engine.push import publish, tell
from engine.runtime.advance import INSTANCE, InstanceRef, go_on
from engine.runtime.instances import check_names
from engine.runtime.refusing import need_somebody_behind
from engine.values import Json
from engine.work import (
    Signature,
    Task,
    UserTask,
    ValidatedForm,
    candidates_of,
    close_links,
    get_task,
    is_candidate,
    keep_action,
    need_may_act,
    restore_links_of,
    revoke_links_of,
    sign,
)


class AlreadyEnded(Conflict):
    """This task has been finished already."""

    code = "already_ended"


class Lent(Conflict):
    """This task is lent. Whoever has it says what they think and gives it back; then it goes on."""

    code = "lent"


_TASK = table_of(UserTask)
# The instance before the task: everybody locks in this order.
_HELD = (
    select(
        INSTANCE,
        *(column.label(f"task_{column.name}") for column in _TASK.c),
        is_candidate(_TASK.c.id).label("is_candidate"),
    )
    .join(_TASK, _TASK.c.instance_id == INSTANCE.c.id)
    .where(_TASK.c.id == bindparam("task"))
    .with_for_update(of=[INSTANCE, _TASK])
)
_AS_READ = updating(UserTask).where(_TASK.c.id == bindparam("task"), _TASK.c.state == bindparam("was"))


def hold_open_task(ctx: Context, task_id: str, *, even_lent: bool = False) -> tuple[Any, Task]:
    """Hold a task with its instance, and make sure that it is open and the actor's.

    Args:
        ctx: The open write transaction, and who acts.
        task_id: Which task.
        even_lent: Also where it is lent, for whoever has it or lent it.

    Returns:
        The instance's row, and the task.

    Raises:
        NotFound: There is no such task.
        AlreadyEnded: Somebody was faster; the message says who and when.
        Lent: Somebody has it to help.
        Forbidden: It is not the actor's.
    """
    names = {"task": task_id, "person": ctx.actor.key, "now": ctx.now}
    row = ctx.connection.execute(_HELD, names).first()
    if row is None:
        raise NotFound(_("There is no such task."))
    task = Task(**{column.name: getattr(row, f"task_{column.name}") for column in _TASK.c})
    if task.open:
        lender = task.owner is not None and task.owner == ctx.actor.key
        if not lender:
            need_may_act(ctx, task, candidate=row.is_candidate)
        if task.owner is not None and not even_lent:
            raise Lent()
        return row, task
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
    _row, task = hold_open_task(ctx, task_id)
    if ctx.actor.key is None:
        raise Forbidden()
    if task.assignee == ctx.actor.key:
        return task
    if task.assignee is not None:
        raise Conflict(_("%(person)s took this task."), person=task.assignee)
    change_task(ctx, task, assignee=ctx.actor.key, state="claimed")
    revoke_links_of(ctx, task_id, but=ctx.actor.key)
    audit(ctx, "task.claim", "task", task_id)
    return get_task(ctx, task_id)


@verb
def unclaim_task(ctx: Context, *, task_id: str) -> Task:
    """Put a task back: everybody who may take it sees it again, and their links work again.

    Raises:
        NotFound: There is no such task.
        Conflict: It is over, or nobody's.
        Forbidden: It is somebody else's.
    """
    _row, task = hold_open_task(ctx, task_id)
    if task.assignee is None:
        raise Conflict(_("Nobody has taken this task."))
    if not candidates_of(ctx, task_id):
        raise Conflict(_("Nobody else may take this task. Hand it over instead."))
    change_task(ctx, task, assignee=None, state="open", acknowledged_at=None, acknowledged_by=None)
    restore_links_of(ctx, task_id)
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
        change_task(ctx, task, acknowledged_at=ctx.now, acknowledged_by=ctx.actor.key)
        audit(ctx, "task.acknowledge", "task", task_id)
    return get_task(ctx, task_id)


@verb
def forget_acknowledgement(ctx: Context, *, task_id: str) -> Task:
    """Take back that one is on it; the task stays whose it is.

    Raises:
        NotFound: There is no such task.
        Conflict: It is over.
        Forbidden: It is somebody else's.
    """
    _row, task = hold_open_task(ctx, task_id)
    change_task(ctx, task, acknowledged_at=None, acknowledged_by=None)
    return get_task(ctx, task_id)


@verb
def complete_task(
    ctx: Context,
    *,
    task_id: str,
    outcome: str | None = None,
    data: Mapping[str, Json] | None = None,
    opinion: str | None = None,
    form: ValidatedForm | None = None,
    files: Sequence[Json] = (),
    signature: Signature | None = None,
) -> InstanceRef:
    """Finish a task with an outcome, and bring its process to the next wait states.

    Args:
        ctx: Who finishes it.
        task_id: Which task.
        outcome: One of the step's buttons; the only one where it has one or none.
        data: Variables to write, of a task without a form.
        opinion: What the person says about it.
        form: The checked data of the task's form.
        files: What is attached to the decision: uploads of the actor's own, or files of the instance.
        signature: What stands under the decision, looked at by ``check_signature``.

    Raises:
        NotFound: There is no such task or file.
        AlreadyEnded: Somebody was faster; the message says who and when.
        Forbidden: It is not the actor's.
        InvalidSubmission: The outcome, the opinion, the signature or the data cannot be accepted.
        NobodyWouldDecide: Nobody would decide on what is handed in, at a step that refuses it then.
    """
    instance, task = hold_open_task(ctx, task_id)
    # The clock signs nothing: where the drawing lets it decide, that is made all the same.
    chosen = outcome_of(task, outcome, opinion, signed=signature is not None or ctx.actor == TIMER)
    if task.form_key is not None and form is None:
        raise InvalidSubmission(_("This task has a form: hand it in filled."))
    if form is not None and form.form_key != task.form_key:
        raise InvalidSubmission(_("This is another task's form."))
    variables = dict(form.values if form is not None else data or {})
    check_names(variables)
    done = TaskDone(
        visit=task.visit,
        task=task.visit_id and task.id,
        outcome=chosen,
        by=ctx.actor.name,
        at=str(from_instant(ctx.now)),
        opinion=opinion,
        variables=variables,
    )
    need_somebody_behind(ctx, instance, task, done)
    change_task(
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
    if task.options.get("link"):
        close_links(ctx, [task_id])
    tell(
        ctx,
        "task.completed",
        instance_id=task.instance_id,
        process_key=task.process_key,
        task_id=task_id,
        element_id=task.element_id,
        outcome=chosen,
    )
    audit(ctx, "task.complete", "task", task_id, {"outcome": chosen})
    attached = [keep_file(ctx, file, task.instance_id) for file in files]
    signed = sign(ctx, signature, instance_id=task.instance_id) if signature is not None else None
    if task.visit_id is not None or attached or signed is not None:
        keep_action(ctx, task, "decide", outcome=chosen, opinion=opinion, files=attached, signature=signed)
    return go_on(ctx, instance, replace(done, signature=signed))


@verb
def choose_activity(ctx: Context, *, task_id: str, element_id: str) -> InstanceRef:
    """Begin an activity of an ad-hoc sub-process in which people choose what is done next.

    Args:
        ctx: Who chooses.
        task_id: The sub-process as the task that it is.
        element_id: Which of its activities.

    Raises:
        NotFound: There is no such task.
        AlreadyEnded: It is complete.
        Forbidden: It is not the actor's.
        Conflict: This cannot be done now; the message says why.
    """
    instance, task = hold_open_task(ctx, task_id)
    if "activities" not in task.options:
        raise Conflict(_("At this task there is nothing to choose."))
    chosen = go_on(ctx, instance, Chosen(visit=task.visit, element=element_id))
    audit(ctx, "task.choose", "task", task_id, {"element": element_id})
    return chosen


def outcome_of(task: Task, outcome: str | None, opinion: str | None, *, signed: bool = False) -> str:
    """Return the outcome that is meant: the check before a task is finished.

    Raises:
        InvalidSubmission: It is none of the step's, or it needs an opinion or a signature, or takes none.
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
    button, said = known[chosen], bool((opinion or "").strip())
    problems = []
    if button.get("opinion_required") and not said:
        problems.append(Problem(path="opinion", message=_("Say why: this decision needs an opinion.")))
    if button.get("opinion") == "none" and said:
        problems.append(Problem(path="opinion", message=_("This decision takes no opinion. Leave it empty.")))
    if button.get("signature_required") and not signed:
        problems.append(Problem(path="signature", message=_("Sign it: this decision needs your signature.")))
    if problems:
        raise InvalidSubmission(problems=problems)
    return chosen


def keep_file(ctx: Context, file: Json, instance_id: str) -> Json:
    """Give a file that somebody handed in to an instance, within the open transaction.

    Raises:
        NotFound: There is no such file, or it is not theirs.
    """
    found = check_reference(ctx, file, owner_kind="instance", owner_id=instance_id)
    adopt(ctx, found, owner_kind="instance", owner_id=instance_id)
    return reference(found)


def change_task(ctx: Context, task: Task, **values: Any) -> None:
    """Change an open task's row, as it was read, within the open transaction.

    Raises:
        Conflict: Somebody was faster.
    """
    changed = ctx.connection.execute(_AS_READ, {"task": task.id, "was": task.state, **values})
    if changed.rowcount != 1:
        raise Conflict()
    publish(ctx, "task", task.id)
