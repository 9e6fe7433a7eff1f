"""One step: a state and a stimulus in, a state and effects out. Pure and in memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.errors import BpmnError, CallwrightError, Conflict, DefinitionError
from engine.i18n import _
from engine.machine.effects import Effect, End, Logged
from engine.machine.nodes.activities import UserTask
from engine.machine.nodes.events import StartEvent
from engine.machine.run import Run
from engine.machine.stimuli import (
    Arrived,
    Broke,
    Cancel,
    ErrorThrown,
    Proceed,
    ProcessDone,
    Retry,
    ServiceDone,
    Start,
    Stimulus,
    TaskDone,
    TimerFired,
)
from engine.machine.token import Token
from engine.values import Json


class NotWaiting(Conflict):
    """The process does not wait for this any more."""

    code = "not_waiting"


def step(run: Run, stimulus: Stimulus) -> list[Effect]:
    """Let something happen to a run, and let it go on until everything waits again.

    Args:
        run: The run; changed in place.
        stimulus: What happened.

    Returns:
        What the step asks for, in order.

    Raises:
        NotWaiting: What the stimulus answers is not waited for any more; nothing has changed.
    """
    run.effects = []
    _happen(stimulus, run)
    run.drain()
    effects, run.effects = run.effects, []
    return effects


@singledispatch
def _happen(stimulus: Any, run: Run) -> None:
    raise TypeError(type(stimulus).__name__)


@_happen.register
def _start(stimulus: Start, run: Run) -> None:
    starts = [node for node in run.spec.nodes if isinstance(node, StartEvent) and node.within is None]
    if stimulus.event is not None:
        chosen = [node for node in starts if node.element_id == stimulus.event]
    else:
        chosen = [node for node in starts if node.trigger.kind == "none"][:1]
    begun = run.begin()
    for name, value in stimulus.variables.items():
        run.write(None, name, value)
    if chosen:
        run.place(chosen[0].element_id, begun)
        return
    if stimulus.event is not None or starts:
        raise DefinitionError(
            _("Process %(key)s has no start event %(event)s that can be used here."),
            key=run.spec.name,
            event=stimulus.event or "",
        )
    # Without any start event, everything that nothing leads to begins at once.
    for node in run.spec.nodes:
        if node.within is None and not node.incoming and not node.silent:
            run.place(node.element_id, begun)


@_happen.register
def _task_done(stimulus: TaskDone, run: Run) -> None:
    token = _waiting(run, stimulus.visit)
    assert isinstance(token.node, UserTask)
    decision = {
        "outcome": stimulus.outcome,
        "by": stimulus.by,
        "at": stimulus.at,
        "opinion": stimulus.opinion,
    }
    _guarded(run, token, lambda: token.node.done(run, token, decision, stimulus.variables))


@_happen.register
def _service_done(stimulus: ServiceDone, run: Run) -> None:
    _resume(run, stimulus.visit, _as_context(stimulus.result))


@_happen.register
def _process_done(stimulus: ProcessDone, run: Run) -> None:
    _resume(run, stimulus.visit, stimulus.variables)


@_happen.register
def _timer_fired(stimulus: TimerFired, run: Run) -> None:
    _resume(run, stimulus.visit, {})


@_happen.register
def _arrived(stimulus: Arrived, run: Run) -> None:
    _resume(run, stimulus.visit, stimulus.payload)


@_happen.register
def _error_thrown(stimulus: ErrorThrown, run: Run) -> None:
    run.throw_error(_waiting(run, stimulus.visit), stimulus.code, stimulus.message)


@_happen.register
def _broke(stimulus: Broke, run: Run) -> None:
    run.fail(_waiting(run, stimulus.visit), stimulus.error)


@_happen.register
def _retry(stimulus: Retry, run: Run) -> None:
    token = run.tasks.get(stimulus.visit)
    if token is None or not token.failed:
        raise NotWaiting()
    for name, value in stimulus.variables.items():
        run.write(token, name, value)
    token._set_state(TaskState.READY)
    run.ready.append(token)


@_happen.register
def _proceed(stimulus: Proceed, run: Run) -> None:
    """What was ready is run by the drain that follows."""


@_happen.register
def _cancel(stimulus: Cancel, run: Run) -> None:
    run.end(End(state="cancelled"))


def _resume(run: Run, visit: str, payload: Mapping[str, Any]) -> None:
    token = _waiting(run, visit)
    _guarded(run, token, lambda: token.node.resume(run, token, payload))


def _guarded(run: Run, token: Token, act: Any) -> None:
    """Do what a stimulus leads to; what goes wrong at the element stays at the element."""
    try:
        act()
    except BpmnError as error:
        run.throw_error(token, error.code, error.message)
    except CallwrightError as error:
        if token.id not in run.tasks:
            raise
        run.effects.append(Logged(visit=token.id, text=str(error)))
        run.fail(token, error)


def _waiting(run: Run, visit: str) -> Token:
    token: Token | None = run.tasks.get(visit)
    if token is None or not token.waiting:
        raise NotWaiting()
    return token


def _as_context(result: Json) -> Mapping[str, Any]:
    return result if isinstance(result, Mapping) else {"result": result}
