"""Units: the organisation tree, its heads, who works where. What ends keeps its dates."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select, update

from engine.context import Context, verb
from engine.errors import Conflict
from engine.history import audit
from engine.i18n import _
from engine.people.keys import check_key_and_name, need_person, need_valid, valid
from engine.people.models import Person, Unit, UnitMember
from engine.people.persons import KEEP, Keep
from engine.push import publish

_MISSING = _("There is no unit %(key)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitNode:
    """A unit as it stands in the tree.

    Args:
        unit: The unit.
        depth: 0 at the top.
        head: Who leads it; None where nobody does.
        member_count: How many work in it, those below not counted.
    """

    unit: Unit
    depth: int
    head: Person | None
    member_count: int


@verb
def put_unit(
    ctx: Context,
    *,
    key: str,
    name: str,
    parent_key: str | Keep | None = KEEP,
    head_key: str | Keep | None = KEEP,
    position: int | Keep = KEEP,
) -> Unit:
    """Make a unit, or change it; one that had ended holds again.

    Args:
        ctx: The context.
        key: Given once.
        name: What people call it.
        parent_key: The unit above; None at the top.
        head_key: Who leads it; None for nobody.
        position: Where it stands among its neighbours, from 0.

    Raises:
        InvalidSubmission: The key or the name cannot be.
        NotFound: There is no such parent or head.
        Conflict: The head has left, or the parent stands below the unit.
    """
    name = name.strip()
    check_key_and_name(key, name)
    unit = ctx.session.get(Unit, key)
    before = None if unit is None else (unit.name, unit.position, unit.valid_to)
    if unit is None:
        unit = Unit(key=key, name=name, valid_from=ctx.now)
        ctx.session.add(unit)
    unit.name, unit.valid_to = name, None
    if position is not KEEP:
        unit.position = position
    ctx.session.flush()
    if parent_key is not KEEP:
        move_unit(ctx, key=key, parent_key=parent_key)
    if head_key is not KEEP:
        set_head(ctx, key=key, head_key=head_key)
    if before != (unit.name, unit.position, unit.valid_to):
        audit(ctx, "unit.put", "unit", key)
        publish(ctx, "unit", key)
    return unit


@verb
def move_unit(ctx: Context, *, key: str, parent_key: str | None) -> None:
    """Put a unit, with all that is below it, under another one.

    Args:
        ctx: The context.
        key: The unit.
        parent_key: The unit above; None at the top.

    Raises:
        NotFound: There is no such unit.
        Conflict: The new parent stands below it.
    """
    unit = need_valid(ctx, Unit, key, _MISSING)
    above = parent_key
    while above is not None:
        if above == key:
            raise Conflict(_("%(parent)s stands below %(key)s."), parent=parent_key, key=key)
        above = need_valid(ctx, Unit, above, _MISSING).parent_key
    if unit.parent_key != parent_key:
        unit.parent_key = parent_key
        ctx.session.flush()
        audit(ctx, "unit.move", "unit", key, {"parent": parent_key})
        publish(ctx, "unit", key)


@verb
def set_head(ctx: Context, *, key: str, head_key: str | None) -> None:
    """Say who leads a unit.

    Raises:
        NotFound: There is no such unit or person.
        Conflict: The person has left.
    """
    unit = need_valid(ctx, Unit, key, _MISSING)
    if head_key is not None:
        need_person(ctx, head_key)
    if unit.head_key != head_key:
        unit.head_key = head_key
        ctx.session.flush()
        audit(ctx, "unit.head", "unit", key, {"head": head_key})
        publish(ctx, "unit", key)


@verb
def close_unit(ctx: Context, *, key: str) -> None:
    """End a unit.

    Raises:
        NotFound: There is none.
        Conflict: Somebody works in it, or a unit stands below it.
    """
    unit = need_valid(ctx, Unit, key, _MISSING)
    below = ctx.session.scalars(
        select(Unit.name).where(Unit.parent_key == key, valid(Unit, ctx.now)).limit(1)
    ).first()
    if below is not None:
        raise Conflict(_("%(name)s stands below it. Move or end that unit first."), name=below)
    if unit_members(ctx, key):
        raise Conflict(_("People work in it. Move them to another unit first."))
    unit.valid_to = ctx.now
    ctx.session.flush()
    audit(ctx, "unit.close", "unit", key)
    publish(ctx, "unit", key)


@verb
def join_unit(ctx: Context, *, unit_key: str, person_key: str, main: bool = True) -> None:
    """Let somebody work in a unit.

    Args:
        ctx: The context.
        unit_key: The unit.
        person_key: Who.
        main: Whether it is the unit they belong to, which ends their work in the one before; else they
            help there beside it.

    Raises:
        NotFound: There is no such unit or person.
        Conflict: The person has left.
    """
    need_valid(ctx, Unit, unit_key, _MISSING)
    need_person(ctx, person_key)
    open_rows = ctx.session.scalars(
        select(UnitMember).where(UnitMember.person_key == person_key, valid(UnitMember, ctx.now))
    ).all()
    if any(row.unit_key == unit_key and row.main == main for row in open_rows):
        return
    for row in open_rows:
        if row.unit_key == unit_key or (main and row.main):
            row.valid_to = ctx.now
    ctx.session.add(UnitMember(unit_key=unit_key, person_key=person_key, main=main, valid_from=ctx.now))
    ctx.session.flush()
    audit(ctx, "unit.join", "unit", unit_key, {"person": person_key, "main": main})
    publish(ctx, "unit", unit_key)


@verb
def leave_unit(ctx: Context, *, unit_key: str, person_key: str) -> None:
    """End somebody's work in a unit; nothing happens where they do not work in it."""
    ended = ctx.session.execute(
        update(UnitMember)
        .where(UnitMember.unit_key == unit_key, UnitMember.person_key == person_key)
        .where(valid(UnitMember, ctx.now))
        .values(valid_to=ctx.now)
        .returning(UnitMember.id)
    ).all()
    if ended:
        audit(ctx, "unit.leave", "unit", unit_key, {"person": person_key})
        publish(ctx, "unit", unit_key)


def units_of(ctx: Context, person_key: str) -> list[str]:
    """Return the keys of the units somebody works in now, the main one first."""
    with ctx.read():
        rows = ctx.session.execute(
            select(UnitMember.unit_key, UnitMember.main)
            .join(Unit, Unit.key == UnitMember.unit_key)
            .where(UnitMember.person_key == person_key)
            .where(valid(UnitMember, ctx.now), valid(Unit, ctx.now))
            .order_by(UnitMember.main.desc(), UnitMember.valid_from, UnitMember.unit_key)
        )
        return list(dict.fromkeys(row.unit_key for row in rows))


def unit_members(ctx: Context, unit_key: str, *, below: bool = False) -> list[Person]:
    """Return who works in a unit now, by name.

    Args:
        ctx: The context.
        unit_key: The unit.
        below: Also those of the units below it.
    """
    with ctx.read():
        keys = {unit_key} | (_below(ctx, unit_key) if below else set())
        return list(
            ctx.session.scalars(
                select(Person)
                .join(UnitMember, UnitMember.person_key == Person.key)
                .where(UnitMember.unit_key.in_(keys), Person.closed_at.is_(None))
                .where(valid(UnitMember, ctx.now))
                .distinct()
                .order_by(Person.name, Person.key)
            )
        )


def _below(ctx: Context, unit_key: str) -> set[str]:
    children = defaultdict(list)
    for key, parent in ctx.session.execute(select(Unit.key, Unit.parent_key).where(valid(Unit, ctx.now))):
        children[parent].append(key)
    found: set[str] = set()
    waiting = list(children[unit_key])
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting.extend(children[key])
    return found


def unit_tree(ctx: Context) -> list[UnitNode]:
    """Return the units there are now, each before those below it."""
    with ctx.read():
        working = ctx.session.execute(
            select(UnitMember.unit_key, func.count(Person.key.distinct()))
            .join(Person, Person.key == UnitMember.person_key)
            .where(valid(UnitMember, ctx.now), Person.closed_at.is_(None))
            .group_by(UnitMember.unit_key)
        )
        counts = {key: int(count) for key, count in working}
        rows = ctx.session.execute(
            select(Unit, Person)
            .outerjoin(Person, (Person.key == Unit.head_key) & Person.closed_at.is_(None))
            .where(valid(Unit, ctx.now))
            .order_by(Unit.position, Unit.name, Unit.key)
        ).all()
    known = {unit.key for unit, _head in rows}
    children: dict[str | None, list[tuple[Unit, Person | None]]] = defaultdict(list)
    for unit, head in rows:
        children[unit.parent_key if unit.parent_key in known else None].append((unit, head))
    ordered: list[UnitNode] = []

    def walk(parent: str | None, depth: int) -> None:
        for unit, head in children[parent]:
            ordered.append(UnitNode(unit=unit, depth=depth, head=head, member_count=counts.get(unit.key, 0)))
            walk(unit.key, depth + 1)

    walk(None, 0)
    return ordered
