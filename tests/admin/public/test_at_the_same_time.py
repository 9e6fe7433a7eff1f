"""What is sent at the same moment, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from admin.centre import open_centre
from admin.public.starts import find_start
from admin.public.views.report import send_once
from engine import runtime
from engine.clock import MovableClock
from engine.context import PUBLIC, Centre, Context
from engine.settings import Settings

REPORT = {
    "category": "water",
    "summary": "Burst pipe",
    "description": "Water comes out of the road.",
    "address": "Nathan Road 1",
    "reporter_phone": "+85251230001",
}


@pytest.fixture
def centre(settings: Settings, database_url: str, clock: MovableClock) -> Iterator[Centre]:
    here = replace(settings, database_url=database_url, secret_key="of no weight" * 4)
    centre = open_centre(here, web=True, clock=clock)
    yield centre
    centre.database.dispose()


def test_a_page_that_is_sent_by_two_presses_at_once_starts_one_process(
    hotline: Context, centre: Centre
) -> None:
    def press(_number: int) -> str:
        ctx = Context(centre=centre, actor=PUBLIC)
        with ctx.read():
            start = find_start(ctx, "ticket_routing", "report")
        return send_once(ctx, start=start, data=REPORT, phone="+85251230001", number="0" * 32)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(press, range(8)))
    assert len(keys) == 1
    with hotline.read():
        assert runtime.list_instances(hotline, key="ticket_routing")[0] == 1
