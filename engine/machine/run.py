"""A run: SpiffWorkflow's Workflow over live tokens only.

The library executes: a token is its Task, a node its TaskSpec, ``Task.run`` drives a node's hooks and moves
the task's state. What is ours is how tokens go from node to node: a visited element is never kept in the
tree, nothing is predicted, and no step walks over what is long done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

from engine import feel
from engine.errors import BpmnError, BudgetExceeded, CallwrightError, Phrase, TechnicalFailure
from engine.i18n import _
from engine.machine.catching import throw_error
from engine.machine.effects import (
    Continue,
    Effect,
    End,
    Entered,
    Failed,
    Left,
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
        # Whether a variable was written since the conditional events were looked at.
        self.written = False
        self._ended: End | None = None

    @property
    def cascade(self) -> int:
        """How many processes began one by the other's message or signal up to this one, without a wait."""
        return self.root.memory.get("cascade", 0) if self.root is not None else 0

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
        *,
        waits: bool = False,
    ) -> Token:
        """Put a token on an element; it runs in its turn, or waits for others there.

        With too many tokens alive it stays where it is until an operator helps: none is lost on its way.
        """
        node = self.spec.node(element_id)
        came_by = flow.id if flow is not None else None
        if node.rounds is not None and "round" not in (memory or {}):
            memory = {**(memory or {}), "rounds": {}, "flow": came_by}
        token = Token(self, node, scope, state=TaskState.WAITING if waits else TaskState.READY, memory=memory)
        limit = self.environment.budget.token_count
        if token.visited:
            self.effects.append(Entered(visit=token.id, element=element_id, flow=came_by))
        if waits:
            return token
        if len(self.tasks) > limit + 1:
            self.fail(token, BudgetExceeded(_("More than %(limit)s tokens are alive."), limit=limit))
        elif node.goes_first or node.boundary:
            self.ready.appendleft(token)
        else:
            self.ready.append(token)
        return token

    def wake(self, token: Token) -> None:
        """Let a token that waits for others run in its turn."""
        token._set_state(TaskState.READY)
        self.ready.append(token)

    def arrive(self, flow: Flow, scope: Token) -> None:
        """Bring a token along a flow to the element it leads to."""
        self.spec.node(flow.target).receive(self, flow, scope)

    def leave(self, token: Token, flows: Sequence[Flow]) -> None:
        """Take a finished token out and send on what goes on from it."""
        scope = token.scope
        assert scope is not None
        if token.visited:
            self.effects.append(Left(visit=token.id, state="completed"))
        self.remove(token)
        if scope.node.left(self, scope):
            return
        for flow in flows:
            self.arrive(flow, scope)
        self.settle(scope)

    def settle(self, scope: Token) -> None:
        """End a scope in which nothing goes on any more."""
        if scope.id not in self.tasks or any(not inner.watching for inner in scope.inner):
            return
        self.attempt(scope, partial(self.empty, scope))

    def empty(self, scope: Token) -> None:
        """Let a scope go on in which nothing goes on any more; what fails is tried again from here."""
        scope.memory["emptied"] = True
        scope.node.emptied(self, scope)
        scope.memory.pop("emptied", None)

    def remove(self, token: Token) -> None:
        """Take a token and all that lives in it out of the tree; whoever waits for it is told to stop."""
        for inner in token.children:
            self.cancel(inner)
        if token.scope is not None and token in token.scope.inner:
            token.scope.inner.remove(token)
        self.tasks.pop(token.id, None)
        if token.id in self.scopes.texts:
            self.scopes.close(token.id)

    def withdraw(self, token: Token) -> None:
        """Take a token out, without a word of it in history."""
        if token.waiting or token.failed:
            self.effects.append(StopWaiting(visit=token.id))
        self.remove(token)

    def cancel(self, token: Token) -> None:
        """Withdraw a token and all that lives in it."""
        if token.visited:
            self.effects.append(Left(visit=token.id, state="cancelled"))
        self.withdraw(token)
        token._set_state(TaskState.CANCELLED)

    def clear(self, scope: Token) -> None:
        """Cancel all that goes on in a scope; what watches at the scope's own border stays."""
        for inner in scope.children:
            if not (inner.watching and inner.node in scope.node.boundary):
                self.cancel(inner)

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
        worked_s, limit_s = self.environment.worked_s, self.environment.budget.step_s
        if self.written and self.spec.conditional:
            self._look_at_conditions()
        while self._ended is None:
            while (token := self._next()) is not None:
                if budget == 0 or worked_s() > limit_s:
                    self._break_off()
                    return
                budget -= 1
                self.ready.popleft()
                self.attempt(token, token.run)
                if self.written and self.spec.conditional:
                    self._look_at_conditions()
            if not self._reconsider():
                break
        if self._ended is None:
            self._report_stuck()

    def _next(self) -> Token | None:
        """Return whose turn it is, past those that were ready and are gone."""
        while self.ready and not self._moves(self.ready[0]):
            self.ready.popleft()
        return self.ready[0] if self.ready else None

    def _moves(self, token: Token) -> bool:
        return bool(token._state == TaskState.READY) and token.id in self.tasks

    def attempt(self, token: Token, act: Callable[[], Any]) -> None:
        """Do what concerns a token; what goes wrong there stays there: it is caught, or an incident."""
        try:
            act()
        except BpmnError as error:
            throw_error(self, token, error.code, error.message)
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

    def mended(self, token: Token) -> None:
        """Let a token go on that an operator was asked to help: what was missing has come."""
        if token.failed:
            token._set_state(TaskState.STARTED)
            self.effects.append(StopWaiting(visit=token.id))

    def _break_off(self) -> None:
        """Leave the rest to another transaction, unless the instance seems never to wait again."""
        assert self.root is not None
        budget, memory = self.environment.budget, self.root.memory
        continued = memory["continued"] = memory.get("continued", 0) + 1
        busy_s = memory["busy_s"] = memory.get("busy_s", 0.0) + self.environment.worked_s()
        if busy_s > budget.busy_s:
            error = BudgetExceeded(
                _("The process worked for %(limit)s seconds without waiting for anything."),
                limit=f"{budget.busy_s:g}",
            )
        elif continued > budget.continue_count:
            error = BudgetExceeded(
                _("The process went on %(limit)s times without waiting for anything."),
                limit=budget.continue_count,
            )
        else:
            self.effects.append(Continue())
            return
        for token in self.queue:
            self.fail(token, error)
        self.ready.clear()

    @property
    def queue(self) -> list[Token]:
        """The tokens that can move, in their turn."""
        return [token for token in dict.fromkeys(self.ready) if self._moves(token)]

    def _look_at_conditions(self) -> None:
        """Let conditional events come whose condition became true by what was written."""
        self.written = False
        for token in list(self.tasks.values()):
            node = token.node
            if token.waiting and token.id in self.tasks and node.awaits("conditional", None):
                self.attempt(token, partial(node.look, self, token))

    def _reconsider(self) -> bool:
        """Let one join go on that nothing more can reach; True where there is one."""
        return any(
            token.waiting and token.node.reconsider(self, token) for token in list(self.tasks.values())
        )

    def _report_stuck(self) -> None:
        for token in list(self.tasks.values()):
            if token.waiting and token.node.starved(self, token):
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

    def is_true(self, token: Token, condition: Formula, local: Mapping[str, Any] | None = None) -> bool:
        """Whether a condition is true; what cannot be told is not."""
        try:
            return self._evaluate(token, condition, local)[0] is True
        except (BpmnError, CallwrightError):
            return False

    def _evaluate(
        self, token: Token, formula: Formula, local: Mapping[str, Any] | None
    ) -> tuple[Any, Phrase | str]:
        environment = self.environment
        view = self.view(token, local)
        if formula.script:
            return environment.evaluate_script(formula.source, view, seed=token.id), ""
        if formula.feel is None:
            return formula.source, ""
        result = formula.feel.evaluate(view, functions=environment.functions, now=environment.now)
        return result.value, feel.reasons(result.warnings)

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
        self.written = True
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
