"""What stands between two steps: taken away where the first one is done again, or left by another way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import Conflict
from engine.i18n import _
from engine.machine.nodes.approved import forget_approvals
from engine.machine.nodes.gateways import Join

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node
    from engine.machine.run import Run
    from engine.machine.spec import ProcessSpec
    from engine.machine.token import Token


class CannotReturn(Conflict):
    """It cannot be sent back there."""

    code = "cannot_return"


def way_back(token: Token) -> Mapping[str, Any] | None:
    """Return who sent a step back that goes straight back to theirs; None where it goes on as drawn."""
    returned = token.memory.get("returned")
    return returned if returned and "from" in returned else None


def goes_back_to(run: Run, token: Token) -> list[Node]:
    """Return the steps that a step goes straight back to, in order; none where it goes on as drawn."""
    found, way = [], way_back(token)
    while way is not None and "from" in way:
        found.append(run.spec.node(way["from"]))
        way = way["then"]
    return found


def goal(run: Run, token: Token) -> Node:
    """Return the step up to which the process had come: the one a step goes back to at last, else itself."""
    return [token.node, *goes_back_to(run, token)][-1]


def take_away(run: Run, scope: Token, first: Node, last: Node, *, but: Token) -> None:
    """Cancel what stands between two steps of a scope, and what came from there to a join.

    Args:
        run: The run.
        scope: Where both stand.
        first, last: The steps: everything from the first one on, before the last one.
        but: A token that stays.

    Raises:
        CannotReturn: A branch that a join waits for would not come again; nothing has changed.
    """
    between = check_joins(run.spec, first, last)
    for token in list(scope.inner):
        if token is but or token.watching:
            continue
        if token.node.gathers(token):
            _take_back_from(run, token, between)
        elif token.node.element_id in between:
            run.cancel(token)
    forget_approvals(run, {*between, last.element_id})


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


def check_joins(spec: ProcessSpec, first: Node, last: Node) -> set[str]:
    """Return the elements that are passed again on the way; no join among them may lack a branch.

    Raises:
        CannotReturn: A branch that a join waits for would not come again.
    """
    between = _passed(spec, first, last)
    for element_id in between:
        node = spec.node(element_id)
        if not isinstance(node, Join) or len(node.incoming) < 2 or not _leads_to(spec, node, last, first):
            continue
        if any(flow.source not in between for flow in node.incoming):
            raise CannotReturn(
                _(
                    "%(element)s stands in one of several branches that have met since. "
                    "Choose a step before they part."
                ),
                element=first.element_name or first.element_id,
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
