"""A worker is killed with -9 every two seconds, on PostgreSQL: everything is done, once."""

from __future__ import annotations

from tests.chaos import census
from tests.chaos.killing import kill_until_over
from tests.chaos.people import crowd, do_errand
from tests.chaos.report import Report
from tests.chaos.site import site_on_server

COUNT, UNIT = 10_000, "instances"
WITHIN_S = 480.0
KILLS = True
_WORKERS = 2
_PEOPLE = 3


def run(report: Report, count: int = COUNT, *, most_kills: int | None = None) -> None:
    """Run it with so many instances, and at most so many kills."""
    with site_on_server() as here:
        here.deploy()
        for _ in range(_WORKERS):
            here.begin_worker()
        with (
            here.centre() as centre,
            crowd(lambda number: do_errand(centre, number), range(count), _PEOPLE) as done,
        ):
            took_s = kill_until_over(
                report, here, count, within_s=2 * WITHIN_S, said=done, most_kills=most_kills
            )
        report.most("seconds", took_s, WITHIN_S)
        census.take(report, here.product, range(count), here.twilio)
