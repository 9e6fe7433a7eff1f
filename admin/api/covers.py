"""Covers: who decides in somebody's place, from when until when."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from admin.api.fields import Body, Instant, ListArgs, Row, Text, sort_of
from admin.api.operation import Api, Page, changes, lists
from admin.api.paging import page_of
from admin.api.people import MANAGE
from engine.context import Context
from engine.errors import Forbidden, NotFound
from engine.i18n import _
from engine.people import Cover, add_cover, covers_of, end_cover, get_person

_SORTS: dict[str, Any] = {"valid_from": lambda row: row["valid_from"]}


class CoverSchema(Row):
    """Somebody decides in somebody's place."""

    id = Text()
    person_key = Text(metadata={"description": "In whose place."})
    cover_key = Text(metadata={"description": "Who decides."})
    valid_from = Instant()
    valid_to = Instant(metadata={"description": "Null: until it is ended."})


class CoverArgs(ListArgs):
    """What a list of covers takes."""

    sort = sort_of(_SORTS, "valid_from")


class CoverBody(Body):
    """Who decides, and when."""

    cover = Text(required=True, least=1, metadata={"description": "A person's key."})
    begins_at = ma.fields.AwareDateTime(metadata={"description": "From now where it is left out."})
    ends_at = ma.fields.AwareDateTime(metadata={"description": "Until it is ended where it is left out."})


class CoversApi(Api):
    """Who decides in whose place."""

    resource_name = "people"

    @lists("/<key>/covers", answer=CoverSchema, args=CoverArgs)
    def list(self, ctx: Context, said: dict[str, Any], key: str) -> Page:
        """List who decides in somebody's place and in whose place they do; `me` is whoever asks."""
        try:
            whose = _whose(ctx, key)
        except Forbidden:
            raise NotFound(_("There is no person %(key)s."), key=key) from None
        return page_of([_row(one) for one in covers_of(ctx, whose)], said, _SORTS)

    @changes("/<key>/covers", body=CoverBody, answer=CoverSchema, status=201)
    def add(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Let somebody decide in somebody's place: in your own, or in anybody's with people.manage."""
        cover_key = said.pop("cover")
        return _row(add_cover(ctx, person_key=_whose(ctx, key), cover_key=cover_key, **said))

    @changes("/<key>/covers/<uuid:cover_id>/end", answer=CoverSchema)
    def end(self, ctx: Context, said: dict[str, Any], key: str, cover_id: str) -> dict[str, Any]:
        """Let somebody decide for themselves again."""
        found = next((one for one in covers_of(ctx, _whose(ctx, key)) if one.id == cover_id), None)
        if found is None:
            raise NotFound(_("There is no such cover any more."))
        end_cover(ctx, cover_id=cover_id)
        return _row(found)


def _whose(ctx: Context, key: str) -> str:
    person = get_person(ctx, (ctx.actor.key or "") if key == "me" else key)
    if person.key != ctx.actor.key and not ctx.actor.may(MANAGE):
        raise Forbidden()
    return person.key


def _row(cover: Cover) -> dict[str, Any]:
    return {
        name: getattr(cover, name) for name in ("id", "person_key", "cover_key", "valid_from", "valid_to")
    }
