"""Webhooks on pages and for programs."""

from __future__ import annotations

import pytest

from engine.parameters import set_parameter
from plugins.http import services

HOST = "hear.example.org"


@pytest.fixture
def hearing(ctx, monkeypatch):
    """A secret, and a host that may be called."""
    monkeypatch.setenv("CALLWRIGHT_SECRET_DESK", "what both sides know")
    set_parameter(ctx, key="http.allowed_hosts", value=HOST)
    return {"url": f"https://{HOST}/x", "events": ["task.opened"], "secret_name": "DESK"}


def test_an_administrator_registers_tests_pauses_and_removes_a_webhook(
    ctx, make_person, enter, token_of, hearing
):
    make_person("boss", "administrator")
    browser = enter("boss")
    token = {"csrf_token": token_of(browser)}
    assert browser.get("/outgoing-webhooks").status_code == 200
    wrong = browser.post("/outgoing-webhooks/new", data={**token, **hearing, "url": "http://10.0.0.1/"})
    assert wrong.status_code == 422
    assert "http.allowed_hosts" in wrong.text
    made = browser.post("/outgoing-webhooks/new", data={**token, **hearing})
    assert made.status_code == 303
    page = made.headers["Location"]
    for act, word in (("test", "A test"), ("pause", "Paused"), ("resume", "Active")):
        assert browser.post(f"{page}/{act}", data=token).status_code == 303
        assert word in browser.get(page).text
    changed = browser.post(f"{page}/change", data={**token, **hearing, "events": ["incident.opened"]})
    assert changed.status_code == 303
    with ctx.read():
        _, (webhook,) = services.list_webhooks(ctx)
        count, (delivery,) = services.list_deliveries(ctx)
    assert (webhook["events"], count) == (["incident.opened"], 1)
    again = browser.post(f"/outgoing-webhooks/deliveries/{delivery['id']}/redeliver", data=token)
    assert "waits to be sent already" in browser.get(again.headers["Location"]).text
    assert browser.post(f"{page}/remove", data=token).status_code == 303
    assert browser.get(page).status_code == 404


def test_nobody_else_sees_or_registers_webhooks(make_person, enter, token_of, hearing):
    make_person("mei", "supervisor")
    browser = enter("mei")
    token = {"csrf_token": token_of(browser)}
    assert browser.get("/outgoing-webhooks").status_code == 403
    assert browser.post("/outgoing-webhooks/new", data={**token, **hearing}).status_code == 403
