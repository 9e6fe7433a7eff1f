"""A live run from one version of its process to another: what stands in the way, and the run as it is then.

Tokens keep their ids, and with them their tasks, jobs and called processes. What is awaited stays awaited as
it is where both versions say it alike; otherwise it is asked for anew as the new version says, a duration
counted from when the wait began. What only watches and is not drawn any more is given up; what is newly drawn
begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.errors import Problem
from engine.i18n import _
from engine.machine.effects import CallService, Effect, Left, StopWaiting
from engine.machine.environment import Environment
from engine.machine.nodes.activities import Activity, ServiceTask, UserTask, due_at_of
from engine.machine.nodes.base import Node
from engine.machine.nodes.clocks import Clock, clock_of
from engine.machine.nodes.events import CatchEvent, Event, Part
from engine.machine.nodes.gateways import EventBasedGateway
from engine.machine.nodes.watchers import Watcher
from engine.machine.run import Run
from engine.machine.spec import ROOT, Formula, Limit, ProcessSpec
from engine.machine.token import Token


def blockers(run: Run, spec: ProcessSpec, mapping: Mapping[str, str]) -> list[Problem]:
    """Return what keeps a run from going on in another version; nothing where it can.

    Args:
        run: The run, in the version it runs in.
        spec: The other version.
        mapping: Elements that have another id there, by the id they have here.
    """
    problems: list[Problem] = []
    for token in run.tasks.values():
        if token.node.name != ROOT and not token.watching and not isinstance(token.node, Part):
            problems += _in_the_way(token, spec, mapping)
        for element in _remembered(token.memory):
            if mapping.get(element, element) not in spec.task_specs:
                problems.append(
                    _problem(run.spec.node(element), _("It may have to be undone, but has no counterpart."))
                )
        for element in _ways_back(token.memory.get("returned")):
            if mapping.get(element, element) not in spec.task_specs:
                problems.append(
                    _problem(run.spec.node(element), _("It still goes back there, but has no counterpart."))
                )
    # Of several rounds each would say the same.
    return list({(one.path, one.message): one for one in problems}.values())


def migrate(
    run: Run,
    spec: ProcessSpec,
    environment: Environment,
    mapping: Mapping[str, str],
    since: Mapping[str, datetime],
) -> tuple[Run, list[Effect], list[Effect]]:
    """Let a run go on in another version, after ``blockers`` found nothing in the way.

    Args:
        run: The run; not to be used any more.
        spec: The other version.
        environment: What it may look at there.
        mapping: Elements that have another id there, by the id they have here.
        since: When each visit began; a visit that is not told begins now.

    Returns:
        The run in the other version; what is given up; what is asked for instead.

    Raises:
        ExpressionFailed: What the other version asks for cannot be told.
    """
    moving = _Moving(run, Run(spec, environment), mapping, since)
    assert run.root is not None
    moving.carry(run.root, None)
    asked = moving.new.effects
    moving.new.effects = []
    return moving.new, moving.given_up, asked


class _Moving:
    """One run on its way from a version to another."""

    def __init__(self, old: Run, new: Run, mapping: Mapping[str, str], since: Mapping[str, datetime]) -> None:
        self.new = new
        self.mapping = mapping
        self.since = since
        self.given_up: list[Effect] = []
        new.state = old.state
        new.scopes = old.scopes

    def carry(self, token: Token, scope: Token | None) -> None:
        """Make a token's counterpart, with all that lives in it."""
        node = self._counterpart(token.node)
        memory = _renamed(token.memory, self.mapping)
        made = Token(self.new, node, scope, state=token._state, visit=token.id, memory=memory)
        if scope is None:
            self.new.root = made
        elif token._state == TaskState.READY:
            self.new.ready.append(made)
        if isinstance(node, EventBasedGateway) and token.inner:
            self._gateway(token, made, node)
            return
        for inner in token.inner:
            if not inner.watching and not isinstance(inner.node, Part):
                self.carry(inner, made)
        if isinstance(node, CatchEvent) and token.waiting and not node.watches(made):
            self._awaited(token, made, node)
        if isinstance(node, ServiceTask) and token.waiting and not token.body:
            self._called(token, made, node)
        self._watchers(token, made)
        self._clocks(token, made)

    def _counterpart(self, node: Node) -> Any:
        name = node.element_id if node.name != ROOT else ROOT
        return self.new.spec.task_specs[self.mapping.get(name, name)]

    def _gateway(self, token: Token, made: Token, node: EventBasedGateway) -> None:
        """Wait at the events behind a gateway: as before, or at those of the new version."""
        behind = {flow.target: self.new.spec.node(flow.target) for flow in node.outgoing}
        events = [inner.node for inner in token.inner]
        same = {self.mapping.get(event.element_id, event.element_id) for event in events} == set(behind)
        if same and all(_alike(event, self._counterpart(event)) for event in events):
            for inner in token.inner:
                self.carry(inner, made)
            return
        for inner in token.inner:
            self.given_up.append(Left(visit=inner.id, state="cancelled"))
            self._give_up(inner)
        self._as_of(token, lambda: node.enter(self.new, made))

    def _awaited(self, token: Token, made: Token, node: CatchEvent) -> None:
        """Go on waiting for an event; for what it is now where that has changed."""
        if _alike(token.node, node):
            self._parts(token, made, node)
            return
        for inner in token.inner:
            if isinstance(inner.node, Part):
                self._give_up(inner)
        self._give_up(token)
        made.memory.pop("parts", None)
        self._as_of(token, lambda: node.arm(self.new, made))

    def _called(self, token: Token, made: Token, node: ServiceTask) -> None:
        """Ask for a service again whose name or inputs have changed."""
        if _call_of(token.node) == _call_of(node) or node.settings.service is None:
            return
        self._give_up(token)
        self.new.effects.append(
            CallService(
                visit=made.id,
                element=node.element_id,
                name=node.settings.service,
                inputs=node.inputs(self.new, made),
                retries_s=node.settings.retries_s,
            )
        )

    def _watchers(self, token: Token, made: Token) -> None:
        """Watch at a border and for guards as the new version says, but nothing again that has been."""
        watching = [inner for inner in token.inner if isinstance(inner.node, Watcher) and inner.watching]
        armed = bool(watching) or (token.waiting and "needs" not in token.memory)
        known = {self.mapping.get(one.element_id, one.element_id): one for one in _watchers_of(token.node)}
        for event in _watchers_of(made.node):
            former = known.get(event.element_id)
            if former is None:
                if armed and _watches_now(made, event):
                    self._as_of(token, lambda event=event: event.watch(self.new, made))
                continue
            for inner in [one for one in watching if one.node is former]:
                watching.remove(inner)
                if _alike(former, event):
                    kept = Token(
                        self.new, event, made, inner._state, visit=inner.id, memory=dict(inner.memory)
                    )
                    self._parts(inner, kept, event)
                else:
                    self._give_up_watching(inner)
                    self._as_of(token, lambda event=event: event.watch(self.new, made))
        for inner in watching:
            self._give_up_watching(inner)

    def _clocks(self, token: Token, made: Token) -> None:
        """Count on for whoever is asked, by the limits of the new version."""
        clock = clock_of(self.new, made.node)
        counting = [inner for inner in token.inner if isinstance(inner.node, Clock)]
        for inner in counting:
            memory = dict(inner.memory)
            if clock is not None and _limits_of(clock) == _limits_of(inner.node):
                Token(self.new, clock, made, inner._state, visit=inner.id, memory=memory)
                continue
            self._give_up(inner)
            if clock is not None:
                clock.begin(self.new, made, datetime.fromisoformat(memory["due"]), memory["task"])
        if clock is None or counting or not token.waiting or token.body or "needs" in token.memory:
            return
        due: list[datetime | None] = []
        self._as_of(token, lambda: due.append(due_at_of(self.new, made, made.node.settings.task.due)))
        if due[0] is not None and isinstance(made.node, UserTask):
            for task in made.node.asked(made):
                clock.begin(self.new, made, due[0], task)

    def _parts(self, token: Token, made: Token, node: CatchEvent) -> None:
        names = {part.name: part for part in token.node.parts}
        for inner in token.inner:
            if inner.node.name in names:
                part = node.parts[token.node.parts.index(inner.node)]
                Token(self.new, part, made, TaskState.WAITING, visit=inner.id, memory=dict(inner.memory))

    def _give_up_watching(self, token: Token) -> None:
        for inner in token.inner:
            self._give_up(inner)
        self._give_up(token)

    def _give_up(self, token: Token) -> None:
        self.given_up.append(StopWaiting(visit=token.id))

    def _as_of(self, token: Token, ask: Any) -> None:
        """Ask for something as if it had been asked for when the wait began."""
        environment = self.new.environment
        began = self.since.get(token.id, environment.now).astimezone(environment.now.tzinfo)
        self.new.environment = replace(environment, now=began)
        try:
            ask()
        finally:
            self.new.environment = environment


def _in_the_way(token: Token, spec: ProcessSpec, mapping: Mapping[str, str]) -> Iterable[Problem]:
    node = token.node
    target = mapping.get(node.element_id, node.element_id)
    found: Any = spec.task_specs.get(target)
    if found is None or found.element_id != target:
        yield _problem(node, _("It has no counterpart in the new version. Name one, or move the process on."))
        return
    if type(found) is not type(node) or found.tag != node.tag:
        yield _problem(
            node,
            _("It is of another kind in the new version: %(kind)s. Name a counterpart of its own kind."),
            kind=found.tag,
        )
    elif found.within != (mapping.get(node.within, node.within) if node.within else None):
        yield _problem(node, _("It lies in another sub-process in the new version. Name another one."))
    elif _rounds_of(found) != _rounds_of(node):
        yield _problem(
            node,
            _("It has other rounds in the new version. Wait until it is done, or move the process on."),
        )
    if "compensating" in token.memory:
        yield _problem(node, _("It is being undone. Wait until it is."))
    for flow in [*token.memory.get("came", {}), *token.memory.get("missing", ())]:
        if flow not in spec.flows or spec.flows[flow].target != target:
            yield _problem(
                node,
                _("A branch that came, or must come, along %(flow)s does not lead here in the new version."),
                flow=flow,
            )


def _problem(node: Node, message: str, **params: Any) -> Problem:
    return Problem(path=node.element_id, message=message, params=params, element_name=node.element_name)


def _rounds_of(node: Node) -> Any:
    """What of an activity's rounds its live tokens depend on."""
    return None if node.rounds is None else (node.rounds.kind, node.rounds.item)


def _watchers_of(node: Node) -> list[Watcher]:
    return [event for event in (*node.boundary, *node.guards) if event.armed]


def _watches_now(host: Token, event: Watcher) -> bool:
    """Whether an event that is new begins to watch a token that lives already."""
    if event in host.node.boundary:
        return isinstance(host.node, Activity) and host.round is None
    return "interrupted" not in host.memory and not host.body


def _alike(former: Any, event: Any) -> bool:
    """Whether two events wait for the same."""
    return isinstance(former, Event) and former.parallel == event.parallel and _said(former) == _said(event)


def _said(event: Event) -> list[Any]:
    return [
        (trigger.kind, trigger.name, trigger.timer, _source(trigger.formula), _source(trigger.correlation))
        for trigger in event.triggers
    ]


def _call_of(node: Node) -> Any:
    return node.settings.service, [(item.name, item.source.source) for item in node.settings.inputs]


def _limits_of(clock: Clock) -> list[tuple[Limit, str | None]]:
    return [(replace(limit, whom=None), _source(limit.whom)) for limit in clock.limits]


def _source(formula: Formula | None) -> str | None:
    return None if formula is None else formula.source


def _remembered(memory: Mapping[str, Any]) -> Iterable[str]:
    """Name the elements that a token remembers: to be undone, or still to be done."""
    for entry in [*memory.get("kept", ()), *memory.get("todo", ())]:
        if isinstance(entry, str):
            yield entry
            continue
        yield entry["element"]
        if "by" in entry:
            yield entry["by"]
        yield from _remembered({"kept": entry.get("kept", ())})


def _renamed(memory: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """Write a token's memory with the new names of the elements it remembers."""
    renamed = dict(memory)
    for name in ("kept", "todo"):
        if name in renamed:
            renamed[name] = [_renamed_entry(entry, mapping) for entry in renamed[name]]
    for name in ("start", "end"):
        if name in renamed:
            renamed[name] = mapping.get(renamed[name], renamed[name])
    if "approved" in renamed:
        renamed["approved"] = {mapping.get(at, at): who for at, who in renamed["approved"].items()}
    if "returned" in renamed:
        renamed["returned"] = _renamed_way(renamed["returned"], mapping)
    return renamed


def _renamed_way(returned: Any, mapping: Mapping[str, str]) -> Any:
    if not returned or "from" not in returned:
        return returned
    from_ = mapping.get(returned["from"], returned["from"])
    return {**returned, "from": from_, "then": _renamed_way(returned["then"], mapping)}


def _ways_back(returned: Any) -> Iterable[str]:
    """Name the elements to which a step that was sent straight back still goes."""
    while returned and "from" in returned:
        yield returned["from"]
        returned = returned["then"]


def _renamed_entry(entry: Any, mapping: Mapping[str, str]) -> Any:
    if isinstance(entry, str):
        return mapping.get(entry, entry)
    made = {**entry, "element": mapping.get(entry["element"], entry["element"])}
    if "by" in entry:
        made["by"] = mapping.get(entry["by"], entry["by"])
    if "kept" in entry:
        made["kept"] = [_renamed_entry(inner, mapping) for inner in entry["kept"]]
    return made
