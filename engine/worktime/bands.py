"""The bands of a working week: when work is done on an ordinary Monday, Tuesday, and so on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from engine.i18n import _
from engine.worktime.errors import InvalidCalendar

DAY_S = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_BAND = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Band:
    """A stretch of working time of one day, in the calendar's own zone.

    Args:
        start_s: Seconds from the day's midnight by the clock on the wall, 0 to 86,399.
        end_s: The same; past 86,400 for a band that ends on the next day. At most a day after the start.
    """

    start_s: int
    end_s: int

    def __post_init__(self) -> None:
        if not (0 <= self.start_s < DAY_S and 0 < self.end_s - self.start_s <= DAY_S):
            raise InvalidCalendar(_("A band begins within its day and lasts at most 24 hours."))

    @classmethod
    def parse(cls, text: str) -> Band:
        """Read a band such as ``09:00-12:00``, ``22:00-06:00`` (over midnight) or ``00:00-24:00``.

        Raises:
            InvalidCalendar: The text is no such band.
        """
        found = _BAND.fullmatch(text)
        if found is None:
            raise InvalidCalendar(_("“%(band)s” is not a band: write it like 09:00-12:00."), band=text)
        start_h, start_m, end_h, end_m = map(int, found.groups())
        start_s, end_s = start_h * 3600 + start_m * 60, end_h * 3600 + end_m * 60
        if start_m > 59 or end_m > 59 or start_s >= DAY_S or end_s > DAY_S:
            raise InvalidCalendar(_("“%(band)s” is not a band: write it like 09:00-12:00."), band=text)
        return cls(start_s=start_s, end_s=end_s if end_s > start_s else end_s + DAY_S)

    def __str__(self) -> str:
        """Write the band as it is read."""
        end_s = self.end_s if self.end_s <= DAY_S else self.end_s - DAY_S
        return f"{_wall(self.start_s)}-{_wall(end_s)}"


Week: TypeAlias = tuple[tuple[Band, ...], ...]
"""The bands of Monday to Sunday."""

ALWAYS: Week = ((Band(start_s=0, end_s=DAY_S),),) * 7


def parse_week(bands: Mapping[str, Sequence[str]] | None) -> Week:
    """Read the bands of a week.

    Args:
        bands: Weekdays (``mon``) or runs of them (``mon-fri``) with their bands; a weekday that is not
            named is free. None or nothing at all means always open.

    Raises:
        InvalidCalendar: An unknown weekday, a text that is no band, or bands that overlap.
    """
    if not bands:
        return ALWAYS
    week: list[tuple[Band, ...]] = [()] * 7
    for days, texts in bands.items():
        parsed = tuple(sorted(Band.parse(text) for text in texts))
        for one, following in pairwise(parsed):
            if following.start_s < one.end_s:
                raise InvalidCalendar(
                    _("On %(days)s the bands %(first)s and %(second)s overlap: make them one."),
                    days=days,
                    first=str(one),
                    second=str(following),
                )
        for day in _weekdays(days):
            week[day] = parsed
    return tuple(week)


def write_week(week: Week) -> dict[str, list[str]]:
    """Write the bands of a week as :func:`parse_week` reads them, every weekday named."""
    return {name: [str(band) for band in bands] for name, bands in zip(WEEKDAYS, week, strict=True)}


def _weekdays(text: str) -> range:
    first, _dash, last = text.strip().lower().partition("-")
    names = {name: index for index, name in enumerate(WEEKDAYS)}
    days = range(names.get(first, 7), names.get(last or first, -1) + 1)
    if not days:
        raise InvalidCalendar(
            _("“%(days)s” is no weekday: write mon, tue, wed, thu, fri, sat, sun, or mon-fri."), days=text
        )
    return days


def _wall(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
