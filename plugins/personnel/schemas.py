"""Employments as programs see them."""

from __future__ import annotations

from admin.api.fields import Body, Day, Instant, ListArgs, Row, Text, sort_of
from plugins.personnel.rules import STATE_TITLES
from plugins.personnel.services import EMPLOYMENT_SORTS


class EmploymentSchema(Row):
    """Somebody's time here."""

    id = Text()
    person_key = Text()
    state = Text(known=STATE_TITLES)
    post_key = Text(allow_none=True, metadata={"description": "The post they were hired for."})
    hired_on = Day(allow_none=True, metadata={"description": "Null where nobody has said."})
    probation_until = Day(allow_none=True, metadata={"description": "The last day of the probation."})
    confirmed_on = Day(allow_none=True)
    left_on = Day(allow_none=True, metadata={"description": "The last day."})
    leaving_reason = Text(allow_none=True, metadata={"description": "A code: pay, health, redundancy…"})
    leaving_by = Text(allow_none=True, metadata={"description": "employee, centre or both."})
    extension = Text(allow_none=True)
    instance_id = Text(allow_none=True, metadata={"description": "The process instance that hired them."})
    changed_at = Instant()
    changed_by = Text()


class EmploymentBody(Body):
    """How it stands with somebody who is here; what is left out is not known any more."""

    person_key = Text(most=64, least=1, required=True)
    hired_on = Day(allow_none=True)
    probation_until = Day(allow_none=True)
    confirmed_on = Day(allow_none=True)
    extension = Text(most=32, allow_none=True)


class EmploymentArgs(ListArgs):
    """What the list of employments takes."""

    person_key = Text()
    state = Text(known=STATE_TITLES)
    leaving_reason = Text()
    probation_before = Day(metadata={"description": "Whose probation ends on this day or earlier."})
    sort = sort_of(EMPLOYMENT_SORTS, "person_key")
