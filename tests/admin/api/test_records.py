"""Balances, absences and scores for programs."""

from datetime import date
from decimal import Decimal

import pytest

from plugins.records import services
from plugins.records.rules import Span


@pytest.fixture
def hr(caller):
    return caller("kit", "hr")


def test_a_program_sets_reads_and_removes_balances(hr):
    body = {"person_key": "kit", "kind": "annual", "year": 2026, "days": 7.5}
    made = hr.post("/leave-balances", body)
    assert (made["granted_days"], made["taken_days"], made["left_days"]) == (7.5, 0, 7.5)
    assert hr.post("/leave-balances", {**body, "days": 8})["id"] == made["id"]
    assert hr.get("/leave-balances", person_key="kit", year=2026)["result"][0]["left_days"] == 8
    assert hr.get("/leave-balances", kind="sick") == {"count": 0, "result": []}
    hr.post(f"/leave-balances/{made['id']}/remove")
    hr.post(f"/leave-balances/{made['id']}/remove", status=404)


def test_a_program_reads_absences_of_a_time(ctx, hr):
    span = Span(first_on=date(2026, 3, 2), last_on=date(2026, 3, 6), half_first=True)
    booked = services.book_leave(ctx, person_key="kit", kind="sick", span=span)
    (absence,) = hr.get("/absences", person_key="kit", first_on="2026-03-06", last_on="2026-03-31")["result"]
    assert (absence["first_on"], absence["last_on"]) == ("2026-03-02", "2026-03-06")
    assert (absence["half_first"], absence["half_last"], absence["cancelled_at"]) == (True, False, None)
    assert hr.get("/absences", first_on="2026-03-07")["count"] == 0
    services.cancel_leave(ctx, absence_id=booked.id)
    assert hr.get("/absences", cancelled="false")["count"] == 0
    assert hr.get("/absences", cancelled="true")["count"] == 1


def test_a_program_reads_every_version_of_a_score(ctx, hr):
    subject = {"person_key": "kit", "kind": "kpi", "reference": "2026-02"}
    parts = [{"name": "answered", "weight": Decimal(1), "value": Decimal("81.25")}]
    services.publish_score(ctx, **subject, parts=parts)
    services.rescore(ctx, **subject, value=Decimal(85), reason="a line was down")
    newest, oldest = hr.get("/scores", reference="2026-02", sort="-version")["result"]
    assert (newest["version"], newest["value"], newest["reason"]) == (2, 85, "a line was down")
    assert (oldest["version"], oldest["value"], oldest["reason"]) == (1, 81.25, None)
    assert oldest["parts"] == [{"name": "answered", "weight": 1, "value": 81.25}]


def test_a_program_publishes_and_corrects_scores(hr):
    part = {"name": "answered", "weight": 2, "value": 81.25}
    body = {"person_key": "kit", "kind": "kpi", "reference": "2026-02", "parts": [part]}
    said = {**body, "appeal_until": "2026-03-09T18:00:00+08:00", "by": "kit"}
    made = hr.post("/scores", said, 201)
    assert (made["value"], made["version"], made["holds"]) == (81.25, 1, True)
    assert (made["appeal_until"], made["published_by"]) == ("2026-03-09T10:00:00Z", "kit")
    assert hr.post("/scores", said, 201)["id"] == made["id"]
    assert hr.post("/scores", {**body, "value": 90}, 409)["error"]["code"] == "score_exists"
    changed = hr.post(f"/scores/{made['id']}/correct", {"value": 85, "reason": "a line was down"})
    assert (changed["value"], changed["version"], changed["reason"]) == (85, 2, "a line was down")
    assert hr.get("/scores", holds="true")["result"] == [changed]
    assert hr.get("/scores", holds="false")["result"][0]["id"] == made["id"]
    wrong = hr.post("/scores", {**body, "parts": [{"name": "answered", "weight": 2}]}, 422)
    assert wrong["error"]["details"][0]["path"].startswith("parts")
    hr.post(f"/scores/{made['id']}/correct", {"value": 85}, 422)


def test_everybody_reads_their_own_scores_and_nobody_elses(ctx, caller):
    mei = caller("mei", "agent")
    caller("siu", "agent")
    for person in ("mei", "siu"):
        services.publish_score(ctx, person_key=person, kind="qa", reference="call-17", value=Decimal(70))
    (mine,) = mei.get("/my-scores", kind="qa")["result"]
    assert (mine["person_key"], mine["value"], mine["is_appealed"]) == ("mei", 70, False)
    mei.get("/my-scores", person_key="siu", status=400)
    mei.post("/scores", {"person_key": "mei", "kind": "qa", "reference": "x", "value": 100}, 403)
    mei.post(f"/scores/{mine['id']}/correct", {"value": 100, "reason": "x"}, 403)


def test_what_cannot_be_is_said_field_by_field(hr):
    body = {"person_key": "kit", "kind": "annual", "year": 2026, "days": 7.5}
    for wrong in ({"days": "many"}, {"days": 0.2}, {"days": None}, {"person_key": "nobody"}, {"year": 26}):
        refused = hr.post("/leave-balances", {**body, **wrong}, status=422)
        assert [one["path"] for one in refused["error"]["details"]] == list(wrong)
    hr.get("/absences", first_on="soon", status=400)
    hr.get("/scores", sort="value", status=400)


def test_without_the_permission_there_are_none(caller):
    mei = caller("mei", "supervisor")
    for path in ("/leave-balances", "/absences", "/scores"):
        mei.get(path, status=403)
