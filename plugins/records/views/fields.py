"""What the pages share: people to choose from, days and numbers as they are asked for and said."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.dates import format_skeleton
from flask_babel import get_locale
from sqlalchemy import select

from engine.context import Context
from engine.errors import InvalidSubmission, Problem
from engine.i18n import _
from engine.people import Person

_MOST_SUGGESTED = 500


def people_here(ctx: Context) -> list[Any]:
    """Return whom a field suggests: keys and names of whoever works here."""
    here = select(Person.key, Person.name).where(Person.closed_at.is_(None))
    return list(ctx.connection.execute(here.order_by(Person.name).limit(_MOST_SUGGESTED)))


def today(ctx: Context) -> date:
    """Return the present day of the centre; a transaction is open."""
    return ctx.now.astimezone(ctx.settings.zone).date()


def day_asked(text: str, otherwise: date) -> date:
    """Read the day that an address asks for; what is none, or far off, is another one."""
    try:
        day = date.fromisoformat(text if len(text) != 7 else f"{text}-01")
    except ValueError:
        return otherwise
    return day if abs(day.year - otherwise.year) <= 20 else otherwise


def read_day(text: str, path: str) -> date:
    """Read a day of a form.

    Raises:
        InvalidSubmission: It is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = _("Write a day such as 2026-03-02.")
        raise InvalidSubmission(problems=[Problem(path=path, message=message)]) from None


def read_number(text: str, path: str) -> Decimal:
    """Read a number of a form as people write it.

    Raises:
        InvalidSubmission: It is none.
    """
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        message = _("Write a number such as 14 or 7.5.")
        raise InvalidSubmission(problems=[Problem(path=path, message=message)]) from None


def read_clock(text: str, path: str) -> time:
    """Read a time of the day of a form.

    Raises:
        InvalidSubmission: It is none.
    """
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        message = _("Write a time such as 09:00.")
        raise InvalidSubmission(problems=[Problem(path=path, message=message)]) from None


def say_day(day: date) -> str:
    """Say a day with its weekday, in the language of the page: *Mon, Mar 2*."""
    return str(format_skeleton("MMMEd", datetime.combine(day, time()), locale=get_locale()))


def say_month(day: date) -> str:
    """Say the month of a day, in the language of the page."""
    return str(format_skeleton("yMMMM", datetime.combine(day, time()), locale=get_locale()))


def monday_of(day: date) -> date:
    """Return the first day of a day's week."""
    return day - timedelta(days=day.weekday())
