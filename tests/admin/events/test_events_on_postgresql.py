"""The event stream where PostgreSQL tells what was committed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from admin.centre import open_centre
from admin.web.events.hub import Listener
from admin.web.events.views import messages
from engine.context import SYSTEM, Centre, Context
from engine.push import publish
from engine.settings import Settings


@pytest.fixture
def centre(settings: Settings, postgresql: str) -> Iterator[Centre]:
    centre = open_centre(replace(settings, database_url=postgresql, secret_key="of no weight" * 4), web=True)
    yield centre
    centre.database.dispose()


@pytest.fixture
def stream(app: Flask) -> Iterator[Any]:
    listener = Listener(key="mei", groups=frozenset(), permissions=frozenset({"incidents.operate"}))
    hub = app.extensions["callwright_events"]
    said: Any = messages(hub, listener, heartbeat_s=5.0)
    next(said)
    # The reader listens once its thread is up.
    time.sleep(0.5)
    yield said
    said.close()
    hub.close()


def ref(message: str) -> str:
    return str(json.loads(message.split("data: ", 1)[1])["ref"])


def test_a_change_reaches_an_open_page_at_once(ctx: Context, stream: Any) -> None:
    began = time.monotonic()
    with ctx.write():
        publish(ctx, "incident", "i1")
        publish(ctx, "incident", "i2")
    assert [ref(next(stream)), ref(next(stream))] == ["i1", "i2"]
    assert time.monotonic() - began < 1.0


def test_what_is_committed_late_is_heard_too(ctx: Context, centre: Centre, stream: Any) -> None:
    slow = Context(centre=centre, actor=SYSTEM)
    with slow.write():
        publish(slow, "incident", "early")
        with ctx.write():
            publish(ctx, "incident", "late")
        assert ref(next(stream)) == "late"
    assert ref(next(stream)) == "early"
