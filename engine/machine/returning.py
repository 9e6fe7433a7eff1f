"""Sending a step back: an earlier step is done again, and what came after it is taken away or waits.

Walked *through*, everything between the two is done again, so whatever stands there is cancelled. Sent
straight *back*, the earlier step alone is done again, and then the one that sent it back: everything else
stays where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.i18n import _
from engine.machine.nodes.activities import UserTask, keep_decision
from engine.machine.nodes.between import CannotReturn, check_joins, goal, take_away
from engine.machine.nodes.gateways import EventBasedGateway
from engine.machine.stimuli import Return

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node
    from engine.machine.run import Run
    from engine.machine.token import Token


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
        take_away(run, scope, target, goal(run, left), but=left)
    else:
        if any(event.interrupting for event in target.boundary):
            # Left by its border, it goes on from there as drawn.
            check_joins(run.spec, target, goal(run, left))
        # Where this step was itself sent back to, it still has to go back from here.
        returned |= {"from": left.node.element_id, "then": left.memory.get("returned")}
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
                check_joins(run.spec, target, goal(run, left))
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
