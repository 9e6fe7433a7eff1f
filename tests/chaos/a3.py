"""PostgreSQL crashes every 5 to 20 s and is down up to 5 s, while workers are killed: all is done, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tests.chaos import census
from tests.chaos.desk import Desk
from tests.chaos.killing import kill_until_over
from tests.chaos.people import crowd
from tests.chaos.report import Report, part
from tests.chaos.servers import Cluster, clusters
from tests.chaos.site import site
from tests.stories.product import Product

COUNT, UNIT = 3_000, "instances"
WITHIN_S = 300.0
KILLS = True
_WORKERS = 2
_PEOPLE = 6
_RECOVERED_WITHIN_S = 10.0


@contextmanager
def _crashing(report: Report, server: Cluster) -> Iterator[list[datetime]]:
    """Crash a server again and again and start it again a little later; yields when it was there again."""
    recovered_at: list[datetime] = []
    over = threading.Event()

    def crash() -> None:
        while not over.wait(report.chance.uniform(5, 20)):
            server.crash()
            time.sleep(report.chance.uniform(0, 5))
            server.start()
            recovered_at.append(datetime.now(UTC))

    crashing = threading.Thread(target=crash, name="crashes")
    crashing.start()
    try:
        yield recovered_at
    finally:
        over.set()
        crashing.join()


def run(report: Report, count: int = COUNT) -> None:
    """Run it with so many instances."""
    with clusters() as (server,):
        server.make()
        server.start()
        with site(server.url()) as here:
            here.deploy()
            here.begin_web()
            for _ in range(_WORKERS):
                here.begin_worker()
            here.product.wait_ready("web")
            desk = Desk(here.product.url)
            people = crowd(desk.do_errand, range(count), _PEOPLE)
            with _crashing(report, server) as recovered_at, people as done:
                took_s = kill_until_over(report, here, count, within_s=2 * WITHIN_S, said=done)
            report.most("seconds", took_s, WITHIN_S)
            report.figure("restarts of PostgreSQL", len(recovered_at))
            report.figure("answers that people got", dict(desk.answers))
            report.figure("tries of a request, at most", max(desk.tries))
            census.take(report, here.product, range(count), here.twilio)
            _check_recovery(report, here.product, recovered_at)


def _check_recovery(report: Report, product: Product, recovered_at: list[datetime]) -> None:
    """Hold the first job after each recovery against its bar, from when it was due.

    Without those whose worker died: they wait for its lease to run out, whatever the database does.
    """
    jobs = product.rows(
        "SELECT ended_at, due_at FROM job WHERE state = 'done' AND ended_at IS NOT NULL AND lost_count = 0"
        " AND instance_id IS NOT NULL ORDER BY ended_at"
    )
    waits_s = [
        (first.ended_at - max(moment, first.due_at)) / timedelta(seconds=1)
        for moment in recovered_at
        if (first := next((job for job in jobs if job.ended_at >= moment), None)) is not None
    ]
    report.figure("seconds from a recovery to the first job, p50", part(waits_s, 0.5))
    most_s = max(waits_s, default=0.0)
    report.most("seconds from a recovery to the first job, most", most_s, _RECOVERED_WITHIN_S)
