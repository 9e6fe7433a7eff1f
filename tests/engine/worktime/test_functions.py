"""Working time in expressions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine import feel
from engine.worktime import Calendar, feel_functions

OFFICE = Calendar.of(zone="Asia/Hong_Kong", bands={"mon-fri": ["09:00-12:00", "13:30-18:00"]}, region="HK")
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC).astimezone(ZoneInfo("Asia/Hong_Kong"))  # Monday 10:00


def evaluate(expression: str, calendar: Calendar = OFFICE, **scope: object) -> feel.Result:
    return feel.evaluate(expression, scope, functions=feel_functions(lambda: calendar), now=NOW)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('working time.add(now(), @"PT4H")', "2026-03-02T15:30:00@Asia/Hong_Kong"),
        ('working time.add(now(), duration("P3D"))', "2026-03-05T10:00:00@Asia/Hong_Kong"),
        ('working time.add(now(), duration("-PT2H"))', "2026-02-27T17:00:00@Asia/Hong_Kong"),
        ('working time.add(now(), "PT30H")', "2026-03-06T10:00:00@Asia/Hong_Kong"),
        # Without a zone: the calendar's. A date: its midnight. A variable's ISO text too.
        ('working time.add(@"2026-03-02T10:00:00", @"PT4H")', "2026-03-02T15:30:00@Asia/Hong_Kong"),
        ('working time.add(@"2026-03-02", @"PT4H")', "2026-03-02T14:30:00@Asia/Hong_Kong"),
        ('working time.add(@"2026-03-02T02:00:00Z", @"PT4H")', "2026-03-02T15:30:00@Asia/Hong_Kong"),
        ('working time.add("2026-03-02T02:00:00Z", @"PT4H")', "2026-03-02T15:30:00@Asia/Hong_Kong"),
        ('working time.between(@"2026-03-02T10:00:00", @"2026-03-03T10:00:00")', "PT7H30M"),
    ],
)
def test_an_expression_counts_in_working_time(expression: str, text: str) -> None:
    result = evaluate(expression)
    assert result.warnings == ()
    assert feel.to_json(result.value) == text


def test_an_expression_counts_working_days() -> None:
    result = evaluate('working days between(@"2026-03-06T10:00:00", @"2026-03-09T10:00:00")')
    assert result.value == Decimal(1)


def test_what_is_added_comes_back_between() -> None:
    expression = 'working time.between(now(), working time.add(now(), @"PT20H")) = @"PT20H"'
    assert evaluate(expression).value is True


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ('working time.add(now(), @"P1Y")', "days, hours, minutes and seconds"),
        ('working time.add(now(), "soon")', "not a duration of working time"),
        ('working time.add(null, @"PT1H")', ""),
        ("working time.add(now(), 4)", "days, hours, minutes and seconds"),
    ],
)
def test_what_cannot_be_counted_is_null_with_a_warning(expression: str, reason: str) -> None:
    result = evaluate(expression)
    assert result.value is None
    assert reason in str(result.warnings[0])


def test_a_calendar_without_working_time_warns_with_the_remedy() -> None:
    empty = Calendar.of(zone="UTC", bands={"mon": []})
    result = evaluate('working time.add(now(), @"PT4H")', empty)
    assert result.value is None
    assert "give at least one weekday a band" in str(result.warnings[0])


def test_a_variable_may_hold_a_date() -> None:
    assert evaluate('working time.add(day, "PT1H")', day=date(2026, 3, 2)).warnings == ()
