"""Pages of the organisation tree."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from admin.kit.current import context
from admin.kit.errors import errors_by_field
from admin.kit.permissions import needs
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.organisation.common import MANAGE, tabs, unit_choices, units_below
from engine.context import Context
from engine.errors import CallwrightError, Conflict, InvalidSubmission, NotFound, Problem
from engine.i18n import _
from engine.people import Person, Unit, close_unit, put_unit, unit_members, unit_tree
from engine.people.keys import need_valid

_FIELDS = ("name", "parent", "head", "position")
# More are found by their key, which people know or look up in the list.
_MOST_SUGGESTED = 1000


class UnitsView(View):
    """The organisation tree."""

    route_base = "/organisation/units"

    @expose("")
    @needs(MANAGE)
    def list(self) -> str:
        """Show the tree."""
        return page("organisation/units.html", tabs=tabs("units"), nodes=unit_tree(context()))

    @expose("/new", methods=["GET", "POST"])
    @needs(MANAGE)
    def add(self) -> Any:
        """Make a unit."""
        if request.method == "GET":
            return _form(None, {"parent": request.args.get("parent", "")})
        said = fields_of("key", *_FIELDS)
        try:
            _put(context(), said["key"], said, new=True)
        except CallwrightError as error:
            return _refused(None, said, error)
        flash(gettext("%(name)s is made.", name=said["name"]), "success")
        return see_other("UnitsView.list")

    @expose("/<key>", methods=["GET", "POST"])
    @needs(MANAGE)
    def show(self, key: str) -> Any:
        """Show a unit, and take in what is changed."""
        ctx = context()
        with ctx.read():
            unit = need_valid(ctx, Unit, key, _("There is no unit %(key)s."))
        if request.method == "GET":
            said = {
                "name": unit.name,
                "parent": unit.parent_key or "",
                "head": unit.head_key or "",
                "position": str(unit.position),
            }
            return _form(unit, said)
        said = fields_of(*_FIELDS)
        try:
            _put(ctx, key, said, new=False)
        except CallwrightError as error:
            return _refused(unit, said, error)
        flash(gettext("%(name)s is saved.", name=said["name"]), "success")
        return see_other("UnitsView.list")

    @expose("/<key>/close", methods=["POST"])
    @needs(MANAGE)
    def close(self, key: str) -> Response:
        """End a unit."""
        try:
            close_unit(context(), key=key)
        except Conflict as error:
            flash(errors_by_field(error)["name"][0], "danger")
            return see_other("UnitsView.show", key=key)
        flash(gettext("The unit has ended. Its history stays."), "success")
        return see_other("UnitsView.list")


def _put(ctx: Context, key: str, said: dict[str, str], *, new: bool) -> None:
    position = said["position"] or "0"
    if not (position.isascii() and position.isdigit() and len(position) < 7):
        raise InvalidSubmission(
            problems=[Problem(path="position", message=_("Write a whole number, from 0."))]
        )
    with ctx.write():
        if new and ctx.session.get(Unit, key) is not None:
            raise Conflict(_("The key %(key)s was given before. Choose another."), key=key)
        put_unit(
            ctx,
            key=key,
            name=said["name"],
            parent_key=said["parent"] or None,
            head_key=said["head"] or None,
            position=int(position),
        )


def _refused(unit: Unit | None, said: dict[str, str], error: CallwrightError) -> Response:
    otherwise = "key" if unit is None and isinstance(error, Conflict) else "parent"
    if isinstance(error, NotFound) and said["head"] in error.params.values():
        otherwise = "head"
    shown = _form(unit, said, errors_by_field(error, otherwise))
    return make_response(shown, 409 if isinstance(error, Conflict) else 422)


def _form(unit: Unit | None, said: dict[str, str], errors: dict[str, list[str]] | None = None) -> str:
    ctx = context()
    with ctx.read():
        nodes = unit_tree(ctx)
        members = unit_members(ctx, unit.key) if unit else []
        suggested = list(
            ctx.session.scalars(
                select(Person).where(Person.closed_at.is_(None)).order_by(Person.name).limit(_MOST_SUGGESTED)
            )
        )
    out = units_below(nodes, unit.key) if unit else set()
    return page(
        "organisation/unit.html",
        tabs=tabs("units"),
        unit=unit,
        said=said,
        errors=errors or {},
        parents=unit_choices([node for node in nodes if node.unit.key not in out]),
        members=members,
        suggested=suggested,
    )
