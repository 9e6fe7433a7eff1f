"""A run: SpiffWorkflow's Workflow over live tokens only.

The library executes: a token is its Task, a node its TaskSpec, ``Task.run`` drives a node's hooks and moves
the task's state. What is ours is how tokens go from node to node: a visited element is never kept in the
tree, nothing is predicted, and no step walks over what is long done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

from engine import feel
from engine.errors import BpmnError, BudgetExceeded, CallwrightError, TechnicalFailure
from engine.i18n import _
from engine.machine.effects import (
    Continue,
    Effect,
    End,
    Entered,
    Failed,
    Left,
    Logged,
    StopWaiting,
    Wrote,
)
from engine.machine.environment import Environment
from engine.machine.scopes import Scopes, View
from engine.machine.spec import ROOT, Flow, Formula, ProcessSpec
from engine.machine.token import Token
from engine.values import Json


class ExpressionFailed(TechnicalFailure):
    """An expression of the drawing gave no usable value."""

    code = "expression_failed"


class Stuck(TechnicalFailure):
    """The process waits for nothing that could still happen."""

    code = "stuck"


class Run(Workflow):
    """A live instance in memory.

    Args:
        spec: The compiled process.
        environment: What this step may look at.
    """

    def __init__(self, spec: ProcessSpec, environment: Environment) -> None:
        super().__init__(spec, deserializing=True)
        self.environment = environment
        self.scopes = Scopes()
        self.ready: deque[Token] = deque()
        self.effects: list[Effect] = []
        self.root: Token | None = None
        self.state = "active"
        self._ended: End | None = None

    # -- moving ----------------------------------------------------------------------------------------

    def begin(self) -> Token:
        """Make the token that stands for the process itself."""
        self.root = Token(self, self.spec.task_specs[ROOT], None, state=TaskState.STARTED)
        return self.root

    def place(
        self,
        element_id: str,
        scope: Token,
        memory: dict[str, Any] | None = None,
        flow: Flow | None = None,
    ) -> Token:
        """Put a token on an element; it runs in its turn."""
        if len(self.tasks) > self.environment.budget.token_count:
            raise BudgetExceeded(
                _("More than %(limit)s tokens are alive."), limit=self.environment.budget.token_count
            )
        token = Token(self, self.spec.node(element_id), scope, memory=memory)
        came_by = flow.id if flow is not None else None
        self.effects.append(Entered(visit=token.id, element=element_id, flow=came_by))
        self.ready.append(token)
        return token

    def arrive(self, flow: Flow, scope: Token) -> None:
        """Bring a token along a flow to the element it leads to."""
        self.spec.node(flow.target).receive(self, flow, scope)

    def leave(self, token: Token, flows: Sequence[Flow]) -> None:
        """Take a finished token out and send on what goes on from it."""
        scope = token.scope
        assert scope is not None
        self.effects.append(Left(visit=token.id, state="completed"))
        self.remove(token)
        for flow in flows:
            self.arrive(flow, scope)
        if not flows:
            self.settle(scope)

    def settle(self, scope: Token) -> None:
        """End a scope in which nothing goes on any more."""
        if not scope.node.holds(scope):
            scope.node.emptied(self, scope)

    def remove(self, token: Token) -> None:
        """Take a token and all that lives in it out of the tree; whoever waits for it is told to stop."""
        for inner in token.children:
            self.cancel(inner)
        if token.scope is not None:
            token.scope.inner.remove(token)
        self.tasks.pop(token.id, None)
        if token.id in self.scopes.texts:
            self.scopes.close(token.id)

    def cancel(self, token: Token) -> None:
        """Withdraw a token and all that lives in it."""
        if token.waiting:
            self.effects.append(StopWaiting(visit=token.id))
        if not token.node.silent:
            self.effects.append(Left(visit=token.id, state="cancelled"))
        self.remove(token)
        token._set_state(TaskState.CANCELLED)

    def choose(self, gateway: Token, token: Token) -> None:
        """Let one of the events behind a gateway go on in the gateway's place; the others are withdrawn."""
        scope = gateway.scope
        assert scope is not None
        gateway.inner.remove(token)
        scope.inner.append(token)
        token.scope = scope
        self.effects.append(Left(visit=gateway.id, state="completed"))
        self.remove(gateway)

    def end(self, end: End) -> None:
        """End the whole instance; the first end counts."""
        if self._ended is not None:
            return
        self._ended = end
        self.state = end.state
        self.ready.clear()
        if self.root is not None:
            for token in self.root.children:
                self.cancel(token)
            self.tasks.clear()
        self.effects.append(end)

    # -- going on --------------------------------------------------------------------------------------

    def drain(self) -> None:
        """Run every token that can move, until all wait or the budget is spent."""
        budget = self.environment.budget.step_count
        while self._ended is None:
            while self.ready:
                if budget == 0:
                    self.effects.append(Continue())
                    return
                budget -= 1
                self._run_one(self.ready.popleft())
            if not self._open_joins():
                break
        if self._ended is None:
            self._report_stuck()

    def _run_one(self, token: Token) -> None:
        if token._state != TaskState.READY:
            return
        try:
            token.run()
        except BpmnError as error:
            self.throw_error(token, error.code, error.message)
        except CallwrightError as error:
            self.fail(token, error)

    def fail(self, token: Token, error: CallwrightError) -> None:
        """Leave a token where it is until an operator helps."""
        token._set_state(TaskState.ERROR)
        self.effects.append(
            Failed(
                visit=token.id,
                element=token.node.element_id,
                code=error.code,
                message=error.message,
                params=error.params,
            )
        )

    def throw_error(self, token: Token, code: str, message: str) -> None:
        """Bring a modelled error to the nearest element that catches it, outwards from a token.

        Nobody catches it: the instance ends as failed, and whoever called it gets the error.
        """
        host: Token | None = token
        while host is not None and host.scope is not None:
            catcher = host.node.catcher_of_error(code)
            if catcher is not None:
                scope = host.scope
                self.effects.append(Logged(visit=host.id, text=f"{code}: {message}" if message else code))
                self.effects.append(Left(visit=host.id, state="failed"))
                if host.waiting:
                    self.effects.append(StopWaiting(visit=host.id))
                self.remove(host)
                catcher.caught(self, scope, {"error": {"code": code, "message": message}})
                return
            host = host.scope
        self.effects.append(Left(visit=token.id, state="failed"))
        self.end(End(state="failed", element=token.node.element_id, error_code=code, error_message=message))

    def _open_joins(self) -> bool:
        """Let inclusive joins go on that nothing more can reach; True where one did."""
        for token in list(self.tasks.values()):
            if token._state == TaskState.WAITING and token.node.may_open(self, token):
                token._set_state(TaskState.READY)
                self.ready.append(token)
                return True
        return False

    def _report_stuck(self) -> None:
        for token in list(self.tasks.values()):
            if token._state == TaskState.WAITING and token.node.starved(self, token):
                self.fail(
                    token,
                    Stuck(_("The gateway waits for a token that cannot come: a branch ended elsewhere.")),
                )

    # -- data ------------------------------------------------------------------------------------------

    def view(self, token: Token, local: Mapping[str, Any] | None = None) -> View:
        """What an expression sees from a token."""
        environment = self.environment
        return View(
            self.scopes,
            token.variable_scope(),
            environment.given,
            environment.types,
            environment.large_value,
            local,
        )

    def evaluate(self, token: Token, formula: Formula, local: Mapping[str, Any] | None = None) -> Any:
        """Evaluate an expression as seen from a token; what cannot be evaluated gives None."""
        return self._evaluate(token, formula, local)[0]

    def holds(self, token: Token, condition: Formula) -> bool:
        """Evaluate a condition.

        Raises:
            ExpressionFailed: It is neither true nor false; the message says why.
        """
        value, reason = self._evaluate(token, condition, None)
        if not isinstance(value, bool):
            raise ExpressionFailed(
                _("The condition %(expression)s is neither true nor false: %(reason)s"),
                expression=condition.source,
                reason=reason or str(value),
            )
        return value

    def _evaluate(self, token: Token, formula: Formula, local: Mapping[str, Any] | None) -> tuple[Any, str]:
        environment = self.environment
        view = self.view(token, local)
        if formula.script:
            return environment.evaluate_script(formula.source, view, seed=token.id), ""
        if formula.feel is None:
            return formula.source, ""
        result = formula.feel.evaluate(view, functions=environment.functions, now=environment.now)
        return result.value, "; ".join(str(warning) for warning in result.warnings)

    def render(self, token: Token, template: str, local: Mapping[str, Any] | None = None) -> str:
        """Fill a text with holes as seen from a token."""
        environment = self.environment
        return feel.render(
            template, self.view(token, local), functions=environment.functions, now=environment.now
        )

    def write(self, token: Token | None, name: str, value: Json, *, local: bool = False) -> None:
        """Give a variable a value: where it is, else in the instance; or in the token's own scope."""
        scope = token.variable_scope() if token is not None else None
        if not local:
            scope = self.scopes.holder(scope, name)
        text = self.scopes.write(scope, name, feel.to_json(value), self.environment.budget.value_bytes)
        self.effects.append(
            Wrote(visit=token.id if token is not None else None, scope=scope, name=name, text=text)
        )

    def read(self, name: str) -> Json:
        """Return one of the instance's own variables; None where there is none."""
        try:
            return self.scopes.read(None, name, self.environment.large_value)
        except KeyError:
            return None
