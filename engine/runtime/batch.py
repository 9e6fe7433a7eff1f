"""Many tasks decided at once, each for itself: one that cannot be decided keeps none of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.context import Context, verb
from engine.errors import CallwrightError, Conflict, Forbidden, InvalidSubmission, Problem
from engine.i18n import _
from engine.work import get_task, may_see

MOST_AT_ONCE = 100


class OneByOne(Conflict):
    """This step is decided one by one. Open the task."""

    code = "one_by_one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of one of the tasks.

    Args:
        task_id: Which one.
        error: Why it could not be decided; None where it was.
    """

    task_id: str
    error: CallwrightError | None = None


@verb
def decide_tasks(
    ctx: Context, *, task_ids: Sequence[str], outcome: str, opinion: str | None = None
) -> list[Decided]:
    """Finish several tasks with the same outcome, those whose steps allow it.

    A task whose form asks for something is left as it is: somebody has to open it.

    Args:
        ctx: Whose tasks they are.
        task_ids: Which ones, between 1 and 100.
        outcome: A button that each of them has.
        opinion: What the person says of each.

    Returns:
        What became of each, in the order in which they were named.

    Raises:
        InvalidSubmission: None is named, or too many.
    """
    asked = list(dict.fromkeys(task_ids))
    if not asked or len(asked) > MOST_AT_ONCE:
        raise InvalidSubmission(
            problems=[
                Problem(
                    path="tasks",
                    message=_("Choose between 1 and %(most)s tasks."),
                    params={"most": MOST_AT_ONCE},
                )
            ]
        )
    # Everybody who holds several instances holds them in the same order.
    result = {task_id: _decide(ctx, task_id, outcome, opinion) for task_id in sorted(asked)}
    return [result[task_id] for task_id in asked]


def _decide(ctx: Context, task_id: str, outcome: str, opinion: str | None) -> Decided:
    finish_task = ctx.registry.port("finish_task")
    try:
        with ctx.savepoint():
            task = get_task(ctx, task_id)
            if not may_see(ctx, task.instance_id):
                raise Forbidden()
            if not task.options.get("batch"):
                raise OneByOne()
            finish_task(ctx, task_id=task_id, outcome=outcome, data={}, opinion=opinion)
    except CallwrightError as error:
        return Decided(task_id=task_id, error=error)
    return Decided(task_id=task_id)
