"""Hostile scripts and expressions in nine places of a drawing: nothing is reached, nobody else is held up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from engine.definition import deploy
from engine.testing import system
from tests.chaos import bystander
from tests.chaos.assault import Assault
from tests.chaos.canaries import SECRET, Canaries, canaries
from tests.chaos.people import crowd
from tests.chaos.places import PLACES, Attack, attacks
from tests.chaos.proc import family, program
from tests.chaos.report import Report, part
from tests.chaos.servers import database
from tests.chaos.site import site
from tests.stories.product import ROOT, Product, until

COUNT, UNIT = 48, "payloads in each of nine places"
WITHIN_S = 480.0
KILLS = False
_LIMIT_S = 3.0
_LIMIT_MB = 100.0
_LIMIT_RATIO = 2.0
_ATTACKERS = 2
# How long the bystanders run alone, before and afterwards, to be compared with.
_ALONE_S = 30.0
_SAY_S = 10.0
# What only the host can tell, as text.
_OF_THE_HOST = (
    SECRET,
    "site-packages",
    "<module ",
    "<frame ",
    "<code object",
    "sqlalchemy.",
    "engine.machine",
)

Span = tuple[datetime, datetime]


def run(
    report: Report,
    count: int = COUNT,
    *,
    places: Sequence[str] = PLACES,
    patience: float = 1.0,
    alone_s: float = _ALONE_S,
) -> None:
    """Run it with so many payloads in each place, chosen by chance.

    Args:
        report: What gets the counts.
        count: Payloads in a place, at most.
        places: Which places.
        patience: How many times longer everything may take, on a machine that does something else.
        alone_s: How long the bystanders run alone, before and afterwards.
    """
    tried = [one for place in places for one in _some(report, place, count)]
    report.chance.shuffle(tried)
    with (
        database() as url,
        canaries() as reach,
        site(url, **reach.settings(str(ROOT))) as here,
        here.centre() as centre,
    ):
        product = here.product
        deploy(system(centre), files=bystander.files())
        here.begin_web()
        worker = product.running[here.begin_worker()]
        product.wait_ready("web")
        until(lambda: here.works(here.workers[0]), "the worker works")
        with bystander.beginning(centre):
            before = _alone(alone_s)
            assault = Assault(
                product, centre, reach, tried, worker_pid=worker.pid, limit_s=_LIMIT_S * patience
            )
            begun_at = datetime.now(UTC)
            with crowd(assault.attack, range(len(tried)), _ATTACKERS) as done:
                took_s = _watch(report, done, len(tried))
            beside = (begun_at, datetime.now(UTC))
            assault.attack_alone()
            afterwards = _alone(alone_s)
        until(lambda: not bystander.states(product).get("active"), "the bystanders are over")
        report.most("seconds", took_s, WITHIN_S * patience)
        _judge_outcomes(report, assault)
        _judge_bystanders(report, product, (before, afterwards), beside, _LIMIT_RATIO * patience)
        _judge_programs(report, worker.pid)
        product.stop()
        _judge_reach(report, product, reach)


def _some(report: Report, place: str, count: int) -> list[Attack]:
    everything = attacks(place)
    return report.chance.sample(everything, min(count, len(everything)))


def _alone(alone_s: float) -> Span:
    begun_at = datetime.now(UTC)
    time.sleep(alone_s)
    return begun_at, datetime.now(UTC)


def _watch(report: Report, done: Callable[[], int], count: int) -> float:
    """Wait until all are tried; return the seconds that it took."""
    begun_s = said_s = time.monotonic()
    while done() < count:
        time.sleep(0.1)
        if time.monotonic() > said_s + _SAY_S:
            said_s = time.monotonic()
            report.say(f"{done():,} of {count:,} are tried")
    return time.monotonic() - begun_s


def _judge_outcomes(report: Report, assault: Assault) -> None:
    for place in sorted({one.attack.place for one in assault.outcomes}):
        here = [one for one in assault.outcomes if one.attack.place == place]
        report.figure(f"{place}: what became of {len(here)}", dict(Counter(one.how for one in here)))
        report.least(f"{place}: payloads that were not refused", sum(one.how != "refused" for one in here), 1)
    slowest = max(assault.outcomes, key=lambda one: one.took_s)
    unheld = [one for one in assault.outcomes if not one.held]
    for one in [*unheld, slowest]:
        report.say(str(one))
    report.equal("payloads that were not held", len(unheld), 0)
    report.figure("seconds of a payload, p95", part([one.took_s for one in assault.outcomes], 0.95))
    report.most("seconds of a payload, most", slowest.took_s, assault.limit_s)
    report.figure("under way when the worker was largest", "; ".join(assault.largest))
    report.most("MB by which the worker grew, most", assault.most_mb - assault.begun_mb, _LIMIT_MB)


def _judge_bystanders(
    report: Report, product: Product, alone: Sequence[Span], beside: Span, limit: float
) -> None:
    """Compare how long bystanders took alone and beside the payloads."""
    took_s = {
        "alone": [second for span in alone for second in bystander.took_s(product, *span)],
        "beside": bystander.took_s(product, *beside),
    }
    for name, seconds in took_s.items():
        report.figure(f"bystanders {name}, seconds, p50", part(seconds, 0.5))
        report.figure(f"bystanders {name}, seconds, p95, of {len(seconds)}", part(seconds, 0.95))
    ratio = part(took_s["beside"], 0.95) / part(took_s["alone"], 0.95)
    report.most("bystanders' p95, beside to alone", ratio, limit)
    states = bystander.states(product)
    report.equal("bystanders that found something", sum(states.values()) - states["completed"], 0)


def _judge_programs(report: Report, pid: int) -> None:
    """Look at the worker and at what it has started."""
    first, *others = [program(one) for one in family(pid)]
    report.figure("programs of the worker", f"{first}, {dict(Counter(others))}")
    report.equal("programs that are not the sandbox", sum(name != "monty" for name in others), 0)


def _judge_reach(report: Report, product: Product, reach: Canaries) -> None:
    """Look for what only the host knows in everything that the product keeps and says."""
    report.equal("calls to where nobody may call", reach.calls, 0)
    modules = reach.modules()
    report.least("processes that told of their module", len(modules), 2)
    report.equal("modules that were changed", sum(held != reach.module for held in modules), 0)
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    found = [
        f"{sign} in {table}: {row[0][:300]}"
        for (table,) in product.rows(tables)
        if table != "deployed_file"
        for sign in _OF_THE_HOST
        for row in product.rows(
            f'SELECT t::text FROM "{table}" t WHERE t::text LIKE :text OR t::text LIKE :bytes',
            text=f"%{sign}%",
            bytes=f"%{sign.encode().hex()}%",
        )
    ]
    for one in found[:20]:
        report.say(f"found {one}")
    report.equal("rows that hold what only the host knows", len(found), 0)
    said = "\n".join(log.read_text(errors="replace") for log in product.folder.glob("*.log"))
    report.equal("secrets in the logs", said.count(SECRET), 0)
    report.equal("faults in the logs", said.count('"Traceback'), 0)
