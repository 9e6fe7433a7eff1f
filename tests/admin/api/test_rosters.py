"""Shifts and overtime for programs."""

from datetime import date, time

import pytest

from engine.people import join_unit, put_unit
from plugins.records import services

BODY = {"person_key": "kit", "day": "2026-03-02", "starts": "22:00", "ends": "06:00", "kind": "night"}


@pytest.fixture
def planner(caller):
    return caller("kit", "planner")


def test_a_program_adds_changes_reads_and_removes_shifts(ctx, planner):
    made = planner.post("/shifts", BODY)
    assert (made["day"], made["starts_at"], made["changed_by"]) == (
        "2026-03-02",
        "2026-03-02T14:00:00Z",
        "kit",
    )
    assert planner.post("/shifts", BODY)["id"] == made["id"]
    changed = planner.post(f"/shifts/{made['id']}/change", {**BODY, "day": "2026-03-03"})
    assert (changed["id"], changed["day"]) == (made["id"], "2026-03-03")
    assert planner.get("/shifts", first_on="2026-03-04")["count"] == 0
    (found,) = planner.get("/shifts", first_on="2026-03-03", last_on="2026-03-03")["result"]
    assert found == changed
    put_unit(ctx, key="desk", name="Desk")
    assert planner.get("/shifts", unit_key="desk")["count"] == 0
    join_unit(ctx, unit_key="desk", person_key="kit")
    assert planner.get("/shifts", unit_key="desk")["count"] == 1
    assert planner.post(f"/shifts/{made['id']}/remove") == changed
    planner.post(f"/shifts/{made['id']}/remove", status=404)


def test_a_program_reads_overtime(ctx, planner):
    services.book_overtime(
        ctx, person_key="kit", day=date(2026, 3, 2), starts=time(18), ends=time(19, 30), compensation="pay"
    )
    (found,) = planner.get("/overtime", first_on="2026-03-01", compensation="pay")["result"]
    assert (found["hours"], found["rate"], found["day_kind"]) == (1.5, 1.5, "workday")
    assert planner.get("/overtime", compensation="time_off")["count"] == 0


def test_what_cannot_be_is_said_field_by_field(planner):
    for wrong in ({"starts": "ten"}, {"day": "soon"}, {"person_key": "nobody"}, {"kind": ""}):
        refused = planner.post("/shifts", {**BODY, **wrong}, status=422)
        assert [one["path"] for one in refused["error"]["details"]] == list(wrong)
    planner.post("/shifts", BODY)
    planner.post("/shifts", {**BODY, "starts": "23:00"}, status=409)
    planner.get("/shifts", sort="kind", status=400)


def test_without_the_permission_there_are_none(caller):
    mei = caller("mei", "supervisor")
    for path in ("/shifts", "/overtime"):
        mei.get(path, status=403)
    mei.post("/shifts", BODY, status=403)
