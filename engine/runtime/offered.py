"""What somebody can do with a task now, beside deciding it."""

from __future__ import annotations

from engine.context import Context
from engine.runtime.approvals import returns_of, signers_of
from engine.work import Button, buttons_of, get_task, may_act, may_see


def offered_now(ctx: Context, task_id: str) -> list[Button]:
    """Return what the context's actor can do with a task now, as far as its step offers it.

    Raises:
        NotFound: There is no such task.
    """
    with ctx.read():
        task = get_task(ctx, task_id)
        mine = task.open and task.owner is None and may_act(ctx, task, ctx.actor.key)
        sees = may_see(ctx, task.instance_id)
        several = mine and task.visit_id is not None
        can = {
            "return": mine and bool(returns_of(ctx, task_id)),
            "transfer": mine,
            "add": several,
            "remove": several,
            # Once the approval is over nobody is asked any more.
            "take_back": task.state == "completed"
            and task.visit_id is not None
            and task.ended_by == ctx.actor.key
            and bool(signers_of(ctx, task_id)),
            "comment": sees,
            "delegate": mine,
            "consult": mine,
            "circulate": sees,
        }
    return [button for name, button in buttons_of(task).items() if can.get(name)]
