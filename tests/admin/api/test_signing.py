"""Programs sign, attach and say no more than an outcome takes; hidden fields are in no answer."""

from __future__ import annotations

import io
import json

import pytest

from engine.testing import drawing, signature

APPLY = json.dumps(
    {
        "schemaVersion": 19,
        "type": "default",
        "components": [
            {"type": "textfield", "key": "note", "label": "Note", "id": "F1"},
            {"type": "number", "key": "salary", "label": "Salary", "id": "F2"},
        ],
    }
).encode()
DRAWN = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:userTask id="check" name="Check"><bpmn:extensionElements>
      <callwright:task form="apply" assignee='"mei"' fields="read"/>
      <callwright:field key="salary" right="hidden"/>
      <callwright:field key="note" right="required"/>
      <callwright:outcome name="approved" label="Approve" signature="required"/>
      <callwright:outcome name="rejected" label="Reject" opinion="none"/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="over"/>
    begin -> check
    check -> over
    """,
    key="request",
)


@pytest.fixture
def mei(caller, boss, deploy):
    deploy({"request.bpmn": DRAWN, "apply.form": APPLY})
    found = caller("mei", "agent")
    boss.post("/process-definitions/request/start", {"variables": {"salary": 900, "note": "a"}}, 201)
    return found


def task_of(mei):
    (task,) = mei.get("/tasks", mine="me")["result"]
    return task


def upload(mei, content, name):
    return mei.post("/files", status=201, data={"file": (io.BytesIO(content), name)})


def test_a_hidden_field_is_in_no_answer(mei):
    task = task_of(mei)
    form = mei.get(f"/tasks/{task['id']}/form")
    assert [one["key"] for one in form["schema"]["components"]] == ["note"]
    assert (form["data"], form["rights"]) == ({"note": "a"}, {"note": "required"})
    assert mei.get(f"/process-instances/{task['instance_id']}/variables") == {"note": "a"}


def test_a_task_is_signed_and_files_are_attached(mei):
    task = task_of(mei)
    path = f"/tasks/{task['id']}/complete"
    assert [(one["name"], one["opinion"], one["signature_required"]) for one in task["outcomes"]] == [
        ("approved", "optional", True),
        ("rejected", "none", False),
    ]
    data = {"note": "b", "salary": 1}
    refused = mei.post(path, {"outcome": "approved", "data": data}, 422)
    assert [one["path"] for one in refused["error"]["details"]] == ["signature"]
    blank = upload(mei, signature(ink=False), "a.png")
    refused = mei.post(path, {"outcome": "approved", "data": data, "signature": blank}, 422)
    assert [one["path"] for one in refused["error"]["details"]] == ["signature"]
    signed, plan = upload(mei, signature(), "a.png"), upload(mei, b"plan", "plan.txt")
    mei.post(path, {"outcome": "approved", "data": data, "signature": signed, "files": [plan]})
    (action,) = mei.get(f"/process-instances/{task['instance_id']}/actions")["result"]
    assert action["signature"] == signed
    assert action["files"] == [plan]


def test_an_unknown_signature_is_refused(mei):
    path = f"/tasks/{task_of(mei)['id']}/complete"
    for bad in ("kept", "mine", {"$file": "x"}, 3):
        refused = mei.post(path, {"outcome": "approved", "data": {"note": "b"}, "signature": bad}, 422)
        assert [one["path"] for one in refused["error"]["details"]] == ["signature"], bad
