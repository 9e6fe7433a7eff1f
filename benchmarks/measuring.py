"""What every benchmark measures with: CPU time, a centre on each database, lines that name their goal."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from engine.clock import DatabaseClock
from engine.context import Centre
from engine.db import Mode, metadata
from engine.people import create_person, put_group, set_groups
from engine.testing import make_centre, system

SERVER = os.environ.get("CALLWRIGHT_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test")


def cpu_ms(act: Callable[[], object], *, count: int, rounds: int = 5) -> float:
    """Return the CPU milliseconds of doing something once: the median of several rounds.

    Args:
        act: What is done; once more before, to warm up.
        count: How often in a round.
        rounds: How many rounds.
    """
    act()
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(count):
            act()
        taken.append((time.process_time() - begun) / count * 1000)
    return statistics.median(taken)


def say(
    name: str,
    value: float,
    unit: str,
    *,
    ratio: float | None = None,
    beside: str = "stock",
    most: float | None = None,
    goal: float | None = None,
    slowness: float = 1.0,
) -> None:
    """Print one line.

    Args:
        name: What was measured.
        value: How much.
        unit: Of what.
        ratio: How much that is beside something else in the same run.
        beside: What that is.
        most: The goal for the ratio.
        goal: The goal for the value, in its unit, on the machine where the goals were set.
        slowness: How many times slower this machine is.
    """
    line = f"{name:52} {value:10,.2f} {unit}"
    if ratio is not None:
        line += f"   {ratio:6.2f} x {beside}"
    if most is not None and ratio is not None:
        line += f"   goal {most:.2f} x: {'met' if ratio <= most else 'MISSED'}"
    if goal is not None:
        here = f" x {slowness:.2f}" if slowness != 1.0 else ""
        line += f"   goal {goal:g} {unit}{here}: {'met' if value <= goal * slowness else 'MISSED'}"
    print(line, flush=True)


@contextmanager
def centre_on(folder: Path, database_url: str = "") -> Iterator[Centre]:
    """A centre with one person, Ann of the staff; SQLite in the folder where no address is given."""
    centre = make_centre(folder, database_url=database_url, clock=DatabaseClock())
    ctx = system(centre)
    with ctx.write():
        put_group(ctx, key="staff", name="Staff")
        create_person(ctx, key="ann", name="Ann")
        set_groups(ctx, person_key="ann", group_keys=["staff"])
    yield centre
    if database_url:
        metadata.drop_all(centre.database.engine_for(Mode.WRITE))
    centre.database.dispose()


@contextmanager
def postgresql() -> Iterator[str | None]:
    """The address of an empty database that is gone afterwards; None where this machine has no server."""
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        print("no PostgreSQL on this machine (CALLWRIGHT_TEST_POSTGRESQL names another)")
        yield None
        return
    name = f"callwright_bench_{os.getpid()}"
    server.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{SERVER.rsplit('/', 1)[0]}/{name}"
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        server.close()
