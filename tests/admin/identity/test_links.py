from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from admin.identity.links import (
    FORGOTTEN,
    INVITATION,
    DeadLink,
    make_link,
    person_behind,
    send_link,
    set_password_by_link,
)
from admin.identity.logins import may_enter, sign_in, sync_login
from admin.identity.models import EntryLink
from engine.clock import MovableClock
from engine.errors import Conflict, InvalidSubmission
from engine.notify import Notification
from engine.people import close_person, get_person, put_person

NEW = "tram 14 stops at noon"


@pytest.fixture
def clock(ctx):
    with ctx.read():
        clock = MovableClock(ctx.now)
    object.__setattr__(ctx.centre, "clock", clock)
    return clock


def sent(ctx):
    with ctx.read():
        return list(ctx.session.scalars(select(Notification).order_by(Notification.created_at)))


def secret_in(notification):
    return re.search(r"/enter/([\w-]+)", notification.body)[1]


def ask(app, token_of, name):
    browser = app.test_client()
    data = {"username": name, "csrf_token": token_of(browser, "/login/")}
    return browser.post("/password/forgotten", data=data)


def test_an_invitation_lets_a_new_person_choose_a_password(app, ctx, token_of):
    with ctx.write():
        person = put_person(ctx, key="mei", name="Mei", phone="+85251234567", locale="en")
        sync_login(ctx, person=person, roles=["agent"])
        send_link(ctx, person=person, purpose=INVITATION)
    assert not may_enter(ctx, person_key="mei")
    (message,) = sent(ctx)
    assert (message.channel, message.address) == ("sms", "+85251234567")
    assert "mei" in message.body
    path = "/enter/" + secret_in(message)
    browser = app.test_client()
    assert browser.get(path).status_code == 200
    assert browser.get(path).status_code == 200
    token = token_of(browser, "/login/")
    weak = browser.post(path, data={"password": "short", "again": "short", "csrf_token": token})
    assert weak.status_code == 422
    unlike = browser.post(path, data={"password": NEW, "again": NEW + "!", "csrf_token": token})
    assert unlike.status_code == 422
    answer = browser.post(path, data={"password": NEW, "again": NEW, "csrf_token": token})
    assert answer.status_code == 303
    assert sign_in(ctx, name="mei", password=NEW, address="a", agent="", channel="web")
    assert browser.get(path).status_code == 404
    again = browser.post(path, data={"password": NEW, "again": NEW, "csrf_token": token})
    assert again.status_code == 404


def test_who_forgot_gets_a_link_in_their_language(app, ctx, make_person, token_of):
    make_person("mei", email="mei@example.org", preferred_channel="email")
    ask(app, token_of, "Mei@example.org")
    (message,) = sent(ctx)
    assert (message.channel, message.event) == ("email", FORGOTTEN)
    assert person_behind(ctx, secret=secret_in(message)).key == "mei"


def test_the_answer_is_the_same_for_nobody_and_as_slow(app, ctx, make_person, token_of, monkeypatch):
    waits = []
    monkeypatch.setattr("admin.web.account.views.time.sleep", waits.append)
    # So long that no machine needs all of it.
    monkeypatch.setattr("admin.web.account.views._ANSWER_S", 600.0)
    make_person("mei", phone="+85251234567")
    known, unknown = ask(app, token_of, "mei"), ask(app, token_of, "nobody")

    def plain(answer):
        return re.sub(r'content="[^"]*"|value="[^"]*"', "", answer.text)

    assert known.status_code == unknown.status_code == 200
    assert plain(known) == plain(unknown)
    assert len(sent(ctx)) == 1
    assert all(wait > 0 for wait in waits)


def test_a_new_link_kills_the_one_before(ctx, make_person):
    make_person("mei")
    first = make_link(ctx, person_key="mei", purpose=FORGOTTEN)
    second = make_link(ctx, person_key="mei", purpose=FORGOTTEN)
    with pytest.raises(DeadLink):
        person_behind(ctx, secret=first)
    assert person_behind(ctx, secret=second).key == "mei"


@pytest.mark.parametrize(
    ("purpose", "life"), [(FORGOTTEN, timedelta(minutes=30)), (INVITATION, timedelta(hours=72))]
)
def test_a_link_grows_old(ctx, make_person, clock, purpose, life):
    make_person("mei")
    secret = make_link(ctx, person_key="mei", purpose=purpose)
    clock.advance(life - timedelta(seconds=1))
    assert person_behind(ctx, secret=secret)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(DeadLink):
        set_password_by_link(ctx, secret=secret, password=NEW)


def test_a_weak_password_does_not_use_up_the_link(ctx, make_person):
    make_person("mei")
    secret = make_link(ctx, person_key="mei", purpose=FORGOTTEN)
    with pytest.raises(InvalidSubmission):
        set_password_by_link(ctx, secret=secret, password="password1234")
    set_password_by_link(ctx, secret=secret, password=NEW)


def test_the_secret_itself_is_kept_nowhere(ctx, make_person):
    make_person("mei")
    secret = make_link(ctx, person_key="mei", purpose=FORGOTTEN)
    with ctx.read():
        assert secret not in ctx.session.scalars(select(EntryLink.hash)).all()


def test_the_link_of_somebody_who_left_is_dead(ctx, make_person):
    make_person("mei")
    secret = make_link(ctx, person_key="mei", purpose=FORGOTTEN)
    close_person(ctx, key="mei")
    with pytest.raises(DeadLink):
        person_behind(ctx, secret=secret)


def test_a_new_password_by_link_ends_every_session(ctx, make_person, enter):
    make_person("mei")
    browser = enter("mei")
    set_password_by_link(ctx, secret=make_link(ctx, person_key="mei", purpose=FORGOTTEN), password=NEW)
    assert browser.get("/account").status_code == 302


def test_nobody_is_sent_links_without_end(app, ctx, make_person, token_of):
    make_person("mei", phone="+85251234567")
    for _ in range(7):
        ask(app, token_of, "mei")
    assert len(sent(ctx)) == 5


def test_whom_nothing_reaches_cannot_be_invited(ctx, make_person):
    make_person("mei")
    with pytest.raises(Conflict, match="neither"):
        send_link(ctx, person=get_person(ctx, "mei"), purpose=INVITATION)
