"""Who hears of what happens in a process, and what an administrator set in place of its drawing."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from admin.api.fields import Body, Fields, Flag, Instant, Items, ListArgs, Row, Text, Whole, sort_of
from admin.api.operation import Api, Page, changes, lists
from admin.api.paging import page_of
from engine.context import Context
from engine.definition import get_definition
from engine.definition.notices import CHANNELS, MOST_NOTICES, drop_rule, put_rule
from engine.errors import NotFound
from engine.i18n import _
from engine.machine.spec import Notice
from engine.runtime.matrix import MatrixRow, matrix

MANAGE = ("notices.manage",)
_SOURCES = ("rule", "step", "process", "product", "nobody")
_SORTS = {"place": lambda row: row["number"], "event": lambda row: row["event"]}


class NoticeSchema(Row):
    """Somebody who hears of an event."""

    to = Text(metadata={"description": "concerned, candidates, initiator, group:KEY, person:KEY, nobody…"})
    channel = Text()
    message = Text(allow_none=True, metadata={"description": "One of the process's; null: other words."})
    words = Fields(allow_none=True, metadata={"description": "title and text by language."})
    next_s = Whole(allow_none=True, metadata={"description": "Candidates one after the other."})
    copy = Flag(metadata={"description": "Drawn as a copy: whatever is set, they get it to read."})


class NoticeRowSchema(Row):
    """One event at one place: who hears of it."""

    element_id = Text(allow_none=True, metadata={"description": "The step; null: the whole process."})
    event = Text()
    notices = Items(ma.fields.Nested(NoticeSchema))
    source = Text(known=_SOURCES, metadata={"description": "Who says so; rule: an administrator."})
    drawn = Items(ma.fields.Nested(NoticeSchema), metadata={"description": "What holds without a rule."})
    set_here = Flag(metadata={"description": "Whether a rule is set at this very place."})
    changed_by = Text(allow_none=True)
    changed_at = Instant()


class NoticeArgs(ListArgs):
    """What the matrix takes."""

    source = Text(known=_SOURCES)
    sort = sort_of(_SORTS, "place")


class NoticeBody(Body):
    """Who hears of it."""

    to = Text(required=True, least=1, most=255)
    channel = Text(load_default="preferred", known=CHANNELS)
    message = Text(most=128)
    words = Fields()
    next_s = Whole(least=60, most=86_400)


class RuleBody(Body):
    """What is set."""

    event = Text(required=True, most=64)
    element_id = Text(least=1, most=255, metadata={"description": "The whole process where it is left out."})
    notices = Items(
        ma.fields.Nested(NoticeBody),
        required=True,
        metadata={"description": f"1 to {MOST_NOTICES}; to nobody: silence."},
    )


class PlaceBody(Body):
    """Where what is drawn holds again."""

    event = Text(required=True, most=64)
    element_id = Text(least=1, most=255, metadata={"description": "The whole process where it is left out."})


class NoticesApi(Api):
    """Who hears of what."""

    resource_name = "process-definitions"

    @lists("/<key>/notices", answer=NoticeRowSchema, args=NoticeArgs, needs=MANAGE)
    def list(self, ctx: Context, said: dict[str, Any], key: str) -> Page:
        """List who hears of each event of a process and of its steps, and who says so."""
        wanted = said.pop("source", None)
        rows = [_row(row, number) for number, row in enumerate(_matrix(ctx, key))]
        return page_of([row for row in rows if wanted in (None, row["source"])], said, _SORTS)

    @changes("/<key>/notices", body=RuleBody, answer=NoticeRowSchema, needs=MANAGE)
    def put(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Set who hears of an event in place of what is drawn; everywhere within ten seconds."""
        put_rule(ctx, process_key=key, **said)
        return _at(ctx, key, said)

    @changes("/<key>/notices/reset", body=PlaceBody, answer=NoticeRowSchema, needs=MANAGE)
    def reset(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Let what is drawn hold again."""
        drop_rule(ctx, process_key=key, **said)
        return _at(ctx, key, said)


def _matrix(ctx: Context, key: str) -> list[MatrixRow]:
    with ctx.read():
        return matrix(ctx, get_definition(ctx, key=key))


def _at(ctx: Context, key: str, said: dict[str, Any]) -> dict[str, Any]:
    place = said.get("element_id"), said["event"]
    for number, row in enumerate(_matrix(ctx, key)):
        if (row.element_id, row.event) == place:
            return _row(row, number)
    raise NotFound(_("There is no such step any more."))


def _row(row: MatrixRow, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "element_id": row.element_id,
        "event": row.event,
        "notices": [_notice(notice) for notice in row.notices],
        "source": row.source,
        "drawn": [_notice(notice) for notice in row.drawn],
        "set_here": row.rule is not None,
        "changed_by": row.rule.changed_by if row.rule else None,
        "changed_at": row.rule.changed_at if row.rule else None,
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "to": notice.to,
        "channel": notice.channel,
        "message": notice.message or None,
        "words": notice.words,
        "next_s": None if notice.next_after_s is None else int(notice.next_after_s),
        "copy": notice.circulates,
    }
