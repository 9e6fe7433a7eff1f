"""Days of leave, weighted scores, the window of an appeal, rest between shifts and overtime. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal

from engine.i18n import _
from engine.values import number_text

# What people call the kinds of leave that most centres have; any other key is its own name.
KIND_TITLES: Mapping[str, str] = {
    "annual": _("Annual leave"),
    "sick": _("Sick leave"),
    "personal": _("Personal leave"),
    "time_off": _("Time off for overtime"),
}

# The same of the kinds of scores.
SCORE_TITLES: Mapping[str, str] = {
    "qa": _("Quality score"),
    "kpi": _("KPI result"),
}

# What people call the kinds of shifts that most centres have; any other word is its own name.
SHIFT_TITLES: Mapping[str, str] = {
    "early": _("Early shift"),
    "day": _("Day shift"),
    "late": _("Late shift"),
    "night": _("Night shift"),
}

# What a day is by the centre's calendar, and what is given for overtime.
DAY_TITLES: Mapping[str, str] = {
    "workday": _("Working day"),
    "rest_day": _("Rest day"),
    "holiday": _("Public holiday"),
}
COMPENSATION_TITLES: Mapping[str, str] = {"pay": _("Paid"), "time_off": _("Time off")}

# One absence; longer ones are several.
LONGEST_DAYS = 1100
MOST_GRANTED = Decimal(366)
_HALF = Decimal("0.5")
_CENTS = Decimal("0.01")
_NOON = time(12)
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


def parts_of_text(text: str) -> list[Any]:
    """Read the parts of a score as people write them: a line for each, name, weight and value.

    They are parted by semicolons, or by tabs as a spreadsheet copies them. What is no number stays text,
    which is refused where parts are kept.
    """
    lines = (
        line.replace("；", ";").replace("\t", ";").split(";") for line in text.splitlines() if line.strip()
    )
    return [_part_of_words([word.strip() for word in words]) for words in lines]


def text_of_parts(parts: Iterable[Mapping[str, Any]]) -> str:
    """Write the parts of a score as :func:`parts_of_text` reads them."""
    return "\n".join(f"{one['name']}; {_text(one['weight'])}; {_text(one['value'])}" for one in parts)


def _part_of_words(words: list[str]) -> dict[str, Any]:
    name, weight, value = words if len(words) == 3 else ("", "", "")
    return {"name": name, "weight": _number(weight), "value": _number(value)}


def _text(number: Decimal | int) -> str:
    return number_text(Decimal(number))


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return text


def mean(values: Sequence[Decimal]) -> Decimal:
    """Return the mean of at least one value, to two places."""
    return (sum(values, Decimal()) / len(values)).quantize(_CENTS, ROUND_HALF_UP)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time of work: a shift, or overtime.

    Args:
        day: The day it belongs to, on which it begins.
        starts_at: Its first instant.
        ends_at: Its end; later.
    """

    day: date
    starts_at: datetime
    ends_at: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.ends_at - self.starts_at

    @property
    def hours(self) -> Decimal:
        """How many hours it has, to two places."""
        minutes = Decimal(self.length // timedelta(minutes=1))
        # Without zeros at the end, and without an exponent.
        return (minutes / 60).quantize(_CENTS, ROUND_HALF_UP).normalize() + Decimal()


def stretch_on(day: date, starts: time, ends: time, zone: tzinfo) -> Stretch:
    """Make a time of work of what people write: an end that is no later than the start is the next day's.

    Args:
        day: The day on which it begins.
        starts: By the clock on the wall.
        ends: By the clock on the wall.
        zone: Whose clock.
    """
    last = day + timedelta(days=1) if ends <= starts else day
    return Stretch(
        day=day,
        starts_at=datetime.combine(day, starts, zone).astimezone(UTC),
        ends_at=datetime.combine(last, ends, zone).astimezone(UTC),
    )


def halves_worked(stretch: Stretch, zone: tzinfo) -> Span:
    """Return the half days that a time of work takes, of its own day alone.

    Leave on the day after does not end a night shift.
    """
    starts, ends = stretch.starts_at.astimezone(zone), stretch.ends_at.astimezone(zone)
    return Span(
        first_on=stretch.day,
        last_on=stretch.day,
        half_first=starts.time() >= _NOON,
        half_last=ends.date() == stretch.day and ends.time() <= _NOON,
    )


def cross(one: Stretch, other: Stretch) -> bool:
    """Tell whether two times of work have an instant in common."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def too_close(one: Stretch, other: Stretch, least_rest: timedelta) -> bool:
    """Tell whether the rest between the work of two days is too short.

    The parts of one day's work may stand as close as they like.

    Args:
        one: A time of work.
        other: Another one; they do not cross.
        least_rest: How long a rest must be.
    """
    if one.day == other.day:
        return False
    first, second = sorted((one, other), key=lambda stretch: stretch.starts_at)
    return second.starts_at - first.ends_at < least_rest


def clash(
    wanted: Iterable[Stretch], others: Iterable[Stretch], least_rest: timedelta
) -> Literal["overlaps", "no_rest"] | None:
    """Say why somebody cannot work at some times beside others; None where they can.

    Args:
        wanted: What they would work.
        others: What they work already.
        least_rest: How long a rest between the work of two days must be.
    """
    pairs = [(one, other) for other in others for one in wanted]
    if any(cross(one, other) for one, other in pairs):
        return "overlaps"
    return "no_rest" if any(too_close(one, other, least_rest) for one, other in pairs) else None


def beyond(hours: Decimal, limit: Decimal) -> Decimal:
    """Return by how many hours a sum is more than its limit; 0 where it is not."""
    return max(Decimal(), hours - limit)


def days_earned(hours: Decimal, hours_a_day: Decimal) -> Decimal:
    """Return how many days of time off some hours of overtime are; what makes no half of a day waits.

    Args:
        hours: All hours of a year that are compensated so.
        hours_a_day: How many hours a day off is; more than 0.
    """
    halves = (hours / hours_a_day / _HALF).to_integral_value(ROUND_FLOOR)
    return halves * _HALF
