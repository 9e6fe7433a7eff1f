"""The path before it is taken: which steps would follow, and whose they would be, given these data.

The very machine that runs an instance is played in memory (``walk.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from engine.context import Context
from engine.definition import get_definition_by_id, get_startable
from engine.definition.environment import environment
from engine.ids import new_id
from engine.instance import given_names
from engine.machine import Run, load, stimuli
from engine.runtime.advance import INSTANCE, NewInstance
from engine.runtime.instances import check_may_hand_in
from engine.runtime.walk import Preview, Walk
from engine.values import Json
from engine.work import get_task


def preview_start(
    ctx: Context,
    *,
    process_key: str,
    variables: Mapping[str, Json],
    version: int | None = None,
    start_event: str | None = None,
    initiator: str | None = None,
) -> Preview:
    """Tell what would follow if a process were started.

    Args:
        ctx: Who would start it.
        process_key: Which process.
        variables: What it would begin with.
        version: The latest where omitted.
        start_event: Which start event.
        initiator: Whose request it would be, where it is not the actor's own.

    Raises:
        NotFound: There is no such process, version or person.
        Forbidden: The actor may not hand in for them.
    """
    with ctx.read():
        definition = get_startable(ctx, key=process_key, version=version)
        check_may_hand_in(ctx, initiator)
        instance_id = new_id()
        row = NewInstance(
            id=instance_id,
            process_key=definition.key,
            definition_id=definition.id,
            business_key=None,
            title=definition.title,
            initiator=initiator or ctx.actor.key,
            submitter=ctx.actor.key if initiator else None,
            root_id=instance_id,
            parent_id=None,
            parent_visit=None,
            started_at=ctx.now,
        )
        run = Run(definition.spec, environment(ctx, definition, given_names(row)))
        return Walk(ctx, definition, row, run).go(stimuli.Start(event=start_event, variables=dict(variables)))


def preview_task(
    ctx: Context, *, task_id: str, outcome: str | None = None, variables: Mapping[str, Json] | None = None
) -> Preview:
    """Tell what would follow if a task were finished so; what else waits in its instance comes too.

    Args:
        ctx: Who would finish it.
        task_id: Which task.
        outcome: With which button; approved where it is left out.
        variables: What would be handed in.

    Raises:
        NotFound: There is no such task.
    """
    with ctx.read():
        task = get_task(ctx, task_id)
        row = ctx.connection.execute(select(INSTANCE).where(INSTANCE.c.id == task.instance_id)).one()
        if not task.open or row.state != "active":
            return Preview(steps=())
        definition = get_definition_by_id(ctx, row.definition_id)
        run = load(definition.spec, row.machine_state, environment(ctx, definition, given_names(row)))
        walk = Walk(ctx, definition, row, run)
        approval = task.visit_id and task.id
        done = walk.done(task.visit, approval, ctx.actor.name, outcome=outcome, variables=variables)
        return walk.finish(task.id, done)
