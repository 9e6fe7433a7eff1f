"""People, units and groups, to be read: whom work can be given to, and how they are reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from sqlalchemy import ColumnElement, func, or_, select

from admin.api.fields import Flag, Instant, Items, ListArgs, Row, Text, Whole, sort_of
from admin.api.masking import SEE, masked_text
from admin.api.operation import Api, Page, lists, reads
from admin.api.paging import page_of
from engine.context import Context
from engine.db import order_by
from engine.definition import group_names
from engine.errors import NotFound
from engine.i18n import _
from engine.people import (
    GroupMember,
    Person,
    Unit,
    UnitMember,
    get_person,
    group_counts,
    members_of,
    unit_members,
    unit_tree,
)
from engine.people.keys import valid
from engine.people.units import UnitNode

MANAGE = "people.manage"
_PEOPLE_SORTS = {"name": Person.name, "key": Person.key}
_OWN = ("key", "name", "locale", "time_zone", "preferred_channel", "closed_at")
_UNIT_SORTS = {
    "position": lambda row: row["number"],
    "key": lambda row: row["key"],
    "name": lambda row: row["name"],
}
_GROUP_SORTS = {"key": lambda row: row["key"], "name": lambda row: row["name"]}


class ContactSchema(Row):
    """Somebody, by key and name."""

    key = Text()
    name = Text()


class PersonSchema(Row):
    """Somebody who works here."""

    key = Text(metadata={"description": "Given once; also the login's user name."})
    name = Text()
    phone = Text(allow_none=True, metadata={"description": "E.164; masked without personal_data.see."})
    email = Text(allow_none=True, metadata={"description": "Masked without personal_data.see."})
    locale = Text()
    time_zone = Text(allow_none=True)
    preferred_channel = Text(allow_none=True)
    units = Items(Text(), metadata={"description": "Keys, the main one first."})
    groups = Items(Text(), metadata={"description": "Keys."})
    closed_at = Instant()


class UnitSchema(Row):
    """A place in the organisation tree."""

    key = Text()
    name = Text()
    parent_key = Text(allow_none=True)
    head_key = Text(allow_none=True)
    depth = Whole(metadata={"description": "0 at the top."})
    member_count = Whole()


class WholeUnitSchema(UnitSchema):
    """A unit with who works in it."""

    members = Items(ma.fields.Nested(ContactSchema))


class GroupSchema(Row):
    """People who may take the same work."""

    key = Text()
    name = Text()
    member_count = Whole()


class WholeGroupSchema(GroupSchema):
    """A group with who is in it."""

    members = Items(ma.fields.Nested(ContactSchema))


class PeopleArgs(ListArgs):
    """What the list of people takes."""

    unit = Text(metadata={"description": "Who works in this unit."})
    group = Text(metadata={"description": "Who is in this group."})
    search = Text(most=200, metadata={"description": "In name or key."})
    closed = Flag(
        load_default=False, metadata={"description": "Those who left instead; needs people.manage."}
    )
    sort = sort_of(_PEOPLE_SORTS, "name")


class UnitArgs(ListArgs):
    """What the list of units takes."""

    sort = sort_of(_UNIT_SORTS, "position")


class GroupArgs(ListArgs):
    """What the list of groups takes."""

    sort = sort_of(_GROUP_SORTS, "name")


class PeopleApi(Api):
    """People."""

    resource_name = "people"

    @lists("", answer=PersonSchema, args=PeopleArgs)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List who works here."""
        left = said["closed"] and ctx.actor.may(MANAGE)
        wanted: list[ColumnElement[bool]] = [
            Person.closed_at.is_not(None) if left else Person.closed_at.is_(None)
        ]
        if "unit" in said:
            works = valid(UnitMember, ctx.now) & (UnitMember.unit_key == said["unit"])
            wanted.append(Person.key.in_(select(UnitMember.person_key).where(works)))
        if "group" in said:
            belongs = valid(GroupMember, ctx.now) & (GroupMember.group_key == said["group"])
            wanted.append(Person.key.in_(select(GroupMember.person_key).where(belongs)))
        for word in said.get("search", "").split():
            found_in = (column.icontains(word, autoescape=True) for column in (Person.name, Person.key))
            wanted.append(or_(*found_in))
        count = ctx.session.execute(select(func.count()).select_from(Person).where(*wanted)).scalar_one()
        found = ctx.session.scalars(
            select(Person)
            .where(*wanted)
            .order_by(*order_by(said["sort"], _PEOPLE_SORTS, last=Person.key))
            .limit(said["page_size"])
            .offset((said["page"] - 1) * said["page_size"])
        )
        return Page(count, _rows(ctx, found.all()))

    @reads("/<key>", answer=PersonSchema)
    def get(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Read somebody; `me` is whoever asks."""
        person = get_person(ctx, (ctx.actor.key or "") if key == "me" else key)
        if person.closed_at is not None and not ctx.actor.may(MANAGE):
            raise NotFound(_("There is no person %(key)s."), key=key)
        return _rows(ctx, [person])[0]


class UnitsApi(Api):
    """Units."""

    resource_name = "units"

    @lists("", answer=UnitSchema, args=UnitArgs)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List the units as they stand in the tree, each before those below it."""
        rows = [{**_unit(node), "number": number} for number, node in enumerate(unit_tree(ctx))]
        return page_of(rows, said, _UNIT_SORTS)

    @reads("/<key>", answer=WholeUnitSchema)
    def get(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Read a unit and who works in it."""
        for node in unit_tree(ctx):
            if node.unit.key == key:
                return {**_unit(node), "members": unit_members(ctx, key)}
        raise NotFound(_("There is no unit %(key)s."), key=key)


class GroupsApi(Api):
    """Groups."""

    resource_name = "groups"

    @lists("", answer=GroupSchema, args=GroupArgs)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List the groups."""
        counted = group_counts(ctx)
        names = group_names(ctx, [group for group, _count in counted])
        rows = [
            {"key": group.key, "name": names[group.key], "member_count": count} for group, count in counted
        ]
        return page_of(rows, said, _GROUP_SORTS)

    @reads("/<key>", answer=WholeGroupSchema)
    def get(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Read a group and who is in it."""
        for group, count in group_counts(ctx):
            if group.key == key:
                members = members_of(ctx, key)
                name = group_names(ctx, [group])[key]
                return {"key": key, "name": name, "member_count": count, "members": members}
        raise NotFound(_("There is no group %(key)s."), key=key)


def _unit(node: UnitNode) -> dict[str, Any]:
    return {
        "key": node.unit.key,
        "name": node.unit.name,
        "parent_key": node.unit.parent_key,
        "head_key": node.head.key if node.head else None,
        "depth": node.depth,
        "member_count": node.member_count,
    }


def _rows(ctx: Context, people: Sequence[Person]) -> list[dict[str, Any]]:
    keys = [person.key for person in people]
    units: dict[str, list[str]] = defaultdict(list)
    works = (
        select(UnitMember.person_key, UnitMember.unit_key)
        .join(Unit, Unit.key == UnitMember.unit_key)
        .where(UnitMember.person_key.in_(keys), valid(UnitMember, ctx.now), valid(Unit, ctx.now))
        .order_by(UnitMember.main.desc(), UnitMember.valid_from, UnitMember.unit_key)
    )
    for row in ctx.session.execute(works):
        units[row.person_key].append(row.unit_key)
    groups: dict[str, list[str]] = defaultdict(list)
    belongs = (
        select(GroupMember.person_key, GroupMember.group_key)
        .where(GroupMember.person_key.in_(keys), valid(GroupMember, ctx.now))
        .distinct()
        .order_by(GroupMember.group_key)
    )
    for row in ctx.session.execute(belongs):
        groups[row.person_key].append(row.group_key)
    return [
        {
            **{name: getattr(person, name) for name in _OWN},
            **_reached(ctx, person),
            "units": list(dict.fromkeys(units[person.key])),
            "groups": groups[person.key],
        }
        for person in people
    ]


def _reached(ctx: Context, person: Person) -> dict[str, str | None]:
    """Say how somebody is reached; to themselves and to who manages people in full."""
    if person.key == ctx.actor.key or ctx.actor.may(MANAGE) or ctx.actor.may(SEE):
        return {"phone": person.phone, "email": person.email}
    return {"phone": masked_text(ctx, person.phone), "email": masked_text(ctx, person.email)}
