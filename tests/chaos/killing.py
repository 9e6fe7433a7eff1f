"""Kills workers with -9, again and again, until everything is over."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from tests.chaos import census
from tests.chaos.report import Report
from tests.chaos.site import Site

EVERY_S = 2.0
_LOOK_S = 0.2
_AT_WORK_S = 1.0
_SAY_S = 10.0


def kill_until_over(
    report: Report,
    here: Site,
    count: int,
    *,
    within_s: float,
    said: Callable[[], int],
    most_kills: int | None = None,
) -> float:
    """Kill a worker every two seconds until every errand is over, and nothing is under way.

    Only while every worker has looked for jobs for a second: to kill one that has not begun to work would
    prove nothing. A machine that needs longer than two seconds to start one kills less often.

    Args:
        report: What gets the kills.
        here: Whose workers.
        count: How many errands there will be.
        within_s: When the test has failed, in seconds.
        said: How many errands their people have done; raises what any of them met.
        most_kills: Nobody is killed any more after so many; no end to it where omitted.

    Returns:
        The seconds that it took.
    """
    begun_s = time.monotonic()
    next_kill_s, next_word_s = begun_s + EVERY_S, begun_s + _SAY_S
    done = 0
    at_work_s: dict[str, float] = {}
    while (now_s := time.monotonic()) < begun_s + within_s:
        said()
        try:
            done = census.completed(here.product)
            if done == count and not census.under_way(here.product):
                return now_s - begun_s
        except OperationalError:
            # The database is down: that may be the test's own doing.
            pass
        if now_s >= next_word_s:
            next_word_s += _SAY_S
            report.say(f"{done:,} of {count:,} are over, {report.kill_count} kills")
        here.keep_workers()
        for worker in here.workers:
            if worker not in at_work_s and here.works(worker):
                at_work_s[worker] = now_s
        ready = all(now_s - at_work_s.get(one, now_s) >= _AT_WORK_S for one in here.workers)
        if now_s >= next_kill_s and ready and done < count and report.kill_count != most_kills:
            here.kill_worker(report.chance.choice(here.workers))
            report.kill_count += 1
            next_kill_s = now_s + EVERY_S
        time.sleep(_LOOK_S)
    report.say(here.product.said())
    return time.monotonic() - begun_s
