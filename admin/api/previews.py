"""The path before it is taken: which steps would follow, and whose they would be."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from admin.api.definitions import startable_definition
from admin.api.fields import Body, Fields, Flag, Items, Row, Text, Whole
from admin.api.operation import Api, computes
from admin.api.tasks import FactSchema, fact_rows, seen_task
from engine.context import Context
from engine.definition import Definition, get_definition_by_id
from engine.i18n import translate
from engine.runtime import Preview, preview_start, preview_task


class PreviewBody(Body):
    """What a process would begin with."""

    variables = Fields(load_default=dict)
    version = Whole(least=1, metadata={"description": "The latest where omitted."})
    initiator = Text(least=1, metadata={"description": "Whose request it would be; yours where omitted."})


class TaskPreviewBody(Body):
    """How a task would be finished."""

    outcome = Text(most=64, metadata={"description": "Approved where omitted."})
    variables = Fields(load_default=dict)


class PreviewedStepSchema(Row):
    """A step that would come."""

    element_id = Text()
    name = Text()
    people = Items(Text())
    groups = Items(Text(), metadata={"description": "Whose it would be for the taking."})
    kind = Text(known=("task", "approval", "copy"))
    given = Flag(metadata={"description": "Whether it would count as approved without being asked."})


class PreviewSchema(Row):
    """What would follow."""

    steps = Items(ma.fields.Nested(PreviewedStepSchema))
    unknown = Text(
        allow_none=True, metadata={"description": "Behind this step it cannot be told yet; none: to the end."}
    )
    reason = Text(allow_none=True, metadata={"description": "Why it cannot be told."})
    facts = Items(ma.fields.Nested(FactSchema), metadata={"description": "What lists would say of it then."})
    told = Items(Text(), metadata={"description": "What the initiator would hear before anybody is asked."})


class DefinitionPreviewsApi(Api):
    """What would follow if a process were started."""

    resource_name = "process-definitions"

    @computes("/<key>/preview", body=PreviewBody, answer=PreviewSchema)
    def preview(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Tell which steps would follow if the process were started so, and whose they would be.

        Nothing is begun and nobody is told. Everybody who is asked is taken to approve.
        """
        definition = startable_definition(ctx, key, said.get("version"))
        return _row(ctx, definition, preview_start(ctx, process_key=key, **said))


class TaskPreviewsApi(Api):
    """What would follow if a task were finished."""

    resource_name = "tasks"

    @computes("/<uuid:task_id>/preview", body=TaskPreviewBody, answer=PreviewSchema)
    def preview(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Tell which steps would follow if a task were finished so, and whose they would be."""
        task = seen_task(ctx, task_id)
        definition = get_definition_by_id(ctx, task.definition_id)
        return _row(ctx, definition, preview_task(ctx, task_id=task_id, **said))


def _row(ctx: Context, definition: Definition, path: Preview) -> dict[str, Any]:
    def said(text: str) -> str:
        return definition.text(ctx.locale, text)

    return {
        "steps": [
            {
                "element_id": step.element_id,
                "name": said(step.name),
                "people": list(step.people),
                "groups": list(step.groups),
                "kind": step.kind,
                "given": step.given,
            }
            for step in path.steps
        ],
        "unknown": said(path.unknown) if path.unknown is not None else None,
        "reason": translate(ctx.locale, path.reason[0], **path.reason[1]) if path.reason else None,
        "facts": fact_rows(ctx, definition.id, path.facts),
        "told": list(path.told),
    }
