"""A node: SpiffWorkflow's TaskSpec without prediction; it receives tokens, runs them and lets them go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from SpiffWorkflow.specs.base import TaskSpec

from engine.errors import TechnicalFailure
from engine.i18n import _
from engine.machine.spec import Flow, ProcessSpec, Settings

if TYPE_CHECKING:
    from engine.machine.nodes.events import BoundaryEvent
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
    """

    # A silent node's tokens wait without being visited: what waits at a boundary.
    silent: ClassVar[bool] = False

    def __init__(
        self,
        spec: ProcessSpec,
        element_id: str,
        *,
        name: str | None = None,
        tag: str = "",
        within: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(spec, element_id)
        self.element_id = element_id
        self.element_name = name
        self.tag = tag
        self.within = within
        self.settings = settings or Settings()
        self.incoming: list[Flow] = []
        self.outgoing: list[Flow] = []
        self.default_flow: str | None = None
        self.boundary: list[BoundaryEvent] = []

    # -- tokens ----------------------------------------------------------------------------------------

    def receive(self, run: Run, flow: Flow, scope: Token) -> None:
        """Take a token that came along a flow."""
        run.place(self.element_id, scope, flow=flow)

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

    # -- scopes: the process, sub-processes --------------------------------------------------------------

    def holds(self, token: Token) -> bool:
        """Whether something still goes on inside."""
        return bool(token.inner)

    def emptied(self, run: Run, token: Token) -> None:
        """Nothing goes on inside any more."""

    # -- what comes from outside -------------------------------------------------------------------------

    def resume(self, run: Run, token: Token, payload: Mapping[str, Any]) -> None:
        """Something that a waiting token waited for has come."""
        raise NotImplementedError(self.tag)

    def catcher_of_error(self, code: str) -> BoundaryEvent | None:
        """Return the boundary event that catches an error thrown here: the named code before the open one."""
        catchers = [event for event in self.boundary if event.trigger.kind == "error"]
        named = [event for event in catchers if event.trigger.name == code]
        return next(iter([*named, *(event for event in catchers if event.trigger.name is None)]), None)

    # -- joins --------------------------------------------------------------------------------------------

    def may_open(self, run: Run, token: Token) -> bool:
        """Whether a waiting join may go on now that nothing else moves."""
        return False

    def starved(self, run: Run, token: Token) -> bool:
        """Whether a waiting join can never go on."""
        return False

    # -- SpiffWorkflow's hooks ----------------------------------------------------------------------------

    def _predict(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing: a token is made when it is there."""

    def _run_hook(self, my_task: Token) -> bool | None:
        # What failed while it left has been done already: tried again, it only leaves again.
        if my_task.memory.get("done"):
            return True
        return True if self.enter(my_task.workflow, my_task) else None

    def _on_complete(self, my_task: Token) -> None:
        my_task.memory["done"] = True
        self.leave(my_task.workflow, my_task)
