"""What a step says to people: evaluated where the token is, sent by another room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import feel
from engine.machine.effects import Notify

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node
    from engine.machine.run import Run
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
    for notice in node.settings.notices:
        if notice.event != event:
            continue
        to = notice.to
        if notice.formula is not None:
            to = feel.to_json(run.evaluate(token, notice.formula))
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
            )
        )
