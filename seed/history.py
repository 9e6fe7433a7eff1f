"""The history of a hotline: reports come in, and people do with them what people do."""

from __future__ import annotations

from datetime import datetime

from engine.clock import MovableClock
from engine.worktime import add
from seed.past import Agenda, Past
from seed.report import Report
from seed.town import Town
from seed.world import World


def tell(ctx: Past, clock: MovableClock, world: World, *, until: datetime) -> None:
    """Let a world's history happen, within the open write transaction.

    Args:
        ctx: The open write transaction, the product's own.
        clock: Its clock, standing before the history begins.
        world: Whose history; its people are there.
        until: The present, at which the clock stands in the end.

    Raises:
        CallwrightError: Something did not go as it must.
    """
    town = Town(world, Agenda(ctx=ctx, clock=clock, until=until))
    courses = {course: course.weight for course in world.history.courses}
    for at in town.beginnings():
        town.agenda.add(at, Report(town, town.weighted(courses)).begin)
    for unfinished in world.history.unfinished:
        at = add(town.calendar, until, f"-{unfinished.began}")
        town.agenda.add(at, Report(town, unfinished).begin)
    town.agenda.happen()
