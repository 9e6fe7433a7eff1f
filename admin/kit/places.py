"""Where in which process something is, as a page says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from admin.kit.names import Texts
from engine.context import Context
from engine.definition import Definition, get_definition
from engine.errors import NotFound
from engine.i18n import _, translate
from engine.instance import ProcessInstance

ELEMENT_TITLES: Mapping[str, str] = {
    "task": _("Task"),
    "manualTask": _("Manual task"),
    "userTask": _("User task"),
    "serviceTask": _("Service task"),
    "scriptTask": _("Script task"),
    "businessRuleTask": _("Decision task"),
    "sendTask": _("Send task"),
    "receiveTask": _("Receive task"),
    "callActivity": _("Call activity"),
    "subProcess": _("Sub-process"),
    "exclusiveGateway": _("Exclusive gateway"),
    "parallelGateway": _("Parallel gateway"),
    "inclusiveGateway": _("Inclusive gateway"),
    "eventBasedGateway": _("Event-based gateway"),
    "startEvent": _("Start event"),
    "endEvent": _("End event"),
    "intermediateCatchEvent": _("Intermediate catch event"),
    "intermediateThrowEvent": _("Intermediate throw event"),
    "boundaryEvent": _("Boundary event"),
}
"""What people call the elements of a drawing, by BPMN tag: said of those without a name of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is.

    Args:
        process: The process's title; its key where it is not deployed any more.
        element: What the designer called the element, else what kind of element it is; empty for none.
        element_id: Its id in the drawing.
    """

    process: str
    element: str
    element_id: str


def places_of(ctx: Context, rows: Iterable[Mapping[str, Any]]) -> list[Place]:
    """Say where jobs or incidents are, in the language of the page.

    Args:
        ctx: With an open transaction.
        rows: Each with ``process_key``, ``element_id`` and perhaps ``instance_id``. Without an instance the
            process's latest version is meant.
    """
    rows = list(rows)
    texts = Texts(ctx)
    wanted = {row["instance_id"] for row in rows if row.get("instance_id")}
    definition_ids = {
        row.id: row.definition_id
        for row in ctx.connection.execute(
            select(ProcessInstance.id, ProcessInstance.definition_id).where(ProcessInstance.id.in_(wanted))
        )
    }

    def definition(row: Mapping[str, Any]) -> Definition | None:
        if row.get("instance_id") in definition_ids:
            return texts.definition(definition_ids[row["instance_id"]])
        try:
            return get_definition(ctx, key=row["process_key"]) if row["process_key"] else None
        except NotFound:
            return None

    return [_place(texts.locale, definition(row), row) for row in rows]


def _place(locale: str, definition: Definition | None, row: Mapping[str, Any]) -> Place:
    element_id = row["element_id"] or ""
    if definition is None:
        return Place(process=row["process_key"] or "", element="", element_id=element_id)
    drawn = {node.element_id: node for node in definition.spec.nodes}.get(element_id)
    element = ""
    if drawn is not None:
        name = drawn.element_name
        element = definition.text(locale, name) if name else translate(locale, ELEMENT_TITLES[drawn.tag])
    return Place(process=definition.text(locale, definition.title), element=element, element_id=element_id)
