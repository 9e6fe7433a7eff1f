"""The same doors on PostgreSQL."""

from __future__ import annotations

import psycopg
import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import func, select

from admin.identity.sessions import sessions_of
from engine.people import get_person
from engine.settings import Settings

PASSWORD = "correct horse battery staple"


@pytest.fixture
def settings(postgresql, tmp_path):
    return Settings(
        data_dir=tmp_path,
        database_url=postgresql,
        secret_key="k" * 40,
        public_url="https://desk.example.org",
        time_zone="Asia/Hong_Kong",
    )


@pytest.fixture
def client(app):
    return app.test_client()


def browser_of(app, key):
    browser = app.test_client()
    base = "https://desk.example.org"
    token = (
        browser.get("/login/", base_url=base).text.split('name="csrf-token" content="', 1)[1].split('"')[0]
    )
    data = {"username": key, "password": PASSWORD, "csrf_token": token}
    answer = browser.post("/login/", data=data, base_url=base)
    assert answer.status_code == 303, answer.text
    return browser, answer


def test_somebody_comes_in_works_and_leaves(app, ctx, make_person):
    make_person("boss", "administrator")
    browser, answer = browser_of(app, "boss")
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if "__Host-callwright=" in value)
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    base = "https://desk.example.org"
    page = browser.get("/account", base_url=base)
    assert page.status_code == 200
    token = page.text.split('name="csrf-token" content="', 1)[1].split('"')[0]
    with ctx.read():
        number = ctx.session.scalars(select(Role.id).where(Role.name == "planner")).one()
    assert browser.get("/roles/list/", base_url=base).status_code == 200
    assert browser.get(f"/roles/edit/{number}", base_url=base).status_code == 200
    said = {"name": "planner", "csrf_token": token}
    assert browser.post(f"/roles/edit/{number}", data=said, base_url=base).status_code == 302
    person = {"key": "mei", "name": "Mei", "locale": "en", "phone": "51234567", "csrf_token": token}
    answer = browser.post("/organisation/people/new", data={**person, "invite": "1"}, base_url=base)
    assert answer.status_code == 303, answer.text
    assert get_person(ctx, "mei").phone == "+85251234567"
    assert browser.get("/organisation/people?q=mei&sort=-unit", base_url=base).status_code == 200
    browser.post("/logout/", data={"csrf_token": token}, base_url=base)
    assert sessions_of(ctx, person_key="boss") == []


def test_a_foreign_address_is_refused_where_the_product_has_a_public_one(app):
    assert app.test_client().get("/login/", base_url="https://evil.example.org").status_code == 400


def test_a_proxy_on_this_machine_is_believed_and_nobody_else(app, ctx, make_person):
    make_person("boss")
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    said = {"username": "boss", "password": PASSWORD}
    for peer in ("127.0.0.1", "198.51.100.9"):
        answer = app.test_client().post(
            "/api/v1/security/login",
            json=said,
            headers=headers,
            base_url="https://desk.example.org",
            environ_overrides={"REMOTE_ADDR": peer},
        )
        assert answer.status_code == 200
    addresses = {row.address for row in sessions_of(ctx, person_key="boss")}
    assert addresses == {"203.0.113.7", "198.51.100.9"}


def test_processes_that_start_together_on_an_empty_database_all_come_up(bare_postgresql, tmp_path):
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    spec = spec_from_file_location("start", Path(__file__).with_name("test_setup.py"))
    start = module_from_spec(spec)
    spec.loader.exec_module(start)
    for said, code in start.start_together(tmp_path, bare_postgresql):
        assert code == 0, said
    with psycopg.connect(bare_postgresql) as connection:
        assert connection.execute("select count(*) from ab_role").fetchone()[0] >= 10


def test_wrong_tries_run_out_also_when_many_come_at_once(app, ctx, make_person):
    from concurrent.futures import ThreadPoolExecutor

    make_person("boss")

    def knock(_number):
        return (
            app.test_client()
            .post(
                "/api/v1/security/login",
                json={"username": "boss", "password": "no"},
                base_url="https://desk.example.org",
            )
            .status_code
        )

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(knock, range(16)))
    assert answers == [401] * 10 + [429] * 6
    with ctx.read():
        assert ctx.session.scalars(select(func.count()).select_from(Role)).one() >= 10
