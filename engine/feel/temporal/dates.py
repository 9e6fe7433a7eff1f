"""Dates of the proleptic Gregorian calendar, a thousand million years either way (10.3.2.3.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_YEAR = 999_999_999
DATE = r"(?P<year>-?(?:[1-9]\d{4,8}|\d{4}))-(?P<month>\d\d)-(?P<day>\d\d)"

_DATE = re.compile(DATE)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Date:
    """A day: year, month from 1, day from 1.

    Raises:
        ValueError: There is no such day.
    """

    year: int
    month: int
    day: int

    def __post_init__(self) -> None:
        if not (
            -MAX_YEAR <= self.year <= MAX_YEAR
            and 1 <= self.month <= 12
            and 1 <= self.day <= days_in_month(self.year, self.month)
        ):
            raise ValueError(f"there is no day {self.year}-{self.month}-{self.day}")

    @property
    def ordinal(self) -> int:
        """The number of days since 1970-01-01."""
        return _ordinal(self.year, self.month, self.day)

    @property
    def weekday(self) -> int:
        """The day of the week, from 1 (Monday) to 7."""
        return (self.ordinal + 3) % 7 + 1

    @property
    def day_of_year(self) -> int:
        """The number of the day in its year, from 1."""
        return self.ordinal - _ordinal(self.year, 1, 1) + 1

    @property
    def week_of_year(self) -> int:
        """The number of the week in its year, from 1, by ISO 8601."""
        thursday = from_ordinal(self.ordinal - self.weekday + 4)
        return (thursday.day_of_year - 1) // 7 + 1

    def add_months(self, months: int) -> Date:
        """Return the same day some months later, or the last one of a shorter month."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Date(year, month + 1, min(self.day, days_in_month(year, month + 1)))

    def add_days(self, days: int) -> Date:
        """Return the day some days later."""
        return from_ordinal(self.ordinal + days)

    def __str__(self) -> str:
        return f"{'-' if self.year < 0 else ''}{abs(self.year):04}-{self.month:02}-{self.day:02}"


def days_in_month(year: int, month: int) -> int:
    """Return how many days a month has."""
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap else _DAYS[month - 1]


def parse_date(text: str) -> Date:
    """Read ``YYYY-MM-DD``.

    Raises:
        ValueError: It is not a date.
    """
    match = _DATE.fullmatch(text)
    if not match:
        raise ValueError(f"not a date: {text[:40]!r}")
    return Date(int(match["year"]), int(match["month"]), int(match["day"]))


@lru_cache(maxsize=4096)
def _ordinal(year: int, month: int, day: int) -> int:
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@lru_cache(maxsize=4096)
def from_ordinal(days: int) -> Date:
    """Return the day that lies so many days after 1970-01-01."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return Date(year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1)
