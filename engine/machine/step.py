"""One step: a state and a stimulus in, a state and effects out. Pure and in memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial, singledispatch
from typing import Any

from engine.errors import Conflict, DefinitionError
from engine.i18n import _
from engine.machine.catching import escalate, throw_error
from engine.machine.effects import Effect, End
from engine.machine.nodes.activities import UserTask
from engine.machine.nodes.appointed import appoint
from engine.machine.nodes.approvals import ApprovalTask
from engine.machine.nodes.clocks import Clock
from engine.machine.nodes.events import StartEvent
from engine.machine.nodes.subprocesses import AdHocSubProcess
from engine.machine.nodes.turning import awaken, send_back, withdraw
from engine.machine.reopening import reopen
from engine.machine.repair import move, skip
from engine.machine.run import Run
from engine.machine.stimuli import (
    AddSigner,
    Appoint,
    Arrived,
    Awaken,
    Broke,
    Cancel,
    Chosen,
    Correct,
    ErrorThrown,
    Escalated,
    HandOver,
    Move,
    Proceed,
    ProcessDone,
    RemoveSigner,
    Reopen,
    Retry,
    Return,
    ServiceDone,
    Skip,
    Start,
    Stimulus,
    TakeBack,
    TaskDone,
    TimerFired,
    Withdraw,
)
from engine.machine.token import Token
from engine.values import Json


class NotWaiting(Conflict):
    """The process does not wait for this any more."""

    code = "not_waiting"


class CannotAppoint(Conflict):
    """Nobody can be named for this step."""

    code = "cannot_appoint"


def step(run: Run, stimulus: Stimulus, *, held: bool = False) -> list[Effect]:
    """Let something happen to a run, and let it go on until everything waits again.

    Args:
        run: The run; changed in place.
        stimulus: What happened.
        held: Whether the instance is suspended: what could move by it stays where it is.

    Returns:
        What the step asks for, in order.

    Raises:
        NotWaiting: What the stimulus answers is not waited for any more; nothing has changed.
    """
    run.effects = []
    if run.root is not None and not isinstance(stimulus, Proceed):
        for counted in ("continued", "busy_s", "cascade"):
            run.root.memory.pop(counted, None)
    _happen(stimulus, run)
    if not held:
        run.drain()
    effects, run.effects = run.effects, []
    return effects


@singledispatch
def _happen(stimulus: Any, run: Run) -> None:
    raise TypeError(type(stimulus).__name__)


@_happen.register
def _start(stimulus: Start, run: Run) -> None:
    if run.root is not None or run.state != "active":
        raise NotWaiting()
    root = run.begin()
    if stimulus.cascade:
        root.memory["cascade"] = stimulus.cascade
    for name, value in stimulus.variables.items():
        run.write(None, name, value)
    for guard in run.spec.root.guards:
        guard.watch(run, root)
    if stimulus.event is not None:
        _begin_by(run, root, stimulus.event, stimulus.came)
        return
    starts = [node for node in run.spec.nodes if isinstance(node, StartEvent) and node in run.spec.starts]
    plain = [node for node in starts if node.trigger.kind == "none"]
    # What brings no data can be begun by hand as well.
    plain = plain or [node for node in starts if node.trigger.kind in ("timer", "conditional")]
    if plain:
        _begin_by(run, root, plain[0].element_id)
    elif run.spec.starts:
        raise DefinitionError(_("Process %(key)s only starts by a message or a signal."), key=run.spec.name)
    else:
        # Without any start event, everything that nothing leads to begins at once.
        for node in run.spec.entries:
            run.place(node.element_id, root)
        # Where there is none, what guards the process has nothing to guard.
        run.settle(root)


def _begin_by(run: Run, root: Token, event: str, came: tuple[str, str | None] | None = None) -> None:
    node = next((node for node in run.spec.starts if node.element_id == event), None)
    if node is None:
        raise DefinitionError(
            _("Process %(key)s has no start event %(event)s that can be used here."),
            key=run.spec.name,
            event=event,
        )
    gateway: Any = next((run.spec.node(flow.source) for flow in node.incoming), None)
    if gateway is not None:
        gateway.begin_process(run, root, event)
    else:
        run.place(event, root, memory={"begun": True, "came": list(came)} if came else {"begun": True})


@_happen.register
def _task_done(stimulus: TaskDone, run: Run) -> None:
    token = _waiting(run, stimulus.visit)
    node = token.node
    if isinstance(node, AdHocSubProcess) and node.chosen:
        node.check_done()
    elif not isinstance(node, UserTask):
        raise NotWaiting()
    decision = {
        "outcome": stimulus.outcome,
        "by": stimulus.by,
        "at": stimulus.at,
        "opinion": stimulus.opinion,
    }
    if stimulus.signature is not None:
        decision["signature"] = stimulus.signature
    if isinstance(node, ApprovalTask):
        node.need_asked(token, stimulus.task, now=True)
        run.attempt(token, partial(node.decided, run, token, decision, stimulus.variables, stimulus.task))
        return
    run.attempt(token, partial(node.done, run, token, decision, stimulus.variables))


@_happen.register
def _chosen(stimulus: Chosen, run: Run) -> None:
    token = _waiting(run, stimulus.visit)
    if not (isinstance(token.node, AdHocSubProcess) and token.node.chosen):
        raise NotWaiting()
    token.node.choose(run, token, stimulus.element)


@_happen.register
def _service_done(stimulus: ServiceDone, run: Run) -> None:
    _resume(run, stimulus.visit, _as_context(stimulus.result))


@_happen.register
def _process_done(stimulus: ProcessDone, run: Run) -> None:
    _resume(run, stimulus.visit, stimulus.variables)


@_happen.register
def _timer_fired(stimulus: TimerFired, run: Run) -> None:
    token = _waiting(run, stimulus.visit)
    if isinstance(token.node, Clock) and stimulus.due_at is not None:
        token.node.put_off(token, stimulus.due_at)
    _resume(run, stimulus.visit, {})


@_happen.register
def _arrived(stimulus: Arrived, run: Run) -> None:
    _resume(run, stimulus.visit, stimulus.payload)


@_happen.register
def _error_thrown(stimulus: ErrorThrown, run: Run) -> None:
    throw_error(run, _waiting(run, stimulus.visit), stimulus.code, stimulus.message)


@_happen.register
def _escalated(stimulus: Escalated, run: Run) -> None:
    escalate(run, _waiting(run, stimulus.visit), stimulus.code, stimulus.payload)


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
    run.wake(token)


@_happen.register
def _skip(stimulus: Skip, run: Run) -> None:
    skip(run, _live(run, stimulus.visit), stimulus.variables)


@_happen.register
def _move(stimulus: Move, run: Run) -> None:
    move(run, _live(run, stimulus.visit), stimulus.to)


@_happen.register
def _return(stimulus: Return, run: Run) -> None:
    send_back(run, _waiting(run, stimulus.visit), stimulus)


@_happen.register
def _withdraw(stimulus: Withdraw, run: Run) -> None:
    withdraw(run, stimulus.by)


@_happen.register
def _appoint(stimulus: Appoint, run: Run) -> None:
    node = run.spec.task_specs.get(stimulus.element)
    if not isinstance(node, UserTask):
        raise CannotAppoint(_("Only for a step that people do somebody can be named. Choose such a step."))
    if any(token.node is node and not token.failed for token in run.tasks.values()):
        raise CannotAppoint(_("This step is open. Hand it over, or ask somebody else too."))
    appoint(run, stimulus.element, stimulus.people)


@_happen.register
def _awaken(stimulus: Awaken, run: Run) -> None:
    if run.root is not None:
        raise NotWaiting()
    awaken(run, stimulus.element, stimulus.by)


@_happen.register
def _add_signer(stimulus: AddSigner, run: Run) -> None:
    token, node = _approval(run, stimulus.visit)
    node.add_signer(run, token, stimulus)


@_happen.register
def _remove_signer(stimulus: RemoveSigner, run: Run) -> None:
    token, node = _approval(run, stimulus.visit)
    node.need_another(token, stimulus.task)
    run.attempt(token, partial(node.remove_signer, run, token, stimulus.task))


@_happen.register
def _hand_over(stimulus: HandOver, run: Run) -> None:
    token, node = _approval(run, stimulus.visit)
    node.need_asked(token, stimulus.task)
    node.hand_over(token, stimulus.task, stimulus.to)


@_happen.register
def _take_back(stimulus: TakeBack, run: Run) -> None:
    token, node = _approval(run, stimulus.visit)
    node.take_back(run, token, stimulus.task)


def _approval(run: Run, visit: str) -> tuple[Token, ApprovalTask]:
    token = _waiting(run, visit)
    if not isinstance(token.node, ApprovalTask):
        raise NotWaiting()
    return token, token.node


@_happen.register
def _reopen(stimulus: Reopen, run: Run) -> None:
    reopen(run, stimulus)


@_happen.register
def _correct(stimulus: Correct, run: Run) -> None:
    token = None if stimulus.visit is None else _live(run, stimulus.visit)
    for name, value in stimulus.variables.items():
        run.write(token, name, value)
    if stimulus.anew and token is not None:
        run.attempt(token, partial(token.node.begin, run, token))


@_happen.register
def _proceed(stimulus: Proceed, run: Run) -> None:
    """What was ready is run by the drain that follows."""
    run.written |= stimulus.look


@_happen.register
def _cancel(stimulus: Cancel, run: Run) -> None:
    if run.state != "active":
        raise NotWaiting()
    run.end(End(state="cancelled"))


def _resume(run: Run, visit: str, payload: Mapping[str, Any]) -> None:
    token = _waiting(run, visit)
    run.attempt(token, partial(token.node.resume, run, token, payload))


def _live(run: Run, visit: str) -> Token:
    """Return a token that waits, or that an operator must help."""
    token: Token | None = run.tasks.get(visit)
    if token is None or not (token.waiting or token.failed):
        raise NotWaiting()
    return token


def _waiting(run: Run, visit: str) -> Token:
    token: Token | None = run.tasks.get(visit)
    if token is None or not token.waiting:
        raise NotWaiting()
    return token


def _as_context(result: Json) -> Mapping[str, Any]:
    return result if isinstance(result, Mapping) else {"result": result}
