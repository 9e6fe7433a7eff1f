"""Sixteen threads write to SQLite at once: how many steps share a commit, and what that gains.

The gain depends on the disk: a commit waits for it, and a group of steps waits once.

python -m benchmarks.crowd
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from pathlib import Path

from sqlalchemy import event

from benchmarks.measuring import centre_on, say
from benchmarks.stock import MODEL
from engine import runtime
from engine.context import Centre
from engine.db import writer
from engine.definition import deploy
from engine.testing import person, system

THREADS = 16
STEPS = 40
ROUNDS = 3


def _together(centre: Centre) -> tuple[float, float]:
    """Return how many instances a second the threads start, and how many of them share a commit."""
    commits = 0

    def committed(_connection: object) -> None:
        nonlocal commits
        commits += 1

    def start() -> None:
        for _ in range(STEPS):
            runtime.start_process(person(centre, "ann"), process_key="pair", variables={"days": 5})

    threads = [threading.Thread(target=start) for _ in range(THREADS)]
    event.listen(centre.database.engine, "commit", committed)
    begun_s = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - begun_s
    event.remove(centre.database.engine, "commit", committed)
    return THREADS * STEPS / took_s, THREADS * STEPS / commits


def main() -> None:
    """Print the rate with grouped commits and with one commit a step."""
    with tempfile.TemporaryDirectory(prefix="callwright-bench-") as name, centre_on(Path(name)) as centre:
        deploy(system(centre), files={"pair.bpmn": MODEL})
        most, rates, shared = writer.MAXIMUM_STEPS, {1: [], writer.MAXIMUM_STEPS: []}, 1.0
        for _ in range(ROUNDS):
            for writer.MAXIMUM_STEPS, taken in rates.items():
                rate, shared = _together(centre)
                taken.append(rate)
        alone, grouped = (statistics.median(rates[steps]) for steps in (1, most))
        say(f"SQLite, {THREADS} threads: a commit a step", alone, "a second", ratio=1.0, beside="that")
        say(
            f"SQLite, {THREADS} threads: {shared:.1f} steps a commit",
            grouped,
            "a second",
            ratio=grouped / alone,
            beside="that",
        )


if __name__ == "__main__":
    main()
