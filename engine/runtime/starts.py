"""Processes that a timer starts: a job waits for each, as long as no newer version takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update

from engine.context import Context
from engine.definition import Definition, get_definition_by_id
from engine.definition.environment import environment
from engine.errors import CallwrightError
from engine.jobs import ClaimedJob, Job, continue_waiting, enqueue, finish, open_incident
from engine.machine import Run
from engine.machine.timers import next_tick, read_timer
from engine.runtime.instances import begin

KIND = "start"


def schedule_starts(ctx: Context, definition: Definition) -> None:
    """Wait for the timers that start a process, in place of those of its former version.

    Args:
        ctx: The open write transaction.
        definition: The version that was deployed just now.
    """
    ctx.connection.execute(
        update(Job)
        .where(Job.kind == KIND, Job.process_key == definition.key, Job.state.in_(("waiting", "suspended")))
        .values(state="done", ended_at=ctx.now, error="withdrawn")
    )
    run = Run(definition.spec, environment(ctx, definition, {}))
    root = run.begin()
    for node in definition.spec.starts:
        for trigger in node.triggers:
            if trigger.kind != "timer":
                continue
            try:
                timer = read_timer(run, root, trigger)
            except CallwrightError as error:
                open_incident(
                    ctx,
                    code=error.code,
                    message=error.message,
                    params=error.params,
                    element_id=node.element_id,
                    process_key=definition.key,
                )
                continue
            # An instant that has passed when the process is deployed does not come any more.
            if trigger.timer != "date" or timer.due_at >= ctx.now:
                payload = {"definition_id": definition.id, "every": timer.every, "repeats": timer.repeats}
                _wait(ctx, definition, node.element_id, payload, timer.due_at)


def suspend_starts(ctx: Context, definition: Definition) -> None:
    """Let the timers that start the latest version stand still, within the open write transaction."""
    ctx.connection.execute(update(Job).where(_starting(definition, "waiting")).values(state="suspended"))


def continue_starts(ctx: Context, definition: Definition, *, held_since: datetime) -> None:
    """Let the timers that start the latest version go on with the time that was left to them.

    Args:
        ctx: The open write transaction.
        definition: The version.
        held_since: When they were held.
    """
    continue_waiting(ctx, _starting(definition, "suspended"), held_since=held_since)


def _starting(definition: Definition, state: str) -> ColumnElement[bool]:
    # Only the latest version has any.
    return and_(Job.kind == KIND, Job.process_key == definition.key, Job.state == state)


def start_by_timer(ctx: Context, job: ClaimedJob) -> None:
    """Start a process whose timer fired, and wait for its next tick."""
    payload: Mapping[str, Any] = job.payload
    with ctx.write():
        finish(ctx, job)
        definition = get_definition_by_id(ctx, payload["definition_id"])
        if not _rest_awaited(ctx, job):
            begin(ctx, definition, variables={}, start_event=job.element_id, came=("timer", None))
        repeats = payload["repeats"]
        if payload["every"] is None or repeats == 0:
            return
        run = Run(definition.spec, environment(ctx, definition, {}))
        left = repeats - 1 if repeats > 0 else repeats
        due_at = next_tick(run, payload["every"])
        _wait(ctx, definition, job.element_id or "", {**payload, "repeats": left}, due_at)


def _rest_awaited(ctx: Context, job: ClaimedJob) -> bool:
    """Whether an instance that another trigger of the start event began has a timer of its own there."""
    timer = select(Job.id).where(
        Job.kind == "timer",
        Job.process_key == job.process_key,
        Job.element_id == job.element_id,
        Job.state == "waiting",
    )
    return ctx.connection.execute(timer).first() is not None


def _wait(
    ctx: Context, definition: Definition, element_id: str, payload: dict[str, Any], due_at: datetime
) -> None:
    enqueue(ctx, kind=KIND, payload=payload, due_at=due_at, process_key=definition.key, element_id=element_id)
