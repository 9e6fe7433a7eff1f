"""One says who decides in one's place, from which day until which."""

from datetime import timedelta

import pytest

from engine.definition import deploy
from engine.people import cover_of
from engine.runtime import start_process
from engine.testing import person
from engine.testing.sketch import sketch
from engine.work import list_tasks

DRAWN = sketch("start begin\nuser check approval='' asks='person:\"ben\"'\nbegin -> check")


@pytest.fixture
def ben(make_person, enter):
    for key in ("ben", "mei"):
        make_person(key, "handler", locale="zh_Hant")
    return enter("ben")


def send(browser, token_of, **said):
    token = token_of(browser, "/account/cover/")
    return browser.post("/account/cover/", data={**said, "csrf_token": token})


def covers(ctx):
    with ctx.read():
        return cover_of(ctx, "ben")


def assignees(ctx):
    with ctx.read():
        return [task.assignee for task in list_tasks(ctx)[1]]


def test_a_cover_holds_from_now_until_it_is_ended(ctx, ben, token_of):
    assert send(ben, token_of, cover="mei").status_code == 303
    assert covers(ctx) == "mei"
    text = ben.get("/account/cover/").text
    assert "Mei" in text
    end = text.split("/end")[0].rpartition("/account/cover/")[2]
    token = token_of(ben, "/account/cover/")
    assert ben.post(f"/account/cover/{end}/end", data={"csrf_token": token}).status_code == 303
    assert covers(ctx) is None


def test_what_one_has_to_do_now_goes_along_where_one_says_so(ctx, centre, ben, token_of):
    deploy(ctx, files={"p.bpmn": DRAWN})
    start_process(person(centre, "mei"), process_key="p")
    assert assignees(ctx) == ["ben"]
    send(ben, token_of, cover="mei", open="1")
    assert assignees(ctx) == ["mei"]
    start_process(person(centre, "ben"), process_key="p")
    assert sorted(assignees(ctx)) == ["mei", "mei"]


def test_the_last_day_is_the_last_day(ctx, ben, token_of):
    with ctx.read():
        today = ctx.now.astimezone(ctx.settings.zone).date()
    send(ben, token_of, cover="mei", begins=str(today), ends=str(today))
    assert covers(ctx) == "mei"
    ended = send(ben, token_of, cover="mei", begins=str(today), ends=str(today - timedelta(days=1)))
    assert ended.status_code == 422


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"cover": "ben"}, "不能由本人代理自己"),
        ({"cover": "ghost"}, "ghost"),
        ({"cover": "mei", "ends": "tomorrow"}, "2026-03-02"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(ben, token_of, said, word):
    answer = send(ben, token_of, **said)
    assert (answer.status_code, word in answer.text) == (422, True)


def test_nobody_ends_the_cover_of_others(ctx, ben, token_of, make_person, enter):
    send(ben, token_of, cover="mei")
    make_person("li", "handler")
    li = enter("li")
    end = ben.get("/account/cover/").text.split("/end")[0].rpartition("/account/cover/")[2]
    li.post(f"/account/cover/{end}/end", data={"csrf_token": token_of(li, "/account/cover/")})
    assert covers(ctx) == "mei"
