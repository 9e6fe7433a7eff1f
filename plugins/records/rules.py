"""Days of leave, weighted scores and the window of an appeal. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from engine.i18n import _

# What people call the kinds of leave that most centres have; any other key is its own name.
KIND_TITLES: Mapping[str, str] = {
    "annual": _("Annual leave"),
    "sick": _("Sick leave"),
    "personal": _("Personal leave"),
}

# One absence; longer ones are several.
LONGEST_DAYS = 1100
MOST_GRANTED = Decimal(366)
_HALF = Decimal("0.5")
_CENTS = Decimal("0.01")
_LARGEST = Decimal(10) ** 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time of an absence, by halves of days.

    Args:
        first_on: Its first day.
        last_on: Its last day, which belongs to it.
        half_first: Of the first day only the afternoon.
        half_last: Of the last day only the morning.
    """

    first_on: date
    last_on: date
    half_first: bool = False
    half_last: bool = False

    @property
    def halves(self) -> range:
        """Its halves of days, mornings even and afternoons odd, numbered through all time."""
        first = 2 * self.first_on.toordinal() + self.half_first
        return range(first, 2 * self.last_on.toordinal() + 2 - self.half_last)

    @property
    def days(self) -> Iterator[date]:
        """Every day of it, whether worked or not."""
        return (self.first_on + timedelta(days=at) for at in range((self.last_on - self.first_on).days + 1))


def meet(one: Span, other: Span) -> bool:
    """Tell whether two absences have half a day in common."""
    return one.halves.start < other.halves.stop and other.halves.start < one.halves.stop


def days_by_year(span: Span, is_worked: Callable[[date], bool]) -> dict[int, Decimal]:
    """Count the working days of an absence in each year it touches.

    Args:
        span: Its time; it has at least half a day.
        is_worked: Whether a day is a working day.

    Returns:
        Days in halves, 0 or more; a year without any is left out.
    """
    halves = span.halves
    counted: Counter[int] = Counter()
    for day in span.days:
        if is_worked(day):
            morning = 2 * day.toordinal()
            counted[day.year] += (morning in halves) + (morning + 1 in halves)
    return {year: count * _HALF for year, count in counted.items() if count}


def is_grant(days: Decimal) -> bool:
    """Tell whether so many days can be granted for a year: 0 to 366, in halves."""
    return days.is_finite() and 0 <= days <= MOST_GRANTED and days % _HALF == 0


def taken(charges: Iterable[Mapping[int, Decimal]], year: int) -> Decimal:
    """Add up what absences take from a year."""
    return sum((charge.get(year, Decimal()) for charge in charges), Decimal())


def lacking(charge: Mapping[int, Decimal], left: Mapping[int, Decimal | None]) -> int | None:
    """Return the first year in which fewer days are left than an absence takes; None where it can be booked.

    Args:
        charge: Days that it takes, by year.
        left: Days that are left, by year; None where they are not counted.
    """
    return next((year for year in sorted(charge) if _exceeds(charge[year], left.get(year))), None)


def _exceeds(days: Decimal, left: Decimal | None) -> bool:
    return left is not None and days > left


def is_figure(number: Decimal) -> bool:
    """Tell whether a number can be a score or a weight: one within a thousand million of 0."""
    return number.is_finite() and abs(number) <= _LARGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a score.

    Args:
        name: What it is of.
        weight: How much it counts beside the others; more than 0.
        value: The score of this part.
    """

    name: str
    weight: Decimal
    value: Decimal


def weighted(parts: Iterable[Part]) -> Decimal:
    """Return the mean of the parts, each as often as it weighs, to two places.

    Args:
        parts: At least one.
    """
    known = list(parts)
    total = sum((part.weight * part.value for part in known), Decimal())
    mean = total / sum((part.weight for part in known), Decimal())
    return mean.quantize(_CENTS, ROUND_HALF_UP)


def appeal_hindrance(
    *, appeal_until: datetime | None, is_appealed: bool, now: datetime
) -> Literal["never", "late", "again"] | None:
    """Say why a score cannot be appealed; None where it can.

    Args:
        appeal_until: The last moment; None where it cannot be appealed at all.
        is_appealed: Whether it was appealed before.
        now: The present.
    """
    if is_appealed:
        return "again"
    if appeal_until is None:
        return "never"
    return "late" if now > appeal_until else None
