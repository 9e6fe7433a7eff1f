"""What is handed in is refused where nobody would decide on it, at steps that are drawn so."""

from __future__ import annotations

from typing import Any

from engine.context import Context
from engine.definition import Definition, get_definition_by_id
from engine.definition.environment import environment
from engine.errors import Conflict
from engine.i18n import _
from engine.instance import given_names
from engine.machine import Run, load
from engine.machine.nodes.activities import UserTask
from engine.machine.stimuli import Start, TaskDone
from engine.runtime.walk import Walk
from engine.work import Task


class NobodyWouldDecide(Conflict):
    """Nobody would decide on this, so it is not handed in."""

    code = "nobody_would_decide"


def need_somebody_from_start(ctx: Context, definition: Definition, row: Any, begun: Start) -> None:
    """Make sure that somebody would decide on an instance that is about to begin.

    Args:
        ctx: Who hands it in.
        definition: What is run.
        row: The instance's row, not written yet.
        begun: What it begins with.

    Raises:
        NobodyWouldDecide: At a step on its way nobody is found; the message names it.
    """
    if not definition.spec.refuses:
        return
    walk = Walk(ctx, definition, row, Run(definition.spec, environment(ctx, definition, given_names(row))))
    walk.go(begun)
    _need_somebody(ctx, walk)


def need_somebody_behind(ctx: Context, row: Any, task: Task, done: TaskDone) -> None:
    """Make sure that somebody would decide on what the initiator hands in again at a step of theirs.

    Args:
        ctx: Who hands it in.
        row: The instance's row as it was read.
        task: The step's task.
        done: How it would be finished.

    Raises:
        NobodyWouldDecide: At a step behind it nobody is found; the message names it.
    """
    definition = get_definition_by_id(ctx, row.definition_id)
    node = definition.spec.node(task.element_id)
    if not definition.spec.refuses or not isinstance(node, UserTask):
        return
    run = load(definition.spec, row.machine_state, environment(ctx, definition, given_names(row)))
    if node.hands_in(run.tasks[task.visit]):
        walk = Walk(ctx, definition, row, run)
        walk.finish(task.id, done)
        _need_somebody(ctx, walk)


def _need_somebody(ctx: Context, walk: Walk) -> None:
    if walk.refused is None:
        return
    node = walk.definition.spec.node(walk.refused)
    raise NobodyWouldDecide(
        _(
            "Nobody is found who would decide at %(step)s, so this is not handed in. Change what you filled "
            "in, or ask whoever looks after the organisation to name somebody for it."
        ),
        step=walk.definition.text(ctx.locale, node.element_name or node.element_id),
    )
