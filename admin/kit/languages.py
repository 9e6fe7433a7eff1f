"""The request's language and time zone, for gettext, dates and form messages alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask, g, has_request_context, request
from flask_babel import get_babel, get_translations
from sqlalchemy.exc import SQLAlchemyError

from admin.kit.current import web
from engine.context import PUBLIC, Busy, Context
from engine.i18n import LOCALES
from engine.people import centre_locale

COOKIE = "callwright_locale"
DEFAULT = "en"
_YEAR_S = 365 * 24 * 3600


def choose_locale() -> str:
    """Choose the request's language: the person's, the cookie's, what the browser asks for, the centre's."""
    try:
        who = web().signed_in
    except (SQLAlchemyError, Busy):
        # That nothing can be read has to be said too, in some language.
        who = None
    for said in (who.locale if who else None, request.cookies.get(COOKIE)):
        if said in LOCALES:
            return str(said)
    for asked, _quality in request.accept_languages:
        found = match_locale(asked)
        if found:
            return found
    try:
        return centre_locale(Context(centre=web().centre, actor=PUBLIC))
    except (SQLAlchemyError, Busy):
        return DEFAULT


def match_locale(tag: str) -> str | None:
    """Return the language of ours that a browser's tag means: ``zh-TW`` is Traditional Chinese."""
    parts = tag.replace("_", "-").lower().split("-")
    if parts[0] == "en":
        return "en"
    if parts[0] not in ("zh", "yue", "cmn"):
        return None
    if (
        "hant" in parts
        or ("hans" not in parts and {"tw", "hk", "mo"}.intersection(parts))
        or parts[0] == "yue"
    ):
        return "zh_Hant"
    return "zh_Hans"


def keep_locale(response: Any, locale: str) -> None:
    """Keep a choice in the browser, for pages where nobody is signed in."""
    response.set_cookie(
        COOKIE, locale, max_age=_YEAR_S, samesite="Lax", httponly=True, secure=web().centre.settings.https
    )


def request_zone() -> str:
    """Return the IANA zone in which times are shown: the person's, else the centre's."""
    if has_request_context() and "callwright_zone" in g:
        return g.callwright_zone or web().centre.settings.time_zone
    who = web().signed_in if has_request_context() else None
    return (who.time_zone if who else None) or web().centre.settings.time_zone


class _FormMessages:
    """The form library's own messages, from our catalogue: its own is Simplified in ``zh_Hant``."""

    @staticmethod
    def ugettext(text: str) -> str:
        return str(get_translations().ugettext(text))

    @staticmethod
    def ungettext(one: str, many: str, count: int) -> str:
        return str(get_translations().ungettext(one, many, count))


def install_languages(app: Flask, folders: Sequence[Path]) -> None:
    """Make gettext, dates and form messages follow the request's language.

    Args:
        app: After the login library was set up, whose own choice this replaces.
        folders: The installed owners' ``locale`` folders.
    """
    with app.app_context():
        babel = get_babel()
    babel.locale_selector = lambda: web().locale if has_request_context() else DEFAULT
    babel.timezone_selector = request_zone
    # Not the login library's own: its Chinese has gaps, and is Simplified where Traditional is asked for.
    babel.translation_directories = [str(folder) for folder in folders if folder.is_dir()]
    messages = _FormMessages()

    @app.before_request
    def use_our_form_messages() -> None:
        request.wtforms_translations = messages  # type: ignore[attr-defined]
