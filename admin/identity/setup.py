"""What is made once: the login library's tables, the permissions and the roles."""

from __future__ import annotations

import logging
import time

from flask import Flask
from flask_appbuilder.models.sqla import Model
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, ViewMenu
from sqlalchemy import select, text

from admin.identity.roles import ADMINISTRATOR, default_grants
from admin.kit.current import Web
from admin.kit.permissions import as_pair, known_permissions
from engine.context import SYSTEM, Busy, Context

log = logging.getLogger(__name__)

_PATIENCE_S = 60.0
# Any fixed number: processes that start together on PostgreSQL wait for each other by it.
_LOCK = 0x63616C6C


def init_security(app: Flask) -> None:
    """Make the tables of logins, the permissions and the roles, where they are missing.

    Safe to call at every start and from several processes at once. What an administrator changed stays: a
    role gets what is given to it only when the role or the permission is new.

    Args:
        app: From ``create_app``.

    Raises:
        Busy: Another process held the database for a minute.
    """
    shell: Web = app.extensions["callwright"]
    patience = time.monotonic() + _PATIENCE_S
    while True:
        try:
            _init(Context(centre=shell.centre, actor=SYSTEM))
            return
        except Busy:
            if time.monotonic() > patience:
                raise
            log.info("Another process is preparing the database; waiting for it")
            time.sleep(0.2)


def _init(ctx: Context) -> None:
    with ctx.write():
        if ctx.connection.dialect.name == "postgresql":
            ctx.connection.execute(text(f"SET LOCAL lock_timeout = {int(_PATIENCE_S * 1000)}"))
            ctx.connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        Model.metadata.create_all(ctx.connection)
        fresh = _make_permissions(ctx)
        _make_roles(ctx, fresh)


def _make_permissions(ctx: Context) -> set[str]:
    """Make the missing permissions and return their names."""
    session = ctx.session
    names = {row.name: row for row in session.scalars(select(Permission))}
    views = {row.name: row for row in session.scalars(select(ViewMenu))}
    there = {(row.permission.name, row.view_menu.name) for row in session.scalars(select(PermissionView))}
    fresh = set()
    for permission in known_permissions(ctx.registry):
        pair = as_pair(permission.name)
        if pair in there:
            continue
        there.add(pair)
        fresh.add(permission.name)
        name = names.setdefault(pair[0], Permission(name=pair[0]))
        view = views.setdefault(pair[1], ViewMenu(name=pair[1]))
        session.add(PermissionView(permission=name, view_menu=view))
    session.flush()
    return fresh


def _make_roles(ctx: Context, fresh: set[str]) -> None:
    session = ctx.session
    everything = {
        f"{row.view_menu.name}.{row.permission.name.removeprefix('can_')}": row
        for row in session.scalars(select(PermissionView))
    }
    for name, granted in default_grants(ctx.registry).items():
        role = session.scalars(select(Role).where(Role.name == name)).first()
        due = set(everything) if name == ADMINISTRATOR else granted & set(everything)
        if role is None:
            role = Role(name=name)
            session.add(role)
        else:
            due &= fresh
        held = {id(permission) for permission in role.permissions}
        role.permissions.extend(
            everything[permission] for permission in sorted(due) if id(everything[permission]) not in held
        )
    session.flush()
