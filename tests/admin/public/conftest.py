"""The hotline's process, a department's handler, and the public."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from admin.centre import open_centre
from engine.clock import MovableClock
from engine.context import Centre, Context
from engine.definition import deploy, read_folder
from engine.jobs import run_due
from engine.notify import Notification
from engine.people import put_group, put_person, set_groups
from engine.settings import Settings

BPMN = Path(__file__).parents[3] / "bpmn"
PHONE = "+85251230001"
HANDLER = "+85251230009"
REPORT = {
    "field-category": "water",
    "field-summary": "Burst pipe",
    "field-description": "Water comes out of the road.",
    "field-address": "Nathan Road 1",
    "field-reporter_name": "Chan Tai Man",
    "field-reporter_phone": PHONE,
    "field-reporter_locale": "en",
}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))


@pytest.fixture
def centre(settings: Settings, clock: MovableClock) -> Iterator[Centre]:
    centre = open_centre(settings, web=True, clock=clock)
    yield centre
    centre.database.dispose()


@pytest.fixture
def hotline(ctx: Context) -> Context:
    """The deployed process and who works in it."""
    for folder in ("follow_up", "ticket_routing"):
        deploy(ctx, files=read_folder(BPMN / folder), source="folder")
    groups = ("water_handlers", "dispatchers", "reviewers", "duty_supervisors")
    with ctx.write():
        for key in groups:
            put_group(ctx, key=key, name=key.replace("_", " ").capitalize())
        put_person(ctx, key="handler_water", name="Ho Siu Ming", phone=HANDLER, locale="en")
        set_groups(ctx, person_key="handler_water", group_keys=["water_handlers"])
    return ctx


@pytest.fixture
def said_to(ctx: Context) -> Callable[[str], list[str]]:
    """What a number was told, after everything that is due was done."""

    def read(address: str) -> list[str]:
        run_due(ctx)
        with ctx.read():
            rows = ctx.connection.execute(
                select(Notification.body).where(Notification.address == address).order_by(Notification.id)
            )
            return list(rows.scalars())

    return read


def value(text: str, name: str) -> str:
    """Read a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found is not None, (name, text)
    return found[1]


@pytest.fixture
def report(app: Flask, clock: MovableClock, said_to: Any) -> Callable[..., str]:
    """Report something as the public does and return its number: ``report(category="roads")``."""

    def send(browser: FlaskClient | None = None, **said: str) -> str:
        browser = browser or app.test_client()
        page = browser.get("/report").text
        clock.advance(timedelta(minutes=1))
        sent = {**REPORT, **{f"field-{name}": text for name, text in said.items()}}
        hidden = {name: value(page, name) for name in ("csrf_token", "page")}
        answer = browser.post("/report", data={**hidden, **sent})
        assert answer.status_code == 200, answer.text
        code = said_to(sent["field-reporter_phone"])[-1].split("#")[-1]
        answer = browser.post(
            "/report",
            data={
                "csrf_token": hidden["csrf_token"],
                "held": value(answer.text, "held"),
                "code": code,
                "step": "confirm",
            },
        )
        assert answer.status_code == 303, answer.text
        found = re.search(r'class="big-number">([^<]+)<', browser.get(answer.location).text)
        assert found is not None
        return found[1]

    return send


@pytest.fixture
def link(hotline: Context, report: Any, said_to: Any) -> str:
    """The path of a handler's link to a fresh ticket."""
    report()
    found = re.search(r"http://localhost:8080(/t/\w+)", said_to(HANDLER)[-1])
    assert found is not None
    return found[1]
