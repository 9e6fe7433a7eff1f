"""Events: what is waited for, what is thrown, how things begin and end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from SpiffWorkflow.util.task import TaskState

from engine import feel, values
from engine.errors import BpmnError
from engine.i18n import _
from engine.machine import catching
from engine.machine.effects import Await, End, Left, SetTimer, StopWaiting, Throw
from engine.machine.nodes import compensation, data
from engine.machine.nodes.base import Node
from engine.machine.nodes.notices import tell
from engine.machine.run import ExpressionFailed
from engine.machine.spec import Flow, Trigger
from engine.machine.timers import read_timer
from engine.machine.token import Token

if TYPE_CHECKING:
    from engine.machine.run import Run

NONE = Trigger(kind="none")
# Of a message's key: as long as its column.
MAXIMUM_KEY = 255
# What something outside brings; errors, escalations, cancellations and compensations come from inside.
AWAITED = ("timer", "message", "signal", "conditional")


class Event(Node):
    """An event with what triggers it.

    Args:
        triggers: Its event definitions; none for an event that only stands for a state.
        parallel: Whether an event with several of them waits for all; otherwise any one does.
    """

    def __init__(
        self, *args: Any, triggers: tuple[Trigger, ...] = (), parallel: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.triggers = triggers
        self.parallel = parallel

    @property
    def trigger(self) -> Trigger:
        """Its first event definition."""
        return self.triggers[0] if self.triggers else NONE


class CatchEvent(Event):
    """Waits until its trigger comes."""

    goes_first = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parts: list[Part] = []

    def enter(self, run: Run, token: Token) -> bool:
        """Say what is waited for; an event that waits for nothing, or began the process, goes on."""
        if "brought" in token.memory:
            # It came, and what it brought could not be taken over at first.
            take_over(run, token)
            return True
        if "begun" in token.memory or self.trigger.kind in ("none", "link"):
            return True
        self.arm(run, token)
        return False

    def await_inside(self, run: Run, gateway: Token, flow: Flow) -> None:
        """Wait behind an event-based gateway: the token lives in the gateway's until it is chosen."""
        self.arm(run, run.place(self.element_id, gateway, flow=flow, waits=True))

    def arm(self, run: Run, token: Token) -> None:
        """Say what is waited for; of several triggers each has a token of its own inside."""
        if not self.parts:
            ask(run, token, self.trigger)
            return
        for inner in token.children:
            run.withdraw(inner)
        for part in self.parts:
            ask(run, Token(run, part, token, state=TaskState.WAITING), part.trigger)

    def awaits(self, kind: str, name: str | None) -> bool:
        """Whether it waits for exactly this."""
        return not self.parts and self.trigger.kind == kind and self.trigger.name == name

    def part_came(self, run: Run, token: Token, part: Token | None, payload: Mapping[str, Any]) -> None:
        """One of its triggers came, or all of a parallel event."""
        self.resume(run, token, payload)

    def look(self, run: Run, token: Token) -> None:
        """Look at the condition of a conditional event: it comes when it becomes true."""
        holds = self.trigger.formula is not None and run.is_true(token, self.trigger.formula)
        held = token.memory.get("held", False)
        token.memory["held"] = holds
        if holds and not held:
            self.resume(run, token, {})

    def resume(self, run: Run, token: Token, payload: Mapping[str, Any]) -> None:
        """It came: take over what it brought and go on."""
        gateway = token.scope
        if gateway is not None and gateway.node.tag == "eventBasedGateway":
            gateway.node.chosen(run, gateway, token)
        run.effects.append(StopWaiting(visit=token.id))
        token.memory.update(kept_payload(payload))
        take_over(run, token)
        token.complete()


class Part(CatchEvent):
    """One of the triggers of an event that has several."""

    silent: ClassVar[bool] = True

    def watches(self, token: Token) -> bool:
        """Its event is what waits."""
        return True

    def resume(self, run: Run, token: Token, payload: Mapping[str, Any]) -> None:
        """It came: the event comes too, or waits for the others."""
        owner = token.scope
        assert owner is not None
        event: CatchEvent = owner.node
        if not event.parallel:
            event.part_came(run, owner, token, payload)
            return
        run.withdraw(token)
        brought = {**values.loads(owner.memory.pop("parts", "{}")), **payload}
        if owner.inner:
            owner.memory["parts"] = values.dumps(feel.to_json(brought))
        else:
            event.part_came(run, owner, None, brought)


class StartEvent(CatchEvent):
    """Where a process or a sub-process begins."""

    goes_first = False
    begins_process = True

    def enter(self, run: Run, token: Token) -> bool:
        """It has happened: go on; of several triggers that must all come, wait for the others."""
        came = token.memory.get("came")
        if came is None or not self.parallel:
            return True
        for part in self.parts:
            if [part.trigger.kind, part.trigger.name] != came:
                ask(run, Token(run, part, token, state=TaskState.WAITING), part.trigger)
        return not token.inner

    def part_came(self, run: Run, token: Token, part: Token | None, payload: Mapping[str, Any]) -> None:
        """The last of its triggers came: what they brought is what the process begins with."""
        for name, value in payload.items():
            run.write(None, name, value)
        token.complete()

    def leave(self, run: Run, token: Token) -> None:
        """Hand over what the process began with, and go on."""
        if "brought" not in token.memory:
            data.bring_out(run, token, {})
        super().leave(run, token)


class ThrowEvent(Event):
    """Throws what it is drawn with and goes on."""

    def enter(self, run: Run, token: Token) -> bool:
        """Throw it; a compensation takes until all is undone."""
        return throw(run, token, self)

    def emptied(self, run: Run, token: Token) -> None:
        """What it undid is undone, as far as it went."""
        if not compensation.undo_next(run, token):
            return
        if "compensating" in token.memory:
            compensation.undone(run, token)
        else:
            token.complete()


class LinkThrow(ThrowEvent):
    """Goes on at the catching link of its name."""

    def leave(self, run: Run, token: Token) -> None:
        """Jump."""
        scope = token.scope
        assert scope is not None
        assert self.jumps_to is not None
        run.place(self.jumps_to, scope)
        run.leave(token, ())


class EndEvent(ThrowEvent):
    """Where a token ends."""

    def enter(self, run: Run, token: Token) -> bool:
        """Throw what is to be thrown; a cancelled transaction stops first and is undone."""
        if any(trigger.kind == "cancel" for trigger in self.triggers):
            return compensation.undo_transaction(run, token)
        return throw(run, token, self)

    def leave(self, run: Run, token: Token) -> None:
        """End; a terminate end takes its whole scope with it, a cancel end its transaction.

        Raises:
            BpmnError: It is an error end event.
        """
        scope = token.scope
        assert scope is not None
        scope.memory["end"] = self.element_id
        kinds = {trigger.kind for trigger in self.triggers}
        if "cancel" in kinds:
            run.effects.append(Left(visit=token.id, state="completed"))
            cancelled = catching.transaction(token)
            run.withdraw(token)
            catching.cancel_transaction(run, cancelled)
            return
        if "terminate" in kinds:
            run.effects.append(Left(visit=token.id, state="completed"))
            run.withdraw(token)
            run.clear(scope)
            run.settle(scope)
            return
        error = next((trigger for trigger in self.triggers if trigger.kind == "error"), None)
        if error is not None and "skipped" not in token.memory:
            raise BpmnError(error.name or "error", self.element_name or "")
        run.leave(token, ())


class ProcessNode(Node):
    """The process itself: the scope of all its tokens."""

    silent: ClassVar[bool] = True

    def emptied(self, run: Run, token: Token) -> None:
        """Nothing goes on any more: the instance is completed."""
        run.end(End(state="completed", element=token.memory.get("end")))


def ask(run: Run, token: Token, trigger: Trigger) -> None:
    """Say that a token waits for a trigger."""
    if trigger.kind == "timer":
        timer = read_timer(run, token, trigger)
        token.memory["repeats"] = timer.repeats
        token.memory["every"] = timer.every
        run.effects.append(SetTimer(visit=token.id, element=token.node.element_id, due_at=timer.due_at))
    elif trigger.kind == "conditional":
        # Looked at once every token has moved, and after each write.
        run.written = True
    if trigger.kind in ("message", "signal", "conditional"):
        run.effects.append(
            Await(
                visit=token.id,
                element=token.node.element_id,
                kind=trigger.kind,
                name=trigger.name or "",
                correlation=_correlation(run, token, trigger),
            )
        )


def throw(run: Run, token: Token, event: Event) -> bool:
    """Throw an event's triggers: to people, to the scopes around, to other instances.

    Returns:
        True where it is over with; False while something is being undone.
    """
    if event.settings.notices:
        tell(run, token, event, "reached")
    scope = token.scope
    assert scope is not None
    over = True
    for trigger in event.triggers:
        if trigger.kind == "compensate" and not trigger.waits:
            compensation.undo_beside(run, token, scope, trigger.name)
        elif trigger.kind == "compensate":
            over = compensation.undo(run, token, scope, trigger.name) and over
        elif trigger.kind in ("message", "signal", "escalation") and trigger.name:
            send(run, token, trigger)
    return over


def send(run: Run, token: Token, trigger: Trigger) -> None:
    """Throw one message, signal or escalation."""
    settings = token.node.settings
    payload = {item.name: run.evaluate(token, item.source) for item in settings.inputs}
    payload |= data.values(run, token, settings.data_inputs)
    if trigger.kind == "escalation":
        catching.escalate(run, token, trigger.name or "", payload)
        return
    run.effects.append(
        Throw(
            visit=token.id,
            element=token.node.element_id,
            kind="signal" if trigger.kind == "signal" else "message",
            name=trigger.name or "",
            payload=feel.to_json(payload),
            correlation=_correlation(run, token, trigger) or None,
            cascade=run.cascade + 1,
        )
    )
    if trigger.kind == "signal":
        catching.signal(run, trigger.name or "", payload)


def kept_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an event brought as a token's memory: taken over when the token runs, and tried again."""
    return {"brought": values.dumps(feel.to_json(dict(payload)))}


def take_over(run: Run, token: Token) -> None:
    """Write what an event brought into variables."""
    hand_over(run, token, values.loads(token.memory["brought"]), whole=True)


def hand_over(run: Run, token: Token, payload: Mapping[str, Any], *, whole: bool = False) -> None:
    """Write what came back into variables, as the element's outputs say; without any, nothing is kept."""
    settings = token.node.settings
    if settings.result:
        run.write(token, settings.result, dict(payload))
    for item in settings.outputs:
        run.write(token, item.name, run.evaluate(token, item.source, payload))
    data.bring_out(run, token, payload, whole=whole)


def _correlation(run: Run, token: Token, trigger: Trigger) -> str | None:
    """Return the key of a message; an empty one, which no message brings, where the drawing's gives null.

    Raises:
        ExpressionFailed: It is nothing that can be told apart from others.
    """
    if trigger.correlation is None:
        return None
    value = feel.to_json(run.evaluate(token, trigger.correlation))
    if value is None:
        return ""
    key = value if isinstance(value, str) else values.dumps(value)
    if isinstance(value, dict | list) or len(key) > MAXIMUM_KEY or values.UNFIT.search(key):
        raise ExpressionFailed(
            _("The key %(expression)s of the message is no text of at most %(limit)s characters."),
            expression=trigger.correlation.source,
            limit=MAXIMUM_KEY,
        )
    return key
