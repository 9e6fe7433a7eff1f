"""Open pages hear what changed, and only what they may see."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from admin.web.events.audience import audience_of
from admin.web.events.hub import Hub, Listener
from admin.web.events.views import messages
from engine.context import Centre, Context
from engine.notify import MessageTemplate, MessageText, notify, outside_recipient
from engine.push import Event, publish

HELLO = MessageTemplate(key="hello", title="Hello", texts={"sms": MessageText(text="Hello")})


@pytest.fixture
def hub(app: Flask) -> Hub:
    found: Hub = app.extensions["callwright_events"]
    return found


@pytest.fixture
def listen(hub: Hub) -> Iterator[Callable[..., Iterator[str]]]:
    opened: list[Any] = []

    def open_stream(
        key: str = "mei", *, groups: Any = (), permissions: Any = (), after: int | None = None, **said: Any
    ) -> Iterator[str]:
        listener = Listener(key=key, groups=frozenset(groups), permissions=frozenset(permissions))
        stream = messages(hub, listener, after, **{"heartbeat_s": 3.0, **said})
        opened.append(stream)
        assert next(stream).startswith("retry:")
        return stream

    yield open_stream
    for stream in opened:
        stream.close()
    hub.close()


def say(ctx: Context, topic: str, ref: str) -> int:
    with ctx.write():
        publish(ctx, topic, ref)
        ctx.transaction.flush()
        return int(ctx.connection.execute(select(func.max(Event.seq))).scalar_one())


def read(message: str) -> tuple[int, dict[str, str]]:
    lines = dict(line.split(": ", 1) for line in message.strip().splitlines())
    return int(lines["id"]), json.loads(lines["data"])


def test_a_change_reaches_an_open_page_at_once(ctx: Context, listen: Any) -> None:
    stream = listen(permissions={"incidents.operate"})
    began = time.monotonic()
    seq = say(ctx, "incident", "i1")
    assert read(next(stream)) == (seq, {"topic": "incident", "ref": "i1"})
    assert time.monotonic() - began < 1.0


def test_a_page_hears_only_what_its_person_may_see(ctx: Context, listen: Any) -> None:
    stream = listen("mei")
    say(ctx, "incident", "i1")
    say(ctx, "notification", "somebody_else")
    say(ctx, "topic_of_nobody", "x")
    seq = say(ctx, "notification", "mei")
    assert read(next(stream))[0] == seq


def test_a_page_that_comes_back_hears_what_it_missed_once(ctx: Context, listen: Any) -> None:
    first = say(ctx, "notification", "mei")
    second = say(ctx, "notification", "mei")
    stream = listen("mei", after=first)
    assert read(next(stream))[0] == second
    third = say(ctx, "notification", "mei")
    assert read(next(stream))[0] == third


def test_a_silent_stream_gives_signs_of_life(listen: Any, app: Flask) -> None:
    assert next(listen(heartbeat_s=0.1)) == ":\n\n"


def test_a_stream_ends_and_the_page_comes_again(listen: Any, app: Flask) -> None:
    assert list(listen(heartbeat_s=0.05, life_s=0.1))[-1] == ":\n\n"


def test_with_nobody_there_nothing_reads(ctx: Context, hub: Hub, listen: Any) -> None:
    stream = listen()
    assert hub._thread is not None
    stream.close()
    ends = time.monotonic() + 5
    while hub._thread is not None and time.monotonic() < ends:
        time.sleep(0.05)
    assert hub._thread is None


def test_a_process_that_ends_lets_every_page_go(hub: Hub, listen: Any) -> None:
    streams = [listen(heartbeat_s=60.0) for _number in range(3)]
    hub.close()
    assert [list(stream) for stream in streams] == [[], [], []]
    assert hub._thread is None


def test_a_page_that_does_not_read_is_let_go(ctx: Context, hub: Hub, listen: Any) -> None:
    stream = listen("mei")
    with ctx.write():
        for _number in range(600):
            publish(ctx, "notification", "mei")
    time.sleep(1.0)
    assert len(list(stream)) < 600
    assert not hub._listeners


def test_no_connection_is_held_while_a_page_waits(centre: Centre, listen: Any) -> None:
    streams = [listen(f"person_{number}", heartbeat_s=0.05) for number in range(20)]
    for stream in streams:
        assert next(stream) == ":\n\n"
    # The reader's own has left the pool.
    assert centre.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_notification_to_somebody_outside_is_heard_by_those_who_see_messages(
    app: Flask, ctx: Context
) -> None:
    with ctx.write():
        to = outside_recipient(ctx, {"phone": "+85251230001"})
        said = notify(ctx, event="x", to=to, channel="sms", message=HELLO, scope={})
        audience = audience_of(ctx, "notification", said or "")
    assert audience.persons == frozenset()
    assert audience.permissions == {"notifications.see"}


def test_a_page_knows_where_it_began_to_listen_before_anything_happens(ctx: Context, hub: Hub) -> None:
    seq = say(ctx, "notification", "mei")
    listener = Listener(key="mei", groups=frozenset(), permissions=frozenset())
    stream = messages(hub, listener)
    assert next(stream).splitlines() == ["retry: 3000", f"id: {seq}", ""]
    stream.close()
    hub.close()


def test_only_whoever_is_signed_in_may_listen(client: FlaskClient) -> None:
    assert client.get("/events").status_code == 401


def test_somebody_who_is_signed_in_gets_the_stream(ctx: Context, make_person: Any, enter: Any) -> None:
    make_person("mei", "supervisor")
    seq = say(ctx, "notification", "mei")
    answer = enter("mei").get("/events", headers={"Last-Event-ID": str(seq - 1)}, buffered=False)
    parts = iter(answer.response)
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert next(parts).startswith(b"retry")
    assert read(next(parts).decode())[0] == seq
    answer.close()
