"""Sessions: each sign-in is a row, asked for on every request; what has ended opens nothing more."""

from __future__ import annotations

from datetime import timedelta

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    User,
    ViewMenu,
    assoc_permissionview_role,
    assoc_user_role,
)
from sqlalchemy import bindparam, delete, func, select, update

from admin.identity.models import LoginSession
from admin.kit.current import SignedIn
from admin.kit.permissions import from_pair
from engine.context import Context, verb
from engine.db import Instant
from engine.ids import new_id
from engine.people.models import Person

LIFE = timedelta(hours=8)
# How long a proof by password is good for what only the person themselves may do.
FRESH = timedelta(minutes=30)
_PERMISSIONS = (
    select(func.aggregate_strings(Permission.name + "\t" + ViewMenu.name, "\n"))
    .select_from(assoc_user_role)
    .join(assoc_permissionview_role, assoc_permissionview_role.c.role_id == assoc_user_role.c.role_id)
    .join(PermissionView, PermissionView.id == assoc_permissionview_role.c.permission_view_id)
    .join(Permission, Permission.id == PermissionView.permission_id)
    .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
    .where(assoc_user_role.c.user_id == User.id)
    .correlate(User)
    .scalar_subquery()
)
# Asked on every request, so made once, and one statement.
_SESSION = (
    select(
        LoginSession.channel,
        User.id,
        Person.key,
        Person.name,
        Person.locale,
        Person.time_zone,
        _PERMISSIONS.label("permissions"),
    )
    .join_from(LoginSession, Person, Person.key == LoginSession.person_key)
    .join(User, User.username == Person.key)
    .where(LoginSession.id == bindparam("session"), LoginSession.ended_at.is_(None))
    .where(LoginSession.expires_at > bindparam("now", type_=Instant()))
    .where(User.active.is_(True), Person.closed_at.is_(None))
)


@verb
def open_session(ctx: Context, *, person_key: str, channel: str, address: str, agent: str) -> str:
    """Open a session.

    Args:
        ctx: The context.
        person_key: Whose.
        channel: ``web`` or ``rest``.
        address: Where from.
        agent: What the browser or program calls itself.

    Returns:
        The session's id.
    """
    session_id = new_id()
    ctx.session.execute(delete(LoginSession).where(LoginSession.expires_at < ctx.now - timedelta(days=30)))
    ctx.session.add(
        LoginSession(
            id=session_id,
            person_key=person_key,
            channel=channel,
            address=address[:64],
            agent=agent[:400],
            started_at=ctx.now,
            proved_at=ctx.now,
            expires_at=ctx.now + LIFE,
        )
    )
    return session_id


@verb
def prove_session(ctx: Context, *, session_id: str) -> None:
    """Note that the person just proved by their password that it is them."""
    ctx.session.execute(update(LoginSession).where(LoginSession.id == session_id).values(proved_at=ctx.now))


def is_fresh(ctx: Context, *, session_id: str) -> bool:
    """Whether the person proved by their password lately that it is them."""
    with ctx.read():
        proved_at = ctx.session.scalars(
            select(LoginSession.proved_at).where(LoginSession.id == session_id)
        ).first()
        return proved_at is not None and ctx.now - proved_at < FRESH


@verb
def end_session(ctx: Context, *, session_id: str, person_key: str) -> None:
    """End one session of a person."""
    ctx.session.execute(
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.person_key == person_key)
        .where(LoginSession.ended_at.is_(None))
        .values(ended_at=ctx.now)
    )


@verb
def end_sessions(ctx: Context, *, person_key: str, but: str | None = None) -> None:
    """End every session of a person.

    Args:
        ctx: The context.
        person_key: Whose.
        but: The session that goes on.
    """
    statement = (
        update(LoginSession)
        .where(LoginSession.person_key == person_key, LoginSession.ended_at.is_(None))
        .values(ended_at=ctx.now)
    )
    ctx.session.execute(statement if but is None else statement.where(LoginSession.id != but))


def sessions_of(ctx: Context, *, person_key: str) -> list[LoginSession]:
    """Return the sessions of a person that are open, the newest first."""
    with ctx.read():
        return list(
            ctx.session.scalars(
                select(LoginSession)
                .where(LoginSession.person_key == person_key, LoginSession.ended_at.is_(None))
                .where(LoginSession.expires_at > ctx.now)
                .order_by(LoginSession.started_at.desc())
            )
        )


def find_session(ctx: Context, *, session_id: str) -> SignedIn | None:
    """Read who is behind a session.

    Returns:
        The person with their permissions; None where the session, the login or the person has ended.
    """
    with ctx.read():
        row = ctx.connection.execute(_SESSION, {"session": session_id, "now": ctx.now}).first()
    if row is None:
        return None
    pairs = (line.split("\t") for line in (row.permissions or "").splitlines())
    permissions = frozenset(from_pair(permission, view) for permission, view in pairs)
    return SignedIn(
        key=row.key,
        name=row.name,
        login_id=row.id,
        session_id=session_id,
        permissions=permissions,
        locale=row.locale,
        time_zone=row.time_zone,
        channel=row.channel,
    )
