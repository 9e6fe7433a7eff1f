from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from admin.identity.logins import (
    TRIES,
    TRIES_OF_ADDRESS,
    WrongPassword,
    change_password,
    end_pause,
    is_paused,
    roles_of,
    set_password,
    sign_in,
    sync_login,
)
from admin.identity.models import LoginSession
from admin.identity.sessions import end_session, find_session, sessions_of
from engine.clock import MovableClock
from engine.context import Context
from engine.errors import InvalidSubmission, NotFound, TooManyRequests
from engine.history import AuditEntry
from engine.people import close_person, get_person, put_person

PASSWORD = "correct horse battery staple"


@pytest.fixture
def clock(ctx):
    with ctx.read():
        clock = MovableClock(ctx.now)
    object.__setattr__(ctx.centre, "clock", clock)
    return clock


def come_in(ctx, name="mei", password=PASSWORD, address="10.0.0.1", channel="web"):
    return sign_in(ctx, name=name, password=password, address=address, agent="test", channel=channel)


def fail(ctx, times, **said):
    for _ in range(times):
        with pytest.raises(WrongPassword):
            come_in(ctx, password="wrong", **said)


@pytest.mark.parametrize("name", ["mei", "MEI ", "Mei@Example.org"])
def test_somebody_comes_in_by_user_name_or_mail_address(ctx, make_person, name):
    make_person("mei", "agent", email="mei@example.org")
    who = find_session(ctx, session_id=come_in(ctx, name=name))
    assert who.key == "mei"
    assert "personal_data.see" in who.permissions


def test_a_mail_address_that_two_share_lets_nobody_in(ctx, make_person):
    make_person("mei", email="desk@example.org")
    make_person("lee", email="desk@example.org")
    fail(ctx, 1, name="desk@example.org")
    with pytest.raises(WrongPassword):
        come_in(ctx, name="desk@example.org")


def test_ten_wrong_tries_make_even_the_right_password_wait(ctx, make_person, clock):
    make_person("mei")
    fail(ctx, TRIES)
    with pytest.raises(TooManyRequests) as refused:
        come_in(ctx)
    assert 0 < refused.value.retry_after_s <= 900
    come_in(ctx, address="10.0.0.2")
    clock.advance(timedelta(minutes=15, seconds=1))
    assert come_in(ctx)


def test_a_name_that_nobody_has_is_made_to_wait_like_a_known_one(ctx, app):
    fail(ctx, TRIES, name="nobody")
    with pytest.raises(TooManyRequests):
        come_in(ctx, name="nobody")


def test_the_right_password_begins_the_count_anew(ctx, make_person):
    make_person("mei")
    for _ in range(3):
        fail(ctx, TRIES - 1)
        come_in(ctx)


def at_once(ctx, count, **said):
    """Let as many come in at the same moment; return the session that each got, or the error's class."""
    together = threading.Barrier(count)

    def one(_number):
        together.wait()
        try:
            return come_in(Context(centre=ctx.centre, actor=ctx.actor), **said)
        except (WrongPassword, TooManyRequests) as error:
            return type(error)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_everybody_with_the_right_password_comes_in_at_the_same_moment(ctx, make_person):
    make_person("mei")
    sessions = at_once(ctx, TRIES * 2)
    assert len({session for session in sessions if isinstance(session, str)}) == TRIES * 2
    fail(ctx, TRIES - 1)
    come_in(ctx)


def test_many_wrong_tries_at_the_same_moment_are_told_no_more_than_one_after_the_other(ctx, make_person):
    make_person("mei")
    told = at_once(ctx, TRIES * 2, password="wrong")
    assert Counter(told) == {WrongPassword: TRIES, TooManyRequests: TRIES}
    with pytest.raises(TooManyRequests):
        come_in(ctx)


def test_an_address_that_tries_many_names_is_made_to_wait(ctx, make_person, monkeypatch):
    monkeypatch.setattr("admin.identity.logins.matches", lambda kept, password: kept and password == PASSWORD)
    make_person("mei")
    for _ in range(TRIES_OF_ADDRESS + 5):
        come_in(ctx)
    for number in range(TRIES_OF_ADDRESS):
        fail(ctx, 1, name=f"somebody{number}")
    with pytest.raises(TooManyRequests):
        come_in(ctx)


def test_user_name_and_mail_address_share_their_tries(ctx, make_person):
    make_person("mei", email="mei@example.org")
    fail(ctx, TRIES - 1)
    fail(ctx, 1, name="mei@example.org")
    with pytest.raises(TooManyRequests):
        come_in(ctx, name="mei@example.org")


def test_a_pause_is_lifted_for_every_address_and_written_down(ctx, make_person):
    make_person("mei")
    fail(ctx, TRIES, address="10.0.0.1")
    fail(ctx, TRIES, address="10.0.0.2")
    assert is_paused(ctx, person_key="mei")
    end_pause(ctx, person_key="mei")
    assert not is_paused(ctx, person_key="mei")
    assert come_in(ctx, address="10.0.0.1")
    assert come_in(ctx, address="10.0.0.2")
    with ctx.read():
        assert "person.end_pause" in ctx.session.scalars(select(AuditEntry.action)).all()


def test_the_page_and_the_interface_count_the_same_tries(app, client, ctx, make_person, token_of):
    make_person("mei")
    browser = app.test_client()
    token = token_of(browser, "/login/")
    for number in range(TRIES):
        if number % 2:
            answer = client.post("/api/v1/security/login", json={"username": "mei", "password": "no"})
        else:
            data = {"username": "mei", "password": "no", "csrf_token": token}
            answer = browser.post("/login/", data=data)
        assert answer.status_code == 401
    answer = client.post("/api/v1/security/login", json={"username": "mei", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    answer = browser.post("/login/", data={"username": "mei", "password": PASSWORD, "csrf_token": token})
    assert answer.status_code == 429
    assert "Too many tries" in answer.text


def test_the_page_says_plainly_what_is_wrong(app, make_person, token_of):
    make_person("mei")
    browser = app.test_client()
    for name in ("mei", "nobody"):
        data = {"username": name, "password": "no", "csrf_token": token_of(browser, "/login/")}
        answer = browser.post("/login/", data=data)
        assert "The user name or the password is wrong." in answer.text


def test_no_transaction_is_open_while_a_password_is_compared(ctx, make_person, monkeypatch):
    make_person("mei")
    seen = []

    def watch(kept, password):
        seen.append(ctx._transaction)
        return True

    monkeypatch.setattr("admin.identity.logins.matches", watch)
    come_in(ctx)
    assert seen == [None]


def test_signing_in_leaves_its_traces(ctx, make_person):
    make_person("mei")
    fail(ctx, 2)
    come_in(ctx)
    with ctx.read():
        login = ctx.session.scalars(select(User).where(User.username == "mei")).one()
        assert (login.login_count, login.fail_login_count) == (1, 0)
        assert login.last_login == ctx.now.replace(tzinfo=None) or login.last_login is not None
        actions = list(ctx.session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == "mei")))
    assert actions[-3:] == ["person.sign_in_refused", "person.sign_in_refused", "person.sign_in"]


def test_a_closed_person_is_out_at_once(ctx, make_person, enter):
    make_person("mei")
    browser = enter("mei")
    close_person(ctx, key="mei")
    assert browser.get("/account").status_code == 302
    fail(ctx, 1)


def test_closing_a_person_ends_their_login_and_their_sessions(ctx, make_person):
    make_person("mei")
    come_in(ctx)
    with ctx.write():
        sync_login(ctx, person=close_person(ctx, key="mei"))
    with ctx.read():
        assert ctx.session.scalars(select(User.active).where(User.username == "mei")).one() is False
        still_open = select(func.count()).select_from(LoginSession).where(LoginSession.ended_at.is_(None))
        assert ctx.session.scalars(still_open).one() == 0


def test_a_login_follows_its_person(ctx, make_person):
    make_person("mei", "agent", "planner")
    with ctx.write():
        sync_login(ctx, person=put_person(ctx, key="mei", name="陳美"))
    with ctx.read():
        assert ctx.session.scalars(select(User.first_name).where(User.username == "mei")).one() == "陳美"
    assert roles_of(ctx, person_key="mei") == ["agent", "planner"]
    with pytest.raises(NotFound, match="emperor"), ctx.write():
        sync_login(ctx, person=get_person(ctx, "mei"), roles=["Emperor"])


def test_a_new_password_ends_the_other_sessions_but_not_ones_own(ctx, make_person):
    person = make_person("mei")
    here, there = come_in(ctx), come_in(ctx)
    new = "seven purple walking sticks"
    change_password(ctx, person=person, old=PASSWORD, new=new, address="10.0.0.1", keep_session=here)
    assert find_session(ctx, session_id=here)
    assert find_session(ctx, session_id=there) is None
    fail(ctx, 1)
    assert come_in(ctx, password=new)


def test_the_old_password_must_be_right(ctx, make_person):
    person = make_person("mei")
    with pytest.raises(WrongPassword, match="password is wrong"):
        change_password(
            ctx, person=person, old="no", new="seven purple sticks", address="a", keep_session=come_in(ctx)
        )


def test_a_weak_password_is_refused_with_reasons(ctx, make_person):
    person = make_person("mei", name="Mei Chan")
    with pytest.raises(InvalidSubmission) as refused:
        set_password(ctx, person=person, password="mei")
    assert len(refused.value.problems) >= 2


def test_one_of_several_sessions_is_ended(ctx, make_person):
    make_person("mei")
    here, there = come_in(ctx), come_in(ctx)
    end_session(ctx, session_id=there, person_key="mei")
    assert [row.id for row in sessions_of(ctx, person_key="mei")] == [here]
    end_session(ctx, session_id=here, person_key="lee")
    assert find_session(ctx, session_id=here)


def test_a_token_is_refused_once_its_session_has_ended(client, ctx, make_person):
    make_person("mei")
    said = {"username": "mei", "password": PASSWORD, "refresh": True}
    tokens = client.post("/api/v1/security/login", json=said).json
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    again = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    assert client.get("/api/v1/_openapi", headers=bearer).status_code == 200
    assert client.get("/api/v1/_openapi", headers=again).status_code == 401
    assert client.post("/api/v1/security/refresh", headers=bearer).status_code == 401
    fresh = client.post("/api/v1/security/refresh", headers=again).json["access_token"]
    fresh = {"Authorization": f"Bearer {fresh}"}
    assert client.get("/api/v1/_openapi", headers=fresh).status_code == 200
    close_person(ctx, key="mei")
    for headers in (bearer, fresh):
        assert client.get("/api/v1/_openapi", headers=headers).status_code == 401
    assert client.post("/api/v1/security/refresh", headers=again).status_code == 401


def test_a_token_opens_no_page_and_a_page_session_no_token_door(client, make_person, enter):
    make_person("mei")
    token = client.post("/api/v1/security/login", json={"username": "mei", "password": PASSWORD}).json
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    browser = enter("mei")
    with browser.session_transaction() as held:
        session_id = held["session_id"]
    fresh = client.application.test_client()
    with fresh.session_transaction() as held:
        held["session_id"] = None
    assert fresh.get("/account").status_code == 302
    assert session_id
    assert client.get("/api/v1/_openapi", headers=bearer).status_code == 200
