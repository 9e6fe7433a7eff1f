"""Lending, asking, copies, following, urging, taking back and opening again, by the interface."""

from __future__ import annotations

import json

import pytest

from engine.testing.sketch import sketch

DRAWN = sketch(
    """
    start begin
    user apply name=Apply task="assignee=initiator startCounts=true"
    user check task="batch=true" approval="" asks='person:["mei","wong"]'
    user file name=File task="assignee=initiator"
    end over
    begin -> apply -> check -> file -> over
    """,
    key="request",
)
MANIFEST = b"""
key = "request"
title = "Request"
initiator_may = ["urge", "withdraw", "cancel"]
[[start]]
event = "begin"
"""


@pytest.fixture
def people(caller, boss, deploy):
    deploy({"request.bpmn": DRAWN, "process.toml": MANIFEST})
    found = {key: caller(key, "agent") for key in ("mei", "wong", "li", "eve")}
    begun = found["eve"].post("/process-definitions/request/start", {}, 201)
    return {**found, "boss": boss, "instance": begun["id"]}


def task_of(people, key):
    (task,) = people[key].get("/tasks", mine="me")["result"]
    return f"/tasks/{task['id']}"


def of_instance(people, verb):
    return f"/process-instances/{people['instance']}/{verb}"


def test_a_task_is_lent_and_given_back(people):
    path = task_of(people, "mei")
    lent = people["mei"].post(f"{path}/delegate", {"to": "li", "opinion": "right?"})
    assert (lent["assignee"], lent["owner"]) == ("li", "mei")
    assert people["li"].post(f"{path}/complete", {"outcome": "approved"}, 409)["error"]["code"] == "lent"
    back = people["li"].post(f"{path}/give-back", {"opinion": "yes"})
    assert (back["assignee"], back["owner"]) == ("mei", None)
    (part,) = people["mei"].get(f"{path}/questions")["result"]
    assert (part["kind"], part["text"], part["answer"]) == ("help", "right?", "yes")


def test_a_question_is_found_and_answered_by_who_is_asked(people):
    path = task_of(people, "mei")
    people["mei"].post(f"{path}/questions", {"person": "li", "question": "Enough people?"}, 201)
    (part,) = people["li"].get("/parts", kind="consult", waiting="true")["result"]
    assert (part["by"], part["text"], part["title"]) == ("mei", "Enough people?", "Request")
    people["wong"].post(f"/parts/{part['id']}/answer", {"text": "me?"}, 403)
    assert people["li"].post(f"/parts/{part['id']}/answer", {"text": "yes"})["answer"] == "yes"
    assert (
        people["li"].post(f"/parts/{part['id']}/answer", {"text": "no"}, 409)["error"]["code"] == "answered"
    )
    assert people["li"].get("/parts", kind="consult", waiting="true")["count"] == 0
    assert people["mei"].get("/parts", by="true")["result"][0]["answer"] == "yes"


def test_copies_are_sent_to_people_who_may_look_and_answer_from_then_on(people):
    people["li"].get(of_instance(people, "parts"), 404)
    sent = people["eve"].post(of_instance(people, "circulate"), {"to": ["li"], "text": "FYI"})
    assert sent["people"] == ["li"]
    assert people["li"].get("/parts", kind="read", unread="true")["count"] == 1
    (copy,) = people["eve"].get("/parts", kind="read", by="true")["result"]
    remind = f"/parts/{copy['id']}/remind"
    people["mei"].post(remind, {}, 403)
    assert people["eve"].post(remind, {"text": "today?"})["person_key"] == "li"
    assert people["eve"].post(remind, {}, 409)["error"]["code"] == "urged_already"
    people["li"].post(of_instance(people, "comments"), {"text": "Fine by me"}, 201)
    heard = people["boss"].get("/notifications", instance_id=people["instance"], sort="created_at")["result"]
    assert [(one["event"], one["person_key"]) for one in heard if one["event"] in ("urged", "answered")] == [
        ("urged", "li"),
        ("answered", "eve"),
    ]
    people["li"].post(of_instance(people, "follow"), {})
    kinds = [part["kind"] for part in people["li"].get(of_instance(people, "parts"))["result"]]
    assert kinds == ["read", "follow"]
    people["eve"].post(of_instance(people, "circulate"), {"to": ["nobody"]}, 404)


def test_the_initiator_urges_takes_back_and_cancels(people):
    assert people["eve"].get(of_instance(people, "allowed"))["actions"] == ["urge", "withdraw", "cancel"]
    assert people["mei"].get(of_instance(people, "allowed"))["actions"] == []
    assert people["eve"].post(of_instance(people, "urge"), {"text": "soon?"})["people"] == ["mei", "wong"]
    again = people["eve"].post(of_instance(people, "urge"), {}, 409)
    assert again["error"]["code"] == "urged_already"
    people["mei"].post(of_instance(people, "urge"), {}, 403)
    people["eve"].post(of_instance(people, "withdraw"), {"reason": "dates"})
    assert task_of(people, "eve")
    people["mei"].post(of_instance(people, "cancel"), {"reason": "no"}, 403)
    assert people["eve"].post(of_instance(people, "cancel"), {"reason": "no"})["state"] == "cancelled"
    done = [one["action"] for one in people["eve"].get(of_instance(people, "actions"))["result"]]
    assert done == ["urge", "withdraw", "cancel"]


def test_an_operator_opens_a_request_again_and_names_who_does_a_step(people):
    people["eve"].post(of_instance(people, "cancel"), {"reason": "no"})
    people["eve"].post(of_instance(people, "reopen"), {"to": "check", "reason": "yes"}, 403)
    opened = people["boss"].post(of_instance(people, "reopen"), {"to": "check", "reason": "yes"})
    assert opened["state"] == "active"
    people["boss"].post(
        of_instance(people, "appoint"), {"element_id": "file", "people": ["li"], "reason": "eve is away"}
    )
    for key in ("mei", "wong"):
        people[key].post(f"{task_of(people, key)}/complete", {"outcome": "approved"})
    assert people["li"].get(task_of(people, "li"))["name"] == "File"


def test_several_tasks_are_decided_at_once_and_those_that_cannot_be_stay(people):
    people["eve"].post("/process-definitions/request/start", {}, 201)
    mine = [task["id"] for task in people["mei"].get("/tasks", mine="me")["result"]]
    other = people["wong"].get("/tasks", mine="me")["result"][0]["id"]
    made = people["mei"].post("/tasks/decide", {"tasks": [*mine, other], "outcome": "approved"})["results"]
    assert [(one["decided"], one["code"]) for one in made] == [
        (True, None),
        (True, None),
        (False, "forbidden"),
    ]
    refused = people["wong"].post("/tasks/decide", {"tasks": [other], "outcome": "rejected"})["results"]
    assert "opinion" in refused[0]["message"]
    people["mei"].post("/tasks/decide", {"tasks": [], "outcome": "approved"}, 422)


def test_what_is_decided_one_by_one_is_not_decided_from_a_list(people):
    for key in ("mei", "wong"):
        people[key].post(f"{task_of(people, key)}/complete", {"outcome": "approved"})
    task_id = people["eve"].get("/tasks", mine="me")["result"][0]["id"]
    (one,) = people["eve"].post("/tasks/decide", {"tasks": [task_id], "outcome": "completed"})["results"]
    assert (one["decided"], one["code"]) == (False, "one_by_one")


def test_a_task_whose_form_asks_for_something_is_not_decided_from_a_list(people, deploy):
    field = {"type": "textfield", "key": "why", "label": "Why", "validate": {"required": True}}
    form = {"schemaVersion": 19, "id": "file", "type": "default", "components": [field]}
    drawn = DRAWN.replace(
        b'<callwright:task assignee="initiator"/>',
        b'<callwright:task assignee="initiator" form="file" batch="true"/>',
    )
    assert drawn != DRAWN
    deploy({"request.bpmn": drawn, "process.toml": MANIFEST, "forms/file.form": json.dumps(form).encode()})
    begun = people["eve"].post("/process-definitions/request/start", {}, 201)
    for key in ("mei", "wong"):
        (task,) = people[key].get("/tasks", mine="me", instance_id=begun["id"])["result"]
        people[key].post(f"/tasks/{task['id']}/complete", {"outcome": "approved"})
    (task,) = people["eve"].get("/tasks", mine="me", instance_id=begun["id"])["result"]
    said = {"tasks": [task["id"]], "outcome": "completed"}
    (one,) = people["eve"].post("/tasks/decide", said)["results"]
    assert (one["decided"], people["eve"].get(f"/tasks/{task['id']}")["state"]) == (False, "claimed")


def test_a_leavers_work_is_handed_over(people, work_off):
    people["mei"].post("/people/mei/hand-over", {"to": "li", "reason": "left"}, 403)
    assert people["boss"].post("/people/mei/hand-over", {"to": "li", "reason": "left"})["tasks"] == 1
    work_off()
    assert people["mei"].get("/tasks", mine="me")["count"] == 0
    assert task_of(people, "li")


def test_the_path_is_told_before_a_request_is_made_and_from_a_task_on(people):
    path = people["eve"].post("/process-definitions/request/preview", {"variables": {}})
    assert [(step["element_id"], step["people"], step["kind"]) for step in path["steps"]] == [
        ("check", ["mei", "wong"], "approval"),
        ("file", ["eve"], "task"),
    ]
    assert (path["unknown"], path["reason"]) == (None, None)
    people["mei"].post("/process-definitions/nothing/preview", {}, 404)
    path = people["mei"].post(f"{task_of(people, 'mei')}/preview", {})
    assert [step["element_id"] for step in path["steps"]] == ["file"]


def test_a_request_on_which_nobody_would_decide_is_refused_in_the_callers_language(people, caller, deploy):
    drawn = sketch(
        """
        start begin
        user apply task="assignee=initiator startCounts=true"
        user check name=Check approval="ifNobody=refuse" asks=person:picked
        end over
        begin -> apply -> check -> over
        """,
        key="request",
    )
    deploy({"request.bpmn": drawn, "process.toml": MANIFEST})
    for who, message in (("eve", "would decide at Check"), ("hua", "“检查”这一步骤找不到审批人")):
        asking = people[who] if who in people else caller(who, "agent", locale="zh_Hans")
        error = asking.post("/process-definitions/request/start", {}, 409)["error"]
        assert error["code"] == "nobody_would_decide"
        assert message in error["message"]
    begun = people["eve"].post("/process-definitions/request/start", {"variables": {"picked": "li"}}, 201)
    check = task_of(people, "li")
    people["li"].post(f"{check}/return", {"to": "apply", "opinion": "No"})
    (again,) = people["eve"].get("/tasks", mine="me", instance_id=begun["id"])["result"]
    said = {"data": {"picked": None}}
    error = people["eve"].post(f"/tasks/{again['id']}/complete", said, 409)["error"]
    assert error["code"] == "nobody_would_decide"
    people["eve"].post(f"/tasks/{again['id']}/complete", {"data": {"picked": "wong"}})


def test_a_request_is_made_for_somebody_by_who_may(people, caller):
    hr = caller("hana", "hr")
    begun = hr.post("/process-definitions/request/start", {"initiator": "li"}, 201)
    assert (begun["initiator"], begun["submitter"]) == ("li", "hana")
    people["mei"].post("/process-definitions/request/start", {"initiator": "li"}, 403)
    people["boss"].post("/process-definitions/request/start", {"initiator": "ghost"}, 404)
