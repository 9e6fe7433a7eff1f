"""Computed and published holidays against official figures."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from engine.worktime import Calendar, InvalidCalendar, region_year

PUBLISHED = Path(__file__).parents[4] / "shared/data/workforce/calendar/cn_days_2004_2022.csv"
OFFICE = {"mon-fri": ["09:00-18:00"]}


@pytest.mark.parametrize(
    ("year", "days"),
    [
        # The Government's lists of general holidays, Sundays left out.
        (
            2026,
            "01-01 02-17 02-18 02-19 04-03 04-04 04-06 04-07 05-01 05-25 "
            "06-19 07-01 09-26 10-01 10-19 12-25 12-26",
        ),
        (
            2027,
            "01-01 02-06 02-08 02-09 03-26 03-27 03-29 04-05 05-01 05-13 "
            "06-09 07-01 09-16 10-01 10-08 12-25 12-27",
        ),
    ],
)
def test_general_holidays_of_hong_kong_are_those_of_the_gazette(year: int, days: str) -> None:
    found = region_year("HK", year)
    assert {f"{day:%m-%d}" for day in found.holidays if day.weekday() != 6} == set(days.split())
    assert not found.provisional


def test_the_state_councils_notice_for_2026_is_followed() -> None:
    found = region_year("CN", 2026)
    assert {f"{day:%m-%d}" for day in found.make_up_days} == {
        "01-04", "02-14", "02-28", "05-09", "09-20", "10-10",
    }  # fmt: skip
    assert not found.provisional


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published days are not on this machine")
def test_working_days_agree_with_those_published_for_19_years() -> None:
    calendar = Calendar.of(zone="Asia/Shanghai", bands=OFFICE, region="CN")
    with PUBLISHED.open() as lines:
        rows = {date.fromisoformat(row["date"]): row["is_workday"] == "1" for row in csv.DictReader(lines)}
    differing = {day for day, working in rows.items() if bool(calendar.bands_on(day)) != working}
    # The notice for 2006 made Saturday 31 December 2005 a working day; the file has it free.
    assert differing == {date(2005, 12, 31)}
    assert len(rows) > 6900


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published days are not on this machine")
def test_statutory_days_are_found_by_rule_alone() -> None:
    """What is computed for a year without a notice, measured on years whose notice is known."""
    names = {"New Year's Day", "Spring Festival", "Tomb-sweeping Day", "Labour Day", "Dragon Boat Festival",
             "Mid-autumn Festival", "National Day"}  # fmt: skip
    with PUBLISHED.open() as lines:
        free = {
            date.fromisoformat(row["date"])
            for row in csv.DictReader(lines)
            if row["holiday"] in names and row["is_workday"] == "0"
        }
    for year in range(2014, 2023):
        computed = {day for day in region_year("CN", year).holidays if day.year == year}
        weekdays = {day for day in free if day.year == year and day.weekday() < 5}
        assert weekdays <= computed


def test_a_year_whose_notice_is_to_come_is_computed_and_provisional() -> None:
    found = region_year("CN", 2031)
    assert found.provisional
    assert not found.make_up_days
    # 2031: Spring Festival 23 January, Qingming 5 April, Dragon Boat 24 June, Mid-Autumn 1 October.
    for day in ((1, 1), (1, 22), (1, 23), (1, 24), (4, 5), (5, 1), (6, 24), (10, 1)):
        assert date(2031, *day) in found.holidays


def test_holidays_are_named_in_three_languages() -> None:
    day = date(2026, 10, 1)
    names = [region_year("CN", 2026, locale).holidays[day] for locale in ("en", "zh_Hans", "zh_Hant")]
    assert names == ["National Day", "国庆节", "國慶節"]
    assert region_year("HK", 2026, "zh_Hant").holidays[date(2026, 7, 1)] == "香港特別行政區成立紀念日"


def test_other_regions_and_their_parts_are_known() -> None:
    assert date(2026, 11, 30) in region_year("GB-SCT", 2026).holidays
    assert region_year("none", 2026).holidays == {}
    with pytest.raises(InvalidCalendar, match="not known"):
        region_year("Atlantis", 2026)
