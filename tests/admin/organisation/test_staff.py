"""Employments on their page, and the login that a process gives."""

import re

from sqlalchemy import select

from admin.identity.logins import has_login, roles_of
from engine.notify import Notification
from engine.people import put_person
from plugins.personnel import services

ANN = {"person_key": "mei", "hired_on": "2026-03-02", "probation_until": "2026-06-01", "extension": "81 01"}


def test_hr_adds_changes_and_finds_employments(ctx, make_person, enter, token_of):
    make_person("mei", "agent", name="Mei Chan")
    make_person("kit", "hr")
    browser = enter("kit")
    token = {"csrf_token": token_of(browser)}
    assert "No employment fits" in browser.get("/staff").text
    assert browser.get("/staff/set").status_code == 200
    made = browser.post("/staff/set", data={**token, **ANN})
    assert made.status_code == 303
    text = browser.get(made.headers["Location"]).text
    assert "Mei Chan" in text
    assert "On probation" in re.sub(r"<option.*?</option>", "", text)
    assert ">8101" in text or "8101\n" in text
    form = browser.get("/staff/set?person_key=mei").text
    assert 'value="2026-06-01"' in form
    browser.post("/staff/set", data={**token, **ANN, "confirmed_on": "2026-06-02"})
    assert "Mei Chan" in browser.get("/staff?state=confirmed").text
    assert "No employment fits" in browser.get("/staff?state=probation").text
    services.note_leaving(ctx, person_key="mei", reason="pay")
    services.leave(ctx, person_key="mei", successor_key="kit")
    assert "Pay" in browser.get("/staff?state=left").text


def test_what_cannot_be_of_an_employment_is_said_at_its_field(make_person, enter, token_of):
    make_person("mei", "agent")
    make_person("kit", "hr")
    browser = enter("kit")
    token = {"csrf_token": token_of(browser)}
    for wrong, said in (
        ({"person_key": "nobody"}, "There is no person nobody."),
        ({"probation_until": "2026-03-01"}, "This lies before the first day."),
        ({"hired_on": "soon"}, "Write a day such as 2026-03-02."),
        ({"extension": "none"}, "Write an extension of at most 16 digits."),
    ):
        answer = browser.post("/staff/set", data={**token, **ANN, **wrong})
        assert answer.status_code == 422
        assert said in answer.text


def test_nobody_else_sees_or_sets_employments(make_person, enter, token_of):
    make_person("mei", "supervisor")
    browser = enter("mei")
    assert browser.get("/staff").status_code == 403
    assert browser.post("/staff/set", data={"csrf_token": token_of(browser), **ANN}).status_code == 403


def test_who_is_invited_by_a_process_has_a_login_with_the_roles_it_may_give(ctx):
    with ctx.write():
        put_person(ctx, key="mei", name="Mei", phone="+85251234567", locale="en")
    answer = services.invite(ctx, person_key="mei", role_names=["agent", "administrator"])
    assert (answer.sent, list(answer.withheld)) == (True, ["administrator"])
    assert roles_of(ctx, person_key="mei") == ["agent"]
    with ctx.read():
        (message,) = ctx.session.scalars(select(Notification))
    assert "/enter/" in message.body


def test_who_has_a_login_keeps_it_and_hears_nothing(ctx, make_person):
    make_person("mei", "agent")
    assert services.invite(ctx, person_key="mei", role_names=["handler"]).sent
    assert roles_of(ctx, person_key="mei") == ["agent"]
    with ctx.read():
        assert list(ctx.session.scalars(select(Notification))) == []


def test_whom_no_message_reaches_has_no_login_either(ctx):
    with ctx.write():
        put_person(ctx, key="mei", name="Mei")
    assert not services.invite(ctx, person_key="mei", role_names=["agent"]).sent
    assert not has_login(ctx, person_key="mei")
