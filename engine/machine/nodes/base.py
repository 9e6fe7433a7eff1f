"""A node: SpiffWorkflow's TaskSpec without prediction; it receives tokens, runs them and lets them go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from SpiffWorkflow.specs.base import TaskSpec

from engine.errors import TechnicalFailure
from engine.i18n import _
from engine.machine.spec import Flow, ProcessSpec, Rounds, Settings

if TYPE_CHECKING:
    from engine.machine.nodes.watchers import BoundaryEvent, EventSubProcessStart
    from engine.machine.run import Run
    from engine.machine.token import Token


class NoWayOut(TechnicalFailure):
    """No condition of an outgoing flow is true, and there is no default flow."""

    code = "no_way_out"


class Node(TaskSpec):
    """An element of the drawing.

    Args:
        spec: The process it is in; the node adds itself.
        element_id: Its id in the drawing.
        name: What the designer called it.
        tag: Its BPMN tag.
        within: The sub-process it is in; None for the process itself.
        settings: What the designer set on it.
        key: What the process keeps it under; its id where omitted.
    """

    # A silent node's tokens are not visited.
    silent: ClassVar[bool] = False
    # What waits or is watched goes before what acts, so that nothing is thrown past it within one step.
    goes_first: bool = False
    # Whether a new instance may begin here, and what else than a flow may begin it.
    begins_process: bool = False
    begun_otherwise: bool = False
    # Whether it guards the scope it is drawn in.
    guarding: ClassVar[bool] = False

    def __init__(
        self,
        spec: ProcessSpec,
        element_id: str,
        *,
        name: str | None = None,
        tag: str = "",
        within: str | None = None,
        settings: Settings | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(spec, key or element_id)
        self.element_id = element_id
        self.element_name = name
        self.tag = tag
        self.within = within
        self.settings = settings or Settings()
        self.incoming: list[Flow] = []
        self.outgoing: list[Flow] = []
        self.default_flow: str | None = None
        self.boundary: list[BoundaryEvent] = []
        self.guards: list[EventSubProcessStart] = []
        self.rounds: Rounds | None = None
        # Where a link goes on.
        self.jumps_to: str | None = None
        # The activity that undoes this one.
        self.compensation: str | None = None

    @property
    def chooses(self) -> bool:
        """Whether it does not always go on along each of its flows."""
        return any(flow.condition is not None for flow in self.outgoing)

    # -- tokens ----------------------------------------------------------------------------------------

    def receive(self, run: Run, flow: Flow, scope: Token) -> None:
        """Take a token that came along a flow; the start quantity of them makes one visit."""
        quantity = self.settings.start_quantity
        if quantity == 1:
            run.place(self.element_id, scope, flow=flow)
            return
        token = next((inner for inner in scope.inner if inner.node is self and "needs" in inner.memory), None)
        if token is None:
            token = run.place(self.element_id, scope, memory={"needs": quantity}, flow=flow, waits=True)
        token.memory["needs"] -= 1
        if token.memory["needs"] == 0:
            del token.memory["needs"]
            run.mended(token)
            run.wake(token)

    def enter(self, run: Run, token: Token) -> bool:
        """Do what the element does.

        Returns:
            True where the token may leave at once, False where it waits.
        """
        return True

    def leave(self, run: Run, token: Token) -> None:
        """Let a finished token go on along the flows that are open."""
        run.leave(token, self.open_flows(run, token))

    def open_flows(self, run: Run, token: Token) -> list[Flow]:
        """Return the flows a finished token goes along: all without a condition and all whose is true.

        Raises:
            NoWayOut: None is open and there is no default.
        """
        if len(self.outgoing) == 1 and self.outgoing[0].condition is None:
            return self.outgoing
        open_ = [
            flow
            for flow in self.outgoing
            if flow.id != self.default_flow and (flow.condition is None or run.holds(token, flow.condition))
        ]
        return open_ or self.default(token)

    def default(self, token: Token) -> list[Flow]:
        """Return the default flow, as a list of one.

        Raises:
            NoWayOut: There is none, and there are others.
        """
        chosen = [flow for flow in self.outgoing if flow.id == self.default_flow]
        if not chosen and self.outgoing:
            raise NoWayOut(
                _(
                    "At %(element)s no condition is true and there is no default flow. "
                    "Correct the data, or draw a default flow."
                ),
                element=self.element_name or self.element_id,
            )
        return chosen

    # -- scopes: the process, sub-processes, whatever holds other tokens ---------------------------------

    def emptied(self, run: Run, token: Token) -> None:
        """Nothing goes on inside any more."""

    def left(self, run: Run, token: Token) -> bool:
        """A token inside has left its element; True where that ended the scope."""
        return False

    def watches(self, token: Token) -> bool:
        """Whether a waiting token only watches for something."""
        return False

    # -- what comes from outside -------------------------------------------------------------------------

    def resume(self, run: Run, token: Token, payload: Mapping[str, Any]) -> None:
        """Something that a waiting token waited for has come."""
        raise NotImplementedError(self.tag)

    def awaits(self, kind: str, name: str | None) -> bool:
        """Whether its waiting tokens wait for a trigger of this kind and name."""
        return False

    def look(self, run: Run, token: Token) -> None:
        """Look again at the condition that a token waits for."""

    # -- joins --------------------------------------------------------------------------------------------

    def reconsider(self, run: Run, token: Token) -> bool:
        """Look at a waiting token again now that nothing moves; True where something moves by that."""
        return False

    def gathers(self, token: Token) -> bool:
        """Whether a token waits for other tokens to come."""
        return "needs" in token.memory

    def starved(self, run: Run, token: Token) -> bool:
        """Whether a waiting token waits for others, and all others do so too."""
        if not self.gathers(token):
            return False
        assert token.scope is not None
        return all(
            other.watching or (other.waiting and other.node.gathers(other)) for other in token.scope.inner
        )

    # -- SpiffWorkflow's hooks ----------------------------------------------------------------------------

    def _predict(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing: a token is made when it is there."""

    def _run_hook(self, my_task: Token) -> bool | None:
        # What failed while it left has been done already: tried again, it only leaves again.
        if my_task.memory.get("done"):
            return True
        if my_task.memory.get("emptied"):
            my_task.workflow.empty(my_task)
            return None
        # An operator does not make the others come.
        if "needs" in my_task.memory:
            return None
        return True if self.enter(my_task.workflow, my_task) else None

    def _on_complete(self, my_task: Token) -> None:
        # What it threw may have interrupted the scope it lived in.
        if my_task.id not in my_task.workflow.tasks:
            return
        my_task.memory["done"] = True
        self.leave(my_task.workflow, my_task)
