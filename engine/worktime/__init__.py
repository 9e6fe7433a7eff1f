"""Working time: bands, holidays, make-up days; instants and durations counted in them."""

from engine.worktime.bands import ALWAYS, Band, Week, parse_week, write_week
from engine.worktime.calendar import Calendar, DayKind
from engine.worktime.duration import WorkDuration
from engine.worktime.errors import InvalidCalendar, NoWorkingTime
from engine.worktime.functions import feel_functions
from engine.worktime.holidays import NO_REGION, RegionYear, region_year, regions
from engine.worktime.rules import add, between, is_working, next_opening, working_days_between
from engine.worktime.store import import_year, load_calendar, mark_day, save_calendar

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
    "feel_functions",
    "import_year",
    "is_working",
    "load_calendar",
    "mark_day",
    "next_opening",
    "parse_week",
    "region_year",
    "regions",
    "save_calendar",
    "working_days_between",
    "write_week",
]
