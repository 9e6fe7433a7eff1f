"""Functions of dates and times (10.3.4.6, 10.3.4.8) and of the clock (10.3.4.11)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.feel.comparing import equal
from engine.feel.errors import FeelError
from engine.feel.library.table import builtin
from engine.feel.runtime import Run
from engine.feel.temporal import Date, DateTime, Time, from_instant
from engine.i18n import _

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_A_DATE = "date: date | date and time"


def _date(value: Date | DateTime) -> Date:
    return value.date if isinstance(value, DateTime) else value


@builtin("is", "value1: Any?", "value2: Any?")
def is_(run: Run, value1: Any, value2: Any) -> bool:
    """Tell whether two values are the same, zone and all."""
    if type(value1) is not type(value2):
        return False
    if isinstance(value1, Time | DateTime):
        zones = [zone.offset_at(None) if zone else None for zone in (value1.zone, value2.zone)]
        if zones[0] != zones[1]:
            return False
    return equal(run, value1, value2) is True


@builtin("day of year", _A_DATE)
def day_of_year(run: Run, date: Date | DateTime) -> Decimal:
    """Return the number of the day in its year."""
    return Decimal(_date(date).day_of_year)


@builtin("day of week", _A_DATE)
def day_of_week(run: Run, date: Date | DateTime) -> str:
    """Return the day's name."""
    return _DAYS[_date(date).weekday - 1]


@builtin("month of year", _A_DATE)
def month_of_year(run: Run, date: Date | DateTime) -> str:
    """Return the month's name."""
    return _MONTHS[_date(date).month - 1]


@builtin("week of year", _A_DATE)
def week_of_year(run: Run, date: Date | DateTime) -> Decimal:
    """Return the number of the week in its year, by ISO 8601."""
    return Decimal(_date(date).week_of_year)


@builtin("now")
def now(run: Run) -> DateTime:
    """Return the moment of the evaluation."""
    if run.now is None:
        raise FeelError(_("There is no clock here."))
    if run.moment is None:
        run.moment = from_instant(run.now)
    return run.moment


@builtin("today")
def today(run: Run) -> Date:
    """Return the day of the evaluation."""
    moment: DateTime = now(run)
    return moment.date
