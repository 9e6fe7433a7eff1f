"""Candidates are told one after the other, as long as nobody takes the task."""

from __future__ import annotations

from engine.context import Context
from engine.definition import get_definition_by_id
from engine.i18n import _
from engine.instance import given_names
from engine.jobs import ClaimedJob, finish, open_incident
from engine.machine.effects import Notify
from engine.notify import person_recipient
from engine.people import get_person
from engine.runtime.advance import lock_instance
from engine.runtime.announce import task_of, tell, wait_for_next
from engine.runtime.queries import variables_of
from engine.work import candidates_of, get_task


def tell_next(ctx: Context, job: ClaimedJob) -> None:
    """Tell the next candidate of a task that nobody took: the function of the job kind ``next``.

    Where nobody is left, an incident says so.

    Args:
        ctx: The worker's; no transaction is open.
        job: Its visit is the task.
    """
    said = job.payload
    with ctx.write():
        finish(ctx, job)
        task = get_task(ctx, job.visit_id or "")
        instance = lock_instance(ctx, task.instance_id)
        task = get_task(ctx, task.id, lock=True)
        if not task.open or task.assignee is not None:
            return
        still = candidates_of(ctx, task.id)
        rest = [key for key in said["rest"] if key in still]
        if not rest:
            open_incident(
                ctx,
                code="nobody_took_it",
                message=_("Everybody who may do this was told, and nobody took it. Assign it to somebody."),
                instance_id=instance.id,
                process_key=instance.process_key,
                element_id=task.element_id,
                visit_id=task.id,
            )
            return
        notice = Notify(
            visit=task.visit,
            task=task.visit_id and task.id,
            element=task.element_id,
            event=said["event"],
            to="candidates",
            channel=said["channel"],
            message=said["message"],
            words=said.get("words"),
            scope={**variables_of(ctx, instance.id, visit=task.visit), **given_names(instance)},
            next_after_s=float(said["next_after_s"]),
        )
        definition = get_definition_by_id(ctx, task.definition_id)
        recipient = person_recipient(get_person(ctx, rest[0]))
        wait_for_next(ctx, instance, notice, told=rest[0], rest=rest[1:])
        told_of = task_of(ctx, notice)
        tell(ctx, definition, instance, notice, recipient, task=told_of, opened=True)
