"""Permissions: what a person may do beyond their own work, under one name from drawing to role editor.

``instances.operate`` in code is the pair *can operate* on *instances* in the login library's role editor.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import abort, redirect, request, url_for
from sqlalchemy import select

from admin.kit.current import context, for_machine, signed_in
from engine.definition import administered_processes, administers
from engine.errors import Forbidden
from engine.i18n import _
from engine.instance import Migration, ProcessInstance
from engine.plugin import Registry

ADMINISTERS = "administers"
"""Among what a view needs: to administer the process that its address names, any where it names none."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Something a role may allow.

    Args:
        name: ``room.verb``.
        title: A gettext source text: what it lets a person do.
    """

    name: str
    title: str


PERMISSIONS = (
    Permission(name="tasks.see_all", title=_("See everybody's tasks")),
    Permission(name="tasks.assign", title=_("Give tasks to others")),
    Permission(name="processes.start_for_others", title=_("Hand in requests for others")),
    Permission(name="instances.see_all", title=_("See every running and finished process")),
    Permission(name="instances.operate", title=_("Pause, cancel and move running processes")),
    Permission(name="incidents.operate", title=_("See and repair incidents and jobs")),
    Permission(name="notifications.see", title=_("See every message that was sent or came in")),
    Permission(name="personal_data.see", title=_("See personal data in full")),
    Permission(name="processes.see", title=_("See process drawings and versions")),
    Permission(name="processes.deploy", title=_("Draw and deploy processes, forms and decisions")),
    Permission(name="notices.manage", title=_("Say who hears of what happens in a process")),
    Permission(name="people.manage", title=_("Manage people, units and groups")),
    Permission(name="roles.manage", title=_("Manage logins and roles")),
    Permission(name="settings.manage", title=_("Change parameters, calendars and templates")),
    Permission(name="audit.see", title=_("Read the audit log")),
    Permission(name="api.describe", title=_("Read the description of the programming interface")),
)


def known_permissions(registry: Registry) -> tuple[Permission, ...]:
    """Return the shell's permissions and those of the installed plug-ins."""
    of_plugins = (
        Permission(name=name, title=title)
        for plugin in registry.plugins.values()
        for name, title in plugin.manifest.permissions.items()
    )
    return (*PERMISSIONS, *of_plugins)


def as_pair(permission: str) -> tuple[str, str]:
    """Write a permission as the login library keeps it: ``("can_operate", "instances")``."""
    room, _dot, verb = permission.rpartition(".")
    return f"can_{verb}", room


def from_pair(permission_name: str, view_name: str) -> str:
    """Read a permission as the login library keeps it."""
    return f"{view_name}.{permission_name.removeprefix('can_')}"


def needs(*permissions: str) -> Callable[[F], F]:
    """Let a view only be opened by somebody signed in who has one of the permissions.

    Works for pages and for REST: a browser that is not signed in is led to the sign-in page, a program is
    answered 401; who lacks the permission gets 403.

    Args:
        permissions: Any one of them is enough, ``ADMINISTERS`` too; none means that being signed in is.
    """

    def decorate(view: F) -> F:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            who = signed_in()
            if who is None:
                return ask_to_sign_in()
            permitted = not permissions or who.permissions.intersection(permissions)
            if not permitted and not (ADMINISTERS in permissions and _administers(kwargs)):
                raise Forbidden()
            return view(*args, **kwargs)

        guarded.needs = permissions  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def _administers(ids: Mapping[str, Any]) -> bool:
    """Whether whoever is signed in administers what an address names by ``key`` or by an id."""
    ctx = context()
    with ctx.read():
        if "instance_id" in ids:
            of = select(ProcessInstance.process_key).where(ProcessInstance.id == str(ids["instance_id"]))
        elif "migration_id" in ids:
            of = select(Migration.process_key).where(Migration.id == str(ids["migration_id"]))
        else:
            return administers(ctx, ids["key"]) if "key" in ids else bool(administered_processes(ctx))
        process_key = ctx.connection.execute(of).scalar()
        return process_key is not None and administers(ctx, process_key)


def administers_some() -> bool:
    """Whether whoever is signed in administers any process."""
    return signed_in() is not None and _administers({})


def ask_to_sign_in() -> Any:
    """Answer somebody who is not signed in: the sign-in page for a browser, 401 for a program."""
    if for_machine() or request.path == "/events":
        abort(401)
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    target = url_for("SignInView.login", next=here)
    if request.headers.get("HX-Request"):
        return "", 401, {"HX-Redirect": target}
    return redirect(target)
