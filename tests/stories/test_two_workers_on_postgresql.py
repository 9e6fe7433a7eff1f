"""The same story with PostgreSQL, a broker and two worker processes: by settings alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from textwrap import dedent

import pytest
import redis
from amqp.exceptions import ChannelError
from kombu import Connection

from engine.testing.twilio_standin import TwilioStandIn
from engine.worker import QUEUE
from tests.conftest import new_database
from tests.stories.furnishing import REACHED
from tests.stories.product import ROOT, Product, furnish, tail, until
from tests.stories.story import HANDLER, Story, account, check_nobody_got_it_twice, now, steps

# A number of our own: hints of other products on this machine are theirs.
BROKER = os.environ.get("CALLWRIGHT_TEST_REDIS", f"redis://127.0.0.1:6379/{os.getpid() % 14 + 1}")
RABBIT = os.environ.get("CALLWRIGHT_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//")
SECRET = "a secret of the story, and of nobody else"


@pytest.fixture(scope="module")
def database_of_the_story() -> Iterator[str]:
    """An empty database that is gone afterwards; skips where there is no server."""
    with new_database(f"callwright_story_{os.getpid()}") as address:
        yield address


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A Redis database; skips where there is no server."""
    client = redis.Redis.from_url(BROKER, socket_connect_timeout=2)
    try:
        client.ping()
    except redis.ConnectionError:
        client.close()
        pytest.skip("no Redis on this machine (CALLWRIGHT_TEST_REDIS names another)")
    yield BROKER
    client.delete(QUEUE, f"_kombu.binding.{QUEUE}")
    client.close()


@pytest.fixture(scope="module")
def twilio() -> Iterator[TwilioStandIn]:
    with TwilioStandIn(now=now, callbacks=True) as standin:
        yield standin


@pytest.fixture(scope="module")
def parts(
    database_of_the_story: str, broker: str, twilio: TwilioStandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    """One web process and two workers, each started by itself."""
    product = Product(
        folder=tmp_path_factory.mktemp("parts"),
        settings={
            **account(twilio),
            "CALLWRIGHT_DATABASE_URL": database_of_the_story,
            "CALLWRIGHT_BROKER_URL": broker,
            "CALLWRIGHT_SECRET_KEY": SECRET,
        },
    )
    try:
        furnish(product)
        product.begin("web", "admin.cli", "web", "--port", str(product.port))
        for name in ("worker_1", "worker_2"):
            begin_worker(product, name)
        product.wait_ready("web")
        yield product
        product.stop()
    finally:
        product.abandon()


def begin_worker(product: Product, name: str) -> None:
    product.begin(name, "admin.cli", "worker")


def test_the_story_passes_with_two_workers(parts: Product, twilio: TwilioStandIn) -> None:
    story = Story(parts, twilio)
    for act, seen in steps(story):
        act()
        story.wait_for(seen)
    assert story.variables()["rating"] == 5
    ticket = parts.rows(
        "SELECT state, rating FROM tickets_ticket WHERE number = :number", number=story.number
    )
    assert [tuple(row) for row in ticket] == [("closed", 5)]
    check_nobody_got_it_twice(twilio)
    assert parts.counts("incident") == {"incident": 0}


def test_the_other_worker_goes_on_where_one_is_killed(parts: Product, twilio: TwilioStandIn) -> None:
    stories = [Story(parts, twilio, reporter=f"+8525123{8100 + number}") for number in range(4)]
    for number, story in enumerate(stories):
        story.report()
        if number == 1:
            parts.running.pop("worker_1").kill()
    for story in stories:
        story.wait_for(story.is_dispatched)
    begin_worker(parts, "worker_3")
    until(lambda: "is looking for jobs" in tail(parts.folder / "worker_3.log"), "the new worker works")
    stories[0].write(HANDLER, f"{stories[0].number} 2 valve replaced")
    stories[0].wait_for(stories[0].is_done)
    until(
        lambda: (
            not parts.rows(
                "SELECT 1 FROM job WHERE state = 'running' OR kind = 'notify' AND state = 'waiting'"
            )
        ),
        f"nothing is under way\n{parts.said()}",
    )
    for story in stories:
        for number in (story.reporter, *REACHED.values()):
            (_text,) = [text for text in story.texts_to(number, story.number) if "recorded" not in text]
    check_nobody_got_it_twice(twilio)
    assert parts.counts("incident") == {"incident": 0}
    workers = {
        row[0] for row in parts.rows("SELECT DISTINCT owner FROM job WHERE state = 'done' AND owner <> ''")
    }
    assert len(workers) >= 2


_HINT = dedent(
    """
    import sys, threading
    from engine.worker import listen, waker

    class Woken:
        def __init__(self):
            self.due = threading.Event()
        def wake(self):
            self.due.set()

    woken = Woken()
    listen(woken, sys.argv[1])
    tell = waker(sys.argv[1])
    for _try in range(100):
        tell("an instance")
        if woken.due.wait(0.2):
            print("woken")
            break
    """
)


@pytest.fixture
def rabbit() -> Iterator[str]:
    """A RabbitMQ, left without our queue; skips where there is no server."""
    with Connection(RABBIT, connect_timeout=2) as connection:
        try:
            connection.ensure_connection(max_retries=1)
        except OSError:
            pytest.skip("no RabbitMQ on this machine (CALLWRIGHT_TEST_RABBITMQ names another)")
        yield RABBIT
        with suppress(ChannelError):
            connection.channel().queue_delete(QUEUE, if_unused=True, if_empty=True)


@pytest.mark.parametrize("server", ["broker", "rabbit"])
def test_a_hint_over_a_broker_wakes_a_worker(server: str, request: pytest.FixtureRequest) -> None:
    heard = subprocess.run(
        [sys.executable, "-c", _HINT, request.getfixturevalue(server)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert heard.stdout == "woken\n", heard.stderr
