"""The door's other pages and one's own account."""

from __future__ import annotations

import time
from typing import Any

from flask import flash, make_response, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin.identity.links import DeadLink, person_behind, send_forgotten_link, set_password_by_link
from admin.kit.current import web
from admin.kit.languages import keep_locale
from admin.kit.limits import take_try
from admin.kit.permissions import needs
from admin.kit.views import View, expose, fields_of, local_target, page, see_other
from engine.context import PUBLIC
from engine.errors import InvalidSubmission, NotFound
from engine.i18n import LOCALES, say

# Nobody learns from the time of the answer whether there is such an account.
_ANSWER_S = 0.4


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
        try:
            person = person_behind(ctx, secret=secret)
            errors: list[str] = []
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
        response = make_response(
            page("account/choose_password.html", person=person, errors=errors), 422 if errors else 200
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


class AccountView(View):
    """One's own account."""

    route_base = ""

    @expose("/account")
    @needs()
    def show(self) -> str:
        """Show the account."""
        return page("account/account.html")

    @expose("/language/<code>")
    def language(self, code: str) -> Response:
        """Choose the language."""
        if code not in LOCALES:
            raise NotFound()
        response = redirect(local_target(request.args.get("next")), code=303)
        keep_locale(response, code)
        return response


def register(appbuilder: Any) -> None:
    """Add the pages."""
    appbuilder.add_view_no_menu(ForgottenView)
    appbuilder.add_view_no_menu(AccountView)
