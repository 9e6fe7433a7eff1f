"""What watches while something else goes on: boundary events, and the starts of event sub-processes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.util.task import TaskState

from engine.machine.effects import SetTimer
from engine.machine.nodes.between import goal, take_away, way_back
from engine.machine.nodes.events import AWAITED, CatchEvent, StartEvent, ask, kept_payload, take_over
from engine.machine.timers import next_tick
from engine.machine.token import Token

if TYPE_CHECKING:
    from engine.machine.run import Run


class Watcher(CatchEvent):
    """Watches a token: an activity at whose border it is drawn, or the scope it guards."""

    begun_otherwise = True
    interrupting: bool = True

    @property
    def armed(self) -> bool:
        """Whether it waits for something from outside; what is thrown inside looks for its catcher."""
        return any(trigger.kind in AWAITED for trigger in self.triggers)

    def watch(self, run: Run, host: Token) -> None:
        """Begin to watch; what cannot be watched for is an incident here, and what is watched goes on."""
        if self.armed:
            token = Token(run, self, host, state=TaskState.WAITING)
            run.attempt(token, partial(self.arm, run, token))

    def enter(self, run: Run, token: Token) -> bool:
        """It has happened: take over what it brought and go on. Tried again, it watches again."""
        if self.watches(token):
            self.arm(run, token)
            return False
        take_over(run, token)
        return True

    def resume(self, run: Run, token: Token, payload: Mapping[str, Any]) -> None:
        """It came, as its only trigger."""
        self.part_came(run, token, token, payload)

    def part_came(self, run: Run, token: Token, part: Token | None, payload: Mapping[str, Any]) -> None:
        """One trigger came, or all of a parallel event: interrupt what is watched, or go beside it.

        Args:
            run: The run.
            token: The watching token.
            part: The token that waited for what came; None where all of several came.
            payload: What it brought.
        """
        host = token.scope
        assert host is not None
        if not self.interrupting:
            self._again(run, token, part)
        self.catch(run, host, payload)

    def catch(self, run: Run, host: Token, payload: Mapping[str, Any]) -> None:
        """Go on from here, with what is watched or in its place."""
        raise NotImplementedError

    def _again(self, run: Run, token: Token, part: Token | None) -> None:
        """A message may come again; a cycle has its next tick; a single timer is over."""
        if part is None:
            self.arm(run, token)
            return
        trigger = part.node.trigger if part is not token else self.trigger
        if trigger.kind != "timer":
            return
        repeats = part.memory.get("repeats")
        if repeats is None or repeats == 0:
            run.withdraw(part)
            return
        part.memory["repeats"] = repeats - 1 if repeats > 0 else repeats
        run.effects.append(
            SetTimer(visit=part.id, element=self.element_id, due_at=next_tick(run, part.memory["every"]))
        )


class BoundaryEvent(Watcher):
    """Waits at the border of an activity while it is worked on."""

    def __init__(self, *args: Any, attached_to: str, interrupting: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attached_to = attached_to
        self.interrupting = interrupting

    def watches(self, token: Token) -> bool:
        """Within its activity it watches; beside it, it has happened."""
        return token.scope is not None and token.scope.node.element_id == self.attached_to

    def catch(self, run: Run, host: Token, payload: Mapping[str, Any]) -> None:
        """Go on in the scope around the activity."""
        scope = host.scope
        assert scope is not None
        if self.interrupting and host.id in run.tasks:
            if way_back(host) is not None:
                # It does not go back any more: what is drawn from here on is all that goes on.
                take_away(run, scope, host.node, goal(run, host), but=host)
            run.cancel(host)
        run.place(self.element_id, scope, memory=kept_payload(payload))


class EventSubProcessStart(Watcher, StartEvent):
    """Begins an event sub-process while the scope around it lives."""

    goes_first = False
    begins_process = False

    def __init__(self, *args: Any, interrupting: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.interrupting = interrupting

    def watches(self, token: Token) -> bool:
        """Outside its sub-process it watches; within it, it has happened."""
        return token.scope is not None and token.scope.node.element_id != self.within

    def catch(self, run: Run, host: Token, payload: Mapping[str, Any]) -> None:
        """Begin the sub-process in the scope it guards, beside what goes on there or in its place."""
        if self.interrupting:
            run.clear(host)
            host.memory["interrupted"] = True
        run.place(self.within or "", host, memory={"start": self.element_id, **kept_payload(payload)})


def watch_again(run: Run, token: Token) -> None:
    """Let everything watch a reopened task that did when it was finished: timers until the same instant."""
    for watch in token.memory["reopened"]["border"]:
        node: Any = run.spec.task_specs[watch["node"]]
        watcher = Token(run, node, token, state=TaskState.WAITING, memory=dict(watch["memory"]))
        if watch["due_at"] is None:
            ask(run, watcher, node.trigger)
        else:
            due_at = datetime.fromisoformat(watch["due_at"])
            run.effects.append(SetTimer(visit=watcher.id, element=node.element_id, due_at=due_at))
