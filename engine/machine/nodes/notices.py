"""What a step says to people: evaluated where the token is, sent by another room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import feel
from engine.errors import BpmnError, CallwrightError
from engine.machine.effects import Logged, Notify

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node
    from engine.machine.run import Run
    from engine.machine.spec import Notice
    from engine.machine.token import Token


def tell(run: Run, token: Token, node: Node, event: str, task: str | None = None) -> None:
    """Ask for the notices that an element is set to give at an event.

    Args:
        run: The run.
        token: Whose variables the texts see.
        node: The element.
        event: ``created`` or ``completed`` of a user task, ``approved`` or ``rejected`` of an approval;
            ``reached`` of anything that sends.
        task: Of several who are asked at a visit, whose task it is about.
    """
    for notice in told(node.settings.notices, run.environment.notices(node.element_id, event), event):
        to = notice.to
        if notice.formula is not None:
            try:
                to = feel.to_json(run.evaluate(token, notice.formula))
            except (BpmnError, CallwrightError) as error:
                # Whoever cannot be found out holds nothing up.
                run.effects.append(Logged(visit=token.id, text=str(error)))
                continue
        run.effects.append(
            Notify(
                visit=token.id,
                element=node.element_id,
                event=event,
                to=to,
                channel=notice.channel,
                message=notice.message,
                scope=dict(run.view(token)),
                next_after_s=notice.next_after_s,
                task=task,
                circulates=notice.circulates,
                words=notice.words,
            )
        )


def told(drawn: Sequence[Notice], chosen: Sequence[Notice] | None, event: str) -> list[Notice]:
    """Return what is said of an event: what an administrator chose, else what is drawn.

    What sends a copy stays as it is drawn: who gets one may see the instance, which is no mere notice.

    Args:
        drawn: What the drawing says of all events.
        chosen: What an administrator chose for this one; None where they chose nothing.
        event: The event.
    """
    of_event = [notice for notice in drawn if notice.event == event]
    if chosen is None:
        return of_event
    return [*chosen, *(notice for notice in of_event if notice.circulates)]
