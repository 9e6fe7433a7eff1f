"""What an operator does to a run by hand: leave an element out, move a token, correct variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import Conflict
from engine.i18n import _
from engine.machine.effects import StopWaiting
from engine.machine.nodes.gateways import EventBasedGateway, Join
from engine.values import Json

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node
    from engine.machine.run import Run
    from engine.machine.token import Token


class NotPossible(Conflict):
    """This cannot be done to the process where it stands."""

    code = "not_possible"


def skip(run: Run, token: Token, outputs: Mapping[str, Json]) -> None:
    """Leave an element as if it had been done, with what it would have brought; nothing of it is run.

    Args:
        run: The run.
        token: Where it waits or failed.
        outputs: Variables as the element would have left them.

    Raises:
        NotPossible: What waits there is no step of its own.
        NoWayOut: No flow behind it is open.
    """
    if token.watching:
        raise NotPossible(_("This only watches for something and is no step that could be skipped."))
    if isinstance(token.node, EventBasedGateway):
        raise NotPossible(_("Here several events are waited for. Skip the one that counts as having come."))
    gateway = token.scope
    if gateway is not None and isinstance(gateway.node, EventBasedGateway):
        gateway.node.chosen(run, gateway, token)
    run.effects.append(StopWaiting(visit=token.id))
    for inner in token.children:
        run.cancel(inner)
    for name, value in outputs.items():
        run.write(token, name, value)
    token.memory["skipped"] = True
    token.complete()


def move(run: Run, token: Token, to: str) -> None:
    """Take a token from its element and begin at another one of the same scope.

    Of an activity that is done several times the whole activity is left; of an event behind an event-based
    gateway the gateway is.

    Args:
        run: The run.
        token: What is taken away.
        to: The element that begins.

    Raises:
        NotPossible: It makes no sense; the message says why.
    """
    if token.watching:
        raise NotPossible(_("This only watches for something. Move the step that is being done."))
    if token.round is not None and token.scope is not None:
        token = token.scope
    if token.scope is not None and isinstance(token.scope.node, EventBasedGateway):
        token = token.scope
    scope = token.scope
    if scope is None:
        raise NotPossible(_("The process itself cannot be moved. Choose one of its steps."))
    if "compensating" in token.memory:
        raise NotPossible(_("This step is being undone and cannot be moved. Wait until it is."))
    _check_target(run, token.node, to)
    run.cancel(token)
    run.place(to, scope)


def targets(run: Run, token: Token) -> list[str]:
    """Return the elements that a token may be moved to."""
    found = []
    for node in run.spec.nodes:
        try:
            _check_target(run, token.node, node.element_id)
        except NotPossible:
            continue
        found.append(node.element_id)
    return found


def _check_target(run: Run, from_: Node, to: str) -> None:
    node: Node | None = next((node for node in run.spec.nodes if node.element_id == to), None)
    if node is None:
        raise NotPossible(_("There is no element %(element)s in this version of the process."), element=to)
    name = node.element_name or to
    if node.within != from_.within:
        raise NotPossible(
            _(
                "%(element)s lies in another sub-process than the step that is moved. "
                "Choose an element beside that step, or the sub-process as a whole."
            ),
            element=name,
        )
    if node.begun_otherwise:
        raise NotPossible(
            _("%(element)s is begun by what it watches for, never by hand. Choose what follows it."),
            element=name,
        )
    if isinstance(node, Join) and len(node.incoming) > 1:
        raise NotPossible(
            _("%(element)s waits for several branches. Choose an element before it or behind it."),
            element=name,
        )
    if any(isinstance(run.spec.node(flow.source), EventBasedGateway) for flow in node.incoming):
        raise NotPossible(
            _("%(element)s stands behind a gateway that waits for several events. Choose that gateway."),
            element=name,
        )
