"""A task's page asks for a signature and takes files; the account keeps one; the timeline shows both."""

import base64
import io

import pytest

from engine.definition import deploy
from engine.runtime import start_process, variables_of
from engine.testing import drawing, person, signature
from engine.work import actions_of, get_task, kept_signature, list_tasks

DRAWN = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:userTask id="check" name="Check"><bpmn:extensionElements>
      <callwright:approval/><callwright:approver of='["ben","mei"]'/>
      <callwright:outcome name="approved" label="Approve" signature="required" opinion="none"/>
      <callwright:outcome name="rejected" label="Reject" opinion="none" counts="rejected"/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="over"/>
    begin -> check
    check -> over
    """
)


@pytest.fixture
def ben(ctx, make_person, enter):
    for key in ("ben", "mei", "li"):
        make_person(key, "handler", locale="zh_Hans")
    return enter("ben")


@pytest.fixture
def asked(ctx, centre, ben):
    deploy(ctx, files={"p.bpmn": DRAWN})
    return start_process(person(centre, "li"), process_key="p")


def of(ctx, begun, key):
    with ctx.read():
        return next(one.id for one in list_tasks(ctx, instance_id=begun.id)[1] if one.assignee == key)


def picture(browser, file_id):
    with browser.get(f"/files/{file_id}", buffered=True) as answer:
        return answer.data


def data_url(content):
    return "data:image/png;base64," + base64.b64encode(content).decode()


def decide(browser, token_of, task_id, outcome="approved", **said):
    token = token_of(browser, f"/tasks/{task_id}")
    data = {"csrf_token": token, "data": "{}", "outcome": outcome, **said}
    return browser.post(f"/tasks/{task_id}/complete", data=data, content_type="multipart/form-data")


def test_what_was_drawn_and_attached_stands_under_the_decision(ctx, ben, asked, token_of):
    task_id = of(ctx, asked, "ben")
    page = ben.get(f"/tasks/{task_id}").text
    assert "data-pad" in page
    assert 'name="attachments"' in page
    assert 'name="opinion"' not in page
    plan = (io.BytesIO(b"the plan"), "plan.txt")
    done = decide(ben, token_of, task_id, signature=data_url(signature()), attachments=plan)
    assert done.status_code == 303
    with ctx.read():
        (action,) = actions_of(ctx, asked.id)
    assert [file["name"] for file in action.files] == ["plan.txt"]
    text = ben.get(f"/instances/{asked.id}").text
    assert f'src="/files/{action.signature["$file"]}"' in text
    assert "plan.txt" in text
    assert picture(ben, action.signature["$file"]) == signature()


def test_nothing_is_decided_unsigned_and_what_was_attached_is_not_asked_for_again(ctx, ben, asked, token_of):
    task_id = of(ctx, asked, "ben")
    refused = decide(ben, token_of, task_id, attachments=(io.BytesIO(b"the plan"), "plan.txt"))
    assert refused.status_code == 422
    assert "需要您的签名" in refused.text
    attached = refused.text.partition('name="attached" value="')[2].partition('"')[0]
    for bad in (data_url(signature(ink=False)), data_url(b"no picture"), "data:text/html;base64,AAAA"):
        assert decide(ben, token_of, task_id, signature=bad).status_code == 422
    attached = attached.replace("&#34;", '"').replace("&quot;", '"')
    done = decide(ben, token_of, task_id, signature=data_url(signature()), attached=attached)
    assert done.status_code == 303
    with ctx.read():
        assert [file["name"] for file in actions_of(ctx, asked.id)[0].files] == ["plan.txt"]


def test_a_decision_that_needs_none_is_not_signed(ctx, ben, asked, token_of):
    task_id = of(ctx, asked, "ben")
    decide(ben, token_of, task_id, outcome="rejected", signature=data_url(signature()))
    with ctx.read():
        assert get_task(ctx, task_id).outcome == "rejected"
        assert "signature" not in variables_of(ctx, asked.id)["decisions"]["check"]["list"][0]


def test_the_signature_in_the_account_is_kept_used_and_deleted(ctx, centre, ben, asked, token_of):
    token = token_of(ben, "/account/signature/")
    address = "/account/signature/"
    said = {"csrf_token": token, "signature": data_url(signature(ink=False))}
    assert ben.post(address, data=said).status_code == 422
    assert ben.post(address, data={"csrf_token": token}).status_code == 422
    chosen = {"csrf_token": token, "picture": (io.BytesIO(signature()), "me.png")}
    assert ben.post(address, data=chosen, content_type="multipart/form-data").status_code == 303
    kept = kept_signature(person(centre, "ben"))
    assert kept is not None
    assert f"/files/{kept.id}" in ben.get(address).text
    task_id = of(ctx, asked, "ben")
    assert 'value="kept"' in ben.get(f"/tasks/{task_id}").text
    assert decide(ben, token_of, task_id, signing="kept").status_code == 303
    ben.post("/account/signature/forget", data={"csrf_token": token})
    assert kept_signature(person(centre, "ben")) is None
    with ctx.read():
        signed = actions_of(ctx, asked.id)[0].signature["$file"]
    assert picture(ben, signed) == signature()
