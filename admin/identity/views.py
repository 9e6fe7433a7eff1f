"""Signing in and out."""

from __future__ import annotations

from flask import flash, make_response, redirect, request, session
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from admin.identity.logins import WrongPassword, sign_in
from admin.identity.sessions import end_session, find_session
from admin.kit.current import signed_in, web
from admin.kit.views import View, expose, fields_of, local_target, page
from engine.context import PUBLIC
from engine.errors import TooManyRequests
from engine.i18n import say


class SignInView(View):
    """The door."""

    route_base = ""

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> AnyResponse | str:
        """Ask for user name and password; let in whoever proves them."""
        target = local_target(request.args.get("next"))
        if signed_in() is not None:
            return redirect(target)
        if request.method == "GET":
            return page("account/sign_in.html", name="", error=None)
        said = fields_of("username")
        ctx = web().context(PUBLIC)
        try:
            session_id = sign_in(
                ctx,
                name=said["username"],
                password=request.form.get("password", ""),
                address=request.remote_addr or "",
                agent=request.user_agent.string,
                channel="web",
            )
        except (WrongPassword, TooManyRequests) as error:
            status = 429 if isinstance(error, TooManyRequests) else 401
            shown = page("account/sign_in.html", name=said["username"], error=say(web().locale, error))
            response = make_response(shown, status)
            if isinstance(error, TooManyRequests):
                response.headers["Retry-After"] = str(error.retry_after_s)
            return response
        enter(session_id)
        return redirect(target, code=303)

    @expose("/logout/", methods=["GET", "POST"])
    def logout(self) -> AnyResponse | str:
        """End the session; a mere link only asks."""
        who = signed_in()
        if who is None:
            return redirect("/login/")
        if request.method == "GET":
            return page("account/sign_out.html")
        end_session(web().context(), session_id=who.session_id, person_key=who.key)
        logout_user()
        session.clear()
        flash(gettext("You are signed out."), "success")
        return redirect("/login/", code=303)


def enter(session_id: str) -> None:
    """Let the browser in with a session: everything the browser held before is forgotten."""
    who = find_session(web().context(PUBLIC), session_id=session_id)
    assert who is not None
    session.clear()
    session.permanent = True
    session["session_id"] = session_id
    web().forget()
    login_user(User(id=who.login_id, username=who.key, first_name=who.name, last_name="", active=True))
