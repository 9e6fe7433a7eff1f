"""How values look on a page, in the person's language and zone."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from flask import Flask
from flask_babel import format_date, format_time, format_timedelta, get_locale

from admin.kit.current import permitted, web
from engine.errors import CallwrightError, Problem
from engine.i18n import _, say
from engine.people import calling_code, example_number, grouped

# The ways by which a person may be reached first.
CHANNEL_TITLES = {"sms": _("SMS"), "email": _("E-mail"), "in_app": _("In this product only")}


def instant(at: datetime | None, style: str = "medium", *, rebase: bool = True) -> str:
    """Say a moment in the person's zone and language.

    Args:
        at: The moment; None is a dash.
        style: `short`, or `medium` with seconds.
        rebase: Whether the moment is an instant; a wall clock's time stays as it is.
    """
    if at is None:
        return "—"
    locale = str(get_locale())
    # CLDR's Traditional Chinese clock is Taiwan's 清晨7:14; rosters and notices in Hong Kong say 07:14.
    # Its short date is 11/12/26, which half of the world reads as December.
    clocks = {"short": "HH:mm", "medium": "HH:mm:ss"} if locale == "zh_Hant" else {}
    day = format_date(at, "medium", rebase=rebase)
    clock = format_time(at, clocks.get(style, style), rebase=rebase)
    return f"{day}, {clock}" if locale == "en" else f"{day} {clock}"


def relative(at: datetime | None, now: datetime) -> str:
    """Say how far a moment is from now: *in 3 hours*, *2 days ago*."""
    return "—" if at is None else str(format_timedelta(at - now, granularity="minute", add_direction=True))


_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def duration(seconds: float | None) -> str:
    """Say how long something takes in its two largest units: *3 days 4 hours*.

    Args:
        seconds: How long; None is a dash.
    """
    if seconds is None:
        return "—"
    first = next((number for number, (_unit, size) in enumerate(_UNITS) if seconds >= size), len(_UNITS) - 1)
    shown = _UNITS[first : first + 2]
    left = round(seconds / shown[-1][1]) * shown[-1][1]
    if first and left >= _UNITS[first - 1][1]:
        # Rounded up to the next larger unit: 59 minutes and 59.6 seconds are an hour.
        return duration(left)
    words: list[str] = []
    for unit, size in shown:
        count, left = divmod(left, size)
        if count or (not words and size == 1):
            part = timedelta(seconds=count * size)
            words.append(str(format_timedelta(part, granularity=unit, threshold=math.inf)))
    return " ".join(words)


def phone(number: str | None, region: str | None) -> str:
    """Say a telephone number: in full to those who may see personal data, else its last two digits.

    Args:
        number: E.164; None is a dash.
        region: The country in which its country code is left out.
    """
    if not number:
        return "—"
    return grouped(number, region) if permitted("personal_data.see") else masked(number)


def masked(number: str) -> str:
    """Hide all of a telephone number but its last two digits."""
    return "•" * max(len(number) - 2, 0) + number[-2:]


_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def browser(agent: str) -> str:
    """Say what a browser or program is from what it calls itself: *Firefox · Windows*."""
    found = [
        next((name for sign, name in known.items() if sign in agent), "") for known in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(filter(None, found)) or agent.split("/")[0].strip() or "—"


def said(problem: Problem | CallwrightError) -> str:
    """Say a problem or an error in the person's language."""
    return say(web().locale, problem)


def install_formats(app: Flask, *, region: str | None) -> None:
    """Offer the formats to templates as filters, and what a telephone number looks like at home.

    Args:
        app: The web app.
        region: The centre's country (``HK``); None where its time zone is of none.
    """
    app.jinja_env.filters.update(
        instant=instant,
        relative=relative,
        duration=duration,
        phone=lambda number: phone(number, region),
        browser=browser,
        said=said,
    )
    app.jinja_env.globals.update(phone_example=example_number(region), calling_code=calling_code(region))
