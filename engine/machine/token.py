"""A token: SpiffWorkflow's Task, alive only while something is going on at its element.

Its id is the element visit's. Its parent is the scope it lives in: the process, a sub-process, or the
activity whose boundary it waits at. A finished token leaves the tree, so what a step costs does not grow
with the instance's age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.ids import new_id

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node
    from engine.machine.run import Run


class Token(Task):
    """One live token.

    Args:
        run: The run it belongs to.
        node: The element it is at.
        scope: The token it lives in; None for the process itself.
        state: SpiffWorkflow's task state.
        visit: The element visit's id; a new one where omitted.
        memory: What the node keeps between steps, JSON.
    """

    def __init__(
        self,
        run: Run,
        node: Node,
        scope: Token | None,
        state: int = TaskState.READY,
        visit: str | None = None,
        memory: dict[str, Any] | None = None,
    ) -> None:
        # The library's own constructor reads the clock, logs and keeps copies of data we do not want.
        self.id = visit or new_id()
        self.workflow = run
        self.task_spec = node
        self.scope = scope
        self.inner: list[Token] = []
        self._state = state
        self.triggered = False
        self.thread_id = 0
        self.data: dict[str, Any] = {}
        self.internal_data = memory if memory is not None else {}
        run.tasks[self.id] = self
        if scope is not None:
            scope.inner.append(self)

    @property
    def node(self) -> Node:
        """The element it is at."""
        node: Node = self.task_spec
        return node

    @property
    def memory(self) -> dict[str, Any]:
        """What the node keeps between steps."""
        return self.internal_data

    @property
    def parent(self) -> Token | None:
        """The token it lives in."""
        return self.scope

    @property
    def children(self) -> list[Token]:
        """The tokens that live in it."""
        return list(self.inner)

    @property
    def waiting(self) -> bool:
        """Whether something outside must happen before it moves."""
        return bool(self._state & (TaskState.STARTED | TaskState.WAITING))

    @property
    def watching(self) -> bool:
        """Whether it only watches for something: it is no visit, and keeps nothing alive."""
        return self.node.watches(self)

    @property
    def body(self) -> bool:
        """Whether it holds an activity's rounds and does nothing itself."""
        return "rounds" in self.internal_data

    @property
    def visited(self) -> bool:
        """Whether history has a visit of it."""
        return not (self.node.silent or self.body or "compensating" in self.internal_data or self.watching)

    @property
    def round(self) -> int | None:
        """Which round of its activity it is, from 1; None where the activity is done once."""
        return self.internal_data.get("round")

    @property
    def failed(self) -> bool:
        """Whether an operator must help."""
        return bool(self._state == TaskState.ERROR)

    def variable_scope(self) -> str | None:
        """Return the variable scope it reads from: its own, or the next one outwards."""
        run: Run = self.workflow
        token: Token | None = self
        while token is not None and token.scope is not None:
            if token.id in run.scopes.texts:
                return token.id
            token = token.scope
        return None

    def _set_state(self, value: int) -> None:
        self._state = value

    def _drop_children(self, force: bool = False) -> None:
        """Nothing: what lives in a token is taken out by ``Run.cancel``, which says so in history."""
