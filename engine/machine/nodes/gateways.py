"""Gateways: where tokens part and meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from SpiffWorkflow.util.task import TaskState

from engine.machine.nodes.base import Node
from engine.machine.spec import Flow

if TYPE_CHECKING:
    from engine.machine.run import Run
    from engine.machine.token import Token


class ExclusiveGateway(Node):
    """One way: the first flow whose condition is true, else the default."""

    def open_flows(self, run: Run, token: Token) -> list[Flow]:
        """Return the one flow that is taken."""
        if len(self.outgoing) == 1 and self.outgoing[0].condition is None:
            return self.outgoing
        for flow in self.outgoing:
            if flow.id == self.default_flow:
                continue
            if flow.condition is None or run.holds(token, flow.condition):
                return [flow]
        return self.default(token)


class Join(Node):
    """Where tokens wait for each other. A waiting token counts what came along each flow."""

    def receive(self, run: Run, flow: Flow, scope: Token) -> None:
        """Count the token in; the first one waits for the others."""
        if len(self.incoming) < 2:
            run.place(self.element_id, scope, flow=flow)
            return
        waiting = self._waiting(scope)
        if waiting is None:
            waiting = run.place(self.element_id, scope, memory={"came": {}}, flow=flow)
            waiting._set_state(TaskState.WAITING)
        came = waiting.memory["came"]
        came[flow.id] = came.get(flow.id, 0) + 1
        if self.complete(came):
            waiting._set_state(TaskState.READY)
            run.ready.append(waiting)

    def _waiting(self, scope: Token) -> Token | None:
        return next(
            (token for token in scope.inner if token.node is self and token._state == TaskState.WAITING), None
        )

    def complete(self, came: dict[str, int]) -> bool:
        """Whether all came that must."""
        return False

    def leave(self, run: Run, token: Token) -> None:
        """Take one token of each flow; what is left over waits for the next round."""
        came = token.memory.get("came", {})
        scope = token.scope
        assert scope is not None
        left_over = {flow: count - 1 for flow, count in came.items() if count > 1}
        flows = self.open_flows(run, token)
        if left_over:
            waiting = run.place(self.element_id, scope, memory={"came": left_over})
            complete = self.complete(left_over)
            waiting._set_state(TaskState.READY if complete else TaskState.WAITING)
        run.leave(token, flows)


class ParallelGateway(Join):
    """All ways at once; as a join, one token of every incoming flow."""

    def complete(self, came: dict[str, int]) -> bool:
        """Whether every incoming flow brought one."""
        return all(came.get(flow.id) for flow in self.incoming)

    def open_flows(self, run: Run, token: Token) -> list[Flow]:
        """All of them."""
        return self.outgoing

    def starved(self, run: Run, token: Token) -> bool:
        """Whether nothing else in its scope moves or waits."""
        assert token.scope is not None
        return all(other.node is self and other.waiting for other in token.scope.inner)


class InclusiveGateway(Join):
    """Every way whose condition is true; as a join, all tokens that can still come."""

    def may_open(self, run: Run, token: Token) -> bool:
        """Whether no other token of the scope can still reach a flow that brought none."""
        if "came" not in token.memory or token.scope is None:
            return False
        missing = {flow.source for flow in self.incoming if flow.id not in token.memory["came"]}
        for other in token.scope.inner:
            if other is not token and self._reaches(run, other.node, missing):
                return False
        return True

    def _reaches(self, run: Run, start: Node, targets: set[str]) -> bool:
        seen: set[str] = set()
        todo = [start]
        while todo:
            node = todo.pop()
            if node is self or node.element_id in seen:
                continue
            if node.element_id in targets:
                return True
            seen.add(node.element_id)
            todo.extend(run.spec.node(flow.target) for flow in node.outgoing)
            todo.extend(node.boundary)
        return False


class EventBasedGateway(Node):
    """The way of whichever event comes first."""

    def enter(self, run: Run, token: Token) -> bool:
        """Wait at every event behind the gateway."""
        for flow in self.outgoing:
            run.spec.node(flow.target).await_inside(run, token, flow)
        return False
