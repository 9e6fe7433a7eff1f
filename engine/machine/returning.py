"""Sending a step back: an earlier step is done again, and what came after it is taken away or waits.

Walked *through*, everything between the two is done again, so whatever stands there is cancelled. Sent
straight *back*, the earlier step alone is done again, and then the one that sent it back: everything else
stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.errors import Conflict
from engine.i18n import _
from engine.machine.nodes.activities import UserTask, keep_decision
from engine.machine.nodes.approvals import forget_approvals
from engine.machine.nodes.gateways import EventBasedGateway, Join
from engine.machine.stimuli import Return

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node
    from engine.machine.run import Run
    from engine.machine.spec import ProcessSpec
    from engine.machine.token import Token


class CannotReturn(Conflict):
    """It cannot be sent back there."""

    code = "cannot_return"


def send_back(run: Run, token: Token, stimulus: Return) -> None:
    """Take a token back to an earlier user task.

    Args:
        run: The run.
        token: The step that is sent back.
        stimulus: Where to, by whom, and how it comes back.

    Raises:
        CannotReturn: It cannot be sent back there; the message says why and names the remedy.
    """
    target = _target(run, stimulus.to)
    left = _beside(token, target)
    scope = left.scope
    assert scope is not None
    if left.node is target:
        raise CannotReturn(_("This is the step itself. Choose an earlier one."))
    returned: dict[str, Any] = {"by": stimulus.by}
    if stimulus.again == "through":
        _take_away(run, left, target)
    else:
        # Where this step was itself sent back to, it still has to go back from here.
        returned |= {"from": left.node.element_id, "then": token.memory.get("returned")}
    if any(inner.node is target and not inner.watching for inner in scope.inner):
        raise CannotReturn(
            _("%(element)s is open already. Wait until it is done."),
            element=target.element_name or target.element_id,
        )
    decision = {"outcome": "returned", "by": stimulus.by, "at": stimulus.at, "opinion": stimulus.opinion}
    votes = token.memory.get("votes")
    keep_decision(run, token, {**decision, "list": [*votes, decision]} if votes is not None else decision)
    run.cancel(left)
    run.place(target.element_id, scope, memory={"returned": returned})


def return_targets(run: Run, token: Token, visited: list[str]) -> list[str]:
    """Return those of the visited elements that a step can be sent back to, in their order.

    Args:
        run: The run.
        token: The step that is sent back.
        visited: Elements that were passed, in the order in which they are offered.
    """
    found = []
    for element_id in dict.fromkeys(visited):
        try:
            target = _target(run, element_id)
            left = _beside(token, target)
            if left.node is not target:
                _check_joins(run.spec, target, left.node)
                found.append(element_id)
        except CannotReturn:
            continue
    return found


def _target(run: Run, element_id: str) -> Node:
    node = run.spec.task_specs.get(element_id)
    if not isinstance(node, UserTask) or node.begun_otherwise:
        raise CannotReturn(_("Only a step that people do can be done again. Choose such a step."))
    if any(isinstance(run.spec.node(flow.source), EventBasedGateway) for flow in node.incoming):
        raise CannotReturn(
            _("%(element)s begins by an event that was waited for, and cannot be done again."),
            element=node.element_name or element_id,
        )
    return node


def _beside(token: Token, target: Node) -> Token:
    """Return the step, or the activity around it, that stands in the same scope as the target."""
    at: Token | None = token
    while at is not None and at.scope is not None:
        if at.node.within == target.within and at.round is None:
            return at
        at = at.scope
    raise CannotReturn(
        _("%(element)s lies in a part of the process that is over. Choose a step before that part."),
        element=target.element_name or target.element_id,
    )


def _take_away(run: Run, left: Token, target: Node) -> None:
    """Cancel what stands between the target and the step that is left, and what came from there to a join."""
    between = _check_joins(run.spec, target, left.node)
    scope = left.scope
    assert scope is not None
    for token in list(scope.inner):
        if token is left or token.watching:
            continue
        if token.node.gathers(token):
            _take_back_from(run, token, between)
        elif token.node.element_id in between:
            run.cancel(token)
    forget_approvals(run, {*between, left.node.element_id})


def _take_back_from(run: Run, token: Token, between: set[str]) -> None:
    """Let a join forget what came to it from what is done again."""
    came = token.memory.get("came")
    if came is None:
        if token.node.element_id in between:
            run.cancel(token)
        return
    for flow in [flow for flow in came if run.spec.flows[flow].source in between]:
        del came[flow]
    if not came:
        run.cancel(token)


def _check_joins(spec: ProcessSpec, target: Node, left: Node) -> set[str]:
    """Return the elements that are passed again on the way; no join among them may lack a branch.

    Raises:
        CannotReturn: A branch that a join waits for would not come again.
    """
    between = _passed(spec, target, left)
    for element_id in between:
        node = spec.node(element_id)
        if not isinstance(node, Join) or len(node.incoming) < 2 or not _leads_to(spec, node, left, target):
            continue
        if any(flow.source not in between for flow in node.incoming):
            raise CannotReturn(
                _(
                    "%(element)s stands in one of several branches that have met since. "
                    "Choose a step before they part."
                ),
                element=target.element_name or target.element_id,
            )
    return between


def _passed(spec: ProcessSpec, first: Node, last: Node) -> set[str]:
    """Return what a token from one element can pass before it comes to another, the first one included."""
    passed: set[str] = set()
    todo = [first.element_id]
    while todo:
        element_id = todo.pop()
        if element_id in passed or element_id == last.element_id:
            continue
        passed.add(element_id)
        todo += _next(spec.node(element_id))
    return passed


def _leads_to(spec: ProcessSpec, node: Node, last: Node, but: Node) -> bool:
    """Whether an element leads to another one without coming by a third."""
    seen = {but.element_id}
    todo = [node.element_id]
    while todo:
        element_id = todo.pop()
        if element_id == last.element_id:
            return True
        if element_id not in seen:
            seen.add(element_id)
            todo += _next(spec.node(element_id))
    return False


def _next(node: Node) -> Iterator[str]:
    yield from (flow.target for flow in node.outgoing)
    yield from (event.element_id for event in node.boundary)
    if node.jumps_to is not None:
        yield node.jumps_to
