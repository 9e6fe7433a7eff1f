from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.records import rules
from plugins.records.rules import Part, Span

MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY = st.dates(date(2025, 12, 1), date(2027, 2, 1))


def is_weekday(day):
    return day.weekday() < 5


@st.composite
def spans(draw):
    first_on = draw(DAY)
    span = Span(
        first_on=first_on,
        last_on=first_on + timedelta(days=draw(st.integers(0, 40))),
        half_first=draw(st.booleans()),
        half_last=draw(st.booleans()),
    )
    return span if span.halves else Span(first_on=first_on, last_on=first_on)


@pytest.mark.parametrize(
    ("last_on", "half_first", "half_last", "days"),
    [
        (MONDAY, False, False, "1"),
        (MONDAY, True, False, "0.5"),
        (MONDAY, False, True, "0.5"),
        (date(2026, 3, 8), False, False, "5"),
        (date(2026, 3, 8), True, True, "4.5"),  # the morning of a Sunday is none
        (date(2026, 3, 6), True, True, "4"),
    ],
)
def test_halves_at_either_end_count_where_the_day_is_worked(last_on, half_first, half_last, days):
    span = Span(first_on=MONDAY, last_on=last_on, half_first=half_first, half_last=half_last)
    assert rules.days_by_year(span, is_weekday) == {2026: Decimal(days)}


def test_a_time_of_free_days_takes_nothing():
    assert rules.days_by_year(Span(first_on=date(2026, 3, 7), last_on=date(2026, 3, 8)), is_weekday) == {}


def test_leave_over_new_year_takes_from_both_years():
    span = Span(first_on=date(2026, 12, 31), last_on=date(2027, 1, 4))
    assert rules.days_by_year(span, is_weekday) == {2026: 1, 2027: 2}


def test_the_two_halves_of_a_day_do_not_meet():
    morning = Span(first_on=MONDAY, last_on=MONDAY, half_last=True)
    afternoon = Span(first_on=MONDAY, last_on=MONDAY, half_first=True)
    assert not rules.meet(morning, afternoon)
    assert rules.meet(morning, Span(first_on=MONDAY, last_on=MONDAY))


def test_a_day_without_either_half_is_no_time():
    assert not Span(first_on=MONDAY, last_on=MONDAY, half_first=True, half_last=True).halves
    assert not Span(first_on=MONDAY, last_on=MONDAY - timedelta(days=1)).halves


@given(spans(), spans())
def test_two_times_meet_as_often_as_they_share_half_a_day(one, other):
    shared = set(one.halves) & set(other.halves)
    assert rules.meet(one, other) == rules.meet(other, one) == bool(shared)


@given(spans())
def test_days_are_never_negative_and_never_more_than_there_are(span):
    counted = rules.days_by_year(span, is_weekday)
    assert all(days > 0 and days % Decimal("0.5") == 0 for days in counted.values())
    assert sum(counted.values()) <= Decimal(len(span.halves)) / 2
    assert rules.days_by_year(span, lambda _day: True) == {
        year: days
        for year in (2025, 2026, 2027)
        if (days := sum(Decimal("0.5") for half in span.halves if date.fromordinal(half // 2).year == year))
    }


@given(st.lists(spans(), max_size=12), st.integers(0, 40))
def test_booking_never_takes_more_than_is_left_and_cancelling_gives_it_back(asked, granted_halves):
    granted = granted_halves * Decimal("0.5")
    booked = []

    def left():
        return {year: granted - rules.taken(booked, year) for year in (2025, 2026, 2027)}

    for span in asked:
        charge, before = rules.days_by_year(span, is_weekday), left()
        if rules.lacking(charge, before) is None:
            booked.append(charge)
            assert all(days >= 0 for days in left().values())
            booked.remove(charge)
            assert left() == before
            booked.append(charge)
        else:
            assert any(days > before[year] for year, days in charge.items())
    booked.clear()
    assert left() == dict.fromkeys((2025, 2026, 2027), granted)


def test_what_is_not_counted_has_no_end():
    assert rules.lacking({2026: Decimal(200)}, {2026: None}) is None
    assert rules.lacking({2026: Decimal(1), 2027: Decimal(1)}, {2026: Decimal(1), 2027: Decimal(0)}) == 2027


@pytest.mark.parametrize(("days", "fits"), [("0", True), ("7.5", True), ("366", True), ("366.5", False),
                                            ("-0.5", False), ("0.25", False), ("NaN", False)])  # fmt: skip
def test_a_grant_is_in_halves_within_a_year(days, fits):
    assert rules.is_grant(Decimal(days)) == fits


def test_a_score_is_the_mean_of_its_parts_as_they_weigh():
    parts = [
        Part(name="greeting", weight=Decimal(1), value=Decimal(100)),
        Part(name="solution", weight=Decimal(2), value=Decimal("70.5")),
    ]
    assert rules.weighted(parts) == Decimal("80.33")


@given(
    st.lists(
        st.builds(
            Part,
            name=st.just("part"),
            weight=st.decimals("0.1", "100", places=1),
            value=st.decimals(0, 100, places=2),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_a_weighted_score_lies_between_its_parts(parts):
    values = [part.value for part in parts]
    assert min(values) <= rules.weighted(parts) <= max(values)


@pytest.mark.parametrize(
    ("appeal_until", "is_appealed", "hindrance"),
    [
        (NOW, False, None),
        (NOW - timedelta(milliseconds=1), False, "late"),
        (None, False, "never"),
        (NOW + timedelta(days=1), True, "again"),
    ],
)
def test_a_score_is_appealed_within_its_window_and_once(appeal_until, is_appealed, hindrance):
    found = rules.appeal_hindrance(appeal_until=appeal_until, is_appealed=is_appealed, now=NOW)
    assert found == hindrance
