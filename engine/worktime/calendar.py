"""The Calendar: bands of the week, holidays and make-up days in one zone, and the open time of a year."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from zoneinfo import ZoneInfo

from engine.i18n import _
from engine.worktime.bands import Band, Week, parse_week
from engine.worktime.errors import InvalidCalendar
from engine.worktime.holidays import NO_REGION, check_region, region_year

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# Instants are whole microseconds since 1970 in here: exact, and fast to search.
Span = tuple[int, int]


class DayKind(StrEnum):
    """What an exceptional day is."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The open time of one year, January to December by the calendar's own clock.

    Args:
        days: Ordinals of the days on which work begins.
        starts: Where open time begins; overlapping bands are one.
        ends: Where it ends.
        before: Open microseconds of the year before each start.
        total: Open microseconds of the whole year.
    """

    days: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]
    total: int

    def open_before(self, instant: int) -> int:
        """Return the open microseconds from the year's beginning to an instant in it."""
        index = bisect_right(self.starts, instant) - 1
        if index < 0:
            return 0
        return self.before[index] + min(instant, self.ends[index]) - self.starts[index]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When work is done.

    Args:
        zone: IANA name of the zone whose clock the bands follow.
        week: The bands of Monday to Sunday (:func:`engine.worktime.bands.parse_week`).
        region: Whose public holidays are free: ``none``, ``HK``, ``CN``, …
        days: Exceptional days; they win over the region's. A make-up day has its own weekday's bands, or
            those of the first weekday that has any.
        published_years: Years of which ``days`` holds the whole truth: the region's computed holidays are
            not asked for.
        key: What the calendar is called in messages.
    """

    zone: str
    week: Week
    region: str = NO_REGION
    days: Mapping[date, DayKind] = field(default_factory=dict)
    published_years: frozenset[int] = frozenset()
    key: str = ""
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _years: dict[int, Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise InvalidCalendar(_("A week has seven days."))
        check_region(self.region)
        try:
            object.__setattr__(self, "_zone", ZoneInfo(self.zone))
        except (KeyError, ValueError, OSError):
            raise InvalidCalendar(
                _("“%(zone)s” is no time zone: write a name such as Asia/Hong_Kong."), zone=self.zone
            ) from None

    @classmethod
    def of(
        cls,
        *,
        zone: str,
        bands: Mapping[str, Sequence[str]] | None = None,
        region: str = NO_REGION,
        days: Mapping[date, DayKind] | None = None,
        published_years: frozenset[int] = frozenset(),
        key: str = "",
    ) -> Calendar:
        """Make a calendar from bands as people write them.

        Args:
            zone: IANA name.
            bands: ``{"mon-fri": ["09:00-12:00", "13:30-18:00"]}``; none at all means always open.
            region: Whose public holidays are free.
            days: Exceptional days.
            published_years: Years of which ``days`` holds the whole truth.
            key: What the calendar is called in messages.

        Raises:
            InvalidCalendar: Something in it cannot be used; the message says what to write.
        """
        return cls(
            zone=zone,
            week=parse_week(bands),
            region=region,
            days=days or {},
            published_years=published_years,
            key=key,
        )

    @property
    def has_bands(self) -> bool:
        """Whether any weekday has working time."""
        return any(self.week)

    def is_provisional(self, year: int) -> bool:
        """Whether a year's holidays are computed because its notice is not known yet."""
        return year not in self.published_years and region_year(self.region, year).provisional

    def bands_on(self, day: date) -> tuple[Band, ...]:
        """Return the bands that begin on a day, holidays and make-up days considered."""
        own = self.week[day.weekday()]
        kind = self.days.get(day)
        if kind is None and day.year not in self.published_years:
            public = region_year(self.region, day.year)
            if day in public.holidays:
                kind = DayKind.HOLIDAY
            elif day in public.make_up_days:
                kind = DayKind.WORKDAY
        if kind is DayKind.HOLIDAY:
            return ()
        if kind is DayKind.WORKDAY:
            return own or next((bands for bands in self.week if bands), ())
        return own

    def local(self, instant: datetime) -> datetime:
        """Show an instant on the calendar's own clock."""
        return instant.astimezone(self._zone)

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """Return the open time that begins on a day, in microseconds since 1970.

        Bands follow the clock on the wall: one that contains the hour skipped in spring is an hour
        shorter, one that contains the hour repeated in autumn an hour longer.
        """
        spans = []
        for band in self.bands_on(day):
            start = self.at(day, timedelta(seconds=band.start_s), later=False)
            end = self.at(day, timedelta(seconds=band.end_s), later=True)
            if start < end:
                spans.append((start, end))
        return tuple(spans)

    def at(self, day: date, wall: timedelta, *, later: bool) -> int:
        """Return the instant when the wall clock has moved so far past a day's midnight.

        Args:
            day: The day.
            wall: From its midnight, by the clock on the wall.
            later: Which one of an hour that comes twice. A time that is skipped means the moment of the skip.
        """
        naive = datetime.combine(day, datetime.min.time()) + wall
        first = naive.replace(tzinfo=self._zone)
        second = first.replace(fold=1)
        earlier, after = microseconds(first), microseconds(second)
        if earlier <= after:
            return after if later else earlier
        return self._skip(after, earlier)

    def _skip(self, low: int, high: int) -> int:
        """Find the moment between two instants when the clock jumped forward."""
        offset = self.local(instant_of(high)).utcoffset()
        while high - low > 1:
            middle = (low + high) // 2
            if self.local(instant_of(middle)).utcoffset() == offset:
                high = middle
            else:
                low = middle
        return high

    def year(self, number: int) -> Year:
        """Return the open time of a year; worked out once."""
        known = self._years.get(number)
        if known is None:
            known = self._years[number] = self._work_out(number)
        return known

    def _work_out(self, number: int) -> Year:
        low = self.at(date(number, 1, 1), timedelta(), later=False)
        high = self.at(date(number + 1, 1, 1), timedelta(), later=False)
        days: list[int] = []
        spans: list[Span] = []
        # A band of New Year's Eve may reach over midnight.
        for ordinal in range(date(number - 1, 12, 31).toordinal(), date(number + 1, 1, 1).toordinal()):
            day = date.fromordinal(ordinal)
            opened = self.spans_on(day)
            if opened and day.year == number:
                days.append(ordinal)
            spans += ((max(start, low), min(end, high)) for start, end in opened if end > low)
        starts, ends = zip(*_merged(sorted(spans)), strict=True) if spans else ((), ())
        *before, total = accumulate((end - start for start, end in zip(starts, ends, strict=True)), initial=0)
        return Year(days=tuple(days), starts=starts, ends=ends, before=tuple(before), total=total)


def microseconds(instant: datetime) -> int:
    """Return an aware instant as whole microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(microseconds_: int) -> datetime:
    """Return the UTC instant so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=microseconds_)


def _merged(spans: Sequence[Span]) -> Iterator[Span]:
    """Join spans that touch or overlap; they come in order and there is at least one."""
    start, end = spans[0]
    for following, its_end in spans[1:]:
        if following > end:
            yield start, end
            start, end = following, its_end
        else:
            end = max(end, its_end)
    yield start, end
