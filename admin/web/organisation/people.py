"""Pages of people: the list, one person, inviting, letting go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from flask import flash, make_response, request, url_for
from flask_babel import gettext
from sqlalchemy import Select, and_, or_, select
from werkzeug.wrappers import Response

from admin.identity.links import FORGOTTEN, INVITATION, send_link
from admin.identity.logins import end_pause, is_paused, may_enter, role_names, roles_of, sync_login
from admin.identity.roles import role_title
from admin.identity.sessions import end_sessions, is_fresh
from admin.kit.current import context, permitted, signed_in, web
from admin.kit.errors import errors_by_field
from admin.kit.formats import CHANNEL_TITLES
from admin.kit.permissions import needs
from admin.kit.tables import read_paging
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.organisation.common import (
    MANAGE,
    ROLES,
    guard,
    tabs,
    unit_choices,
    unit_names,
)
from engine.context import Context
from engine.definition import group_names
from engine.errors import CallwrightError, Conflict
from engine.i18n import LOCALES, _
from engine.people import (
    GroupMember,
    Person,
    Unit,
    UnitMember,
    centre_locale,
    close_person,
    create_person,
    get_person,
    group_counts,
    groups_of,
    join_unit,
    leave_unit,
    put_person,
    reopen_person,
    set_groups,
    trust_address,
    unit_tree,
    units_of,
)
from engine.people.keys import valid

_FIELDS = ("name", "phone", "email", "locale", "time_zone", "preferred_channel")
_COLUMNS = {"name": Person.name, "key": Person.key, "unit": Unit.name, "phone": Person.phone}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the list is asked for.

    Args:
        unit: A unit's key; empty for all.
        group: A group's key; empty for all.
        state: ``here``, ``left`` or ``all``.
    """

    unit: str
    group: str
    state: str


class PeopleView(View):
    """People."""

    route_base = "/organisation/people"

    @expose("")
    @needs(MANAGE)
    def list(self) -> str:
        """List people: searched, filtered, sorted."""
        ctx = context()
        paging = read_paging(sorts=tuple(_COLUMNS), default="name")
        asked = _Asked(
            unit=request.args.get("unit", ""),
            group=request.args.get("group", ""),
            state=request.args.get("state", "here"),
        )
        with ctx.read():
            rows, count = paging.rows(ctx, _search(ctx, asked, paging.search), _COLUMNS)
            nodes = unit_tree(ctx)
            names = group_names(ctx, [group for group, _count in group_counts(ctx)], locale=web().locale)
        return page(
            "organisation/people.html",
            tabs=tabs("people"),
            rows=rows,
            count=count,
            paging=paging,
            asked=asked,
            units=unit_choices(nodes),
            groups=list(names.items()),
        )

    @expose("/new", methods=["GET", "POST"])
    @needs(MANAGE)
    def add(self) -> Any:
        """Take somebody in."""
        if request.method == "GET":
            return _form(None, {"locale": centre_locale(context())}, [], [])
        said = fields_of("key", *_FIELDS, "unit")
        ctx = context()
        try:
            with ctx.write():
                person = create_person(ctx, **{name: said[name] for name in ("key", *_FIELDS)})
                _place(ctx, person, said["unit"])
                if request.form.get("invite"):
                    send_link(ctx, person=person, purpose=INVITATION)
        except CallwrightError as error:
            return _refused(None, said, error)
        flash(gettext("%(name)s is taken in.", name=person.name), "success")
        return see_other("PeopleView.show", key=person.key)

    @expose("/<key>", methods=["GET", "POST"])
    @needs(MANAGE)
    def show(self, key: str) -> Any:
        """Show somebody, and take in what is changed."""
        ctx = context()
        person = get_person(ctx, key)
        if request.method == "GET":
            with ctx.read():
                units, groups, roles = units_of(ctx, key), groups_of(ctx, key), roles_of(ctx, person_key=key)
            said = {name: getattr(person, name) or "" for name in _FIELDS}
            return _form(person, {**said, "unit": units[0] if units else ""}, groups, roles)
        guard(ctx, key)
        said = fields_of(*_FIELDS, "unit")
        try:
            with ctx.write():
                _place(ctx, put_person(ctx, key=key, **{name: said[name] for name in _FIELDS}), said["unit"])
        except CallwrightError as error:
            return _refused(person, said, error)
        flash(gettext("%(name)s is saved.", name=said["name"]), "success")
        return see_other("PeopleView.show", key=key)

    @expose(
        "/<key>/<any(invite, reset, end, unpause, close, reopen, trust_phone, trust_email):act>",
        methods=["POST"],
    )
    @needs(MANAGE)
    def act(self, key: str, act: str) -> Response:
        """Invite somebody, send a link, sign them out, let them go, take them back."""
        ctx = context()
        guard(ctx, key)
        person = get_person(ctx, key)
        try:
            said = _ACTS[act](ctx, person)
        except Conflict as error:
            flash(errors_by_field(error)["name"][0], "danger")
        else:
            flash(gettext(said, name=person.name), "success")
        return see_other("PeopleView.show", key=key)


def _search(ctx: Context, asked: _Asked, text: str) -> Select[Any]:
    """Select people with their main unit, as the list is asked for."""
    main = and_(UnitMember.person_key == Person.key, UnitMember.main, valid(UnitMember, ctx.now))
    found: Any = (
        select(Person, Unit.key.label("unit_key"), Unit.name.label("unit_name"))
        .outerjoin(UnitMember, main)
        .outerjoin(Unit, Unit.key == UnitMember.unit_key)
    )
    if asked.state != "all":
        left = Person.closed_at.is_not(None)
        found = found.where(left if asked.state == "left" else ~left)
    if asked.unit:
        found = found.where(Unit.key == asked.unit)
    if asked.group:
        members = select(GroupMember.person_key).where(GroupMember.group_key == asked.group)
        found = found.where(Person.key.in_(members.where(valid(GroupMember, ctx.now))))
    for word in text.split():
        like = [
            column.icontains(word, autoescape=True)
            for column in (Person.name, Person.key, Person.phone, Person.email)
        ]
        found = found.where(or_(*like))
    return found


def _place(ctx: Context, person: Person, unit_key: str) -> None:
    """Put somebody into their unit and groups, and give their login its roles where that is allowed."""
    if unit_key:
        join_unit(ctx, unit_key=unit_key, person_key=person.key)
    else:
        for key in units_of(ctx, person.key):
            leave_unit(ctx, unit_key=key, person_key=person.key)
    set_groups(ctx, person_key=person.key, group_keys=request.form.getlist("groups"))
    may_give = "roles_shown" in request.form and _may_give_roles(ctx)
    sync_login(ctx, person=person, roles=request.form.getlist("roles") if may_give else None)


def _may_give_roles(ctx: Context) -> bool:
    who = signed_in()
    return who is not None and permitted(ROLES) and is_fresh(ctx, session_id=who.session_id)


def _invite(ctx: Context, person: Person) -> str:
    send_link(ctx, person=person, purpose=INVITATION)
    return _("An invitation is on its way to %(name)s.")


def _reset(ctx: Context, person: Person) -> str:
    send_link(ctx, person=person, purpose=FORGOTTEN)
    return _("A link for a new password is on its way to %(name)s.")


def _end(ctx: Context, person: Person) -> str:
    end_sessions(ctx, person_key=person.key)
    return _("%(name)s is signed out everywhere.")


def _close(ctx: Context, person: Person) -> str:
    with ctx.write():
        sync_login(ctx, person=close_person(ctx, key=person.key))
    return _("%(name)s is let go. Their history stays.")


def _reopen(ctx: Context, person: Person) -> str:
    with ctx.write():
        sync_login(ctx, person=reopen_person(ctx, key=person.key))
    return _("%(name)s is here again. Say where they stand.")


def _unpause(ctx: Context, person: Person) -> str:
    end_pause(ctx, person_key=person.key)
    return _("%(name)s may try to sign in again.")


def _trust_phone(ctx: Context, person: Person) -> str:
    trust_address(ctx, key=person.key, field="phone")
    return _("Messages go to the telephone number of %(name)s again.")


def _trust_email(ctx: Context, person: Person) -> str:
    trust_address(ctx, key=person.key, field="email")
    return _("Messages go to the mail address of %(name)s again.")


_ACTS = {
    "trust_phone": _trust_phone,
    "trust_email": _trust_email,
    "unpause": _unpause,
    "invite": _invite,
    "reset": _reset,
    "end": _end,
    "close": _close,
    "reopen": _reopen,
}


def _refused(person: Person | None, said: dict[str, str], error: CallwrightError) -> Response:
    shown = _form(
        person, said, request.form.getlist("groups"), request.form.getlist("roles"), errors_by_field(error)
    )
    return make_response(shown, 409 if isinstance(error, Conflict) else 422)


def _form(
    person: Person | None,
    said: dict[str, str],
    groups: list[str],
    roles: list[str],
    errors: dict[str, list[str]] | None = None,
) -> str:
    ctx = context()
    with ctx.read():
        nodes, names = unit_tree(ctx), unit_names(ctx)
        all_groups = group_names(ctx, [group for group, _count in group_counts(ctx)], locale=web().locale)
        units = [names[key] for key in units_of(ctx, person.key)] if person else []
        known_roles = role_names(ctx)
        entered = may_enter(ctx, person_key=person.key) if person else False
        paused = is_paused(ctx, person_key=person.key) if person else False
        give = _may_give_roles(ctx)
    return page(
        "organisation/person.html",
        tabs=tabs("people"),
        person=person,
        said=said,
        errors=errors or {},
        units=unit_choices(nodes),
        other_units=units[1:],
        groups=[(key, name, key in groups) for key, name in all_groups.items()],
        roles=[(name, gettext(role_title(name)), name in roles) for name in known_roles],
        may_see_roles=permitted(ROLES),
        may_give_roles=give,
        entered=entered,
        paused=paused,
        languages=list(LOCALES.items()),
        channels=[(key, gettext(title)) for key, title in CHANNEL_TITLES.items()],
        zones=sorted(available_timezones()),
        prove_url=url_for("AccountView.prove", next=request.path),
    )
