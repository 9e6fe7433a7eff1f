"""What all pages without a login share: language, headers, how they say that something is wrong."""

from __future__ import annotations

import math
from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from admin.kit.current import web
from admin.kit.errors import status_of
from admin.kit.languages import keep_locale
from admin.kit.views import View
from engine.errors import CallwrightError, TechnicalFailure, TooManyRequests
from engine.i18n import LOCALES, _, say

_SORRY = {
    400: _("This page was open for too long, or the request is not understood. Go back and try again."),
    404: _("There is no such page. Look at the address again."),
    413: _("The files are too large together. Send fewer, or smaller ones."),
    429: _("Too much in a short time: wait a moment and try again."),
    503: _("The service is busy or starting. Try again in a minute."),
}
_OURS = _("Something went wrong on our side. Nothing was half done. Try again in a minute.")


class PublicView(View):
    """Pages without a login, in ``public.html``: small, without script, kept nowhere, told to nobody."""

    route_base = ""
    # Whether a chosen language is kept in the browser for the next page.
    keeps_locale = True

    def create_blueprint(self, *args: Any, **kwargs: Any) -> Blueprint:
        """Give the pages their headers, their language and their own way to say that something is wrong."""
        made: Blueprint = super().create_blueprint(*args, **kwargs)
        made.before_request(_speak)
        made.after_request(self._finish)
        made.context_processor(lambda: {"locale_url": locale_url})
        made.register_error_handler(CallwrightError, _refused)
        made.register_error_handler(HTTPException, _failed)
        return made

    def _finish(self, response: Response) -> Response:
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response.headers.setdefault("Cache-Control", "no-store")
        asked = asked_locale()
        if asked and self.keeps_locale:
            keep_locale(response, asked)
        return response


def asked_locale() -> str | None:
    """Return the language that the address asks for, or the button below a form."""
    asked = request.form.get("lang") or request.args.get("lang")
    return asked if asked in LOCALES else None


def changes_locale() -> bool:
    """Whether a form was sent only to be shown in another language."""
    return request.form.get("lang") in LOCALES


def locale_url(code: str) -> str:
    """Return this page's address in another language."""
    given = {**request.args.to_dict(), **(request.view_args or {}), "lang": code}
    return url_for(str(request.endpoint), **given)


def _speak() -> None:
    asked = asked_locale()
    if asked:
        web().speak(asked)


def sorry(status: int, message: str, *, title: str = "") -> Response:
    """Answer that something cannot be, in plain words.

    Args:
        status: HTTP's.
        message: What, in the page's language.
        title: The page's heading.
    """
    heading = title or gettext("This did not work")
    shown = render_template(
        "public/sorry.html",
        title=heading,
        message=message,
        handler=request.blueprint == "LinkView",
    )
    return make_response(shown, status)


def _refused(error: CallwrightError) -> Response:
    locale = web().locale
    response = sorry(
        status_of(error), " ".join(say(locale, problem) for problem in error.problems or [error])
    )
    if isinstance(error, TooManyRequests | TechnicalFailure):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_s or 1))
    return response


def _failed(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    return sorry(status, gettext(_SORRY.get(status, _OURS if status >= 500 else _SORRY[400])))
