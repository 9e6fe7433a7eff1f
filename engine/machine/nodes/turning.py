"""Turning back: an earlier step is done again, and what came after it is taken away or waits.

Walked *through*, everything between the two is done again, so whatever stands there is cancelled. Sent
straight *back*, the earlier step alone is done again, and then the one that sent it back: everything else
stays where it is.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from engine.i18n import _
from engine.machine.effects import End, Left
from engine.machine.nodes.activities import UserTask, keep_decision
from engine.machine.nodes.approved import forget_approvals
from engine.machine.nodes.between import CannotReturn, check_joins, goal, goes_back_to, take_away
from engine.machine.nodes.gateways import EventBasedGateway
from engine.machine.spec import STEP

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node
    from engine.machine.run import Run
    from engine.machine.spec import ProcessSpec
    from engine.machine.stimuli import Return
    from engine.machine.token import Token


def send_back(run: Run, token: Token, stimulus: Return) -> None:
    """Take a token back to an earlier user task, because a person says so.

    Args:
        run: The run.
        token: The step that is sent back.
        stimulus: Where to, by whom, and how it comes back.

    Raises:
        CannotReturn: It cannot be sent back there; the message says why and names the remedy.
    """
    decision = {"outcome": "returned", "by": stimulus.by, "at": stimulus.at, "opinion": stimulus.opinion}
    votes = token.memory.get("votes")
    left, target, returned = _way(run, token, stimulus.to, by=stimulus.by, again=stimulus.again)
    keep_decision(run, token, {**decision, "list": [*votes, decision]} if votes is not None else decision)
    assert left.scope is not None
    run.cancel(left)
    run.place(target.element_id, left.scope, memory={"returned": returned})


def turn_back(run: Run, token: Token, then: str) -> None:
    """Do what a rejection does, where it is more than going on as drawn.

    Args:
        run: The run.
        token: The step that was rejected, with its decision kept.
        then: ``end``, ``initiator``, ``previous`` or ``step:ID``.

    Raises:
        CannotReturn: It cannot be sent back there.
    """
    if then == "end":
        run.effects.append(Left(visit=token.id, state="completed"))
        run.withdraw(token)
        run.end(End(state="completed", element=token.node.element_id))
        return
    by = run.read("decisions")[token.node.element_id]["by"]
    left, target, returned = _way(run, token, _element(run, token, then), by=str(by), again="through")
    assert left.scope is not None
    if left is token:
        run.effects.append(Left(visit=token.id, state="completed"))
        run.withdraw(token)
    else:
        run.cancel(left)
    run.place(target.element_id, left.scope, memory={"returned": returned})


def withdraw(run: Run, by: str) -> None:
    """Take a request back to the step in which its initiator fills it in; all else is taken away.

    Raises:
        CannotReturn: There is no such step, it is open already, or a step that is open forbids it.
    """
    target, scope = initiator_step(run.spec), run.root
    if target is None or scope is None:
        raise CannotReturn(_("This process has no step at which it could be changed. Cancel it instead."))
    open_ = [token.node for token in run.tasks.values() if token.waiting and isinstance(token.node, UserTask)]
    if target in open_:
        raise CannotReturn(
            _("%(element)s is open already. Wait until it is done."),
            element=target.element_name or target.element_id,
        )
    held = next((node for node in open_ if not node.settings.task.withdraw), None)
    if held is not None:
        raise CannotReturn(
            _("At %(element)s it cannot be taken back any more."),
            element=held.element_name or held.element_id,
        )
    for token in list(scope.inner):
        if not token.watching:
            run.cancel(token)
    forget_approvals(run, run.spec.task_specs.keys())
    run.place(target.element_id, scope, memory={"returned": {"by": by}})


def awaken(run: Run, element_id: str, by: str) -> None:
    """Let an ended run go on at a step that people do.

    Raises:
        CannotReturn: It is no such step, or lies within another part of the process.
    """
    target = _target(run, element_id)
    if target.within is not None:
        raise CannotReturn(
            _("%(element)s lies in a part of the process that is over. Choose a step before that part."),
            element=target.element_name or target.element_id,
        )
    run.state = "active"
    root = run.begin()
    for guard in run.spec.root.guards:
        guard.watch(run, root)
    run.place(element_id, root, memory={"returned": {"by": by}})


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


def initiator_step(spec: ProcessSpec) -> Node | None:
    """Return the step at which the initiator fills their request in; None where none is drawn."""
    steps = [node for node in spec.nodes if isinstance(node, UserTask) and node.within is None]
    for node in steps:
        if node.settings.task.start_counts:
            return node
    for node in steps:
        assignee = node.settings.task.assignee
        if assignee is not None and assignee.source.strip() == "initiator":
            return node
    return None


def _element(run: Run, token: Token, then: str) -> str:
    """Return the element that a rejection leads back to.

    Raises:
        CannotReturn: There is none.
    """
    if then.startswith(STEP):
        return then.removeprefix(STEP)
    found = initiator_step(run.spec) if then == "initiator" else _previous(run, token)
    if found is None:
        raise CannotReturn(_("There is no step before this one to which it could be sent back."))
    return found.element_id


def _previous(run: Run, token: Token) -> Node | None:
    """Return the nearest step before this one, against the flows, that people have done."""
    done = run.read("decisions") or {}
    seen: set[str] = set()
    todo = deque(run.spec.before.get(token.node.element_id, ()))
    while todo:
        element_id = todo.popleft()
        if element_id in seen:
            continue
        seen.add(element_id)
        node = run.spec.node(element_id)
        if element_id in done and isinstance(node, UserTask) and node is not token.node:
            return node
        todo += run.spec.before.get(element_id, ())
    return None


def _way(run: Run, token: Token, to: str, *, by: str, again: str) -> tuple[Token, Node, dict[str, Any]]:
    """Take away what stands between a step and an earlier one.

    Returns:
        The token that is left for it, the earlier step, and what its token remembers.

    Raises:
        CannotReturn: It cannot be sent back there; nothing has changed.
    """
    target = _target(run, to)
    left = _beside(token, target)
    scope = left.scope
    assert scope is not None
    if left.node is target:
        raise CannotReturn(_("This is the step itself. Choose an earlier one."))
    returned: dict[str, Any] = {"by": by}
    if again == "through":
        take_away(run, scope, target, goal(run, left), but=left)
    else:
        if any(event.interrupting for event in target.boundary):
            # Left by its border, it goes on from there as drawn.
            check_joins(run.spec, target, goal(run, left))
        held = next(
            (one for one in scope.inner if one is not left and target in goes_back_to(run, one)), None
        )
        if held is not None:
            # It opens the earlier step again by itself: then it would be open twice.
            raise CannotReturn(
                _("%(element)s is open already. Wait until it is done."),
                element=held.node.element_name or held.node.element_id,
            )
        # Where this step was itself sent back to, it still has to go back from here.
        returned |= {"from": left.node.element_id, "then": left.memory.get("returned")}
    if any(inner.node is target and not inner.watching for inner in scope.inner):
        raise CannotReturn(
            _("%(element)s is open already. Wait until it is done."),
            element=target.element_name or target.element_id,
        )
    return left, target, returned


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
