"""The pages on which people help each other: lend, ask, send copies, follow, hurry, decide several."""

import json

import pytest

from engine.definition import deploy
from engine.notify import list_notifications
from engine.people import create_person
from engine.runtime import allowed, cancel_request, get_instance, start_process
from engine.testing import person
from engine.testing.sketch import sketch
from engine.work import get_task, list_parts, list_tasks, parts_of

DRAWN = """
    start begin
    user apply name="Fill it in" task="assignee=initiator startCounts=true"
    user check name="Check it" task="batch=true" approval="" asks='person:["ben","mei"]'
    user file name="File it" task="assignee=initiator"
    end over
    begin -> apply -> check -> file -> over
"""
MANIFEST = b"""
key = "p"
title = "Request"
initiator_may = ["urge", "withdraw", "cancel"]
"""


@pytest.fixture
def enter_as(make_person, enter):
    for key in ("ben", "mei", "li", "zoe"):
        make_person(key, "handler")
    make_person("boss", "administrator")
    return enter


@pytest.fixture
def asked(ctx, centre, enter_as):
    deploy(ctx, files={"p.bpmn": sketch(DRAWN), "process.toml": MANIFEST})
    return start_process(person(centre, "li"), process_key="p").id


def open_tasks(ctx):
    with ctx.read():
        return list_tasks(ctx)[1]


def of(ctx, key):
    return next(task.id for task in open_tasks(ctx) if task.assignee == key)


@pytest.fixture
def send(token_of):
    def post(browser, page, verb, **said):
        token = token_of(browser, page)
        answer = browser.post(f"{page}{verb}", data={**said, "csrf_token": token}, follow_redirects=True)
        assert answer.status_code == 200, answer.text[:500]
        return answer.text

    return post


def test_a_task_is_lent_given_back_and_decided_by_who_lent_it(ctx, asked, enter_as, send):
    task_id = of(ctx, "ben")
    ben, mei = enter_as("ben"), enter_as("mei")
    text = send(ben, f"/tasks/{task_id}", "/delegate", delegate_to="mei", delegate_opinion="Right?")
    assert "Fetch it back" in text
    assert 'name="outcome"' not in text
    text = mei.get(f"/tasks/{task_id}").text
    assert ("Give it back" in text, "Right?" in text) == (True, True)
    send(mei, f"/tasks/{task_id}", "/give-back", opinion="It is right")
    text = ben.get(f"/tasks/{task_id}").text
    assert ("It is right" in text, 'value="approved"' in text) == (True, True)
    assert "asked for help" in ben.get(f"/instances/{asked}").text


def test_a_question_is_answered_on_the_page_of_what_was_sent_to_one(ctx, asked, enter_as, send):
    task_id = of(ctx, "ben")
    ben, mei = enter_as("ben"), enter_as("mei")
    send(ben, f"/tasks/{task_id}", "/questions", asked="mei", question="Enough people?")
    assert "Enough people?" in mei.get("/parts/?view=asked").text
    with ctx.read():
        (part,) = list_parts(ctx, "mei", kind=("consult",))[1]
    token_page = "/parts/?view=asked"
    send_answer(mei, send, token_page, part.id, "Yes, enough")
    assert "Yes, enough" in ben.get(f"/tasks/{task_id}").text
    assert "Yes, enough" in ben.get("/parts/?view=given").text


def send_answer(browser, send, page, part_id, text):
    from re import search

    token = search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[1]
    answer = browser.post(
        f"/parts/{part_id}/answer", data={"answer": text, "csrf_token": token}, follow_redirects=True
    )
    assert answer.status_code == 200


def test_a_copy_is_new_until_it_is_opened_and_may_be_answered(ctx, asked, enter_as, send):
    ben, zoe, li = enter_as("ben"), enter_as("zoe"), enter_as("li")
    send(ben, f"/instances/{asked}", "/circulate", readers="zoe", circulate_text="FYI")
    with ctx.read():
        (copy,) = parts_of(ctx, asked)
    remind = f"/parts/{copy.id}/remind"
    assert remind in li.get(f"/instances/{asked}").text
    assert "Zoe was reminded" in send(ben, f"/instances/{asked}", remind)
    text = zoe.get("/parts/").text
    assert ("FYI" in text, ">New<" in text) == (True, True)
    zoe.get(f"/instances/{asked}")
    assert ">New<" not in zoe.get("/parts/").text
    assert remind not in ben.get(f"/instances/{asked}").text
    assert "No objection" in send(zoe, f"/instances/{asked}", "/comments", text="No objection")
    with ctx.read():
        heard = list_notifications(ctx, person_key="ben")[1]
    assert ["No objection" in one["body"] for one in heard if one["event"] == "answered"] == [True]
    send(zoe, f"/instances/{asked}", "/follow")
    assert "Request" in zoe.get("/parts/?view=follow").text
    send(zoe, f"/instances/{asked}", "/unfollow")
    with ctx.read():
        assert [(part.kind, part.ended_at is None) for part in parts_of(ctx, asked)] == [
            ("read", True),
            ("follow", False),
        ]


def test_the_initiator_hurries_takes_back_and_cancels_on_the_page(ctx, asked, enter_as, send):
    li, ben = enter_as("li"), enter_as("ben")
    page = f"/instances/{asked}"
    assert "Take it back and change it" in li.get(page).text
    assert "Take it back and change it" not in ben.get(page).text
    assert "They were asked to hurry" in send(li, page, "/urge", urge_text="today?")
    assert "urged a short while ago" in send(li, page, "/urge", urge_text="now?")
    send(li, page, "/withdraw", withdraw_reason="dates")
    assert [task.element_id for task in open_tasks(ctx)] == ["apply"]
    text = send(li, page, "/cancel", reason="not needed")
    assert "Cancelled" in text
    with ctx.read():
        assert allowed(ctx, get_instance(ctx, asked)) == []


def test_an_operator_opens_a_request_again_and_names_somebody_for_a_step(ctx, centre, asked, enter_as, send):
    cancel_request(person(centre, "li"), instance_id=asked, reason="no")
    boss, li = enter_as("boss"), enter_as("li")
    page = f"/instances/{asked}"
    assert "Open it again" not in li.get(page).text
    send(boss, page, "/reopen", reopen_to="check", reopen_reason="yes")
    assert [task.element_id for task in open_tasks(ctx)] == ["check", "check"]
    text = send(boss, page, "/appoint", appoint_at="file", appointed="mei", appoint_reason="away")
    assert "File it: done by Mei" in text


def test_several_tasks_are_decided_at_once(ctx, centre, asked, enter_as, send):
    start_process(person(centre, "li"), process_key="p")
    ben = enter_as("ben")
    assert "Decide several at once" in ben.get("/tasks/").text
    mine = [task.id for task in open_tasks(ctx) if task.assignee == "ben"]
    text = send(ben, "/tasks/several/", "", task=mine, outcome="rejected", opinion="")
    assert "2 are still open" in text
    text = send(ben, "/tasks/several/", "", task=mine, outcome="approved", opinion="fine")
    assert "2 tasks were decided" in text
    with ctx.read():
        assert {get_task(ctx, task_id).opinion for task_id in mine} == {"fine"}
    assert "Nothing to decide together" in ben.get("/tasks/several/").text


def test_people_are_suggested_by_key_and_name(ctx, asked, enter_as):
    with ctx.write():
        create_person(ctx, key="zo", name="Zoë 李")
    assert '<option value="zo">Zoë 李</option>' in enter_as("ben").get(f"/tasks/{of(ctx, 'ben')}").text


def test_the_start_page_tells_who_will_be_asked(ctx, centre, enter_as, send):
    started = MANIFEST + b'[[start]]\nevent = "begin"\n'
    deploy(ctx, files={"p.bpmn": sketch(DRAWN), "process.toml": started})
    text = send(enter_as("li"), "/start/p/begin", "", preview="1", data="{}")
    assert ("Who will be asked" in text, "Ben, Mei" in text, "For somebody else" in text) == (
        True,
        True,
        False,
    )
    assert open_tasks(ctx) == []
    text = send(enter_as("boss"), "/start/p/begin", "", initiator="li", data="{}")
    with ctx.read():
        (task, _other) = open_tasks(ctx)
        assert get_instance(ctx, task.instance_id)["initiator"] == "li"


def test_the_start_page_says_where_nobody_would_decide_and_keeps_what_was_filled_in(
    ctx, make_person, enter_as, token_of
):
    why = {"type": "textfield", "key": "why", "label": "Why"}
    form = json.dumps({"schemaVersion": 18, "id": "ask", "type": "default", "components": [why]}).encode()
    started = MANIFEST + b'[[start]]\nevent = "begin"\nform = "ask"\n'
    nobody = DRAWN.replace('approval=""', 'approval="ifNobody=refuse"').replace(
        'person:["ben","mei"]', "group:null"
    )
    deploy(ctx, files={"p.bpmn": sketch(nobody), "process.toml": started, "forms/ask.form": form})
    make_person("hua", "handler", locale="zh_Hant")
    for who, said in (("li", "would decide at Check it"), ("hua", "「Check it」這一步驟找不到審批人")):
        browser = enter_as(who)
        token = token_of(browser, "/start/p/begin?form=ask")
        said_before = {"csrf_token": token, "form": "ask", "data": '{"why": "Because"}'}
        answer = browser.post("/start/p/begin", data=said_before)
        assert (answer.status_code, said in answer.text, "Because" in answer.text) == (409, True, True)
    assert open_tasks(ctx) == []
