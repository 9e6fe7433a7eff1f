"""The clock of a user task: for each who is asked it rings around the due time, as the step's limits say.

A clock is a token within the step's, so it goes whenever the step does, or whoever is asked is not any more.
It never decides anything itself: it says what is to be done, and waits for the next instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from SpiffWorkflow.util.task import TaskState

from engine import feel
from engine.errors import BudgetExceeded
from engine.feel.temporal import DateTime, DaysTimeDuration, from_instant, parse_duration
from engine.i18n import _
from engine.machine.effects import SetTimer, TimeUp
from engine.machine.nodes.base import Node
from engine.machine.run import ExpressionFailed
from engine.machine.spec import Limit
from engine.machine.token import Token

if TYPE_CHECKING:
    from engine.machine.run import Run

MAXIMUM_NO_TIME = 100
# What may be left out where its time is over already.
_REPEATED = ("remind", "escalate")


class Clock(Node):
    """Rings around the due time of a user task.

    Its tokens remember whose task it is, when that is due, and how often each limit has rung.
    """

    silent: ClassVar[bool] = True
    begun_otherwise = True

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What happens, in the order in which it is drawn."""
        return self.settings.task.limits

    def watches(self, token: Token) -> bool:
        """Its task is what waits."""
        return True

    def begin(self, run: Run, host: Token, due_at: datetime, task: str | None) -> None:
        """Begin to count for somebody who is asked; reminders whose time is over are left out.

        Args:
            run: The run.
            host: The step.
            due_at: When their task is due.
            task: Their task; None where it is the step itself.

        Raises:
            BudgetExceeded: Again and again whoever was asked had no time at all.
        """
        stop(run, host, task)
        memory = {"task": task, "due": _text(due_at), "rung": [0] * len(self.limits)}
        token = Token(run, self, host, state=TaskState.WAITING, memory=memory)
        for number in range(len(self.limits)):
            self._pass_missed(run, token, number)
        self._wait(run, token)
        self._heed_no_time(run, token)

    def _heed_no_time(self, run: Run, token: Token) -> None:
        """Keep a process from deciding the same step for ever by a due time that lies in the past."""
        assert run.root is not None
        counted = run.root.memory
        number = token.memory["next"]
        if number is None or self._at(run, token, number) > run.environment.now:
            counted.pop("no_time", None)
            return
        counted["no_time"] = counted.get("no_time", 0) + 1
        if counted["no_time"] > MAXIMUM_NO_TIME:
            del counted["no_time"]
            run.withdraw(token)
            raise BudgetExceeded(
                _("%(limit)s times in a row whoever was asked had no time at all. Correct the due time."),
                limit=MAXIMUM_NO_TIME,
            )

    def put_off(self, token: Token, due_at: datetime) -> None:
        """Take over that it rings later than it was set for, as the instance was held: so does all else."""
        memory = token.memory
        late = due_at - datetime.fromisoformat(memory["at"])
        memory["due"] = _text(datetime.fromisoformat(memory["due"]) + late)
        memory["at"] = _text(due_at)

    def enter(self, run: Run, token: Token) -> bool:
        """Tried again, it rings again."""
        self.resume(run, token, {})
        return False

    def resume(self, run: Run, token: Token, payload: Mapping[str, Any]) -> None:
        """It rings: say what is to be done, and wait for the next instant."""
        memory = token.memory
        number = memory.get("next")
        if number is None:
            return
        run.effects.append(
            TimeUp(
                visit=token.id,
                element=self.element_id,
                task=memory["task"] or self._host(token).id,
                said=self._said(run, token, number),
            )
        )
        memory["rung"][number] += 1
        self._pass_missed(run, token, number)
        self._wait(run, token)

    def _said(self, run: Run, token: Token, number: int) -> dict[str, Any]:
        """Tell one limit as whoever does it needs it: with people in place of what names them."""
        limit = self.limits[number]
        # Level by level: each time the one above is told.
        higher = token.memory["rung"][number] if limit.how == "tell" else 0
        return {
            "then": limit.then,
            "number": number,
            "time": token.memory["rung"][number] + 1,
            "outcome": limit.outcome,
            "opinion": limit.opinion,
            "to": limit.to,
            "whom": None if limit.whom is None else _listed(run.evaluate(token, limit.whom)),
            "again": limit.again,
            "how": limit.how,
            "level": limit.level + higher,
            "channel": limit.channel,
            "message": limit.message,
        }

    def _wait(self, run: Run, token: Token) -> None:
        """Set the timer for the next instant; where none is left the clock only stays."""
        memory = token.memory
        coming = [
            (self._at(run, token, number), number)
            for number, limit in enumerate(self.limits)
            if memory["rung"][number] < limit.most
        ]
        memory["next"] = min(coming)[1] if coming else None
        if coming:
            due_at = min(coming)[0]
            memory["at"] = _text(due_at)
            run.effects.append(SetTimer(visit=token.id, element=self.element_id, due_at=due_at))

    def _pass_missed(self, run: Run, token: Token, number: int) -> None:
        """Leave out what would be said several times at once: of what is missed nothing is caught up."""
        limit, rung = self.limits[number], token.memory["rung"]
        # What is done once is done late rather than never.
        while limit.then in _REPEATED and rung[number] < limit.most:
            if limit.then == "escalate" and rung[number] == 0:
                return
            if self._at(run, token, number) > run.environment.now:
                return
            rung[number] += 1

    def _at(self, run: Run, token: Token, number: int) -> datetime:
        """Return the instant at which a limit rings next."""
        limit, times = self.limits[number], token.memory["rung"][number]
        at = datetime.fromisoformat(token.memory["due"])
        spans = [limit.offset, *[limit.every] * times] if limit.every else [limit.offset]
        for span in spans:
            at = _later(run, at, span, working=limit.working)
        return at

    def _host(self, token: Token) -> Token:
        assert token.scope is not None
        return token.scope


def clock_of(run: Run, node: Node) -> Clock | None:
    """Return the clock of an element; None where it has no limits."""
    clock = run.spec.task_specs.get(clock_key(node.element_id)) if node.settings.task.limits else None
    return clock if isinstance(clock, Clock) else None


def clock_key(element_id: str) -> str:
    """Return what a process keeps the clock of an element under; no id of a drawing has a blank in it."""
    return f"{element_id} clock"


def stop(run: Run, host: Token, task: str | None) -> None:
    """Count no more for somebody who is asked no more."""
    for token in host.children:
        if isinstance(token.node, Clock) and token.memory["task"] == task:
            run.withdraw(token)


def _later(run: Run, at: datetime, span: str, *, working: bool) -> datetime:
    if not working:
        length = parse_duration(span.removeprefix("-"))
        assert isinstance(length, DaysTimeDuration)
        return at - length.timedelta() if span.startswith("-") else at + length.timedelta()
    add = run.environment.functions.get("working time.add")
    moved = None if add is None else add(from_instant(at), span)
    if not isinstance(moved, DateTime):
        raise ExpressionFailed(
            _("The working time of this step's limits cannot be counted: no calendar is there.")
        )
    return moved.instant(run.environment.now.tzinfo or UTC).astimezone(UTC)


def _listed(value: Any) -> list[Any]:
    """Return the keys that an expression names: one, several, or nobody's."""
    found = feel.to_json(value)
    return [key for key in (found if isinstance(found, list) else [found]) if key]


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()
