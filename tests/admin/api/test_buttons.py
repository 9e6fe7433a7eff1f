"""The interface lists what one can do with a task, and refuses what its step took away."""

from __future__ import annotations

import pytest

from engine.testing.sketch import sketch

DRAWN = sketch(
    """
    start begin
    user apply name=Apply
    user check approval="" asks='person:["mei","wong"]' buttons="transfer;return:Ask the sender"
    end over
    begin -> apply -> check -> over
    """,
    key="request",
)


@pytest.fixture
def mei(caller, boss, deploy):
    deploy({"request.bpmn": DRAWN})
    found = caller("mei", "agent")
    caller("wong", "agent")
    begun = boss.post("/process-definitions/request/start", {}, 201)
    (task,) = boss.get("/tasks", instance_id=begun["id"])["result"]
    boss.post(f"/tasks/{task['id']}/complete", {"data": {}})
    return found


def test_only_what_the_step_offers_is_listed_and_done(mei):
    (task,) = mei.get("/tasks", mine="me")["result"]
    buttons = mei.get(f"/tasks/{task['id']}/buttons")["result"]
    assert [(one["name"], one["label"]) for one in buttons] == [
        ("return", "Ask the sender"),
        ("add", None),
        ("remove", None),
        ("comment", None),
        ("delegate", None),
        ("consult", None),
        ("circulate", None),
    ]
    refused = mei.post(f"/tasks/{task['id']}/transfer", {"to": "wong"}, 403)
    assert refused["error"]["code"] == "not_offered"
