"""The door's other pages and one's own account."""

from __future__ import annotations

import time
from typing import Any, Literal
from zoneinfo import available_timezones

from flask import flash, make_response, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin.identity.links import DeadLink, person_behind, send_forgotten_link, set_password_by_link
from admin.identity.logins import WrongPassword, change_password, prove, roles_of, sync_login
from admin.identity.roles import role_title
from admin.identity.sessions import end_session, end_sessions, prove_session, sessions_of
from admin.kit.current import SignedIn, context, signed_in, web
from admin.kit.formats import CHANNEL_TITLES
from admin.kit.languages import keep_locale
from admin.kit.limits import take_try
from admin.kit.names import names_of_groups
from admin.kit.permissions import needs
from admin.kit.views import View, expose, fields_of, local_target, page, see_other
from admin.web.account.covers import CoverView
from admin.web.account.signature import SignatureView
from engine.context import PUBLIC
from engine.errors import CallwrightError, InvalidSubmission, NotFound
from engine.i18n import LOCALES, say
from engine.people import (
    HOURLY,
    Person,
    get_person,
    groups_of,
    put_person,
    trust_address,
    unit_tree,
    units_of,
)

# Nobody learns from the time of the answer whether there is such an account.
_ANSWER_S = 0.4
_FIELDS = ("phone", "email", "locale", "time_zone", "preferred_channel", "quiet_hours", "digest")


class ForgottenView(View):
    """A new password by a link, for whoever forgot the old one or was invited."""

    route_base = ""

    @expose("/password/forgotten", methods=["GET", "POST"])
    def ask(self) -> Any:
        """Ask for a link."""
        if request.method == "GET":
            return page("account/forgotten.html", asked=False)
        began = time.monotonic()
        said = fields_of("username")
        ctx = web().context(PUBLIC)
        take_try(ctx, name="forgotten", of=request.remote_addr or "", most=10, within_s=3600)
        send_forgotten_link(ctx, name=said["username"])
        time.sleep(max(0.0, _ANSWER_S - (time.monotonic() - began)))
        return page("account/forgotten.html", asked=True)

    @expose("/enter/<secret>", methods=["GET", "POST"])
    def choose(self, secret: str) -> Any:
        """Choose a password. Opening the page does not use up the link."""
        ctx = web().context(PUBLIC)
        errors: list[str] = []
        try:
            person = person_behind(ctx, secret=secret)
            if request.method == "POST":
                password = request.form.get("password", "")
                if password != request.form.get("again", ""):
                    errors = [gettext("The two passwords are not the same.")]
                else:
                    set_password_by_link(ctx, secret=secret, password=password)
                    flash(gettext("Your password is set. Sign in with it."), "success")
                    return see_other("SignInView.login")
        except InvalidSubmission as error:
            errors = [say(web().locale, problem) for problem in error.problems]
        except DeadLink:
            return make_response(page("account/dead_link.html"), 404)
        shown = page("account/choose_password.html", person=person, errors=errors)
        response = make_response(shown, 422 if errors else 200)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


class AccountView(View):
    """One's own account: how one is reached, the language, the password, open sessions."""

    route_base = ""

    @expose("/account", methods=["GET", "POST"])
    @needs()
    def show(self) -> Any:
        """Show what is known of oneself, and take in what is changed."""
        who = _who()
        if request.method == "GET":
            return _account(who)
        said = fields_of(*_FIELDS)
        try:
            _change(who, said, password=request.form.get("password", ""))
        except CallwrightError as error:
            return make_response(_account(who, said=said, errors=_errors(error)), 422)
        web().forget()
        flash(gettext("Your account is saved."), "success")
        response = see_other("AccountView.show")
        keep_locale(response, said["locale"])
        return response

    @expose("/account/password", methods=["POST"])
    @needs()
    def password(self) -> Any:
        """Change the password; the old one proves that it is oneself."""
        who = _who()
        new = request.form.get("new", "")
        try:
            if new != request.form.get("again", ""):
                return make_response(
                    _account(who, errors={"again": [gettext("The two passwords are not the same.")]}), 422
                )
            change_password(
                context(),
                person=get_person(context(), who.key),
                old=request.form.get("old", ""),
                new=new,
                address=request.remote_addr or "",
                keep_session=who.session_id,
            )
        except WrongPassword as error:
            return make_response(_account(who, errors={"old": [say(web().locale, error)]}), 422)
        except InvalidSubmission as error:
            found = [say(web().locale, problem) for problem in error.problems]
            return make_response(_account(who, errors={"new": found}), 422)
        flash(gettext("Your password is changed. You are signed out everywhere else."), "success")
        return see_other("AccountView.show")

    @expose("/account/trust", methods=["POST"])
    @needs()
    def trust(self) -> Response:
        """Use one's number or mailbox again that took no messages."""
        who = _who()
        field: Literal["phone", "email"] = "email" if request.form.get("field") == "email" else "phone"
        trust_address(context(), key=who.key, field=field)
        flash(gettext("Messages go there again."), "success")
        return see_other("AccountView.show")

    @expose("/account/sessions/end", methods=["POST"])
    @needs()
    def end(self) -> Response:
        """End one of one's other sessions, or all of them."""
        who = _who()
        session_id = request.form.get("session", "")
        if session_id:
            end_session(context(), session_id=session_id, person_key=who.key)
        else:
            end_sessions(context(), person_key=who.key, but=who.session_id)
        flash(gettext("Signed out there."), "success")
        return see_other("AccountView.show")

    @expose("/account/prove", methods=["GET", "POST"])
    @needs()
    def prove(self) -> Any:
        """Prove by the password that it is oneself, and go on to what needs it."""
        who = _who()
        if request.method == "GET":
            return page("account/prove.html", error=None)
        try:
            prove(
                context(),
                person_key=who.key,
                password=request.form.get("password", ""),
                address=request.remote_addr or "",
            )
        except WrongPassword as error:
            return make_response(page("account/prove.html", error=say(web().locale, error)), 422)
        prove_session(context(), session_id=who.session_id)
        return redirect(local_target(request.args.get("next")), code=303)

    @expose("/language/<code>")
    def language(self, code: str) -> Response:
        """Choose the language; for good where somebody is signed in."""
        if code not in LOCALES:
            raise NotFound()
        who = signed_in()
        if who is not None and who.locale != code:
            ctx = context()
            put_person(ctx, key=who.key, name=who.name, locale=code)
        response = redirect(local_target(request.args.get("next")), code=303)
        keep_locale(response, code)
        return response


def _who() -> SignedIn:
    who = signed_in()
    assert who is not None
    return who


def _change(who: SignedIn, said: dict[str, str], *, password: str) -> None:
    """Take in what somebody changed of themselves; where they are reached only with their password."""
    ctx = context()
    person = get_person(ctx, who.key)
    reached = (said["phone"], said["email"]) != (person.phone or "", person.email or "")
    if reached:
        prove(ctx, person_key=who.key, password=password, address=request.remote_addr or "")
    with ctx.write():
        changed = put_person(ctx, key=who.key, name=person.name, **said)
        sync_login(ctx, person=changed)


def _errors(error: CallwrightError) -> dict[str, list[str]]:
    if isinstance(error, WrongPassword):
        return {"password": [say(web().locale, error)]}
    found: dict[str, list[str]] = {}
    for problem in error.problems:
        found.setdefault(problem.path, []).append(say(web().locale, problem))
    return found or {"phone": [say(web().locale, error)]}


def _account(
    who: SignedIn, *, said: dict[str, str] | None = None, errors: dict[str, list[str]] | None = None
) -> str:
    ctx = context()
    with ctx.read():
        now = ctx.now
        person = get_person(ctx, who.key)
        names = {node.unit.key: node.unit.name for node in unit_tree(ctx)}
        units = [names[key] for key in units_of(ctx, who.key)]
        held = groups_of(ctx, who.key)
        groups = list(names_of_groups(ctx, held).values())
        roles = [gettext(role_title(name)) for name in roles_of(ctx, person_key=who.key)]
        sessions = sessions_of(ctx, person_key=who.key)
    return page(
        "account/account.html",
        person=person,
        said=said or _fields(person),
        errors=errors or {},
        units=units,
        groups=groups,
        roles=roles,
        sessions=sessions,
        this_session=who.session_id,
        languages=list(LOCALES.items()),
        channels=[(key, gettext(title)) for key, title in CHANNEL_TITLES.items()],
        digests=[(HOURLY, gettext("Every hour"))]
        + [(f"{hour:02}:00", gettext("Once a day at %(time)s", time=f"{hour:02}:00")) for hour in range(24)],
        zones=sorted(available_timezones()),
        now=now,
    )


def _fields(person: Person) -> dict[str, str]:
    return {name: getattr(person, name) or "" for name in _FIELDS}


def register(appbuilder: Any) -> None:
    """Add the pages."""
    appbuilder.add_view_no_menu(ForgottenView)
    appbuilder.add_view_no_menu(AccountView)
    appbuilder.add_view_no_menu(CoverView)
    appbuilder.add_view_no_menu(SignatureView)
