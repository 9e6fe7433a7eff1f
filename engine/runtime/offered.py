"""What somebody can do with a task now, beside deciding it."""

from __future__ import annotations

from engine.context import Context
from engine.runtime.approvals import following_undecided, returns_of, signers_of
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
            # While others are asked at the step, or nobody has decided what follows it.
            "take_back": task.state == "completed"
            and task.ended_by == ctx.actor.key
            and (
                (task.visit_id is not None and bool(signers_of(ctx, task_id)))
                or following_undecided(ctx, task) is not None
            ),
            "comment": sees,
            "delegate": mine,
            "consult": mine,
            "circulate": sees,
        }
    return [button for name, button in buttons_of(task).items() if can.get(name)]
