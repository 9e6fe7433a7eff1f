"""A well-behaved process that runs beside hostile ones: how long it takes, and whether they left it alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from xml.sax.saxutils import escape

from engine import runtime
from engine.context import Centre
from engine.testing import system
from engine.testing.drawing import chain, drawing, end, gateway, start
from tests.chaos.people import again
from tests.chaos.places import PAUSE
from tests.engine.payload import SHARED
from tests.engine.sandbox.payloads import PAYLOADS
from tests.stories.product import Product

KEY = "bystander"
_EVERY_S = 1.0
# What FEEL's own functions answer, whatever anybody else's expression did.
_SOUND = (
    'count([1, 2]) = 2 and sum([1, 2]) = 3 and string(true) = "true"'
    ' and shared.items = [1, 2] and shared.name = "x"'
)


def files() -> dict[str, bytes]:
    """Return its drawing: its script looks for what any payload would leave, and stops where it is there."""
    checks = sorted({payload.after for payload in PAYLOADS})
    source = "".join(f'{check}\nif not ok:\n    throw_error("left behind")\n' for check in checks)
    script = escape(source, {"\n": "&#10;"})
    body = "\n".join(
        (
            start(),
            PAUSE,
            f'<bpmn:scriptTask id="check"><bpmn:script>{script}</bpmn:script></bpmn:scriptTask>',
            gateway("sound"),
            PAUSE.replace('"pause"', '"rest"'),
            end(),
            f"{chain(('begin', 'pause', 'check', 'sound'))}\nsound -> rest [{_SOUND}]\nrest -> over",
        )
    )
    return {f"{KEY}.bpmn": drawing(body, key=KEY)}


@contextmanager
def beginning(centre: Centre) -> Iterator[None]:
    """Begin one of them each second."""
    over = threading.Event()
    failed: list[BaseException] = []

    def begin() -> None:
        next_s = time.monotonic()
        try:
            while not over.wait(max(0.0, next_s - time.monotonic())):
                next_s = max(next_s + _EVERY_S, time.monotonic() - 1)
                again(
                    lambda: runtime.start_process(
                        system(centre), process_key=KEY, variables={"shared": SHARED}
                    )
                )
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=begin, name="bystanders", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if failed:
        raise failed[0]


def took_s(product: Product, since: datetime, until: datetime) -> list[float]:
    """Return the seconds from begin to end of those that began in a span of time and are over."""
    rows = product.rows(
        "SELECT started_at, ended_at FROM process_instance"
        " WHERE process_key = :key AND state = 'completed' AND started_at BETWEEN :since AND :until",
        key=KEY,
        since=since,
        until=until,
    )
    return [(row.ended_at - row.started_at).total_seconds() for row in rows]


def states(product: Product) -> dict[str, int]:
    """Count them by state."""
    query = "SELECT state, count(*) FROM process_instance WHERE process_key = :key GROUP BY state"
    return dict(product.rows(query, key=KEY))
