"""Overtime as drawings book it, on both databases."""

import threading
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from engine.errors import BpmnError, Conflict, InvalidSubmission
from engine.parameters import set_parameter
from engine.testing import system
from engine.worktime import DayKind, mark_day, save_calendar
from plugins.records import services
from plugins.records.services import overtime_between

MONDAY = date(2026, 3, 2)
SUNDAY = date(2026, 3, 8)
GOOD_FRIDAY = date(2026, 4, 3)
INSTANCE = "0195d3a0-0000-7000-8000-000000000001"


def call(ctx, verb, **said):
    with ctx.write():
        return ctx.registry.service_tasks[f"records.{verb}"].function(ctx, **said)


def look(ctx, day=MONDAY, starts="18:00", ends="20:30", person="ann"):
    return call(ctx, "check_overtime", person=person, day=day, starts=starts, ends=ends)


def book(ctx, day=MONDAY, starts="18:00", ends="20:30", person="ann", compensation="pay", **said):
    given = {"person": person, "day": day, "starts": starts, "ends": ends, "compensation": compensation}
    return call(ctx, "book_overtime", **given, **said)


def of_month(ctx, month=MONDAY, person="ann"):
    return call(ctx, "overtime", person=person, month=month)


def left(ctx, year=2026):
    return call(ctx, "leave_balance", person="ann", kind="time_off", year=year)["left"]


@pytest.mark.parametrize(
    ("day", "kind", "rate"),
    [(MONDAY, "workday", "1.5"), (SUNDAY, "rest_day", "2"), (GOOD_FRIDAY, "holiday", "3")],
)
def test_the_calendar_says_what_a_day_is_and_what_it_is_worth(ctx, day, kind, rate):
    found = look(ctx, day)
    assert (found["day_kind"], found["rate"], found["hours"]) == (kind, Decimal(rate), Decimal("2.5"))


def test_what_the_centre_says_of_a_day_goes_first(ctx):
    mark_day(ctx, key="default", day=SUNDAY, kind=DayKind.WORKDAY, name="Make-up day")
    mark_day(ctx, key="default", day=MONDAY, kind=DayKind.HOLIDAY, name="Founding day")
    assert (look(ctx, SUNDAY)["day_kind"], look(ctx)["day_kind"]) == ("workday", "holiday")


def test_a_rest_day_that_a_notice_moves_is_no_holiday_by_law(ctx):
    save_calendar(
        ctx,
        key="default",
        name="Centre",
        zone="Asia/Shanghai",
        bands={"mon-fri": ["09:00-18:00"]},
        region="CN",
    )
    kinds = {day: look(ctx, date(2026, 10, day))["day_kind"] for day in (1, 3, 4, 5, 7, 10)}
    assert kinds == {
        1: "holiday", 3: "holiday", 4: "rest_day", 5: "rest_day", 7: "rest_day", 10: "workday",
    }  # fmt: skip


def test_overtime_after_midnight_belongs_to_the_day_on_which_it_begins(ctx):
    found = look(ctx, starts="22:30", ends="00:30")
    assert (found["starts_at"], found["ends_at"]) == (
        datetime(2026, 3, 2, 14, 30, tzinfo=UTC),
        datetime(2026, 3, 2, 16, 30, tzinfo=UTC),
    )
    assert found["hours"] == 2
    assert look(ctx, date(2036, 3, 3))["is_over"] is False
    assert look(ctx, date(2020, 3, 3))["is_over"] is True


def test_the_sums_of_a_month(ctx):
    book(ctx)
    book(ctx, SUNDAY, "10:00", "16:00", compensation="time_off")
    book(ctx, GOOD_FRIDAY, "10:00", "12:00")
    book(ctx, MONDAY, person="bob")
    assert of_month(ctx) == {
        "hours": Decimal("8.5"),
        "workday_hours": Decimal("2.5"),
        "rest_day_hours": 6,
        "holiday_hours": 0,
        "pay_hours": Decimal("2.5"),
        "time_off_hours": 6,
        "limit": 36,
        "left": Decimal("27.5"),
    }
    assert of_month(ctx, GOOD_FRIDAY)["holiday_hours"] == 2
    found = look(ctx, date(2026, 3, 9))
    assert (found["month_hours"], found["over_month"], found["over_day"]) == (11, 0, 0)


def test_there_is_no_more_than_three_hours_on_a_working_day(ctx):
    assert book(ctx, ends="20:00")["hours"] == 2
    assert look(ctx, starts="20:00", ends="21:30")["over_day"] == Decimal("0.5")
    with pytest.raises(BpmnError, match=r"3 hours of overtime on that day, and it makes 0\.5 more") as error:
        book(ctx, starts="20:00", ends="21:30")
    assert error.value.code == "too_much"
    assert book(ctx, starts="20:00", ends="21:00")["hours"] == 1
    assert book(ctx, starts="21:00", ends="22:00", beyond=True)["hours"] == 1
    assert book(ctx, SUNDAY, "09:00", "17:00")["hours"] == 8


def test_there_is_no_more_than_36_hours_in_a_month(ctx):
    for day in (1, 7, 8, 14):
        book(ctx, date(2026, 3, day), "09:00", "17:00")
    book(ctx, date(2026, 3, 9), "18:00", "21:00")
    found = look(ctx, date(2026, 3, 10))
    assert (found["month_hours"], found["over_month"]) == (Decimal("37.5"), Decimal("1.5"))
    with pytest.raises(BpmnError, match=r"37\.5 hours in that month, and there may be 36") as error:
        book(ctx, date(2026, 3, 10))
    assert error.value.code == "too_much"
    assert book(ctx, date(2026, 3, 10), ends="19:00")["hours"] == 1
    set_parameter(ctx, key="records.overtime_hours_a_month", value="40")
    assert book(ctx, date(2026, 3, 11))["hours"] == Decimal("2.5")
    assert of_month(ctx)["left"] == Decimal("1.5")


def test_what_was_booked_keeps_its_rate(ctx):
    book(ctx)
    set_parameter(ctx, key="records.overtime_rate_workday", value="1.75")
    mark_day(ctx, key="default", day=MONDAY, kind=DayKind.HOLIDAY, name="Typhoon")
    with ctx.read():
        (kept,) = overtime_between(ctx, MONDAY, MONDAY)
        assert (kept.day_kind, kept.rate, kept.booked_by) == ("workday", Decimal("1.5"), "system")
    assert book(ctx, date(2026, 3, 3))["rate"] == Decimal("1.75")


def test_time_off_becomes_leave_by_halves_of_days(ctx):
    assert left(ctx) is None
    book(ctx, SUNDAY, "10:00", "13:00", compensation="time_off")
    assert left(ctx) is None
    book(ctx, date(2026, 3, 7), "10:00", "13:00", compensation="time_off")
    assert left(ctx) == Decimal("0.5")
    book(ctx, date(2026, 3, 14), "10:00", "12:00", compensation="time_off")
    book(ctx, date(2026, 3, 15), "10:00", "12:00", compensation="pay")
    assert left(ctx) == 1
    taken = call(
        ctx,
        "book_leave",
        person="ann",
        kind="time_off",
        first_on=date(2026, 3, 16),
        last_on=date(2026, 3, 16),
    )
    assert taken["days"] == 1
    assert left(ctx) == 0
    book(ctx, date(2026, 3, 21), "10:00", "18:00", compensation="time_off")
    assert left(ctx) == 1


def test_days_that_were_granted_otherwise_stay(ctx):
    services.set_balance(ctx, person_key="ann", kind="time_off", year=2026, days=Decimal(2))
    book(ctx, SUNDAY, "10:00", "18:00", compensation="time_off")
    assert left(ctx) == 3


def test_nobody_works_overtime_within_a_shift_or_twice_at_once(ctx):
    services.put_shift(ctx, person_key="ann", day=MONDAY, starts=time(9), ends=time(18), kind="day")
    assert look(ctx)["overlaps"] is False
    assert look(ctx, starts="17:30", ends="19:00")["overlaps"] is True
    book(ctx)
    with pytest.raises(BpmnError, match="works on 2026-03-02 at that time anyway") as error:
        book(ctx, starts="20:00", ends="20:30")
    assert error.value.code == "overlaps"
    assert book(ctx, person="bob", starts="17:30", ends="19:00")["hours"] == Decimal("1.5")


def test_an_instance_books_once_however_often_it_is_asked(ctx):
    first = book(ctx, compensation="time_off", instance_id=INSTANCE)
    assert book(ctx, compensation="time_off", instance_id=INSTANCE) == first
    assert of_month(ctx)["hours"] == Decimal("2.5")
    with pytest.raises(Conflict, match="booked other overtime"):
        book(ctx, instance_id=INSTANCE)
    other = book(ctx, date(2026, 3, 3), instance_id=INSTANCE, booking="second")
    assert other["overtime_id"] != first["overtime_id"]


def test_of_two_bookings_at_once_that_are_too_much_together_one_wins(centre, ctx):
    together, said = threading.Barrier(2), []

    def add(starts):
        own = system(centre)
        together.wait()
        try:
            services.book_overtime(
                own,
                person_key="ann",
                day=MONDAY,
                starts=time(starts),
                ends=time(starts + 2),
                compensation="pay",
            )
            said.append("booked")
        except services.TooMuch as error:
            said.append(error.code)

    threads = [threading.Thread(target=add, args=(starts,)) for starts in (18, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["booked", "too_much"]
    assert of_month(ctx)["hours"] == 2


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"person": "nobody"}, "person_key"),
        ({"compensation": "thanks"}, "compensation"),
        ({"starts": None}, "starts"),
        ({"starts": "09:00", "ends": "08:59"}, "ends"),
        ({"day": None}, "day"),
    ],
)
def test_overtime_that_cannot_be_is_refused(ctx, said, path):
    with pytest.raises(InvalidSubmission) as error:
        book(ctx, **said)
    assert [problem.path for problem in error.value.problems] == [path]


@pytest.mark.parametrize(
    ("key", "value"), [("hours_a_day_off", "0"), ("least_rest_hours", "-1"), ("least_rest_hours", "60")]
)
def test_a_parameter_that_cannot_be_is_refused(ctx, key, value):
    with pytest.raises(InvalidSubmission, match="Write a number"):
        set_parameter(ctx, key=f"records.{key}", value=value)
