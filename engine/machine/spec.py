"""What a drawing means, compiled once per version: nodes, flows, and the settings on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from SpiffWorkflow.specs import WorkflowSpec

from engine.approval import IfAgain, IfInitiator, Voting, Who
from engine.feel import Expression

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node

# An id of a drawing is an XML name and never holds a blank: this one cannot collide with any.
ROOT = "the process"
# What a setting begins with that names a step: no other word of such a setting has a colon.
STEP = "step:"


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
    """One value handed over: the name it gets and the FEEL it comes from.

    Args:
        name: The name it gets.
        source: Where it comes from.
        local: The name of a data output within its element; None for any other.
    """

    name: str
    source: Formula
    local: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A way to finish a user task: one of its buttons.

    Args:
        name: What the process reads.
        label: What people read.
        opinion: Whether one must, may or cannot say why.
        signature_required: Whether one signs it.
        counts: What it counts in an approval.
    """

    name: str
    label: str
    opinion: Literal["required", "optional", "none"] = "optional"
    signature_required: bool = False
    counts: Literal["approved", "rejected"] = "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """What a step makes of something that people do there beside deciding.

    Args:
        name: What they do.
        label: What it is called here; None for its usual name.
        hidden: Whether it cannot be done here.
    """

    name: str
    label: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a verb of the SMS grammar means at this task."""

    verb: str
    outcome: str | None = None
    message: str | None = None
    text_into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Whom to tell what by which channel.

    Args:
        event: One of ``EVENTS``.
        to: A keyword, a word that names people, or FEEL behind a ``=``.
        channel: ``preferred``, or one that the designer chose.
        message: Its key; empty for the product's own words.
        formula: What is behind the ``=``.
        next_after_s: Candidates are told one after the other, the next one after so long without an answer.
        circulates: Whether they get it to read as well, and may see the instance from then on.
        words: What is said in place of a message, as an administrator wrote it: title and text by language.
    """

    event: str
    to: str
    channel: str
    message: str
    formula: Formula | None = None
    next_after_s: float | None = None
    circulates: bool = False
    words: Mapping[str, Mapping[str, str]] | None = None


# What people can be told of, and whether the product has words of its own for it.
EVENTS: dict[str, bool] = {
    "reached": False, "created": True, "completed": False, "approved": True, "rejected": True,
    "returned": True, "withdrawn": True, "transferred": True, "delegated": True, "given_back": True,
    "consulted": True, "answered": True, "added": True, "removed": True, "taken_back": True, "urged": True,
    "circulated": True, "mentioned": True, "unassigned": True, "cancelled": True, "reopened": True,
    "ended": True,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Whom an approval names.

    Args:
        who: What kind of word it is.
        of: The key of it, or several.
        level: How far up, from 1, for those words that go up.
        lookup: Of ``lookup``: the plug-in's, as ``plugin.name``.
        weight: What their decisions count, from 0.
        role: Whether they are asked, left out, or asked only where nobody else is found.
    """

    who: Who
    of: Formula | None
    level: int | None = None
    lookup: str | None = None
    weight: int = 1
    role: Literal["approver", "except", "otherwise"] = "approver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """How a user task is decided by several, or by whom rules find.

    Args:
        approvers: Whom it names.
        voting: How their decisions come to one.
        pick: Whether all whom it finds are asked, one of them by chance, or whoever takes it first.
        if_initiator: What happens where the initiator would decide.
        if_again: What happens where somebody has approved before.
        if_nobody: What happens where nobody is found: an operator is called, or it counts as decided;
            ``refuse`` refuses it when it is handed in, and calls an operator where that was not known then.
        if_rejected: What a rejection does: ``goOn`` as drawn, ``end`` the process, or send it back to the
            ``initiator``, to the ``previous`` step, or to ``step:ID``.
    """

    approvers: tuple[Approver, ...] = ()
    voting: Voting = field(default_factory=Voting)
    pick: Literal["all", "random", "claim"] = "all"
    if_initiator: IfInitiator = IfInitiator.ASK
    if_again: IfAgain = IfAgain.ASK
    if_nobody: Literal["problem", "approve", "reject", "refuse"] = "problem"
    if_rejected: str = "goOn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What happens by the clock around the due time of a user task, while somebody is asked there.

    Args:
        then: What happens.
        offset: When, counted from the due time: a signed ISO 8601 duration (``-PT2H`` is before it).
        working: Whether ``offset`` and ``every`` count working time.
        every: It happens again after so long, an ISO 8601 duration; None where it happens once.
        most: How often it happens in all, 1–10.
        outcome: Of a decision: with which button it is finished.
        opinion: Of a decision or a return: what is written as the reason; a text of the product's where None.
        to: Of a return: ``previous``, ``initiator`` or an element; of a reminder: a word for whom, else
            whoever is asked.
        whom: Of a transfer, or of a reminder that names people: FEEL that gives their keys.
        again: Of a return: whether everything between is done again then, or it comes straight back.
        how: Of an escalation: whether the manager is asked instead, or told.
        level: Of an escalation: how far above whoever is asked, from 1.
        channel: By which channel people are told.
        message: What they are told; a text of the product's where None.
    """

    then: Literal["remind", "decide", "return", "transfer", "escalate"]
    offset: str = "PT0S"
    working: bool = False
    every: str | None = None
    most: int = 1
    outcome: str | None = None
    opinion: str | None = None
    to: str | None = None
    whom: Formula | None = None
    again: Literal["through", "back"] = "through"
    how: Literal["ask", "tell"] = "ask"
    level: int = 1
    channel: str = "preferred"
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings:
    """How a user task or a start event is set up.

    Args:
        rights: What may be done with the fields of its form that it names, by key.
        fields: What may be done with the others.
        start_counts: What the process was started with counts as the step done once.
        withdraw: Whether the initiator may take the request back while the step is open.
        batch: Whether it may be decided together with others, from a list.
    """

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
    approval: Approval | None = None
    start_counts: bool = False
    withdraw: bool = True
    batch: bool = False
    fields: str = "write"
    rights: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[Button, ...] = ()
    limits: tuple[Limit, ...] = ()
    # How long before it is due people are warned of it, in seconds; the last quarter of its time where None.
    warn_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What an event waits for or throws.

    Args:
        kind: BPMN's word for it.
        name: Message, signal or link name; error or escalation code; the activity to compensate.
        correlation: The key that tells apart who waits for a message.
        timer: How a timer's expression is meant.
        formula: A timer's instant, duration or cycle; a conditional event's condition.
        waits: Of a compensation that is thrown: whether what is undone is waited for.
    """

    kind: Literal[
        "none", "message", "signal", "timer", "error", "escalation", "terminate", "conditional", "cancel",
        "compensate", "link",
    ]  # fmt: skip
    name: str | None = None
    correlation: Formula | None = None
    timer: Literal["date", "duration", "cycle"] | None = None
    formula: Formula | None = None
    waits: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """An event that a multi-instance throws when a round ends: at the first, at each, or where it is true."""

    trigger: Trigger
    when: Literal["first", "each"] | Formula = "each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """How often an activity is done: the standard loop, or a multi-instance.

    Args:
        kind: ``loop`` goes on while a condition holds; the others do a number of rounds known at the start.
        count: How many; None where a collection says it.
        collection: One round for each item.
        item: The name under which a round finds its item.
        result: The variable that gets the list of what the rounds brought.
        result_item: What each round brings.
        own: The variable in which a round leaves what it brings, and that is nobody's outside.
        condition: Of a loop: whether it goes on. Of a multi-instance: whether it is complete already.
        tested_before: Whether a loop asks before its first round.
        maximum: The most rounds of a loop.
        behaviour: What is thrown when rounds end.
    """

    kind: Literal["loop", "sequential", "parallel"]
    count: Formula | None = None
    collection: Formula | None = None
    item: str | None = None
    result: str | None = None
    result_item: Formula | None = None
    own: str | None = None
    condition: Formula | None = None
    tested_before: bool = False
    maximum: int | None = None
    behaviour: tuple[Behaviour, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether there is a round in any case."""
        if self.kind == "loop":
            return not self.tested_before
        said = self.count.source.strip() if self.count is not None else ""
        return said.isdigit() and int(said) > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a designer set on an element, beside its shape.

    Args:
        data_inputs: Values that BPMN's own data associations bring into the element's local scope.
        data_outputs: Values that they bring out of it.
        data_own: Names of the data that are drawn within the element: they are nobody's outside of it.
        start_quantity: Tokens that must come before the activity begins.
        completion_quantity: Tokens that leave along each flow when it is done.
        condition: An ad-hoc sub-process is complete, or a complex gateway is activated, where it is true.
    """

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
    data_inputs: tuple[Assignment, ...] = ()
    data_outputs: tuple[Assignment, ...] = ()
    data_own: tuple[str, ...] = ()
    start_quantity: int = 1
    completion_quantity: int = 1
    condition: Formula | None = None


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
        # Whether a conditional event is drawn: only then are conditions looked at after each write.
        self.conditional = False

    def node(self, element_id: str) -> Node:
        """Return the node of an element."""
        found: Node = self.task_specs[element_id]
        return found

    @property
    def root(self) -> Node:
        """The process itself as a node."""
        return self.node(ROOT)

    @cached_property
    def nodes(self) -> list[Node]:
        """Every node of the drawing, without the invisible ones; complete once the drawing is read."""
        return [node for name, node in self.task_specs.items() if name == node.element_id and name != ROOT]

    @cached_property
    def approves(self) -> bool:
        """Whether somebody decides on something here."""
        return any(node.settings.task.approval is not None for node in self.nodes)

    @cached_property
    def refuses(self) -> bool:
        """Whether what is handed in is refused where nobody would be found to decide on it."""
        approvals = (node.settings.task.approval for node in self.nodes)
        return any(approval is not None and approval.if_nobody == "refuse" for approval in approvals)

    @cached_property
    def starts(self) -> list[Node]:
        """What a new instance may begin with: start events, and what is marked as instantiating."""
        return [node for node in self.nodes if node.within is None and node.begins_process]

    @cached_property
    def certain(self) -> list[Node]:
        """The elements that every instance comes to, whichever event begins it: no choice is before them."""
        ways = [self._certain_from([start]) for start in self.starts] or [self._certain_from(self.entries)]
        return [node for node in self.nodes if all(node.element_id in way for way in ways)]

    def _certain_from(self, begun: list[Node]) -> set[str]:
        certain: set[str] = set()
        todo = list(begun)
        while todo:
            node = todo.pop()
            if node.element_id in certain or (node.rounds is not None and not node.rounds.certain):
                continue
            certain.add(node.element_id)
            todo += getattr(node, "entries", ())
            if not node.chooses:
                todo += [self.node(flow.target) for flow in node.outgoing]
        return certain

    @cached_property
    def before(self) -> dict[str, list[str]]:
        """For each element those from which a token comes: by a flow, a link, or from its border."""
        before: dict[str, list[str]] = {}
        for flow in self.flows.values():
            before.setdefault(flow.target, []).append(flow.source)
        for node in self.nodes:
            for event in node.boundary:
                before.setdefault(event.element_id, []).append(node.element_id)
            if node.jumps_to is not None:
                before.setdefault(node.jumps_to, []).append(node.element_id)
        return before

    @property
    def entries(self) -> list[Node]:
        """Where an instance begins that no start event begins."""
        return [node for node in self.nodes if node.within is None and self.is_entry(node)]

    @staticmethod
    def is_entry(node: Node) -> bool:
        """Whether what has no start event begins with an element: nothing leads to it."""
        return not node.incoming and not node.begun_otherwise
