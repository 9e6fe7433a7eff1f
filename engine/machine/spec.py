"""What a drawing means, compiled once per version: nodes, flows, and the settings on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from SpiffWorkflow.specs import WorkflowSpec

from engine.feel import Expression

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node

# An id of a drawing is an XML name and never holds a blank: this one cannot collide with any.
ROOT = "the process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """An expression as drawn: FEEL compiled, a script for the sandbox, or a literal.

    Args:
        source: As the designer wrote it.
        feel: The compiled expression; None for the other two.
        script: Whether it is an expression for the sandbox (``language="python"``).
    """

    source: str
    feel: Expression | None = None
    script: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sequence flow."""

    id: str
    source: str
    target: str
    condition: Formula | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One value handed over: the name it gets and the FEEL it comes from."""

    name: str
    source: Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A way to finish a user task: one of its buttons."""

    name: str
    label: str
    opinion_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a verb of the SMS grammar means at this task."""

    verb: str
    outcome: str | None = None
    message: str | None = None
    text_into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Whom to tell what by which channel. ``to`` is a keyword, or FEEL behind a ``=``."""

    event: str
    to: str
    channel: str
    message: str
    formula: Formula | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings:
    """How a user task or a start event is set up."""

    form: str | None = None
    into: str | None = None
    assignee: Formula | None = None
    candidate_groups: Formula | None = None
    candidate_users: Formula | None = None
    lane: str | None = None
    priority: Formula | None = None
    due: Formula | None = None
    title: str | None = None
    link: bool = False
    outcomes: tuple[Outcome, ...] = ()
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What an event waits for or throws."""

    kind: Literal[
        "none", "message", "signal", "timer", "error", "escalation", "terminate", "conditional", "cancel",
        "compensate", "link",
    ]  # fmt: skip
    # Message or signal name, error or escalation code.
    name: str | None = None
    correlation: Formula | None = None
    timer: Literal["date", "duration", "cycle"] | None = None
    formula: Formula | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a designer set on an element, beside its shape."""

    task: TaskSettings = field(default_factory=TaskSettings)
    notices: tuple[Notice, ...] = ()
    service: str | None = None
    retries_s: tuple[float, ...] | None = None
    decision: str | None = None
    called: str | None = None
    result: str | None = None
    inputs: tuple[Assignment, ...] = ()
    outputs: tuple[Assignment, ...] = ()
    script: str | None = None
    before: str | None = None
    after: str | None = None


class ProcessSpec(WorkflowSpec):
    """A process of a drawing: its nodes by element id, its flows, and who starts it.

    Args:
        key: The process's id in the drawing.
        title: The process's name in the drawing.
    """

    def __init__(self, key: str, title: str) -> None:
        super().__init__(name=key)
        self.title = title
        self.executable = True
        self.flows: dict[str, Flow] = {}

    def node(self, element_id: str) -> Node:
        """Return the node of an element."""
        found: Node = self.task_specs[element_id]
        return found

    @property
    def nodes(self) -> list[Node]:
        """Every node of the drawing, without the invisible root."""
        return [node for name, node in self.task_specs.items() if name != ROOT]
