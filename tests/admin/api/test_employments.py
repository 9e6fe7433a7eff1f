"""Employments for programs."""

import pytest

from plugins.personnel import services


@pytest.fixture
def hr(caller):
    return caller("kit", "hr")


def test_a_program_sets_and_finds_employments(ctx, hr, caller):
    caller("mei", "agent")
    body = {"person_key": "mei", "hired_on": "2026-03-02", "probation_until": "2026-06-01"}
    made = hr.post("/employments", body)
    assert (made["state"], made["hired_on"], made["extension"]) == ("probation", "2026-03-02", None)
    assert hr.post("/employments", {**body, "extension": "8101"})["id"] == made["id"]
    assert hr.get("/employments", probation_before="2026-06-01")["count"] == 1
    assert hr.get("/employments", state="confirmed") == {"count": 0, "result": []}
    services.note_leaving(ctx, person_key="mei", reason="pay", by="employee")
    services.leave(ctx, person_key="mei", successor_key="kit")
    (left,) = hr.get("/employments", leaving_reason="pay")["result"]
    assert (left["person_key"], left["state"], left["leaving_by"]) == ("mei", "left", "employee")


def test_what_cannot_be_of_an_employment_is_said_field_by_field(hr):
    body = {"person_key": "kit", "hired_on": "2026-03-02"}
    for wrong in ({"hired_on": "soon"}, {"probation_until": "2026-03-01"}, {"extension": "none"}):
        refused = hr.post("/employments", {**body, **wrong}, status=422)
        assert [one["path"] for one in refused["error"]["details"]] == list(wrong)
    hr.get("/employments", state="gone", status=400)


def test_without_the_permission_there_are_no_employments(caller):
    caller("mei", "supervisor").get("/employments", status=403)
