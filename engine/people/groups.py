"""Groups: people who may take the same work. Joining and leaving keep their dates."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select, update

from engine.context import Context, verb
from engine.history import audit
from engine.i18n import _
from engine.people.keys import check_key_and_name, need_person, need_valid, valid
from engine.people.models import Group, GroupMember, Person
from engine.push import publish

_MISSING = _("There is no group %(key)s.")


@verb
def put_group(ctx: Context, *, key: str, name: str) -> Group:
    """Make a group, or name it anew; one that had ended holds again.

    Raises:
        InvalidSubmission: The key or the name cannot be.
    """
    check_key_and_name(key, name)
    group = ctx.session.get(Group, key)
    if group is None:
        group = Group(key=key, name=name.strip(), valid_from=ctx.now)
        ctx.session.add(group)
    elif group.name == name.strip() and group.valid_to is None:
        return group
    group.name, group.valid_to = name.strip(), None
    ctx.session.flush()
    audit(ctx, "group.put", "group", key)
    publish(ctx, "group", key)
    return group


@verb
def close_group(ctx: Context, *, key: str) -> None:
    """End a group and everybody's part in it.

    Raises:
        NotFound: There is none.
    """
    group = need_valid(ctx, Group, key, _MISSING)
    group.valid_to = ctx.now
    ctx.session.execute(
        update(GroupMember)
        .where(GroupMember.group_key == key, GroupMember.valid_to.is_(None))
        .values(valid_to=ctx.now)
    )
    ctx.session.flush()
    audit(ctx, "group.close", "group", key)
    publish(ctx, "group", key)


@verb
def join_group(ctx: Context, *, group_key: str, person_key: str) -> None:
    """Put somebody into a group; nothing happens where they are in it.

    Raises:
        NotFound: There is no such group or person.
        Conflict: The person has left.
    """
    need_valid(ctx, Group, group_key, _MISSING)
    need_person(ctx, person_key)
    if group_key in groups_of(ctx, person_key):
        return
    ctx.session.add(GroupMember(group_key=group_key, person_key=person_key, valid_from=ctx.now))
    ctx.session.flush()
    audit(ctx, "group.join", "group", group_key, {"person": person_key})
    publish(ctx, "group", group_key)


@verb
def leave_group(ctx: Context, *, group_key: str, person_key: str) -> None:
    """Take somebody out of a group; nothing happens where they are not in it."""
    ended = ctx.session.execute(
        update(GroupMember)
        .where(GroupMember.group_key == group_key, GroupMember.person_key == person_key)
        .where(valid(GroupMember, ctx.now))
        .values(valid_to=ctx.now)
        .returning(GroupMember.id)
    ).all()
    if ended:
        audit(ctx, "group.leave", "group", group_key, {"person": person_key})
        publish(ctx, "group", group_key)


@verb
def set_groups(ctx: Context, *, person_key: str, group_keys: Collection[str]) -> None:
    """Put somebody into exactly these groups.

    Raises:
        NotFound: There is no such group or person.
        Conflict: The person has left.
    """
    held = set(groups_of(ctx, person_key))
    for key in sorted(held - set(group_keys)):
        leave_group(ctx, group_key=key, person_key=person_key)
    for key in sorted(set(group_keys) - held):
        join_group(ctx, group_key=key, person_key=person_key)


def members_of(ctx: Context, group_key: str) -> list[Person]:
    """Return who is in a group now and still here, by name; nobody where there is no such group."""
    with ctx.read():
        return list(
            ctx.session.scalars(
                select(Person)
                .join(GroupMember, GroupMember.person_key == Person.key)
                .join(Group, Group.key == GroupMember.group_key)
                .where(GroupMember.group_key == group_key, Person.closed_at.is_(None))
                .where(valid(GroupMember, ctx.now), valid(Group, ctx.now))
                .distinct()
                .order_by(Person.name, Person.key)
            )
        )


def membership(person: ColumnElement[str], now: ColumnElement[datetime]) -> Select[str]:
    """Return the groups that somebody who is still here is in, for a statement that asks for more.

    Args:
        person: Whose, in SQL.
        now: When, in SQL.
    """
    return (
        select(GroupMember.group_key)
        .join(Group, Group.key == GroupMember.group_key)
        .join(Person, Person.key == GroupMember.person_key)
        .where(GroupMember.person_key == person, Person.closed_at.is_(None))
        .where(valid(GroupMember, now), valid(Group, now))
    )


def groups_of(ctx: Context, person_key: str) -> list[str]:
    """Return the keys of the groups somebody is in now."""
    with ctx.read():
        return list(
            ctx.session.scalars(
                select(GroupMember.group_key)
                .join(Group, Group.key == GroupMember.group_key)
                .where(GroupMember.person_key == person_key)
                .where(valid(GroupMember, ctx.now), valid(Group, ctx.now))
                .distinct()
                .order_by(GroupMember.group_key)
            )
        )


def group_counts(ctx: Context) -> list[tuple[Group, int]]:
    """Return the groups there are now, by name, and how many are in each."""
    with ctx.read():
        count = (
            select(GroupMember.group_key, func.count(Person.key.distinct()).label("count"))
            .join(Person, Person.key == GroupMember.person_key)
            .where(valid(GroupMember, ctx.now), Person.closed_at.is_(None))
            .group_by(GroupMember.group_key)
            .subquery()
        )
        rows = ctx.session.execute(
            select(Group, func.coalesce(count.c.count, 0))
            .outerjoin(count, count.c.group_key == Group.key)
            .where(valid(Group, ctx.now))
            .order_by(Group.name, Group.key)
        )
        return [(group, int(members)) for group, members in rows]
