"""Prints of an instance: which there are, and one of them as PDF or as a page for the browser to print."""

from __future__ import annotations

from typing import Any

from flask import Response

from admin.api.fields import Args, ListArgs, Row, Text, sort_of
from admin.api.instances import need_seen
from admin.api.operation import Api, Page, lists, serves
from admin.api.paging import page_of
from admin.kit.prints import hand_out_print
from engine.context import Context
from forms import printing

_BY_NAME = {"name": lambda row: row["name"], "title": lambda row: row["title"]}


class PrintSchema(Row):
    """A way in which an instance can be printed."""

    name = Text()
    title = Text(metadata={"description": "In the caller's language."})


class PrintsArgs(ListArgs):
    """What the list of an instance's prints takes."""

    sort = sort_of(_BY_NAME, "name")


class PrintArgs(Args):
    """What a print takes."""

    format = Text(
        known=("pdf", "html"),
        load_default="pdf",
        metadata={"description": "html: a page with everything in it, for the browser to print."},
    )


class PrintsApi(Api):
    """Prints of process instances."""

    resource_name = "process-instances"

    @lists("/<uuid:instance_id>/prints", answer=PrintSchema, args=PrintsArgs)
    def prints(self, ctx: Context, said: dict[str, Any], instance_id: str) -> Page:
        """List the prints of an instance: those of its process, and the one that every instance has."""
        need_seen(ctx, instance_id)
        found = printing.list_prints(ctx, instance_id=instance_id)
        return page_of([{"name": one.name, "title": one.title} for one in found], said, _BY_NAME)

    @serves("/<uuid:instance_id>/prints/<name>", media="application/pdf", args=PrintArgs)
    def get(self, ctx: Context, said: dict[str, Any], instance_id: str, name: str) -> Response:
        """Print an instance that you may see. Who printed it is written down."""
        as_page = said["format"] == "html"
        return hand_out_print(ctx, instance_id=instance_id, name=name, as_page=as_page)
