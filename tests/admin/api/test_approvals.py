"""Approvals by the interface: who is asked, sending back, adding, removing, handing over, taking back."""

from __future__ import annotations

import pytest

from engine.testing.sketch import sketch

DRAWN = sketch(
    """
    start begin
    user apply name=Apply
    user check approval="" asks='person:["mei","wong"]'
    end over
    begin -> apply -> check -> over
    """,
    key="request",
)


@pytest.fixture
def people(caller, boss, deploy):
    deploy({"request.bpmn": DRAWN})
    found = {key: caller(key, "agent") for key in ("mei", "wong", "li")}
    begun = boss.post("/process-definitions/request/start", {}, 201)
    apply(boss, begun["id"])
    return {**found, "boss": boss, "instance": begun["id"]}


def apply(boss, instance_id):
    (task,) = boss.get("/tasks", instance_id=instance_id)["result"]
    boss.post(f"/tasks/{task['id']}/complete", {"data": {}})


def task_of(people, key):
    (task,) = people[key].get("/tasks", mine="me")["result"]
    return f"/tasks/{task['id']}"


def states(people, path, key="mei"):
    return {one["person"]: one["state"] for one in people[key].get(f"{path}/signers")["result"]}


def test_everybody_who_is_asked_sees_the_buttons_and_who_else_is_asked(people):
    path = task_of(people, "mei")
    task = people["mei"].get(path)
    assert [(one["name"], one["label"]) for one in task["outcomes"]] == [
        ("approved", "Approve"),
        ("rejected", "Reject"),
    ]
    assert states(people, path) == {"mei": "asked", "wong": "asked"}
    people["mei"].post(f"{path}/complete", {"outcome": "approved", "opinion": "fine"})
    assert states(people, path) == {"mei": "approved", "wong": "asked"}
    people["wong"].post(f"{task_of(people, 'wong')}/complete", {"outcome": "approved"})
    assert people["boss"].get(f"/process-instances/{people['instance']}")["state"] == "completed"


def test_a_task_is_sent_back_to_a_step_that_is_offered(people):
    path = task_of(people, "mei")
    offered = people["mei"].get(f"{path}/returns")["result"]
    assert [(one["element_id"], one["name"]) for one in offered] == [("apply", "Apply")]
    refused = people["mei"].post(f"{path}/return", {"to": "over", "opinion": "no"}, 422)["error"]
    assert refused["details"][0]["path"] == "to"
    sent = people["mei"].post(f"{path}/return", {"to": "apply", "opinion": "Dates?", "again": "back"})
    assert (sent["state"], sent["outcome"], sent["opinion"]) == ("completed", "returned", "Dates?")
    assert people["wong"].get("/tasks", mine="me")["count"] == 0
    apply(people["boss"], people["instance"])
    assert people["wong"].get("/tasks", mine="me")["count"] == 1


def test_somebody_is_added_removed_and_gets_a_task_for_good(people):
    path = task_of(people, "mei")
    people["mei"].post(f"{path}/signers", {"person": "li", "where": "before", "opinion": "first you"})
    assert states(people, path) == {"mei": "waits", "li": "asked", "wong": "asked"}
    assert people["mei"].post(f"{path}/signers", {"person": "ghost"}, 409)["error"]["message"]
    li = task_of(people, "li")
    moved = people["li"].post(f"{li}/transfer", {"to": "boss"})
    assert moved["assignee"] == "boss"
    signers = people["boss"].get(f"{li}/signers")["result"]
    wong = next(one["id"] for one in signers if one["person"] == "wong")
    people["boss"].post(f"{li}/signers/{wong}/remove", {"opinion": "on leave"})
    assert states(people, li, "boss")["wong"] == "removed"
    done = people["boss"].get(f"/process-instances/{people['instance']}/actions")["result"]
    assert [(one["action"], one["actor"], one["person"]) for one in done] == [
        ("add", "mei", "li"),
        ("transfer", "li", "boss"),
        ("remove", "boss", None),
    ]


def test_a_decision_is_taken_back_by_who_made_it(people):
    path = task_of(people, "mei")
    people["mei"].post(f"{path}/complete", {"outcome": "approved"})
    people["wong"].post(f"{path}/take-back", status=403)
    assert people["mei"].post(f"{path}/take-back")["state"] == "claimed"
    assert states(people, path)["mei"] == "asked"
