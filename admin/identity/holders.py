"""Who has a role: what drawings ask by ``who="role"``. A worker loads it, so it knows no web."""

from __future__ import annotations

from sqlalchemy import column, select, table

from engine.context import Context
from engine.errors import NotFound
from engine.i18n import _
from engine.people import Person
from engine.plugin import Registry

# The login library's tables; its own classes would bring the web with them.
_ROLE = table("ab_role", column("id"), column("name"))
_HELD = table("ab_user_role", column("user_id"), column("role_id"))
_LOGIN = table("ab_user", column("id"), column("username"), column("active"))


def register(registry: Registry) -> None:
    """Let drawings ask who has a role."""
    registry.add_port("people_with_role", people_with_role)


def people_with_role(ctx: Context, role: str) -> list[str]:
    """Return the keys of the people whose login has a role now, by name; nobody who has left.

    Raises:
        NotFound: There is no such role.
    """
    with ctx.read():
        name = role.lower()
        role_id = ctx.connection.execute(select(_ROLE.c.id).where(_ROLE.c.name == name)).scalar()
        if role_id is None:
            raise NotFound(_("There is no role %(name)s."), name=role)
        having = (
            select(Person.key)
            .join(_LOGIN, _LOGIN.c.username == Person.key)
            .join(_HELD, _HELD.c.user_id == _LOGIN.c.id)
            .where(_HELD.c.role_id == role_id, _LOGIN.c.active.is_(True), Person.closed_at.is_(None))
        )
        return list(ctx.connection.execute(having.order_by(Person.name, Person.key)).scalars())
