"""Events: what is waited for, what is thrown, how things begin and end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from SpiffWorkflow.util.task import TaskState

from engine.errors import BpmnError
from engine.machine.effects import Await, End, Left, SetTimer, StopWaiting, Throw
from engine.machine.nodes.base import Node
from engine.machine.nodes.notices import tell
from engine.machine.spec import Flow, Trigger
from engine.machine.timers import next_tick, read_timer
from engine.machine.token import Token

if TYPE_CHECKING:
    from engine.machine.run import Run


class Event(Node):
    """An event with what triggers it."""

    def __init__(self, *args: Any, trigger: Trigger, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trigger = trigger


class StartEvent(Event):
    """Where a process or a sub-process begins."""


class CatchEvent(Event):
    """Waits until its trigger comes."""

    def enter(self, run: Run, token: Token) -> bool:
        """Say what is waited for; an event that waits for nothing goes on."""
        if self.trigger.kind in ("none", "link"):
            return True
        self.arm(run, token)
        return False

    def await_inside(self, run: Run, gateway: Token, flow: Flow) -> None:
        """Wait behind an event-based gateway: the token lives in the gateway's until it is chosen."""
        token = run.place(self.element_id, gateway, flow=flow)
        token._set_state(TaskState.WAITING)
        self.arm(run, token)

    def arm(self, run: Run, token: Token) -> None:
        """Say what is waited for."""
        trigger = self.trigger
        if trigger.kind == "timer":
            timer = read_timer(run, token, trigger)
            token.memory["repeats"] = timer.repeats
            token.memory["every"] = timer.every
            run.effects.append(SetTimer(visit=token.id, element=self.element_id, due_at=timer.due_at))
        elif trigger.kind in ("message", "signal"):
            correlation = None
            if trigger.correlation is not None:
                correlation = correlation_text(run.evaluate(token, trigger.correlation))
            run.effects.append(
                Await(
                    visit=token.id,
                    element=self.element_id,
                    kind=trigger.kind,
                    name=trigger.name or "",
                    correlation=correlation,
                )
            )

    def resume(self, run: Run, token: Token, payload: Mapping[str, Any]) -> None:
        """It came: take over what it brought and go on."""
        gateway = token.scope
        if gateway is not None and gateway.node.tag == "eventBasedGateway":
            run.choose(gateway, token)
        run.effects.append(StopWaiting(visit=token.id))
        hand_over(run, token, payload)
        token.complete()


class BoundaryEvent(CatchEvent):
    """Waits at the border of an activity while it is worked on."""

    silent: ClassVar[bool] = True

    def __init__(self, *args: Any, attached_to: str, interrupting: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attached_to = attached_to
        self.interrupting = interrupting

    @property
    def armed(self) -> bool:
        """Whether it waits for something from outside; an error is looked up when it is thrown."""
        return self.trigger.kind in ("timer", "message", "signal")

    def wait_at(self, run: Run, host: Token) -> None:
        """Begin to wait at an activity's border."""
        token = Token(run, self, host, state=TaskState.WAITING)
        self.arm(run, token)

    def resume(self, run: Run, token: Token, payload: Mapping[str, Any]) -> None:
        """It came: interrupt the activity or go beside it."""
        host = token.scope
        assert host is not None
        scope = host.scope
        assert scope is not None
        if self.interrupting:
            run.cancel(host)
        else:
            self._again(run, token)
        self.caught(run, scope, payload)

    def _again(self, run: Run, token: Token) -> None:
        """A message may come again; a cycle has its next tick; a single timer is over."""
        if self.trigger.kind != "timer":
            return
        repeats = token.memory.get("repeats")
        if repeats is None or repeats == 0:
            run.remove(token)
            return
        token.memory["repeats"] = repeats - 1 if repeats > 0 else repeats
        run.effects.append(
            SetTimer(visit=token.id, element=self.element_id, due_at=next_tick(run, token.memory["every"]))
        )

    def caught(self, run: Run, scope: Token, payload: Mapping[str, Any]) -> None:
        """Go on from the event in the scope around the activity."""
        token = run.place(self.element_id, scope)
        hand_over(run, token, payload)

    def enter(self, run: Run, token: Token) -> bool:
        """It was caught already: go on."""
        return True


class ThrowEvent(Event):
    """Throws its trigger and goes on."""

    def enter(self, run: Run, token: Token) -> bool:
        """Throw it."""
        throw(run, token, self)
        return True


class SendTask(ThrowEvent):
    """An activity that throws a message or tells people something."""


class EndEvent(Event):
    """Where a token ends."""

    def enter(self, run: Run, token: Token) -> bool:
        """Throw what is to be thrown."""
        if self.trigger.kind not in ("none", "terminate"):
            throw(run, token, self)
        elif self.settings.notices:
            tell(run, token, self, "reached")
        return True

    def leave(self, run: Run, token: Token) -> None:
        """End; a terminate end takes its whole scope with it."""
        scope = token.scope
        assert scope is not None
        scope.memory["end"] = self.element_id
        if self.trigger.kind == "terminate":
            run.effects.append(Left(visit=token.id, state="completed"))
            run.remove(token)
            for other in scope.children:
                if not (
                    isinstance(other.node, BoundaryEvent) and other.node.attached_to == scope.node.element_id
                ):
                    run.cancel(other)
            run.settle(scope)
            return
        run.leave(token, ())


class ProcessNode(Node):
    """The process itself: the scope of all its tokens."""

    silent: ClassVar[bool] = True

    def emptied(self, run: Run, token: Token) -> None:
        """Nothing goes on any more: the instance is completed."""
        run.end(End(state="completed", element=token.memory.get("end")))


def throw(run: Run, token: Token, event: Event) -> None:
    """Throw an event's trigger: to people, to other instances, or as an error to the scopes around."""
    trigger = event.trigger
    if event.settings.notices:
        tell(run, token, event, "reached")
    if trigger.kind == "error":
        raise BpmnError(trigger.name or "error", event.element_name or "")
    if trigger.kind in ("message", "signal") and trigger.name:
        payload = {item.name: run.evaluate(token, item.source) for item in event.settings.inputs}
        correlation = None
        if trigger.correlation is not None:
            correlation = correlation_text(run.evaluate(token, trigger.correlation))
        run.effects.append(
            Throw(
                visit=token.id,
                element=event.element_id,
                kind=trigger.kind,
                name=trigger.name,
                payload=payload,
                correlation=correlation,
            )
        )


def hand_over(run: Run, token: Token, payload: Mapping[str, Any]) -> None:
    """Write what came back into variables, as the element's outputs say; without any, nothing is kept."""
    settings = token.node.settings
    if settings.result:
        run.write(token, settings.result, dict(payload))
    for item in settings.outputs:
        run.write(token, item.name, run.evaluate(token, item.source, payload))


def correlation_text(value: Any) -> str | None:
    """Write a correlation key as the text that is compared."""
    return None if value is None else str(value)
