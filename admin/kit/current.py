"""The request's own: which centre serves it, who is signed in, in which language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import flask_babel
from flask import current_app, g, has_request_context, request

from engine.context import PUBLIC, Actor, Centre, Context


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody who is signed in, as the pages know them.

    Args:
        key: The person's key, which is the login's user name.
        name: What people call them.
        login_id: The login library's own number.
        session_id: The session's row; ends with it.
        permissions: ``instances.operate``, …
        locale: Their language; None where they never chose one.
        time_zone: Their IANA zone; None for the centre's.
        channel: ``web`` with a browser's session, ``rest`` with a token.
    """

    key: str
    name: str
    login_id: int
    session_id: str
    permissions: frozenset[str] = field(repr=False)
    locale: str | None = None
    time_zone: str | None = None
    channel: str = "web"

    @property
    def initials(self) -> str:
        """One or two letters for a small round picture."""
        words = self.name.split()
        if not words:
            return self.key[:1].upper()
        if not self.name.isascii():
            return words[-1][-1] if len(words) == 1 else words[0][0]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@dataclass(kw_only=True)
class Web:
    """What ``app.extensions["callwright"]`` is: the centre behind the pages, and who asks.

    Args:
        centre: The running product.
        find_signed_in: Reads who is signed in from the request; asked at most once per request.
        find_locale: Chooses the request's language; asked at most once per request.
    """

    centre: Centre
    find_signed_in: Callable[[], SignedIn | None]
    find_locale: Callable[[], str]

    @property
    def signed_in(self) -> SignedIn | None:
        """Who is signed in."""
        if not has_request_context():
            return None
        if "callwright_signed_in" not in g:
            g.callwright_signed_in = self.find_signed_in()
        return cast("SignedIn | None", g.callwright_signed_in)

    @property
    def locale(self) -> str:
        """The request's language: ``en``, ``zh_Hans`` or ``zh_Hant``."""
        if not has_request_context():
            return "en"
        if "callwright_locale" not in g:
            g.callwright_locale = self.find_locale()
        return cast(str, g.callwright_locale)

    def speak(self, locale: str, time_zone: str | None = None) -> None:
        """Show the request's page in somebody's language and zone, though nobody is signed in.

        Args:
            locale: ``en``, ``zh_Hans`` or ``zh_Hant``.
            time_zone: An IANA zone; None for the centre's.
        """
        g.callwright_locale, g.callwright_zone = locale, time_zone
        flask_babel.refresh()

    def forget(self) -> None:
        """Ask anew who is signed in and in which language: after a sign-in or a change of the person."""
        g.pop("callwright_signed_in", None)
        g.pop("callwright_locale", None)

    def context(self, actor: Actor | None = None) -> Context:
        """Make the context of this request's verbs.

        Args:
            actor: Who acts; where omitted whoever is signed in, else the public.
        """
        if actor is None:
            who = self.signed_in
            actor = (
                Actor(key=who.key, kind="person", permissions=who.permissions, channel=who.channel)
                if who
                else PUBLIC
            )
        return Context(centre=self.centre, actor=actor, locale=self.locale)


def web() -> Web:
    """Return the current app's ``Web``."""
    return cast(Web, current_app.extensions["callwright"])


def context(actor: Actor | None = None) -> Context:
    """Make the context of this request's verbs: see ``Web.context``."""
    return web().context(actor)


def signed_in() -> SignedIn | None:
    """Return who is signed in."""
    return web().signed_in


def permitted(permission: str) -> bool:
    """Whether whoever is signed in has a permission."""
    who = signed_in()
    return who is not None and permission in who.permissions


def for_machine() -> bool:
    """Whether the answer is for a program, which wants JSON and no redirect."""
    return request.path.startswith("/api/")
