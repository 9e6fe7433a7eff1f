"""Pages of groups and who is in them."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from admin.kit.current import context, web
from admin.kit.errors import errors_by_field
from admin.kit.permissions import needs
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.organisation.common import MANAGE, tabs
from engine.context import Context
from engine.definition import group_names
from engine.errors import CallwrightError, Conflict
from engine.i18n import _
from engine.people import (
    Group,
    Person,
    close_group,
    group_counts,
    join_group,
    leave_group,
    members_of,
    put_group,
)
from engine.people.keys import need_valid

_MOST_SUGGESTED = 1000


class GroupsView(View):
    """Groups: people who may take the same work."""

    route_base = "/organisation/groups"

    @expose("")
    @needs(MANAGE)
    def list(self) -> str:
        """List the groups."""
        ctx = context()
        counted = group_counts(ctx)
        return page(
            "organisation/groups.html",
            tabs=tabs("groups"),
            groups=counted,
            names=group_names(ctx, [group for group, _count in counted], locale=web().locale),
        )

    @expose("/new", methods=["GET", "POST"])
    @needs(MANAGE)
    def add(self) -> Any:
        """Make a group."""
        if request.method == "GET":
            return page("organisation/group_new.html", tabs=tabs("groups"), said={}, errors={})
        said = fields_of("key", "name")
        ctx = context()
        try:
            with ctx.write():
                if ctx.session.get(Group, said["key"]) is not None:
                    raise Conflict(_("The key %(key)s was given before. Choose another."), key=said["key"])
                put_group(ctx, key=said["key"], name=said["name"])
        except CallwrightError as error:
            errors = errors_by_field(error, "key")
            shown = page("organisation/group_new.html", tabs=tabs("groups"), said=said, errors=errors)
            return make_response(shown, 409 if isinstance(error, Conflict) else 422)
        flash(gettext("%(name)s is made. Put people into it.", name=said["name"]), "success")
        return see_other("GroupsView.show", key=said["key"])

    @expose("/<key>", methods=["GET", "POST"])
    @needs(MANAGE)
    def show(self, key: str) -> Any:
        """Show a group and who is in it, and take in its new name."""
        ctx = context()
        group = _group(ctx, key)
        if request.method == "GET":
            return _page(ctx, group)
        name = fields_of("name")["name"]
        try:
            # What the page showed as the process's own name stays the process's, in every language.
            if name != _name(ctx, group):
                put_group(ctx, key=key, name=name)
        except CallwrightError as error:
            return make_response(_page(ctx, group, errors_by_field(error)), 422)
        flash(gettext("The group is saved."), "success")
        return see_other("GroupsView.show", key=key)

    @expose("/<key>/join", methods=["POST"])
    @needs(MANAGE)
    def join(self, key: str) -> Any:
        """Put somebody into the group."""
        ctx = context()
        group = _group(ctx, key)
        person = fields_of("person")["person"]
        try:
            join_group(ctx, group_key=key, person_key=person)
        except CallwrightError as error:
            return make_response(_page(ctx, group, errors_by_field(error, "person"), person), 422)
        return see_other("GroupsView.show", key=key)

    @expose("/<key>/leave", methods=["POST"])
    @needs(MANAGE)
    def leave(self, key: str) -> Response:
        """Take somebody out of the group."""
        leave_group(context(), group_key=key, person_key=fields_of("person")["person"])
        return see_other("GroupsView.show", key=key)

    @expose("/<key>/close", methods=["POST"])
    @needs(MANAGE)
    def close(self, key: str) -> Response:
        """End the group."""
        close_group(context(), key=key)
        flash(gettext("The group has ended. Its history stays."), "success")
        return see_other("GroupsView.list")


def _group(ctx: Context, key: str) -> Group:
    with ctx.read():
        group: Group = need_valid(ctx, Group, key, _("There is no group %(key)s."))
    return group


def _name(ctx: Context, group: Group) -> str:
    return group_names(ctx, [group], locale=web().locale)[group.key]


def _page(ctx: Context, group: Group, errors: dict[str, list[str]] | None = None, person: str = "") -> str:
    with ctx.read():
        members = members_of(ctx, group.key)
        inside = [member.key for member in members]
        others = list(
            ctx.session.scalars(
                select(Person)
                .where(Person.closed_at.is_(None), Person.key.not_in(inside))
                .order_by(Person.name)
                .limit(_MOST_SUGGESTED)
            )
        )
    return page(
        "organisation/group.html",
        tabs=tabs("groups"),
        group=group,
        name=_name(ctx, group),
        members=members,
        suggested=others,
        errors=errors or {},
        person=person,
    )
