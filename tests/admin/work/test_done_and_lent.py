"""The lists of what one is done with, has lent, and decides in another's place; the link of a lent task."""

from re import search

import pytest

from engine.definition import deploy
from engine.notify import list_notifications
from engine.people import add_cover
from engine.runtime import complete_task, delegate_task, start_process, transfer_task
from engine.testing import drawing, person
from engine.testing.sketch import sketch
from engine.work import list_tasks, make_link

DRAWN = """
    start begin
    user check name="Check it" approval="" asks='person:["ben","mei"]'
    end over
    begin -> check -> over
"""


@pytest.fixture
def office(ctx, make_person, enter):
    for key in ("ben", "mei", "li", "zoe"):
        make_person(key, "handler", locale="en")
    deploy(ctx, files={"p.bpmn": sketch(DRAWN)})
    return enter


def of(ctx, key):
    with ctx.read():
        return list_tasks(ctx, assignee=key)[1][0].id


def shown(browser, page):
    answer = browser.get(page)
    assert answer.status_code == 200
    return answer.text.split("<main", 1)[1]


def test_done_by_me_tells_what_i_decided_said_and_handed_over(ctx, centre, office):
    start_process(person(centre, "li"), process_key="p")
    ben, mei = person(centre, "ben"), person(centre, "mei")
    transfer_task(ben, task_id=of(ctx, "ben"), to="zoe", opinion="Hers")
    complete_task(mei, task_id=of(ctx, "mei"), outcome="rejected", opinion="Too dear")
    text = shown(office("ben"), "/tasks/?view=done")
    assert ("Handed over" in text, "to Zoe" in text, "Hers" in text) == (True, True, True)
    assert "to Zoe" not in shown(office("ben"), "/tasks/?view=done&how=decided")
    text = shown(office("mei"), "/tasks/?view=done")
    assert ("Reject" in text, "Too dear" in text, "Completed" in text) == (True, True, True)
    assert "Too dear" not in shown(office("ben"), "/tasks/?view=done")
    assert "You have decided nothing yet" in shown(office("li"), "/tasks/?view=done")


def test_what_is_lent_stands_in_the_list_of_both(ctx, centre, office):
    start_process(person(centre, "li"), process_key="p")
    task_id = of(ctx, "ben")
    delegate_task(person(centre, "ben"), task_id=task_id, to="zoe")
    assert task_id in shown(office("ben"), "/tasks/?view=lent")
    text = shown(office("zoe"), "/tasks/?view=lent&beside=to_me")
    assert task_id in text
    assert "lent by Ben" in text
    for page in ("/tasks/?view=lent", "/tasks/?view=lent&beside=to_me"):
        assert task_id not in shown(office("mei"), page)


def test_what_a_cover_decides_stands_in_the_list_of_both_and_in_the_timeline(ctx, centre, office):
    with ctx.write():
        add_cover(ctx, person_key="ben", cover_key="zoe")
    begun = start_process(person(centre, "li"), process_key="p").id
    task_id = of(ctx, "zoe")
    complete_task(person(centre, "zoe"), task_id=task_id, outcome="approved")
    assert "for Ben" in shown(office("zoe"), "/tasks/?view=lent&beside=as_cover")
    assert task_id in shown(office("ben"), "/tasks/?view=lent&beside=by_cover")
    assert task_id not in shown(office("mei"), "/tasks/?view=lent&beside=by_cover")
    assert "for Ben" in shown(office("zoe"), "/tasks/?view=done")
    assert "Zoe for Ben" in shown(office("li"), f"/instances/{begun}")


LINKED = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:userTask id="check" name="Check"><bpmn:extensionElements>
      <callwright:task assignee='"ben"' link="true"/>
      <callwright:outcome name="approved" label="Approve it"/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="over"/>
    begin -> check
    check -> over
    """,
    key="linked",
)


def test_the_link_of_a_lent_task_offers_nothing_that_is_refused(ctx, centre, office, client):
    deploy(ctx, files={"linked.bpmn": LINKED})
    begun = start_process(person(centre, "li"), process_key="linked").id
    task_id = of(ctx, "ben")
    delegate_task(person(centre, "ben"), task_id=task_id, to="zoe")
    with ctx.write():
        token = make_link(ctx, person_key="zoe", task_id=task_id, instance_id=begun)
    text = client.get(f"/t/{token}").text
    assert 'value="approved"' not in text
    assert 'value="on_it"' not in text
    assert "Ben asks for your help" in text
    assert f'href="/tasks/{task_id}"' in text


def test_the_link_in_what_was_said_to_somebody_is_shown_to_them_alone(ctx, centre, office):
    drawn = DRAWN.replace('name="Check it"', 'name="Check it" task="link=true"')
    deploy(ctx, files={"p.bpmn": sketch(drawn)})
    begun = start_process(person(centre, "li"), process_key="p").id
    with ctx.read():
        sent = list_notifications(ctx, instance_id=begun)[1]
    (token,) = (search(r"/t/(\w+)", one["body"])[1] for one in sent if one["person_key"] == "ben")
    page = f"/instances/{begun}"
    assert token not in shown(office("li"), page)
    assert token not in shown(office("mei"), page)
    assert token in shown(office("ben"), page)


FORM = b"""{"schemaVersion": 19, "type": "default", "components": [
  {"type": "textfield", "key": "home", "label": "Home", "id": "F1"}]}"""
WATCHED = b"""
key = "p"
title = "Request"
supervisors = ["person:zoe"]
[variables.home]
label = "Where they live"
sensitive = true
"""


def test_a_supervisor_reads_a_task_without_what_is_personal(ctx, centre, office):
    drawn = sketch(
        "start begin\nuser check name=Check form=ask assignee='\"ben\"'\nend over\nbegin -> check -> over"
    )
    deploy(ctx, files={"p.bpmn": drawn, "process.toml": WATCHED, "forms/ask.form": FORM})
    begun = start_process(person(centre, "li"), process_key="p", variables={"home": "7 Hill Road"}).id
    page = f"/tasks/{of(ctx, 'ben')}"
    assert "7 Hill Road" in office("ben").get(page).text
    for looked_at in (page, f"/instances/{begun}"):
        assert "7 Hill Road" not in office("zoe").get(looked_at).text
    assert office("mei").get(page).status_code == 403
