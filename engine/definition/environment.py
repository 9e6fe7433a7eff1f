"""Puts together what a step of an instance may look at, bound to the open transaction."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from engine.context import Context
from engine.definition.definitions import Definition
from engine.definition.notices import chosen_notices
from engine.errors import NotFound
from engine.instance import LargeValue
from engine.machine import Budget, Environment
from engine.people import PeopleDirectory
from engine.people import feel_functions as people_functions
from engine.sandbox import Sandbox
from engine.worktime import Calendar, load_calendar
from engine.worktime import feel_functions as worktime_functions

sandbox = Sandbox()
# What every step may take.
BUDGET = Budget()


def environment(ctx: Context, definition: Definition, given: Mapping[str, Any]) -> Environment:
    """Return what a step may look at.

    Args:
        ctx: The open transaction; its time is the step's.
        definition: The process that is run.
        given: Names every expression knows.
    """
    registry = ctx.registry
    now = ctx.now.astimezone(ctx.settings.zone)
    began_s = time.thread_time()
    scripts_s = 0.0

    def worked_s() -> float:
        # Not by the clock on the wall: a step must not seem to work while a busy machine lets it wait.
        return time.thread_time() - began_s + scripts_s

    @contextmanager
    def in_script() -> Iterator[None]:
        nonlocal scripts_s
        entered_s = time.monotonic()
        try:
            yield
        finally:
            scripts_s += time.monotonic() - entered_s

    def service_mode(name: str) -> Any:
        offer = registry.service_tasks.get(name)
        return offer.mode if offer is not None else "job"

    def large_value(hash_: str) -> str:
        text: str = ctx.connection.execute(
            select(LargeValue.text).where(LargeValue.hash == hash_)
        ).scalar_one()
        return text

    def run_script(source: str, view: Mapping[str, Any], *, seed: str) -> Any:
        with in_script():
            return sandbox.run(source, inputs=view, now=now, seed=seed)

    def evaluate_script(source: str, view: Mapping[str, Any], *, seed: str) -> Any:
        with in_script():
            return sandbox.evaluate(source, inputs=view, now=now, seed=seed)

    return Environment(
        now=now,
        given=given,
        functions=functions(ctx),
        types=definition.manifest.types,
        service_mode=service_mode,
        decision=definition.package.decisions.__getitem__,
        run_script=run_script,
        evaluate_script=evaluate_script,
        directory=PeopleDirectory(ctx),
        large_value=large_value,
        notices=functools.partial(chosen_notices, ctx, definition.key),
        budget=BUDGET,
        worked_s=worked_s,
    )


def functions(ctx: Context) -> Mapping[str, Callable[..., Any]]:
    """Return our own FEEL functions, bound to the open transaction: working time and people.

    Without a calendar of the centre's, every hour is working time.
    """

    @functools.cache
    def calendar() -> Calendar:
        try:
            return load_calendar(ctx.session)
        except NotFound:
            return Calendar.of(zone=ctx.settings.time_zone)

    return {**worktime_functions(calendar), **people_functions(ctx)}
