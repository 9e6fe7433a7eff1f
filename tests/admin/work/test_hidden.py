"""What a step hides stands on no page of those to whom nothing of theirs shows it."""

import io
import json

import pytest

import forms
from engine.definition import deploy
from engine.files import reference, store
from engine.testing import drawing, person, signature
from engine.work import list_tasks, make_link
from forms.printing.contents import contents_of

FORM = json.dumps(
    {
        "schemaVersion": 19,
        "type": "default",
        "components": [
            {"type": "number", "key": "days", "label": "Days", "id": "F1"},
            {"type": "number", "key": "salary", "label": "Salary", "id": "F2"},
            {"type": "filepicker", "key": "proof", "label": "Proof", "id": "F3"},
        ],
    }
).encode()
DRAWN = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:userTask id="check" name="Check"><bpmn:extensionElements>
      <callwright:task form="apply" assignee='"ben"' link="true"/>
      <callwright:field key="salary" right="hidden"/>
      <callwright:field key="proof" right="hidden"/>
      <callwright:button name="comment" hidden="true"/>
      <callwright:outcome name="approved" label="Approve it" signature="required"/>
      <callwright:outcome name="rejected" label="Reject it"/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="over"/>
    begin -> check
    check -> over
    """,
    key="leave",
)
MANIFEST = b"""
key = "leave"
title = "Leave"
[[start]]
event = "begin"
form = "apply"
[variables.days]
label = "How many days"
[variables.salary]
label = "What they earn"
[[fact]]
label = "Days"
text = "{{ days }}"
"""


@pytest.fixture
def begun(ctx, centre, make_person):
    for key in ("ben", "li"):
        make_person(key, "handler", locale="en")
    make_person("sup", "manager", locale="en")
    deploy(ctx, files={"leave.bpmn": DRAWN, "process.toml": MANIFEST, "forms/apply.form": FORM})
    li = person(centre, "li")
    proof = store(li, content=b"ill", name="proof.txt", owner_kind="upload", owner_id="li")
    data = {"days": 31, "salary": 98765, "proof": reference(proof)}
    begun = forms.start_with_form(li, process_key="leave", data=data)
    with ctx.read():
        (task,) = list_tasks(ctx)[1]
    return begun.id, task.id, proof.id


def test_the_pages_show_it_to_who_handed_it_in_and_to_nobody_else(begun, enter):
    instance_id, task_id, proof_id = begun
    pages = {"ben": f"/tasks/{task_id}", "sup": f"/tasks/{task_id}"}
    for who in ("ben", "sup"):
        browser = enter(who)
        for page in (pages[who], f"/instances/{instance_id}"):
            text = browser.get(page).text
            assert "31" in text
            for hidden in ("98765", "What they earn", "proof.txt"):
                assert hidden not in text, (who, page, hidden)
        assert browser.get(f"/files/{proof_id}").status_code == 404
    browser = enter("li")
    text = browser.get(f"/instances/{instance_id}").text
    assert "98765" in text
    assert "proof.txt" in text
    with browser.get(f"/files/{proof_id}", buffered=True) as answer:
        assert answer.data == b"ill"


def test_lists_say_the_facts_of_an_instance(begun, enter):
    browser = enter("ben")
    assert "Days: 31" in browser.get("/tasks/").text
    assert "Days: 31" in enter("li").get("/instances/?view=mine").text


def test_a_link_shows_what_the_step_shows_and_offers_what_needs_no_signature(begun, ctx, client):
    instance_id, task_id, proof_id = begun
    with ctx.write():
        token = make_link(ctx, person_key="ben", task_id=task_id, instance_id=instance_id)
    text = client.get(f"/t/{token}").text
    assert "How many days" in text
    for hidden in ("98765", "What they earn", "proof.txt", "Add a note"):
        assert hidden not in text, hidden
    assert 'value="rejected"' in text
    assert 'value="approved"' not in text
    assert "Sign in to decide “Approve it”" in text
    assert client.get(f"/t/{token}/files/{proof_id}").status_code in (302, 404)


def test_what_is_sent_for_a_hidden_field_is_left_aside(begun, ctx, centre, enter, token_of):
    instance_id, task_id, _proof_id = begun
    browser = enter("ben")
    forged = {"data": json.dumps({"days": 4, "salary": 1}), "outcome": "rejected"}
    token = token_of(browser, f"/tasks/{task_id}")
    sent = {**forged, "csrf_token": token, "file:proof": (io.BytesIO(b"other"), "other.txt")}
    done = browser.post(f"/tasks/{task_id}/complete", data=sent, content_type="multipart/form-data")
    assert done.status_code == 303
    text = enter("li").get(f"/instances/{instance_id}").text
    assert "98765" in text
    assert "proof.txt" in text
    assert "other.txt" not in text


def test_a_print_shows_it_to_who_handed_it_in_and_to_nobody_else(begun, ctx, centre):
    instance_id, _task_id, _proof_id = begun
    for who, shown in (("li", True), ("ben", False), ("sup", False)):
        with person(centre, who, permissions=["instances.see_all"]).read() as reader:
            text = str(contents_of(reader, instance_id).scope)
        assert "31" in text
        assert ("98,765" in text or "98765" in text, "proof.txt" in text) == (shown, shown), who


def test_what_one_person_alone_signed_is_told_once_with_what_it_carries(begun, centre, enter):
    instance_id, task_id, _proof_id = begun
    ben = person(centre, "ben")
    names = ("signature.png", "plan.txt")
    drawn, plan = (
        reference(store(ben, content=content, name=name, owner_kind="upload", owner_id="ben"))
        for content, name in zip((signature(), b"plan"), names, strict=True)
    )
    forms.submit_form(
        ben, task_id=task_id, outcome="approved", data={"days": 4}, files=[plan], signature=drawn
    )
    text = enter("li").get(f"/instances/{instance_id}").text
    assert text.count("Check: Approve it") == 1
    assert f'src="/files/{drawn["$file"]}"' in text
    assert "plan.txt" in text
