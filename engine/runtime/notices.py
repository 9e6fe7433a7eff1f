"""What people hear of what others do to an instance: in the drawing's words, else in the product's own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from engine import feel
from engine.context import Context
from engine.definition import Definition, get_definition_by_id
from engine.definition.environment import functions
from engine.definition.notices import chosen_notices
from engine.instance import given_names
from engine.machine.effects import Notify
from engine.machine.nodes.notices import told
from engine.machine.spec import Notice
from engine.runtime.announce import task_of, tell, whom
from engine.runtime.queries import variables_of
from engine.values import Json
from engine.work import Task

log = logging.getLogger(__name__)

# What followers are kept informed of, beside what concerns themselves.
_FOLLOWED = ("returned", "withdrawn", "transferred", "cancelled", "reopened", "ended", "rejected")


def tell_of(
    ctx: Context,
    event: str,
    instance: Any,
    *,
    task: Task | None = None,
    element_id: str | None = None,
    concerned: Sequence[str] = (),
    text: str | None = None,
) -> None:
    """Tell people of something that happened, within the open transaction; never whoever did it.

    What an administrator set for the step, else for the process, else what the step says of an event, else
    what the process says, decides who hears of it, by which channel and in which words; where none of them
    says anything, whom it concerns hears of it.

    Args:
        ctx: The open write transaction, and who did it.
        event: One of ``engine.machine.spec.EVENTS``.
        instance: The instance's row.
        task: The task at which it happened.
        element_id: The step, where there is no task.
        concerned: Whom it concerns, by their keys.
        text: What was said about it.
    """
    definition = get_definition_by_id(ctx, instance.definition_id)
    element = task.element_id if task is not None else element_id
    set_ = notices_at(ctx, definition, element, event)
    said = set_ or [Notice(event=event, to="concerned", channel="preferred", message="")]
    if instance.followed and event in _FOLLOWED:
        said = [*said, Notice(event=event, to="followers", channel="preferred", message="")]
    scope: dict[str, Json] = {}
    if any(notice.message or notice.formula or notice.words for notice in said):
        scope = {**variables_of(ctx, instance.id), **given_names(instance)}
    heard: set[str | None] = {ctx.actor.key}
    for notice in said:
        asked = Notify(
            visit=task.visit if task is not None else instance.id,
            task=task.id if task is not None else None,
            element=element or "",
            event=event,
            to=_evaluated(ctx, notice, scope),
            channel=notice.channel,
            message=notice.message,
            scope=scope,
            circulates=notice.circulates,
            words=notice.words,
        )
        about = task_of(ctx, asked) if task is not None else None
        gone = partial(log.warning, "Instance %s, %s: %s", instance.id, event)
        for recipient in whom(ctx, definition, instance, asked, concerned=concerned, wrong=gone):
            if recipient.key is not None and recipient.key in heard:
                continue
            heard.add(recipient.key)
            tell(
                ctx,
                definition,
                instance,
                asked,
                recipient,
                task=about,
                opened=about is not None and about["assignee"] == recipient.key and _is_open(about),
                text=text or "",
                once=False,
            )


def notices_at(ctx: Context, definition: Definition, element_id: str | None, event: str) -> list[Notice]:
    """Return what is said of an event: what an administrator set, else what is drawn; nothing where neither.

    Args:
        ctx: The open transaction.
        definition: The process.
        element_id: The step; None for what happens to the process as a whole.
        event: What happens.
    """
    spec = definition.spec
    node = spec.node(element_id) if element_id is not None else spec.root
    return told(node.settings.notices, chosen_notices(ctx, definition.key, element_id, event), event)


def _evaluated(ctx: Context, notice: Notice, scope: dict[str, Json]) -> Json:
    if notice.formula is None or notice.formula.feel is None:
        return notice.to
    found = notice.formula.feel.evaluate(scope, functions=functions(ctx), now=ctx.now)
    to: Json = feel.to_json(found.value)
    return to


def _is_open(task: Any) -> bool:
    return task["ended_at"] is None
