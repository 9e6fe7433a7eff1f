"""The login library's own pages: roles and what each may do; logins and their use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from flask import current_app
from flask_appbuilder import ModelView
from flask_appbuilder.fields import QuerySelectMultipleField
from flask_appbuilder.security.sqla.models import PermissionView, Role
from flask_appbuilder.security.views import RoleModelView, UserDBModelView
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup, escape
from sqlalchemy import inspect, select

from admin.identity.roles import ADMINISTRATOR, ROLES, role_title
from admin.identity.store import joined
from admin.kit.current import web
from admin.kit.permissions import from_pair, known_permissions
from engine.errors import Conflict
from engine.history import audit
from engine.i18n import _, say


def permission_title(row: PermissionView) -> str:
    """Say what a row of the library's permission table lets a person do."""
    name = from_pair(row.permission.name, row.view_menu.name)
    titles = {known.name: known.title for known in known_permissions(web().centre.registry)}
    return gettext(titles[name]) if name in titles else name


def _known_rows() -> list[PermissionView]:
    """Return the permissions that may be given, by what they are about."""
    order = [known.name for known in known_permissions(web().centre.registry)]
    rows = {
        from_pair(row.permission.name, row.view_menu.name): row
        for row in current_app.extensions["appbuilder"].session.scalars(select(PermissionView))
    }
    return [rows[name] for name in order if name in rows]


def _shown_role(name: str) -> str:
    title = gettext(role_title(name))
    return title if name in ROLES else name


def _shown_roles(roles: Iterable[Role]) -> str:
    return ", ".join(_shown_role(role.name) for role in roles)


def _shown_permissions(rows: Iterable[PermissionView]) -> Markup:
    said = sorted(permission_title(row) for row in rows)
    return Markup("<br>").join(map(escape, said)) or Markup("—")


class _Boxes:
    """Draws a box to tick for each permission."""

    def __call__(self, field: Any, **_attributes: Any) -> Markup:
        chosen = {row.id for row in field.data or ()}
        boxes = (
            Markup(
                '<label class="choice"><input type="checkbox" name="{}" value="{}"{}><span>{}</span></label>'
            ).format(field.name, row.id, Markup(" checked") if row.id in chosen else "", field.get_label(row))
            for _key, row in field._get_object_list()
        )
        return Markup('<div id="{}">{}</div>').format(field.id, Markup("").join(boxes))


def _permissions_field() -> QuerySelectMultipleField:
    return QuerySelectMultipleField(
        lazy_gettext("May do"),
        query_func=_known_rows,
        get_pk_func=lambda row: row.id,
        get_label=permission_title,
        widget=_Boxes(),
    )


class RolesView(RoleModelView):
    """Roles and what each may do."""

    route_base = "/roles"
    base_permissions: ClassVar[Any] = ["can_list", "can_show", "can_add", "can_edit", "can_delete"]
    list_title = lazy_gettext("Roles")
    show_title = lazy_gettext("Role")
    add_title = lazy_gettext("Add a role")
    edit_title = lazy_gettext("Change the role")
    list_columns: ClassVar[Any] = ["name", "permissions"]
    search_columns: ClassVar[Any] = ["name"]
    label_columns: ClassVar[Any] = {"name": lazy_gettext("Role"), "permissions": lazy_gettext("May do")}
    formatters_columns: ClassVar[Any] = {"name": _shown_role, "permissions": _shown_permissions}
    add_form_extra_fields: ClassVar[Any] = {"permissions": _permissions_field()}
    edit_form_extra_fields: ClassVar[Any] = {"permissions": _permissions_field()}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Copying makes a role of a name that nobody chose.
        self.actions: dict[str, Any] = {}

    def pre_add(self, item: Any) -> None:
        """Write down who made the role."""
        _note("role.put", item)

    def pre_update(self, item: Any) -> None:
        """Write down who changed the role; the product's own keep their names."""
        history = inspect(item).attrs.name.history
        before = history.deleted[0] if history.deleted else item.name
        if before in ROLES and item.name != before:
            raise Refused(Conflict(_("%(name)s is a role of the product: its name stays."), name=before))
        held = {from_pair(row.permission.name, row.view_menu.name) for row in item.permissions}
        if item.name == ADMINISTRATOR and "roles.manage" not in held:
            raise Refused(Conflict(_("Somebody must manage roles: the administrator keeps that.")))
        _note("role.put", item)

    def pre_delete(self, item: Any) -> None:
        """Delete only roles that nobody has and that are not the administrator's."""
        super().pre_delete(item)
        if item.name == ADMINISTRATOR:
            raise Refused(Conflict(_("Somebody must manage roles: the administrator keeps that.")))
        _note("role.delete", item)


class LoginsView(UserDBModelView):
    """Logins and their use. They are made, given roles and ended on the people pages."""

    route_base = "/logins"
    include_route_methods: ClassVar[Any] = {"list", "show"}
    base_permissions: ClassVar[Any] = ["can_list", "can_show"]
    list_title = lazy_gettext("Logins")
    show_title = lazy_gettext("Login")
    list_columns: ClassVar[Any] = ["username", "first_name", "active", "roles", "last_login"]
    search_columns: ClassVar[Any] = ["username", "first_name"]
    show_fieldsets: ClassVar[Any] = [
        (lazy_gettext("Login"), {"fields": ["username", "first_name", "active", "roles"]}),
        (lazy_gettext("Use"), {"fields": ["last_login", "login_count", "fail_login_count"]}),
    ]
    label_columns: ClassVar[Any] = {
        "username": lazy_gettext("User name"),
        "first_name": lazy_gettext("Full name"),
        "active": lazy_gettext("Let in"),
        "roles": lazy_gettext("Roles"),
        "last_login": lazy_gettext("Last sign-in (UTC)"),
        "login_count": lazy_gettext("Sign-ins"),
        "fail_login_count": lazy_gettext("Refused tries since then"),
    }
    formatters_columns: ClassVar[Any] = {"roles": _shown_roles}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.actions: dict[str, Any] = {}

    # The library's own offers an action that is not ours.
    show = ModelView.show


class Refused(Exception):
    """Says an error of ours in the person's language, where the library shows only an exception's text."""

    def __init__(self, error: Conflict) -> None:
        super().__init__(say(web().locale, error))


def _note(action: str, role: Any) -> None:
    """Write into the library's own transaction who did what to a role."""
    held = sorted(from_pair(row.permission.name, row.view_menu.name) for row in role.permissions)
    with joined(web()) as ctx:
        audit(ctx, action, "role", role.name, {"permissions": held})
