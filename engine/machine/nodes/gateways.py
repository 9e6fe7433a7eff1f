"""Gateways: where tokens part and meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.util.task import TaskState

from engine.machine.effects import Left
from engine.machine.nodes.base import Node
from engine.machine.spec import Flow, ProcessSpec
from engine.machine.token import Token

if TYPE_CHECKING:
    from engine.machine.run import Run


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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # For each incoming flow, the elements that lead to it: found when first asked for.
        self._above: dict[str, set[str]] = {}

    def receive(self, run: Run, flow: Flow, scope: Token) -> None:
        """Count the token in; the first one waits for the others."""
        if len(self.incoming) < 2:
            run.place(self.element_id, scope, flow=flow)
            return
        waiting = self._waiting(scope)
        if waiting is None:
            waiting = run.place(self.element_id, scope, memory={"came": {}}, flow=flow, waits=True)
        came = waiting.memory["came"]
        came[flow.id] = came.get(flow.id, 0) + 1
        run.mended(waiting)
        if self.goes_on(run, waiting):
            run.wake(waiting)

    def _waiting(self, scope: Token) -> Token | None:
        """Return the token that counts who came; one that goes on already counts no more."""
        return next(
            (
                inner
                for inner in scope.inner
                if inner.node is self and self.gathers(inner) and inner._state != TaskState.READY
            ),
            None,
        )

    def gathers(self, token: Token) -> bool:
        """Whether a token waits for other tokens to come."""
        return token.memory.get("came") is not None and "done" not in token.memory

    def goes_on(self, run: Run, token: Token) -> bool:
        """Whether all came that must."""
        return False

    def reached_from(self, spec: ProcessSpec, flows: set[str], node: Node) -> bool:
        """Whether a token at a node can come along one of the flows before it passes this join."""
        return any(node.element_id in self._upstream(spec, flow) for flow in flows)

    def _upstream(self, spec: ProcessSpec, flow: str) -> set[str]:
        if flow not in self._above:
            before = spec.before
            above: set[str] = set()
            todo = [spec.flows[flow].source]
            while todo:
                element_id = todo.pop()
                if element_id not in above and element_id != self.element_id:
                    above.add(element_id)
                    todo += before.get(element_id, ())
            self._above[flow] = above
        return self._above[flow]

    def leave(self, run: Run, token: Token) -> None:
        """Take one token of each flow; what is left over waits for the next round."""
        came = token.memory.get("came", {})
        scope = token.scope
        assert scope is not None
        left_over = {flow: count - 1 for flow, count in came.items() if count > 1}
        flows = self.open_flows(run, token)
        if left_over:
            waiting = run.place(self.element_id, scope, memory={"came": left_over}, waits=True)
            if self.goes_on(run, waiting):
                run.wake(waiting)
        run.leave(token, flows)


class ParallelGateway(Join):
    """All ways at once; as a join, one token of every incoming flow."""

    def goes_on(self, run: Run, token: Token) -> bool:
        """Whether every incoming flow brought one."""
        return all(token.memory["came"].get(flow.id) for flow in self.incoming)

    def enter(self, run: Run, token: Token) -> bool:
        """Go on; an operator who tries it again does not make the others come."""
        return "came" not in token.memory or self.goes_on(run, token)

    def open_flows(self, run: Run, token: Token) -> list[Flow]:
        """All of them."""
        return self.outgoing


class InclusiveGateway(Join):
    """Every way whose condition is true; as a join, all tokens that can still come."""

    def reconsider(self, run: Run, token: Token) -> bool:
        """Go on where no other token can still come."""
        came = token.memory.get("came")
        if came is None or can_come(run, token, {flow.id for flow in self.incoming} - set(came), set(came)):
            return False
        run.wake(token)
        return True


class ComplexGateway(Join):
    """As a join, goes on once its activation condition is true, and takes what comes late to no effect.

    After BPMN 2.0.2, 13.4.5: it waits for its start, is activated, then waits for its reset, until nothing
    can come any more along the flows that brought nothing. Conditions behind it may ask
    ``waitingForStart``; at the reset only those that ask are looked at.
    """

    def goes_on(self, run: Run, token: Token) -> bool:
        """Look at the condition as each token comes: once it was true, later ones change nothing."""
        condition, came = self.settings.condition, token.memory["came"]
        if condition is not None and not token.memory.get("activated"):
            count = {"activationCount": sum(came.values()), **came}
            token.memory["activated"] = run.is_true(token, condition, count)
        return condition is None or bool(token.memory["activated"])

    def enter(self, run: Run, token: Token) -> bool:
        """Go on where it is activated; an operator who tries it again lets the condition be looked at."""
        return "came" not in token.memory or self.goes_on(run, token)

    def _waiting(self, scope: Token) -> Token | None:
        """Return the token that counts, or the one that waits for the reset."""
        return next(
            (inner for inner in scope.inner if inner.node is self and inner.memory.get("came") is not None),
            None,
        )

    def receive(self, run: Run, flow: Flow, scope: Token) -> None:
        """Count the token in; after the activation it only makes the reset come nearer."""
        waiting = self._waiting(scope) if len(self.incoming) > 1 else None
        if waiting is None or "missing" not in waiting.memory:
            super().receive(run, flow, scope)
            return
        missing = waiting.memory["missing"]
        if flow.id in missing:
            missing.remove(flow.id)
        else:
            # The next round's token, before this round is over.
            came = waiting.memory["came"]
            came[flow.id] = came.get(flow.id, 0) + 1
        if not missing:
            self._reset(run, waiting)

    def leave(self, run: Run, token: Token) -> None:
        """Activated: go on, and wait for the reset where something may still come."""
        scope, came = token.scope, token.memory.get("came")
        assert scope is not None
        flows = self._flows(run, token, starts=True)
        if came is not None:
            missing = sorted({flow.id for flow in self.incoming} - set(came))
            left_over = {flow: count - 1 for flow, count in came.items() if count > 1}
            if missing and can_come(run, token, set(missing), set()):
                memory = {"came": left_over, "missing": missing}
                Token(run, self, scope, state=TaskState.WAITING, memory=memory)
            elif left_over:
                run.place(self.element_id, scope, memory={"came": left_over})
        run.leave(token, flows)

    def watches(self, token: Token) -> bool:
        """Waiting for the reset keeps nothing alive."""
        return "missing" in token.memory

    def reconsider(self, run: Run, token: Token) -> bool:
        """Reset where nothing more can come; without a condition, be activated then."""
        came = token.memory.get("came")
        if came is None:
            return False
        if "missing" in token.memory:
            if can_come(run, token, set(token.memory["missing"]), set()):
                return False
            assert token.scope is not None
            self._reset(run, token)
            run.settle(token.scope)
            return True
        if self.settings.condition is not None or can_come(
            run, token, {flow.id for flow in self.incoming} - set(came), set(came)
        ):
            return False
        run.wake(token)
        return True

    def starved(self, run: Run, token: Token) -> bool:
        """Whether it waits for its start and nothing can come any more."""
        if "came" not in token.memory or "missing" in token.memory:
            return False
        return not can_come(run, token, {flow.id for flow in self.incoming}, set())

    def _reset(self, run: Run, token: Token) -> None:
        scope, came = token.scope, token.memory["came"]
        assert scope is not None
        flows = self._flows(run, token, starts=False)
        run.withdraw(token)
        for flow in flows:
            run.arrive(flow, scope)
        if came:
            run.place(self.element_id, scope, memory={"came": came})

    def _flows(self, run: Run, token: Token, *, starts: bool) -> list[Flow]:
        open_ = []
        for flow in self.outgoing:
            if flow.id == self.default_flow:
                continue
            asks = flow.condition is not None and "waitingForStart" in flow.condition.source
            if not starts and not asks:
                continue
            if flow.condition is None or run.is_true(token, flow.condition, {"waitingForStart": starts}):
                open_.append(flow)
        return open_ or (self.default(token) if starts else [])


def can_come(run: Run, join: Token, missing: set[str], came: set[str]) -> bool:
    """Whether another token of the scope is still to be waited for at a join.

    After BPMN 2.0.2, 13.4.3: one that can reach a flow that brought nothing, and none that did, without
    passing the join itself.
    """
    assert join.scope is not None
    node: Join = join.node
    return any(
        not (other.watching or "compensating" in other.memory)
        and node.reached_from(run.spec, missing, other.node)
        and not node.reached_from(run.spec, came, other.node)
        for other in join.scope.inner
        if other is not join and other.node is not node
    )


class EventBasedGateway(Node):
    """The way of whichever event comes first; beginning a process, it may be the way of all of them."""

    goes_first = True
    parallel: bool = False
    instantiates: bool = False

    @property
    def chooses(self) -> bool:
        """The first event that comes chooses."""
        return True

    def enter(self, run: Run, token: Token) -> bool:
        """Wait at every event behind the gateway; tried again after a failure, it begins anew."""
        run.clear(token)
        for flow in self.outgoing:
            behind: Any = run.spec.node(flow.target)
            behind.await_inside(run, token, flow)
        return False

    def chosen(self, run: Run, gateway: Token, token: Token) -> None:
        """One of the events came: it goes on in the gateway's place, the others are withdrawn."""
        scope = gateway.scope
        assert scope is not None
        gateway.inner.remove(token)
        scope.inner.append(token)
        token.scope = scope
        # In its new scope it is the last that came.
        run.tasks[token.id] = run.tasks.pop(token.id)
        run.effects.append(Left(visit=gateway.id, state="completed"))
        run.withdraw(gateway)

    def begin_process(self, run: Run, root: Token, event: str) -> None:
        """One of the events has come and begins the process; a parallel gateway waits for the others."""
        run.place(event, root, memory={"begun": True})
        if self.parallel:
            for flow in self.outgoing:
                if flow.target != event:
                    run.place(flow.target, root, flow=flow)
