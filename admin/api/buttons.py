"""What one can do with a task beside finishing it."""

from __future__ import annotations

from typing import Any

from admin.api.fields import ListArgs, Row, Text, Whole, sort_of
from admin.api.operation import Api, Page, lists
from admin.api.paging import page_of
from admin.api.tasks import seen_task
from engine.context import Context
from engine.definition import get_definition_by_id
from engine.machine.offering import ACTIONS
from engine.runtime import offered_now

_IN_ORDER = {"position": lambda row: row["position"]}


class ButtonSchema(Row):
    """Something that you can do with a task now."""

    position = Whole()
    name = Text(known=ACTIONS)
    label = Text(
        allow_none=True, metadata={"description": "What the step calls it; none for its usual name."}
    )


class ButtonArgs(ListArgs):
    """What the list takes."""

    sort = sort_of(_IN_ORDER, "position")


class ButtonsApi(Api):
    """The buttons of tasks."""

    resource_name = "tasks"

    @lists("/<uuid:task_id>/buttons", answer=ButtonSchema, args=ButtonArgs)
    def buttons(self, ctx: Context, said: dict[str, Any], task_id: str) -> Page:
        """List what you can do with a task now beside finishing it, as far as its step offers it."""
        task = seen_task(ctx, task_id)
        definition = get_definition_by_id(ctx, task.definition_id)
        rows = [
            {
                "position": position,
                "name": one.name,
                "label": definition.text(ctx.locale, one.label) if one.label else None,
            }
            for position, one in enumerate(offered_now(ctx, task_id), 1)
        ]
        return page_of(rows, said, _IN_ORDER)
