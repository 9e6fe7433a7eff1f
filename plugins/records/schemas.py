"""What is kept of people, as programs see it."""

from __future__ import annotations

import marshmallow as ma

from admin.api.fields import Body, Day, Flag, Instant, Items, ListArgs, Row, Said, Text, Whole, sort_of
from engine.i18n import _
from plugins.records.services import (
    ABSENCE_SORTS,
    BALANCE_SORTS,
    OVERTIME_SORTS,
    SCORE_SORTS,
    SHIFT_SORTS,
)


class Number(Said, ma.fields.Decimal):
    """A number with all its digits."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own way
        "invalid": _("Must be a number."),
        "too_large": _("Must be a number."),
        "special": _("Must be a number."),
    }


class BalanceSchema(Row):
    """How it stands with somebody's leave of a kind in a year."""

    id = Text()
    person_key = Text()
    kind = Text(metadata={"description": "annual, sick, personal or any other word."})
    year = Whole()
    granted_days = Number()
    taken_days = Number(metadata={"description": "Booked and not cancelled."})
    left_days = Number()
    changed_at = Instant()
    changed_by = Text()


class BalanceBody(Body):
    """What somebody is granted."""

    person_key = Text(most=64, least=1, required=True)
    kind = Text(most=64, least=1, required=True)
    year = Whole(most=9999, required=True)
    days = Number(required=True, metadata={"description": "From 0 to 366, in halves."})


class BalanceArgs(ListArgs):
    """What the list of balances takes."""

    person_key = Text()
    kind = Text()
    year = Whole(most=9999)
    sort = sort_of(BALANCE_SORTS, "person_key,kind,-year")


class AbsenceSchema(Row):
    """Somebody is not there."""

    id = Text()
    person_key = Text()
    kind = Text()
    first_on = Day()
    last_on = Day(metadata={"description": "It belongs to the absence."})
    half_first = Flag(metadata={"description": "Of the first day only the afternoon."})
    half_last = Flag(metadata={"description": "Of the last day only the morning."})
    days = Number(metadata={"description": "Working days, in halves."})
    instance_id = Text(allow_none=True, metadata={"description": "The process instance it came from."})
    booked_at = Instant()
    booked_by = Text()
    cancelled_at = Instant()


class AbsenceArgs(ListArgs):
    """What the list of absences takes."""

    person_key = Text()
    kind = Text()
    first_on = Day(metadata={"description": "Those that touch this day or a later one."})
    last_on = Day(metadata={"description": "Those that touch this day or an earlier one."})
    cancelled = Flag()
    sort = sort_of(ABSENCE_SORTS, "-first_on")


class ScorePartSchema(Row):
    """A part of a score."""

    name = Text()
    weight = Number()
    value = Number()


class ScorePartBody(Body):
    """A part of a score to be published."""

    name = Text(least=1, required=True)
    weight = Number(required=True)
    value = Number(required=True)


class ScoreSchema(Row):
    """One version of a person's score for a subject."""

    id = Text()
    person_key = Text()
    kind = Text(metadata={"description": "qa, kpi or any other word."})
    reference = Text(metadata={"description": "Of what: a call, a period."})
    version = Whole()
    holds = Flag(metadata={"description": "It is the latest version."})
    value = Number()
    parts = Items(ma.fields.Nested(ScorePartSchema))
    reason = Text(allow_none=True, metadata={"description": "Why it differs from the version before."})
    published_at = Instant()
    published_by = Text()
    appeal_until = Instant()
    appealed_at = Instant()
    is_appealed = Flag(metadata={"description": "The score was appealed, in this version or another one."})
    instance_id = Text(allow_none=True, metadata={"description": "The process instance it came from."})


class ScoreFigures(Body):
    """What a version of a score says."""

    value = Number(metadata={"description": "The weighted mean of the parts where it is left out."})
    parts = Items(ma.fields.Nested(ScorePartBody))
    by = Text(
        most=64, metadata={"description": "Who decided it: a user name. Who publishes it where left out."}
    )
    appeal_until = ma.fields.AwareDateTime(metadata={"description": "The last moment of an appeal."})


class ScoreBody(ScoreFigures):
    """A score to be published."""

    person_key = Text(most=64, least=1, required=True)
    kind = Text(most=64, least=1, required=True)
    reference = Text(most=128, least=1, required=True)


class CorrectionBody(ScoreFigures):
    """A new version of a score; its window is as before where none is named."""

    reason = Text(least=1, required=True)


class MyScoreArgs(ListArgs):
    """What the list of one's own scores takes."""

    kind = Text()
    reference = Text()
    holds = Flag(metadata={"description": "Only the latest version of each, or only the others."})
    sort = sort_of(SCORE_SORTS, "-published_at")


class ScoreArgs(MyScoreArgs):
    """What the list of scores takes."""

    person_key = Text()


class Clock(Said, ma.fields.Time):
    """A time of the day."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own way
        "invalid": _("Write a time such as 09:00."),
        "format": _("Write a time such as 09:00."),
    }


class ShiftSchema(Row):
    """Somebody works from then to then."""

    id = Text()
    person_key = Text()
    day = Day(metadata={"description": "On which it begins."})
    starts_at = Instant()
    ends_at = Instant()
    kind = Text(metadata={"description": "early, day, late, night or any other word."})
    changed_at = Instant()
    changed_by = Text()


class ShiftBody(Body):
    """When somebody works."""

    person_key = Text(most=64, least=1, required=True)
    day = Day(required=True, metadata={"description": "On which it begins."})
    starts = Clock(required=True, metadata={"description": "By the centre's clock."})
    ends = Clock(required=True, metadata={"description": "No later than the start is the day after."})
    kind = Text(most=64, least=1, required=True)


class ShiftArgs(ListArgs):
    """What the list of shifts takes."""

    person_key = Text()
    unit_key = Text(metadata={"description": "Of whoever works in this unit now, or in one below."})
    first_on = Day(metadata={"description": "Of this day and later ones."})
    last_on = Day(metadata={"description": "Of this day and earlier ones."})
    sort = sort_of(SHIFT_SORTS, "starts_at,person_key")


class OvertimeSchema(Row):
    """Somebody worked beyond their shifts."""

    id = Text()
    person_key = Text()
    day = Day(metadata={"description": "On which it began."})
    starts_at = Instant()
    ends_at = Instant()
    hours = Number()
    day_kind = Text(metadata={"description": "workday, rest_day or holiday."})
    rate = Number(metadata={"description": "So many times the wage of an hour."})
    compensation = Text(metadata={"description": "pay or time_off."})
    instance_id = Text(allow_none=True, metadata={"description": "The process instance it came from."})
    booked_at = Instant()
    booked_by = Text()


class OvertimeArgs(ListArgs):
    """What the list of overtime takes."""

    person_key = Text()
    first_on = Day(metadata={"description": "Of this day and later ones."})
    last_on = Day(metadata={"description": "Of this day and earlier ones."})
    compensation = Text()
    sort = sort_of(OVERTIME_SORTS, "-starts_at")
