"""Drafts of starts, and starting again from old data: nothing begins by either."""

import json

import pytest

import forms
from engine import runtime
from engine.definition import deploy
from engine.errors import Conflict, Forbidden, InvalidSubmission, NotFound
from engine.files import find_file, reference, store
from engine.people import create_person
from engine.testing import drawing, make_centre, person, system
from engine.work import list_tasks

DRAWN = drawing(
    """
    <bpmn:startEvent id="begin"><bpmn:extensionElements>
      <callwright:field key="secret" right="hidden"/>
    </bpmn:extensionElements></bpmn:startEvent>
    <bpmn:userTask id="check" name="Check"><bpmn:extensionElements>
      <callwright:task form="check" assignee='"ben"'/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="over"/>
    begin -> check
    check -> over
    """,
    key="leave",
)
FIELDS = {"days": "number", "why": "textfield", "secret": "textfield", "proof": "filepicker"}
MANIFEST = b"""
key = "leave"
title = "Leave"
initiator_may = ["cancel"]
[[start]]
event = "begin"
form = "apply"
"""


def form(*keys):
    components = [
        {"type": FIELDS.get(key, "textfield"), "key": key, "label": key, "id": f"F{key}"} for key in keys
    ]
    return json.dumps({"schemaVersion": 19, "type": "default", "components": components}).encode()


@pytest.fixture
def centre(tmp_path):
    made = make_centre(tmp_path, floors=[forms.register])
    yield made
    made.database.dispose()


def deployed(centre, *keys):
    files = {"leave.bpmn": DRAWN, "process.toml": MANIFEST}
    files |= {"forms/apply.form": form(*keys), "forms/check.form": form("days", "secret")}
    deploy(system(centre), files=files)


@pytest.fixture
def old(centre):
    """A request with everything in it that is over; its id and its file's."""
    with system(centre).write() as ctx:
        for key in ("ben", "li", "zoe"):
            create_person(ctx, key=key, name=key.title())
    deployed(centre, "days", "why", "secret", "proof")
    li = person(centre, "li")
    proof = store(li, content=b"ill", name="proof.txt", owner_kind="upload", owner_id="li")
    data = {"days": 3, "why": "tired", "proof": [reference(proof)]}
    begun = forms.start_with_form(li, process_key="leave", data=data).id
    with system(centre).read() as ctx:
        (task,) = list_tasks(ctx)[1]
    forms.submit_form(person(centre, "ben"), task_id=task.id, data={"days": 5, "secret": "no"})
    return begun, proof.id


def again(centre, instance_id, who="li", **options):
    return forms.start_again(person(centre, who, **options), instance_id=instance_id)


def test_a_request_that_is_over_fills_the_newest_form_with_what_its_initiator_sees(centre, old):
    instance_id, proof_id = old
    offered = again(centre, instance_id)
    assert (offered.process_key, offered.event, offered.form) == ("leave", "begin", "apply")
    assert {name: offered.data[name] for name in ("days", "why")} == {"days": 5, "why": "tired"}
    assert offered.data["proof"]["$file"] == proof_id
    assert "secret" not in offered.data
    deployed(centre, "why", "secret", "other")
    assert dict(again(centre, instance_id).data) == {"why": "tired"}
    with system(centre).read() as ctx:
        assert runtime.list_instances(ctx)[0] == 1


def test_only_whose_request_it_was_starts_it_again_and_only_once_it_is_over(centre, old):
    instance_id, _proof = old
    with pytest.raises(NotFound):
        again(centre, instance_id, "zoe")
    with pytest.raises(Forbidden):
        again(centre, instance_id, "ben")
    running = forms.start_with_form(person(centre, "li"), process_key="leave", data={}).id
    with pytest.raises(Conflict):
        again(centre, running)
    runtime.cancel_request(person(centre, "li"), instance_id=running, reason="no")
    assert again(centre, running).event == "begin"


def test_a_file_of_the_old_request_is_the_new_ones_own_and_no_other_file_is(centre, old):
    instance_id, proof_id = old
    li = person(centre, "li")
    other = store(person(centre, "zoe"), content=b"x", name="x", owner_kind="upload", owner_id="zoe")
    data = {**again(centre, instance_id).data, "why": "again"}
    data = forms.with_own_files(li, data, instance_id=instance_id)
    begun = forms.start_with_form(li, process_key="leave", data=data).id
    with li.read() as ctx:
        mine = runtime.variables_of(ctx, begun)["proof"]
    assert mine["$file"] != proof_id
    assert mine["name"] == "proof.txt"
    assert find_file(li, file_id=mine["$file"]).owner_id == begun
    assert find_file(li, file_id=proof_id).owner_id == instance_id
    forged = forms.with_own_files(li, {"proof": [reference(other)]}, instance_id=instance_id)
    with pytest.raises(InvalidSubmission):
        forms.start_with_form(li, process_key="leave", data=forged)


def test_a_draft_of_a_start_is_its_writers_alone_and_gone_once_it_is_handed_in(centre, old):
    li, zoe = person(centre, "li"), person(centre, "zoe")
    said = {"process_key": "leave", "start_event": "begin", "form": "apply"}
    first = forms.save_start_draft(li, data={"days": "soon", "unknown": 1}, **said)
    draft = forms.save_start_draft(li, data={"days": 4}, draft_id=first, **said)
    with li.read() as ctx:
        assert [(one.id, one.event, one.task_id) for one in forms.list_drafts(ctx)[1]] == [
            (draft, "begin", None)
        ]
    with zoe.read() as ctx:
        assert forms.list_drafts(ctx) == (0, [])
    with pytest.raises(NotFound):
        forms.load_start_draft(zoe, draft_id=draft)
    with pytest.raises(NotFound):
        forms.discard_draft(zoe, draft_id=draft)
    with pytest.raises(NotFound):
        forms.load_start_draft(li, draft_id=first)
    filled = forms.load_start_draft(li, draft_id=draft)
    assert forms.render_start(li, **said, filled=filled).data["days"] == 4
    forms.start_with_form(li, data=filled, draft_id=draft, **said)
    with li.read() as ctx:
        assert forms.list_drafts(ctx) == (0, [])


def test_drafts_of_tasks_are_listed_while_the_task_is_open_and_theirs(centre, old):
    forms.start_with_form(person(centre, "li"), process_key="leave", data={})
    ben = person(centre, "ben")
    with system(centre).read() as ctx:
        (task,) = list_tasks(ctx)[1]
    forms.save_draft(ben, task_id=task.id, data={"days": 1})
    with ben.read() as ctx:
        (draft,) = forms.list_drafts(ctx)[1]
    assert (draft.task_id, draft.name) == (task.id, "Check")
    runtime.transfer_task(ben, task_id=task.id, to="zoe")
    with ben.read() as ctx:
        assert forms.list_drafts(ctx) == (0, [])


def test_nobody_keeps_drafts_without_end(centre, old, monkeypatch):
    monkeypatch.setattr("forms.drafts.MOST_DRAFTS", 1)
    li = person(centre, "li")
    forms.save_start_draft(li, process_key="leave", data={"days": 1})
    with pytest.raises(Conflict):
        forms.save_start_draft(li, process_key="leave", data={"days": 2})
