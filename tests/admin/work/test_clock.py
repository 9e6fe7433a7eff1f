"""How a task stands in time on its pages, and what the clock did, in words."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from engine.definition import deploy
from engine.instance import ProcessInstance
from engine.jobs import run_due
from engine.runtime import resume_instance, start_process, suspend_instance
from engine.testing import person
from engine.testing.sketch import sketch
from engine.work import UserTask, list_tasks

DRAWN = """
    start begin
    user check name="Check it" assignee='"ben"' due='{due}' {more}
    user file name="File it" assignee='"ben"'
    end over
    begin -> check -> file -> over
"""


@pytest.fixture
def ben(make_person, enter):
    make_person("li", "handler", locale="zh_Hant", name="Li")
    make_person("ben", "handler", locale="en", name="Ben")
    return enter("ben")


@pytest.fixture
def begun(ctx, centre, ben):
    def begin(due, more="", manifest=""):
        files = {"p.bpmn": sketch(DRAWN.format(due=due, more=more))}
        if manifest:
            files["process.toml"] = f'key = "p"\ntitle = "P"\n{manifest}'.encode()
        deploy(ctx, files=files)
        made = start_process(person(centre, "li"), process_key="p")
        run_due(ctx)
        return made.id

    return begin


def chips(text):
    return re.findall(r'class="cw-chip" data-due="(\w+)"', text)


@pytest.mark.parametrize(
    ("due", "more", "shown"),
    [
        ('duration("P1D")', "", "ok"),
        ('duration("PT1H")', "", "ok"),
        ('duration("PT1H")', "warn=PT2H", "soon"),
        ('now() - duration("PT1H")', "", "overdue"),
    ],
)
def test_the_work_list_the_task_and_home_show_its_colour(ctx, ben, begun, due, more, shown):
    begun(due, more)
    with ctx.read():
        (task,) = list_tasks(ctx)[1]
    assert [chips(ben.get(path).text) for path in ("/", "/tasks/", f"/tasks/{task.id}")] == [[shown]] * 3


def test_the_history_says_what_was_done_by_time_out(ben, begun, enter):
    limits = 'limits="then=remind; then=decide outcome=reject after=PT1M" outcomes=approve,reject'
    instance_id = begun('now() - duration("PT1H")', limits)
    text = ben.get(f"/instances/{instance_id}").text
    assert re.search(r"Check it: reject.*?Time-out", text, re.DOTALL)
    assert text.count("Check it: reject") == 1
    assert "逾時" in enter("li").get(f"/instances/{instance_id}").text


def test_the_page_of_a_process_shows_its_deadlines(ben, begun, enter):
    rule = '[deadlines.answer]\ntitle = "Answer the reporter"\nwithin = "PT8H"\n'
    instance_id = begun("null", manifest=rule)
    text = ben.get(f"/instances/{instance_id}").text
    assert "Answer the reporter" in text
    assert chips(text)[-1] == "ok"
    still = begun("null", manifest=rule + 'pauses = ["check"]')
    assert "Stands still" in ben.get(f"/instances/{still}").text


def test_people_choose_their_quiet_hours(ben, token_of):
    said = {"locale": "en", "quiet_hours": "22:00-07:00", "csrf_token": token_of(ben, "/account")}
    assert ben.post("/account", data=said).status_code == 303
    assert 'value="22:00-07:00"' in ben.get("/account").text
    refused = ben.post("/account", data={**said, "quiet_hours": "at night"})
    assert (refused.status_code, "are no hours" in refused.text) == (422, True)


def test_while_a_process_is_held_its_task_is_no_later_than_it_was(ctx, centre, ben, begun):
    instance_id = begun('duration("PT1H")')
    suspend_instance(ctx, instance_id=instance_id)
    with ctx.write():
        # As if it had been held two hours ago.
        ctx.connection.execute(update(ProcessInstance).values(suspended_at=ctx.now - timedelta(hours=2)))
        ctx.connection.execute(update(UserTask).values(due_at=ctx.now - timedelta(hours=1)))
        (task,) = list_tasks(ctx)[1]
    paths = ("/", "/tasks/", f"/tasks/{task.id}", f"/instances/{instance_id}")
    assert [chips(ben.get(path).text)[:1] for path in paths] == [["ok"]] * 4
    resume_instance(ctx, instance_id=instance_id)
    assert chips(ben.get("/tasks/").text) == ["ok"]
