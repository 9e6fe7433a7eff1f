"""The page of a task offers the other ways: send it back, hand it over, ask others, take it back."""

import pytest

from engine.definition import deploy
from engine.runtime import complete_task, start_process
from engine.testing import person
from engine.testing.sketch import sketch
from engine.work import get_task, list_tasks

DRAWN = """
    start begin
    user apply name="Fill it in"
    user check name="Check it" approval="" asks='person:["ben","mei"]'
    end over
    begin -> apply -> check -> over
"""


@pytest.fixture
def ben(ctx, make_person, enter):
    for key in ("ben", "mei", "li"):
        make_person(key, "handler", locale="zh_Hans")
    return enter("ben")


@pytest.fixture
def asked(ctx, centre, ben):
    """The tasks of who is asked, by person."""
    deploy(ctx, files={"p.bpmn": sketch(DRAWN)})
    begun = start_process(person(centre, "li"), process_key="p")
    (task,) = open_tasks(ctx, begun)
    complete_task(ctx, task_id=task.id)
    return begun


def open_tasks(ctx, begun):
    with ctx.read():
        return list_tasks(ctx, instance_id=begun.id)[1]


def of(ctx, begun, key):
    return next(task.id for task in open_tasks(ctx, begun) if task.assignee == key)


def post(browser, token_of, task_id, verb, **said):
    token = token_of(browser, f"/tasks/{task_id}")
    answer = browser.post(
        f"/tasks/{task_id}/{verb}", data={**said, "csrf_token": token}, follow_redirects=True
    )
    assert answer.status_code == 200
    return answer.text


def test_the_page_says_who_decides_and_offers_the_steps_that_were_passed(ctx, ben, asked):
    text = ben.get(f"/tasks/{of(ctx, asked, 'ben')}").text
    assert "谁来决定" in text
    assert "Mei" in text
    assert '<option value="apply" selected>Fill it in</option>' in text
    assert "同意" in text


def test_it_is_sent_back_with_a_reason(ctx, ben, asked, token_of):
    task_id = of(ctx, asked, "ben")
    said = {"to": "apply", "again": "through"}
    assert "请说明退回的原因" in post(ben, token_of, task_id, "return", **said, return_opinion=" ")
    post(ben, token_of, task_id, "return", **said, return_opinion="Dates?")
    [again] = open_tasks(ctx, asked)
    assert again.element_id == "apply"
    assert "退回" in ben.get(f"/instances/{asked.id}").text
    page = ben.get(f"/tasks/{again.id}").text
    assert "Ben 退回了此任务" in page
    assert "Dates?" in page


def test_it_is_handed_over_and_somebody_unknown_is_refused(ctx, ben, asked, token_of):
    task_id = of(ctx, asked, "ben")
    post(ben, token_of, task_id, "transfer", transfer_to="ghost")
    with ctx.read():
        assert get_task(ctx, task_id).assignee == "ben"
    post(ben, token_of, task_id, "transfer", transfer_to="li")
    with ctx.read():
        assert get_task(ctx, task_id).assignee == "li"


def test_somebody_is_asked_too_and_then_no_more(ctx, ben, asked, token_of):
    task_id = of(ctx, asked, "ben")
    text = post(ben, token_of, task_id, "signers", signer="li", where="beside")
    assert "由 Ben 加签" in text
    added = of(ctx, asked, "li")
    post(ben, token_of, task_id, f"signers/{added}/remove")
    assert {task.assignee for task in open_tasks(ctx, asked)} == {"ben", "mei"}


def test_who_has_decided_can_take_it_back_as_long_as_others_are_asked(ctx, ben, asked, token_of):
    task_id = of(ctx, asked, "ben")
    post(ben, token_of, task_id, "complete", data="{}", outcome="approved")
    assert {task.assignee for task in open_tasks(ctx, asked)} == {"mei"}
    assert f"/tasks/{task_id}/take-back" in ben.get(f"/tasks/{task_id}").text
    post(ben, token_of, task_id, "take-back")
    assert {task.assignee for task in open_tasks(ctx, asked)} == {"ben", "mei"}


def test_a_button_that_the_step_takes_away_is_not_there_and_another_is_called_as_it_says(ctx, ben, centre):
    drawn = DRAWN.replace("asks=", 'buttons="transfer;comment;add;return:Ask the sender" asks=')
    deploy(ctx, files={"p.bpmn": sketch(drawn)})
    begun = start_process(person(centre, "li"), process_key="p")
    complete_task(ctx, task_id=open_tasks(ctx, begun)[0].id)
    text = ben.get(f"/tasks/{of(ctx, begun, 'ben')}").text
    assert "Ask the sender" in text
    for gone in ("/transfer", '/signers"', "/comments"):
        assert gone not in text, gone
