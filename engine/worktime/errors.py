"""What can be wrong with a calendar."""

from engine.errors import InvalidSubmission


class InvalidCalendar(InvalidSubmission):
    """This working-time calendar cannot be used."""

    code = "invalid_calendar"


class NoWorkingTime(InvalidCalendar):
    """This calendar has no working time: give at least one weekday a band such as 09:00-18:00."""

    code = "no_working_time"
