"""Timers ring in time beside other work; those that are overdue at the start ring in order, and soon."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial

from engine import runtime
from engine.context import Centre
from engine.definition import deploy
from engine.testing import system
from engine.testing.drawing import chain, drawing, end, start
from tests.chaos.desk import Desk
from tests.chaos.people import again, crowd
from tests.chaos.report import Report, part
from tests.chaos.site import Site, site_on_server
from tests.stories.product import until

COUNT, UNIT = 5_000, "timers, and twice as many that are overdue at the start"
WITHIN_S = 300.0
KILLS = False
_WORKERS = 2
_SPREAD_S = 300.0
_LOAD_PER_S = 20
_OVERDUE_WITHIN_S = 180.0
# As many places as the claims of all workers look at: what stands there may be taken in any order.
_PLACES = 100
_ALARM = drawing(
    "\n".join(
        (
            start(),
            '<bpmn:intermediateCatchEvent id="ring"><bpmn:timerEventDefinition>'
            "<bpmn:timeDate>date and time(due)</bpmn:timeDate>"
            "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>",
            end(),
            chain(("begin", "ring", "over")),
        )
    ),
    key="alarm",
)


def run(report: Report, count: int = COUNT) -> None:
    """Run it with so many timers, spread over five minutes; fewer are spread over less."""
    with site_on_server() as here, here.centre() as centre:
        here.deploy()
        deploy(system(centre), files={"alarm.bpmn": _ALARM})
        _overdue(report, here, centre, 2 * count)
        _in_time(report, here, centre, count)


def _overdue(report: Report, here: Site, centre: Centre, count: int) -> None:
    first = datetime.now(UTC) - timedelta(hours=6)
    order = list(range(count))
    report.chance.shuffle(order)
    for number in order:
        _set(centre, first + timedelta(seconds=number))
    here.begin_web()
    here.product.wait_ready("web")
    desk = Desk(here.product.url)
    desk.look(0)
    desk.took_s.clear()
    for _ in range(_WORKERS):
        here.begin_worker()
    until(lambda: all(map(here.works, here.workers)), "the workers work")
    begun_s = time.monotonic()
    # No errands: nothing new begins while the work is so far behind.
    with crowd(desk.look, range(1_000_000), 1) as done:
        until(lambda: (done(), not _left(here))[1], "overdue timers ring", within_s=3 * _OVERDUE_WITHIN_S)
        took_s = time.monotonic() - begun_s
        desk.stop()
    report.most("overdue: seconds until all have rung", took_s, _OVERDUE_WITHIN_S)
    rows = here.product.rows(
        "SELECT row_number() OVER (ORDER BY due_at) - row_number() OVER (ORDER BY ended_at, due_at)"
        " FROM job WHERE kind = 'timer' AND process_key = 'alarm'"
    )
    report.equal("overdue: timers rung", len(rows), count)
    report.most("overdue: places out of order, at most", max(abs(int(row[0])) for row in rows), _PLACES)
    report.most("overdue: web answers meanwhile, p95 s", part(desk.took_s, 0.95), 1.0)
    report.figure("overdue: web answers", len(desk.took_s))


def _in_time(report: Report, here: Site, centre: Centre, count: int) -> None:
    moment = datetime.now(UTC).replace(microsecond=0)
    # Time to set them all before the first rings.
    first = moment + timedelta(seconds=20 + count / 50)
    spread_s = _SPREAD_S * count / COUNT
    for number in range(count):
        _set(centre, first + timedelta(seconds=spread_s * number / count))
    report.say(
        f"{count:,} timers are set; the first rings in {(first - datetime.now(UTC)).total_seconds():.0f} s"
    )
    time.sleep(max(0.0, (first - datetime.now(UTC)).total_seconds()))
    begun_s = time.monotonic()
    started = 0
    while (now_s := time.monotonic()) < begun_s + spread_s:
        if started < (now_s - begun_s) * _LOAD_PER_S:
            started += 1
            again(
                partial(
                    runtime.start_process, system(centre), process_key="errand", variables={"number": started}
                )
            )
        else:
            time.sleep(0.01)
    report.figure("load: instances begun a second", started / spread_s)
    until(lambda: not _left(here), "timers ring", within_s=120)
    rows = here.product.rows(
        "SELECT due_at, ended_at FROM job"
        " WHERE kind = 'timer' AND process_key = 'alarm' AND due_at >= :first",
        first=first,
    )
    late_s = [(row[1] - row[0]) / timedelta(seconds=1) for row in rows]
    report.equal("timers rung", len(late_s), count)
    report.equal("too early", sum(late < 0 for late in late_s), 0)
    report.most("seconds late, p50", part(late_s, 0.5), 1.0)
    report.most("seconds late, p99", part(late_s, 0.99), 3.0)
    report.figure("seconds late, most", max(late_s))


def _set(centre: Centre, due: datetime) -> None:
    said = {"due": due.isoformat(timespec="milliseconds")}
    again(partial(runtime.start_process, system(centre), process_key="alarm", variables=said))


def _left(here: Site) -> int:
    query = "SELECT count(*) FROM job WHERE kind = 'timer' AND process_key = 'alarm' AND state <> 'done'"
    return int(here.product.rows(query)[0][0])
