"""The machine is lost under load: a base backup and the log of writes bring everything back, said once."""

from __future__ import annotations

from engine.history.seal import verify
from engine.testing import system
from tests.chaos import census
from tests.chaos.desk import Desk
from tests.chaos.people import crowd
from tests.chaos.report import Report
from tests.chaos.servers import Cluster, clusters
from tests.chaos.site import Site, site
from tests.stories.product import until

COUNT, UNIT = 600, "instances"
WITHIN_S = 300.0
KILLS = False
_WORKERS = 2
_PEOPLE = 4


def run(report: Report, count: int = COUNT) -> None:
    """Run it with so many instances: a third before the backup, two before the loss, all in the end."""
    with clusters(2) as (server, other):
        server.make("wal_level = replica", "max_wal_senders = 4")
        server.start()
        with site(server.url()) as here:
            # Not every timer has rung when the machine is lost, nor does every one wait.
            here.deploy(pause="PT10S")
            _begin(here)
            desk = Desk(here.product.url)
            with server.receiving_log(), crowd(desk.do_errand, range(count), _PEOPLE) as done:
                until(lambda: done() >= count // 3, "a third is begun", within_s=WITHIN_S)
                begun_s = report.since_s
                server.back_up(other)
                report.figure("seconds that the backup took under load", report.since_s - begun_s)
                until(
                    lambda: done() >= count * 2 // 3 and len(here.twilio.messages) >= count // 6,
                    "two thirds are begun, a sixth is over",
                    within_s=WITHIN_S,
                )
                for name in list(here.product.running):
                    here.product.running.pop(name).kill_all()
                here.workers.clear()
                acknowledged = done()
                sent = len(here.twilio.messages)
                server.stop()
                report.figure("instances whose people were done", acknowledged)
                report.figure("SMS that were sent", sent)
                begun_s = report.since_s
                other.restore(server)
                report.figure("seconds until the empty server was restored", report.since_s - begun_s)
                _move(here, server, other)
                kept = here.product.rows("SELECT count(*) FROM user_task WHERE state = 'completed'")[0][0]
                report.least("instances whose people were done, restored", kept, acknowledged)
                with here.centre() as centre:
                    verdict = verify(system(centre))
                report.equal("first broken block of the audit log", verdict.broken_block, None)
                report.least("sealed blocks of the audit log", verdict.block_count, 1)
                _begin(here)
                until(
                    lambda: (
                        done() == count
                        and census.completed(here.product) == count
                        and not census.under_way(here.product)
                    ),
                    "everything is over",
                    within_s=WITHIN_S,
                )
            census.take(report, here.product, range(count), here.twilio)


def _begin(here: Site) -> None:
    here.begin_web()
    for _ in range(_WORKERS):
        here.begin_worker()
    here.product.wait_ready("web")


def _move(here: Site, server: Cluster, other: Cluster) -> None:
    """Let the product use the other server from now on."""
    here.product.settings = {**here.product.settings, "CALLWRIGHT_DATABASE_URL": other.url()}
