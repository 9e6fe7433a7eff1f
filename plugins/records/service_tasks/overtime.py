"""What drawings call of overtime: look what it would be, book it, add up a month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, TypedDict

from engine.context import Context
from engine.errors import Problem
from engine.i18n import _
from engine.plugin.offers import Field, checks, service_task
from plugins.records import services
from plugins.records.service_tasks.outcomes import outcomes
from plugins.records.service_tasks.parameters import (
    Booking,
    Day,
    Ends,
    InstanceId,
    Person,
    Starts,
    needed,
    read_time,
)

Hours = Annotated[Decimal, Field(label=_("Hours"), unit="h")]
DayKind = Annotated[str, Field(label=_("Kind of day"), help=_("workday, rest_day or holiday."))]
Rate = Annotated[Decimal, Field(label=_("Rate"), help=_("So many times the wage of an hour."))]


class OvertimeLook(TypedDict):
    """What some overtime would be."""

    starts_at: Annotated[datetime, Field(label=_("Begins"))]
    ends_at: Annotated[datetime, Field(label=_("Ends"))]
    hours: Hours
    day_kind: DayKind
    rate: Rate
    month_hours: Annotated[Decimal, Field(label=_("Overtime of the month with it"), unit="h")]
    over_month: Annotated[Decimal, Field(label=_("Over the limit of the month"), unit="h")]
    over_day: Annotated[Decimal, Field(label=_("Over the limit of the day"), unit="h")]
    overlaps: Annotated[bool, Field(label=_("They work at that time anyway"))]
    is_over: Annotated[bool, Field(label=_("It has ended"))]


class BookedOvertime(TypedDict):
    """Overtime that was booked."""

    overtime_id: Annotated[str, Field(label=_("Id of the overtime"))]
    hours: Hours
    day_kind: DayKind
    rate: Rate


class OvertimeOfMonth(TypedDict):
    """Overtime of a month."""

    hours: Hours
    workday_hours: Annotated[Decimal, Field(label=_("Of working days"), unit="h")]
    rest_day_hours: Annotated[Decimal, Field(label=_("Of rest days"), unit="h")]
    holiday_hours: Annotated[Decimal, Field(label=_("Of public holidays"), unit="h")]
    pay_hours: Annotated[Decimal, Field(label=_("Paid"), unit="h")]
    time_off_hours: Annotated[Decimal, Field(label=_("Given as time off"), unit="h")]
    limit: Annotated[Decimal, Field(label=_("Limit of the month"), unit="h")]
    left: Annotated[Decimal, Field(label=_("Left of the limit"), unit="h")]


@checks("hours_a_day_off")
def check_hours_a_day_off(value: Decimal) -> Sequence[Problem]:
    """Say why so many hours can be no day."""
    if 0 < value <= 24:
        return ()
    return [Problem(path="value", message=_("Write a number above 0, up to 24."))]


@service_task("check_overtime", title=_("Check overtime"), mode="inline", looks=True)
def check_overtime(ctx: Context, person: Person, day: Day, starts: Starts, ends: Ends) -> OvertimeLook:
    """Say what overtime would be by calendar and limits; nothing is booked."""
    look = services.look_at_overtime(
        ctx,
        person_key=person,
        day=needed(day, "day"),
        starts=read_time(starts, "starts"),
        ends=read_time(ends, "ends"),
    )
    return {
        "starts_at": look.stretch.starts_at,
        "ends_at": look.stretch.ends_at,
        "hours": look.stretch.hours,
        "day_kind": look.day_kind,
        "rate": look.rate,
        "month_hours": look.month_hours,
        "over_month": look.over_month,
        "over_day": look.over_day,
        "overlaps": look.overlaps,
        "is_over": look.is_over,
    }


@service_task("book_overtime", title=_("Book overtime"), mode="inline")
def book_overtime(
    ctx: Context,
    person: Person,
    day: Day,
    starts: Starts,
    ends: Ends,
    compensation: Annotated[str, Field(label=_("What is given for it"), help=_("pay or time_off."))],
    beyond: Annotated[
        bool | None, Field(label=_("Agreed over the limits"), help=_("true: it may be more than they say."))
    ] = None,
    instance_id: InstanceId = None,
    booking: Booking = None,
) -> BookedOvertime:
    """Book overtime; time off for it becomes leave; errors: too_much, overlaps."""
    with outcomes(ctx, services.TooMuch, services.OvertimeOverlaps):
        booked = services.book_overtime(
            ctx,
            person_key=person,
            day=needed(day, "day"),
            starts=read_time(starts, "starts"),
            ends=read_time(ends, "ends"),
            compensation=compensation,
            beyond=bool(beyond),
            instance_id=instance_id,
            booking=booking or "",
        )
    return {
        "overtime_id": booked.id,
        "hours": booked.hours,
        "day_kind": booked.day_kind,
        "rate": booked.rate,
    }


@service_task("overtime", title=_("Add up overtime of a month"), mode="inline", looks=True)
def overtime_of_month(
    ctx: Context,
    person: Person,
    month: Annotated[
        date | None, Field(label=_("Month"), help=_("Any day of it; this month if empty."))
    ] = None,
) -> OvertimeOfMonth:
    """Say how much overtime somebody has in a month, and how much more there may be."""
    asked = ctx.now.astimezone(ctx.settings.zone).date() if month is None else month
    sums = services.month_sums(ctx, person_key=person, month=asked)
    return {
        "hours": sums.hours,
        "workday_hours": sums.by_day_kind["workday"],
        "rest_day_hours": sums.by_day_kind["rest_day"],
        "holiday_hours": sums.by_day_kind["holiday"],
        "pay_hours": sums.by_compensation["pay"],
        "time_off_hours": sums.by_compensation["time_off"],
        "limit": sums.limit,
        "left": sums.left,
    }
