"""Who leads whom, and whom a drawing means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from engine.context import Context
from engine.errors import InvalidSubmission, NotFound
from engine.i18n import _
from engine.people.groups import groups_of, members_of
from engine.people.keys import need_valid
from engine.people.models import Group, Person, Post, Unit
from engine.people.persons import get_person
from engine.people.posts import holders_of
from engine.people.units import unit_members, units_of


def head_of(ctx: Context, unit_key: str) -> Person | None:
    """Return who leads a unit now; None where nobody does or they have left.

    Raises:
        NotFound: There is no such unit.
    """
    with ctx.read():
        unit: Unit = need_valid(ctx, Unit, unit_key, _("There is no unit %(key)s."))
        head = ctx.session.get(Person, unit.head_key) if unit.head_key else None
        return head if head is not None and head.closed_at is None else None


def manager_of(ctx: Context, person_key: str, level: int = 1) -> Person | None:
    """Return who stands above somebody.

    The head of their main unit; where they lead it themselves or nobody does, the next head above. Somebody
    who leads several units in a row counts once.

    Args:
        ctx: The context.
        person_key: Whose manager.
        level: 1 for the manager, 2 for the manager's manager…

    Returns:
        The manager; None at the top, or where they work in no unit.

    Raises:
        NotFound: There is nobody of that key.
    """
    above = managers_of(ctx, person_key)
    return above[level - 1] if 0 < level <= len(above) else None


def managers_of(ctx: Context, person_key: str) -> list[Person]:
    """Return everybody who stands above somebody, from their manager to the top, each once.

    Raises:
        NotFound: There is nobody of that key.
    """
    with ctx.read():
        get_person(ctx, person_key)
        units = units_of(ctx, person_key)
        above = {head.key: head for head in _heads_from(ctx, units[0] if units else None)}
    above.pop(person_key, None)
    return list(above.values())


def unit_head_of(ctx: Context, person_key: str) -> Person | None:
    """Return who leads somebody's main unit; of those that they lead themselves, the unit above.

    Unlike ``manager_of`` it does not go on where nobody leads that unit.

    Raises:
        NotFound: There is nobody of that key.
    """
    with ctx.read():
        get_person(ctx, person_key)
        keys = units_of(ctx, person_key)
        unit = ctx.session.get(Unit, keys[0]) if keys else None
        while unit is not None and unit.head_key == person_key:
            unit = ctx.session.get(Unit, unit.parent_key) if unit.parent_key else None
        return None if unit is None else head_of(ctx, unit.key)


def heads_of(ctx: Context, unit_key: str) -> list[Person]:
    """Return who leads a unit and each unit above it; of those that nobody leads nobody.

    Raises:
        NotFound: There is no such unit.
    """
    with ctx.read():
        need_valid(ctx, Unit, unit_key, _("There is no unit %(key)s."))
        return list({head.key: head for head in _heads_from(ctx, unit_key)}.values())


def _heads_from(ctx: Context, unit_key: str | None) -> Iterator[Person]:
    unit = ctx.session.get(Unit, unit_key) if unit_key else None
    while unit is not None:
        head = ctx.session.get(Person, unit.head_key) if unit.head_key else None
        if head is not None and head.closed_at is None:
            yield head
        unit = ctx.session.get(Unit, unit.parent_key) if unit.parent_key else None


def people_of(ctx: Context, spec: str) -> list[Person]:
    """Return whom a word of a drawing means, by name.

    Args:
        ctx: The context.
        spec: ``person:key``, ``group:key``, ``unit:key`` (with the units below), ``head:unit key``,
            ``manager:person key``, ``post:key`` or ``role:name``.

    Raises:
        InvalidSubmission: There is no such kind of word.
        NotFound: There is nothing of that key.
    """
    kind, _colon, key = spec.partition(":")
    if kind not in _KINDS or not key:
        raise InvalidSubmission(
            _("%(spec)s means nobody. Write one of %(known)s, a colon and a key."),
            spec=spec,
            known=", ".join(_KINDS),
        )
    with ctx.read():
        return _KINDS[kind](ctx, key)


def is_meant(ctx: Context, spec: str, person_key: str) -> bool:
    """Whether a word of a drawing means somebody; what it means is not there: nobody.

    Args:
        ctx: The context.
        spec: As for ``people_of``.
        person_key: Who.

    Raises:
        InvalidSubmission: There is no such kind of word.
    """
    kind, _colon, key = spec.partition(":")
    if kind == "group":
        # Groups may be large, and who starts a process is asked at every start.
        return key in groups_of(ctx, person_key)
    try:
        return any(person.key == person_key for person in people_of(ctx, spec))
    except NotFound:
        return False


def _person(ctx: Context, key: str) -> list[Person]:
    person = get_person(ctx, key)
    return [] if person.closed_at is not None else [person]


def _group(ctx: Context, key: str) -> list[Person]:
    need_valid(ctx, Group, key, _("There is no group %(key)s."))
    return members_of(ctx, key)


def _unit(ctx: Context, key: str) -> list[Person]:
    need_valid(ctx, Unit, key, _("There is no unit %(key)s."))
    return unit_members(ctx, key, below=True)


def _head(ctx: Context, key: str) -> list[Person]:
    head = head_of(ctx, key)
    return [] if head is None else [head]


def _manager(ctx: Context, key: str) -> list[Person]:
    manager = manager_of(ctx, key)
    return [] if manager is None else [manager]


def _post(ctx: Context, key: str) -> list[Person]:
    if ctx.session.get(Post, key) is None:
        raise NotFound(_("There is no post %(key)s."), key=key)
    return holders_of(ctx, key)


def _role(ctx: Context, key: str) -> list[Person]:
    # Logins are the shell's.
    return [get_person(ctx, one) for one in ctx.registry.port("people_with_role")(ctx, key)]


_KINDS: Mapping[str, Callable[[Context, str], list[Person]]] = {
    "person": _person,
    "group": _group,
    "unit": _unit,
    "head": _head,
    "manager": _manager,
    "post": _post,
    "role": _role,
}
