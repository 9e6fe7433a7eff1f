"""Shifts and overtime on their pages: planners write them, everybody sees their own."""

from datetime import date, time
from decimal import Decimal

import pytest

from engine.people import join_unit, put_unit
from plugins.records import services
from plugins.records.rules import Span

SHIFT = {"person_key": "mei", "day": "2026-03-04", "starts": "22:00", "ends": "06:00", "kind": "night"}


@pytest.fixture
def planner(make_person, enter):
    make_person("mei", "agent", name="Mei Chan")
    make_person("pat", "planner")
    return enter("pat")


def test_a_planner_writes_changes_and_removes_a_shift(ctx, planner, token_of):
    token = {"csrf_token": token_of(planner)}
    assert "No shifts in this week" in planner.get("/shifts?week=2026-03-04").text
    assert planner.get("/shifts/set?person_key=mei&day=2026-03-04").status_code == 200
    made = planner.post("/shifts/set", data={**token, **SHIFT})
    assert made.status_code == 303
    text = planner.get(made.headers["Location"]).text
    assert [said in text for said in ("Mei Chan", "22:00–06:00", "Night shift")] == [True] * 3
    with ctx.read():
        (shift,) = services.shifts_between(ctx, first_on=date(2026, 3, 4), last_on=date(2026, 3, 4))
    assert 'value="22:00"' in planner.get(f"/shifts/set?shift_id={shift.id}").text
    changed = {**token, **SHIFT, "shift_id": shift.id, "starts": "14:00", "ends": "22:00", "kind": "late"}
    assert planner.post("/shifts/set", data=changed).status_code == 303
    assert "14:00–22:00" in planner.get("/shifts?week=2026-03-02").text
    assert planner.post(f"/shifts/{shift.id}/remove", data=token).status_code == 303
    assert "No shifts in this week" in planner.get("/shifts?week=2026-03-04").text
    assert planner.post("/shifts/set", data=changed).status_code == 404


def test_what_cannot_be_is_said_at_its_field(planner, token_of):
    token = {"csrf_token": token_of(planner)}
    planner.post("/shifts/set", data={**token, **SHIFT})
    for wrong, said in (
        ({"person_key": "nobody"}, "There is no person nobody."),
        ({"day": "soon"}, "Write a day such as 2026-03-02."),
        ({"starts": "ten"}, "Write a time such as 09:00."),
        ({"starts": "06:30"}, "It is longer than 16 hours"),
        ({"starts": "23:00"}, "mei works on 2026-03-04 at that time already."),
    ):
        answer = planner.post("/shifts/set", data={**token, **SHIFT, **wrong})
        assert answer.status_code == 422
        assert said in answer.text


def test_a_unit_shows_everybody_who_works_there(ctx, planner):
    put_unit(ctx, key="desk", name="Desk")
    join_unit(ctx, unit_key="desk", person_key="mei")
    assert "Mei Chan" not in planner.get("/shifts?week=2026-03-04").text
    assert "Mei Chan" in planner.get("/shifts?week=2026-03-04&unit=desk").text


def test_a_planner_sees_the_overtime_of_a_month(ctx, planner):
    for day, compensation in ((date(2026, 3, 2), "pay"), (date(2026, 3, 8), "time_off")):
        services.book_overtime(
            ctx, person_key="mei", day=day, starts=time(18), ends=time(20, 30), compensation=compensation
        )
    text = planner.get("/overtime?month=2026-03").text
    assert [said in text for said in ("Mei Chan", "March 2026", "<strong>5</strong>", "Time off")] == [
        True
    ] * 4
    assert "31" in text
    assert "18:00–20:30" in planner.get("/overtime?month=2026-03&person_key=mei").text
    assert "No overtime in this month" in planner.get("/overtime?month=2026-04").text


def test_everybody_sees_their_own_and_nobody_elses(ctx, make_person, enter):
    for key in ("mei", "kit"):
        make_person(key, "agent", name=key.title())
    with ctx.read():
        today = ctx.now.astimezone(ctx.settings.zone).date()
    first = date(today.year, 12, 30)
    span = Span(first_on=first, last_on=first, half_last=True)
    services.put_shift(ctx, person_key="mei", day=today, starts=time(7), ends=time(15), kind="early")
    services.set_balance(ctx, person_key="mei", kind="annual", year=today.year, days=Decimal("11.5"))
    services.book_leave(ctx, person_key="mei", kind="annual", span=span)
    services.book_overtime(
        ctx, person_key="mei", day=today, starts=time(19), ends=time(20, 15), compensation="pay"
    )
    own = enter("mei").get("/my-shifts").text
    other = enter("kit").get("/my-shifts").text
    for said in ("07:00–15:00", "Early shift", "Annual leave", "19:00–20:15", "1.25", "morning"):
        assert said in own
        assert said not in other
    assert "No shifts in the next weeks" in other


def test_who_does_not_plan_sees_only_their_own(make_person, enter, token_of):
    make_person("mei", "agent")
    browser = enter("mei")
    token = {"csrf_token": token_of(browser)}
    assert browser.get("/my-shifts").status_code == 200
    assert browser.get("/shifts").status_code == 403
    assert browser.get("/overtime").status_code == 403
    assert browser.post("/shifts/set", data={**token, **SHIFT}).status_code == 403
