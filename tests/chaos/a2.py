"""The whole product on SQLite is killed with -9 every three seconds: everything is done, once."""

from __future__ import annotations

import time

from tests.chaos import census
from tests.chaos.desk import Desk
from tests.chaos.people import crowd
from tests.chaos.report import Report
from tests.chaos.site import site
from tests.stories.product import Product

COUNT, UNIT = 2_000, "instances"
WITHIN_S = 480.0
KILLS = True
_PEOPLE = 4
_EVERY_S = 3.0
_SAY_S = 10.0


def run(report: Report, count: int = COUNT) -> None:
    """Run it with so many instances. Each life counts from the moment when the product is ready."""
    with site() as here:
        here.deploy()
        product = here.product
        desk = Desk(product.url, patience_s=WITHIN_S)
        product.up()
        begun_s = said_s = time.monotonic()
        with crowd(desk.do_errand, range(count), _PEOPLE) as done:
            while not _is_over(product, count) and time.monotonic() < begun_s + 2 * WITHIN_S:
                done()
                if time.monotonic() > said_s + _SAY_S:
                    said_s = time.monotonic()
                    over = census.completed(product)
                    report.say(f"{over:,} of {count:,} are over, {report.kill_count} kills")
                time.sleep(_EVERY_S)
                if census.completed(product) < count:
                    product.kill()
                    report.kill_count += 1
                    product.check_integrity()
                    product.up()
        report.most("seconds", time.monotonic() - begun_s, WITHIN_S)
        report.figure("answers that people got", dict(desk.answers))
        census.take(report, product, range(count), here.twilio)
        product.stop()
        product.check_integrity()
        report.say("SQLite finds no damage")


def _is_over(product: Product, count: int) -> bool:
    return census.completed(product) == count and not census.under_way(product)
