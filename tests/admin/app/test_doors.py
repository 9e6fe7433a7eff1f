"""What must stay shut."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_appbuilder.security.registerviews import BaseRegisterUser
from flask_appbuilder.security.sqla.models import Role
from flask_appbuilder.security.views import AuthView
from sqlalchemy import select

PASSWORD = "correct horse battery staple"


def role_id(ctx, name):
    with ctx.read():
        return ctx.session.scalars(select(Role.id).where(Role.name == name)).first()


def api_login(client, key="mei", password=PASSWORD, **said):
    return client.post("/api/v1/security/login", json={"username": key, "password": password, **said})


def test_a_get_request_deletes_no_role(ctx, make_person, enter):
    make_person("boss", "administrator")
    browser = enter("boss")
    found = role_id(ctx, "planner")
    browser.get(f"/roles/delete/{found}")
    assert role_id(ctx, "planner") == found


def test_a_post_without_form_token_deletes_no_role(ctx, make_person, enter):
    make_person("boss", "administrator")
    found = role_id(ctx, "planner")
    answer = enter("boss").post(f"/roles/delete/{found}")
    assert answer.status_code == 400
    assert role_id(ctx, "planner") == found


def test_an_administrator_deletes_a_role_by_post_with_form_token(ctx, make_person, enter, token_of):
    make_person("boss", "administrator")
    browser = enter("boss")
    found = role_id(ctx, "planner")
    answer = browser.post(f"/roles/delete/{found}", data={"csrf_token": token_of(browser)})
    assert answer.status_code == 302
    assert role_id(ctx, "planner") is None


def test_somebody_without_the_right_sees_no_roles(make_person, enter):
    make_person("mei", "agent")
    assert enter("mei").get("/roles/list/").status_code == 403


def test_who_is_not_signed_in_is_led_to_the_door_and_back(client):
    answer = client.get("/account?tab=1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/login/?next=/account?tab%3D1"


def test_a_browser_session_cannot_change_anything_by_the_interface_without_a_form_token(
    app, make_person, enter, token_of
):
    from flask_appbuilder.api import BaseApi, expose

    from admin.kit import needs

    class Probe(BaseApi):
        resource_name = "probe"

        @expose("/", methods=["POST"])
        @needs()
        def post(self):
            return self.response(200, done=True)

    app._got_first_request = False
    with app.app_context():
        app.extensions["appbuilder"].add_api(Probe)
    make_person("mei", "agent")
    browser = enter("mei")
    assert browser.post("/api/v1/probe/").status_code == 400
    token = token_of(browser)
    assert browser.post("/api/v1/probe/", headers={"X-CSRFToken": token}).status_code == 200
    access = api_login(app.test_client()).json["access_token"]
    bearer = {"Authorization": f"Bearer {access}"}
    assert app.test_client().post("/api/v1/probe/", headers=bearer).status_code == 200
    assert app.test_client().post("/api/v1/probe", headers=bearer).status_code == 200
    forged = {"Authorization": "Bearer forged"}
    assert browser.post("/api/v1/probe/", headers=forged).status_code == 401
    assert app.test_client().post("/api/v1/probe/").status_code == 401


def test_an_old_cookie_is_refused_after_the_logout(make_person, enter, token_of):
    make_person("mei", "agent")
    browser = enter("mei")
    old = browser.get_cookie("callwright").value
    browser.post("/logout/", data={"csrf_token": token_of(browser)})
    browser.set_cookie("callwright", old)
    assert browser.get("/account").status_code == 302


def test_a_mere_link_signs_nobody_out(make_person, enter):
    make_person("mei", "agent")
    browser = enter("mei")
    assert browser.get("/logout/").status_code == 200
    assert browser.get("/account").status_code == 200


def test_a_session_ends_after_eight_hours(app, ctx, make_person, enter, monkeypatch):
    from engine.clock import MovableClock

    make_person("mei", "agent")
    browser = enter("mei")
    with ctx.read():
        clock = MovableClock(ctx.now)
    object.__setattr__(ctx.centre, "clock", clock)
    clock.advance(timedelta(hours=7, minutes=59))
    assert browser.get("/account").status_code == 200
    clock.advance(timedelta(minutes=2))
    assert browser.get("/account").status_code == 302


@pytest.mark.parametrize("host", ["evil.com", "localhost.evil.com", "evil.com:8080", ""])
def test_a_foreign_host_name_is_refused(client, host):
    answer = client.get("/login/?next=http://evil.com/x", headers={"Host": host})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.com/x", "//evil.com", "///evil.com", "/\\evil.com", "\\\\evil.com",
        "javascript:alert(1)", "/%09/evil.com", "/%5Cevil.com", "https:evil.com", "%2F%2Fevil.com", "/\tevil",
    ],
)  # fmt: skip
def test_the_door_leads_nowhere_else(app, make_person, token_of, target):
    make_person("mei", "agent")
    browser = app.test_client()
    answer = browser.post(
        "/login/",
        query_string={"next": target},
        data={"username": "mei", "password": PASSWORD, "csrf_token": token_of(browser, "/login/")},
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(
    "path",
    [
        "/login/?next=%00", "/login/?x=%ED%A0%80", "/login/?page=99999999999999999999",
        "/api/v1/_openapi?q=(((", "/roles/show/99999999999999999999", "/login/%00",
    ],
)  # fmt: skip
def test_input_that_no_page_expects_is_400(client, path):
    assert client.get(path).status_code == 400


def test_a_lone_half_character_in_json_is_400(client):
    answer = client.post(
        "/api/v1/security/login",
        data=b'{"username": "\\ud800", "password": "x"}',
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert answer.json["error"]["code"] == "bad_request"


def test_nul_in_a_form_is_400(app, token_of):
    browser = app.test_client()
    data = {"username": "a\0b", "password": "x", "csrf_token": token_of(browser, "/login/")}
    assert browser.post("/login/", data=data).status_code == 400


def test_every_answer_carries_the_security_headers(client):
    headers = client.get("/login/").headers
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self' 'nonce-" in policy
    assert "unsafe-eval" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_the_nonce_is_another_one_each_time(client):
    policies = {client.get("/login/").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(make_person, enter):
    make_person("mei", "agent")
    browser = enter("mei")
    cookie = browser.get_cookie("callwright")
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert not cookie.secure
    assert cookie.max_age == 8 * 3600 or cookie.expires is not None


def test_a_form_sent_from_another_site_is_refused_even_with_its_token(make_person, enter, token_of):
    make_person("mei", "agent")
    browser = enter("mei")
    data = {"csrf_token": token_of(browser)}
    for origin, status in (("https://evil.com", 400), ("http://localhost", 303)):
        answer = browser.post("/account/sessions/end", data=data, headers={"Origin": origin})
        assert answer.status_code == status


def test_the_login_library_opens_no_door_of_its_own(app):
    library = (AuthView, BaseRegisterUser)
    assert [view for view in app.appbuilder.baseviews if isinstance(view, library)] == []
    for path in ("/login/github", "/oauth-authorized/github", "/register/form", "/register/activation/1"):
        assert app.test_client().get(path).status_code == 404
