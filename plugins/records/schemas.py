"""Balances, absences and scores as programs see them."""

from __future__ import annotations

import marshmallow as ma

from admin.api.fields import Body, Flag, Instant, Items, ListArgs, Row, Said, Text, Whole, sort_of
from engine.i18n import _
from plugins.records.services import ABSENCE_SORTS, BALANCE_SORTS, SCORE_SORTS


class Number(Said, ma.fields.Decimal):
    """A number with all its digits."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own way
        "invalid": _("Must be a number."),
        "too_large": _("Must be a number."),
        "special": _("Must be a number."),
    }


class Day(Said, ma.fields.Date):
    """A day."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own way
        "invalid": _("Write a day such as 2026-03-02."),
        "format": _("Write a day such as 2026-03-02."),
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


class ScoreSchema(Row):
    """One version of a person's score for a subject."""

    id = Text()
    person_key = Text()
    kind = Text(metadata={"description": "qa, kpi or any other word."})
    reference = Text(metadata={"description": "Of what: a call, a period."})
    version = Whole()
    value = Number()
    parts = Items(ma.fields.Nested(ScorePartSchema))
    reason = Text(allow_none=True, metadata={"description": "Why it differs from the version before."})
    published_at = Instant()
    published_by = Text()
    appeal_until = Instant()
    appealed_at = Instant()
    instance_id = Text(allow_none=True, metadata={"description": "The process instance it came from."})


class ScoreArgs(ListArgs):
    """What the list of scores takes."""

    person_key = Text()
    kind = Text()
    reference = Text()
    sort = sort_of(SCORE_SORTS, "-published_at")
