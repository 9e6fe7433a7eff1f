"""Web processes and workers are restarted by SIGTERM in turn while people work: nobody notices."""

from __future__ import annotations

import json
import time

from engine.testing.twilio_standin import Trouble
from tests.chaos import census
from tests.chaos.desk import Desk
from tests.chaos.nodes import Nodes
from tests.chaos.people import crowd
from tests.chaos.report import Report, part
from tests.chaos.site import Site, site_on_server
from tests.stories.product import until

COUNT, UNIT = 180, "seconds"
WITHIN_S = 300.0
KILLS = False
_WORKERS = 2
_PEOPLE = 4
# They take a breath: who asks for more than the machine can do is told to wait, restart or no restart.
_BREATH_S = 0.3
_GIVEN_BACK_WITHIN_S = 20.0
# What is on its way when a worker is told to end: SMS that the provider takes and does not answer.
_SLOW: tuple[Trouble, ...] = ("take_and_hang",) * 4
_SLOW_FOR_S = 2.0


def run(report: Report, count: int = COUNT) -> None:
    """Run it for so many seconds."""
    with site_on_server() as here:
        here.deploy()
        nodes = Nodes(here)
        for _ in range(_WORKERS):
            here.begin_worker()
        desk = Desk(*(f"http://127.0.0.1:{port}" for port in nodes.ports.values()), host=nodes.host)
        end_s = time.monotonic() + count
        stops_s: dict[str, list[float]] = {"web": [], "worker": []}
        held = 0

        def visit(number: int) -> None:
            desk.do_errand(number)
            desk.breathe(_BREATH_S)

        with crowd(visit, range(1_000_000), _PEOPLE) as done:
            while time.monotonic() < end_s:
                for name in nodes.ports:
                    stops_s["web"].append(_stop_web(nodes, name))
                    here.twilio.trouble(*_SLOW)
                    time.sleep(_SLOW_FOR_S)
                    took_s, left = _restart_worker(here)
                    stops_s["worker"].append(took_s)
                    held += left
                    done()
            desk.stop()
        numbers = sorted(desk.done)
        until(
            lambda: census.completed(here.product) == len(numbers) and not census.under_way(here.product),
            f"everything is over\n{here.product.said()}",
            within_s=WITHIN_S,
        )
        report.figure("restarts of web processes", len(stops_s["web"]))
        report.figure("restarts of workers", len(stops_s["worker"]))
        report.figure("seconds until a web process had ended, p50", part(stops_s["web"], 0.5))
        report.most(
            "seconds until a worker had ended, most", max(stops_s["worker"]), _GIVEN_BACK_WITHIN_S + 2
        )
        report.equal("leases that a worker kept", held, 0)
        report.figure("answers that people got", dict(desk.answers))
        report.figure("errands", len(numbers))
        failed = sum(number for tries, number in desk.tries.items() if tries > 2)
        report.figure("requests by tries", dict(desk.tries))
        report.equal("requests that failed past one retry", failed, 0)
        census.take(report, here.product, numbers, here.twilio)


def _stop_web(nodes: Nodes, name: str) -> float:
    """Restart a web process; return the seconds until it had ended."""
    begun_s = time.monotonic()
    nodes.stop(name)
    took_s = time.monotonic() - begun_s
    nodes.start()
    return took_s


def _restart_worker(here: Site) -> tuple[float, int]:
    """Restart the oldest worker; return the seconds until it had ended, and the leases that it kept."""
    worker = here.workers.pop(0)
    until(lambda: here.works(worker), "the worker works")
    log = (here.product.folder / f"{worker}.log").read_text()
    mark = next(
        said["worker"]
        for said in map(json.loads, filter(lambda line: line.startswith("{"), log.splitlines()))
        if "worker" in said
    )
    begun_s = time.monotonic()
    running = here.product.running.pop(worker)
    assert running.end() == 0, running.tail()
    took_s = time.monotonic() - begun_s
    query = "SELECT count(*) FROM job WHERE state = 'running' AND owner = :mark"
    kept = int(here.product.rows(query, mark=mark)[0][0])
    here.begin_worker()
    return took_s, kept
