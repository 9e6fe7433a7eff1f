"""REST of one's lists: requests, what one supervises, drafts, tasks one is done with, lent or covers."""

import json

import pytest

import forms
from engine.people import add_cover, put_group, set_groups
from engine.testing import person
from engine.testing.sketch import sketch

DRAWN = sketch(
    """
    start begin
    user check name=Check approval="" asks='person:["mei","wong"]'
    end over
    begin -> check -> over
    """,
    key="request",
)
MANIFEST = b"""
key = "request"
title = "Request"
supervisors = ["group:watch"]
initiator_may = ["urge", "cancel"]
[[start]]
event = "begin"
form = "apply"
"""
FORM = json.dumps(
    {
        "schemaVersion": 19,
        "type": "default",
        "components": [{"type": "textfield", "key": "why", "label": "Why", "id": "F1"}],
    }
).encode()


@pytest.fixture
def people(ctx, caller, deploy):
    deploy({"request.bpmn": DRAWN, "process.toml": MANIFEST, "forms/apply.form": FORM})
    found = {key: caller(key, "agent") for key in ("mei", "wong", "li", "eve", "zoe")}
    with ctx.write():
        put_group(ctx, key="watch", name="Watch")
        set_groups(ctx, person_key="zoe", group_keys=["watch"])
        add_cover(ctx, person_key="wong", cover_key="li")
    body = {"variables": {"why": "dark"}}
    begun = found["eve"].post("/process-definitions/request/start", body, 201)
    return {**found, "instance": begun["id"]}


def ids(caller, path, **asked):
    return [row["id"] for row in caller.get(path, **asked)["result"]]


def test_requests_are_listed_for_whose_they_are_and_who_supervises_them(people):
    instance_id, path = people["instance"], "/process-instances"
    assert ids(people["eve"], path, mine="true", called="false", search="requ") == [instance_id]
    assert ids(people["eve"], path, mine="true", search="zebra") == []
    assert ids(people["zoe"], path, supervised="true") == [instance_id]
    assert ids(people["zoe"], path) == [instance_id]
    assert people["zoe"].get(f"{path}/{instance_id}/allowed")["actions"] == ["urge"]
    for asked in ({"mine": "true"}, {"supervised": "true"}):
        assert ids(people["mei"], path, **asked) == []


def test_what_one_is_done_with_lent_and_decides_for_others_is_listed(people):
    (mine,) = ids(people["mei"], "/tasks", assignee="me")
    (covered,) = ids(people["li"], "/tasks", assignee="me", covered="true")
    assert ids(people["wong"], "/tasks", covers_for="me") == []
    people["mei"].post(f"/tasks/{mine}/delegate", {"to": "eve"})
    assert ids(people["mei"], "/tasks", owner="me") == [mine]
    assert ids(people["eve"], "/tasks", assignee="me", lent="true") == [mine]
    people["li"].post(f"/tasks/{covered}/complete", {"outcome": "approved", "opinion": "fine"})
    (done,) = people["li"].get("/tasks/handled")["result"]
    told = (done["id"], done["how"], done["opinion"], done["covers_for"], done["instance_state"])
    assert told == (covered, "decided", "fine", "wong", "active")
    assert people["li"].get("/tasks/handled", how="transferred,returned")["count"] == 0
    assert people["zoe"].get("/tasks/handled")["count"] == 0
    people["li"].get("/tasks/handled", 400, how="dreamt")


def test_a_request_that_is_over_tells_how_it_is_started_again(people):
    path = f"/process-instances/{people['instance']}/start-again"
    people["eve"].get(path, 404)
    people["eve"].post(f"/process-instances/{people['instance']}/cancel", {"reason": "no"})
    told = people["eve"].get(path)
    assert told == {"process_key": "request", "event": "begin", "form": "apply", "data": {"why": "dark"}}
    people["mei"].get(path, 404)
    assert people["eve"].get("/process-instances")["count"] == 1


def test_drafts_are_listed_and_thrown_away_by_who_wrote_them(centre, people):
    draft = forms.save_start_draft(person(centre, "eve"), process_key="request", data={"why": "so"})
    (row,) = people["eve"].get("/drafts")["result"]
    assert (row["id"], row["event"], row["task_id"]) == (draft, "begin", None)
    assert people["mei"].get("/drafts")["count"] == 0
    people["mei"].post(f"/drafts/{draft}/discard", {}, 404)
    assert people["eve"].post(f"/drafts/{draft}/discard", {}) == {"id": draft}
    assert people["eve"].get("/drafts")["count"] == 0
