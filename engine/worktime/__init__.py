"""Working time: bands, holidays, make-up days; instants and durations counted in them."""

from engine.worktime.bands import ALWAYS, Band, Week, parse_week, write_week
from engine.worktime.calendar import Calendar, DayKind
from engine.worktime.duration import WorkDuration
from engine.worktime.errors import InvalidCalendar, NoWorkingTime
from engine.worktime.holidays import NO_REGION, RegionYear, region_year, regions
from engine.worktime.rules import add, between, is_working, next_opening, working_days_between

__all__ = [
    "ALWAYS",
    "NO_REGION",
    "Band",
    "Calendar",
    "DayKind",
    "InvalidCalendar",
    "NoWorkingTime",
    "RegionYear",
    "Week",
    "WorkDuration",
    "add",
    "between",
    "is_working",
    "next_opening",
    "parse_week",
    "region_year",
    "regions",
    "working_days_between",
    "write_week",
]
