"""What a step asks for. The machine changes nothing outside itself; runtime turns effects into rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from engine.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A token came to an element of the drawing, along a flow where it came along one."""

    visit: str
    element: str
    flow: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A token left an element."""

    visit: str
    state: Literal["completed", "cancelled", "failed"]
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """A variable got a value. ``scope`` is None for the instance's own."""

    visit: str | None
    scope: str | None
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A script, or the machine itself, left a line at an element visit."""

    visit: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Threw:
    """A modelled error was thrown at an element visit."""

    visit: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUserTask:
    """A person is waited for. ``task`` is None where they are the only one at this visit.

    ``covers_for`` is whose cover they are where they are asked as one.
    """

    visit: str
    element: str
    title: str
    assignee: str | None
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    due_at: datetime | None
    priority: int
    task: str | None = None
    covers_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseUserTasks:
    """Of several who were asked at a visit, some are waited for no more."""

    visit: str
    element: str
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallService:
    """A plug-in's service task is called; the token waits for its result."""

    visit: str
    element: str
    name: str
    inputs: Mapping[str, Json]
    retries_s: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProcess:
    """Another process is called; the token waits for its end."""

    visit: str
    element: str
    process_key: str
    variables: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """An instant is waited for."""

    visit: str
    element: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeUp:
    """The clock of a user task rings: something is done there that no person does.

    ``visit`` is the clock's, ``task`` the task of whoever is asked, ``said`` what is done
    (``engine.machine.spec.Limit``), with people in place of the expressions that name them.
    """

    visit: str
    element: str
    task: str
    said: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Await:
    """A message, a signal, or that a condition becomes true is waited for."""

    visit: str
    element: str
    kind: Literal["message", "signal", "conditional"]
    name: str
    correlation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWaiting:
    """Whatever waits for this visit (task, job, subscription, called process, incident) is not needed now."""

    visit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Throw:
    """A message or a signal leaves the instance.

    ``cascade`` counts the processes that began one by the other's message or signal, none of which waited.
    """

    visit: str
    element: str
    kind: Literal["message", "signal"]
    name: str
    payload: Mapping[str, Json]
    correlation: str | None = None
    cascade: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """An escalation that nothing in the instance catches: whoever called it may."""

    visit: str
    element: str
    code: str
    payload: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """People are told something; with ``next_after_s`` one after the other, as long as nobody takes it."""

    visit: str
    element: str
    event: str
    to: Json
    channel: str
    message: str
    scope: Mapping[str, Any]
    next_after_s: float | None = None
    task: str | None = None
    circulates: bool = False
    words: Mapping[str, Mapping[str, str]] | None = None

    @property
    def about(self) -> str:
        """The task it is about, where it is about one."""
        return self.task or self.visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision was evaluated: which rules matched."""

    visit: str
    decision: str
    matched: Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An element cannot go on until an operator helps; the rest of the instance is unharmed."""

    visit: str
    element: str
    code: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """The step's budget is spent: the rest is another transaction's."""

    reason: str = "steps"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The instance is over."""

    state: Literal["completed", "failed", "cancelled"]
    element: str | None = None
    error_code: str | None = None
    error_message: str = ""


Effect: TypeAlias = (
    Entered
    | Left
    | Wrote
    | Logged
    | Threw
    | OpenUserTask
    | CloseUserTasks
    | CallService
    | CallProcess
    | SetTimer
    | TimeUp
    | Await
    | StopWaiting
    | Throw
    | Escalate
    | Notify
    | Decided
    | Failed
    | Continue
    | End
)
