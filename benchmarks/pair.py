"""Start an instance and complete its user task: CPU per pair, beside stock SpiffWorkflow in the same run.

Five elements, two persisted steps. Ours does all that a verb does: rights, work item, history, audit, outbox,
subscriptions, the version check. Looking the task up in the person's work list is measured as well; stock has
no such list.

python -m benchmarks.pair
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import event

from benchmarks.measuring import centre_on, postgresql, say
from benchmarks.stock import MODEL, PAIRS, REFERENCE_MS, ROUNDS, stock_ms
from engine import runtime
from engine.context import Centre
from engine.definition import deploy
from engine.testing import person, system
from engine.work import list_tasks

GOALS = {"SQLite": 2 / REFERENCE_MS, "PostgreSQL": 3 / REFERENCE_MS}


def our_ms(centre: Centre) -> tuple[float, float]:
    """Return the CPU of our pair, and of finding the task between its two steps, in milliseconds."""
    deploy(system(centre), files={"pair.bpmn": MODEL})
    stepping, finding = [], []
    for _ in range(ROUNDS + 1):
        steps = looks = 0.0
        for _ in range(PAIRS):
            times = [time.process_time()]
            begun = runtime.start_process(person(centre, "ann"), process_key="pair", variables={"days": 5})
            times.append(time.process_time())
            reading = person(centre, "ann")
            with reading.read():
                task_id = list_tasks(reading, mine="ann", instance_id=begun.id)[1][0].id
            times.append(time.process_time())
            done = runtime.complete_task(person(centre, "ann"), task_id=task_id)
            times.append(time.process_time())
            assert done.state == "completed"
            steps += times[1] - times[0] + times[3] - times[2]
            looks += times[2] - times[1]
        stepping.append(steps / PAIRS * 1000)
        finding.append(looks / PAIRS * 1000)
    return statistics.median(stepping[1:]), statistics.median(finding[1:])


def statements(centre: Centre) -> tuple[Counter[str], Counter[str]]:
    """Count what the two steps of a pair ask of the database."""
    asked: Counter[str] = Counter()

    def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked["statements"] += 1

    def committed(_connection: Any) -> None:
        asked["commits"] += 1

    engine = centre.database.engine
    event.listen(engine, "before_cursor_execute", executed)
    event.listen(engine, "commit", committed)
    try:
        begun = runtime.start_process(person(centre, "ann"), process_key="pair", variables={"days": 5})
        starting = asked.copy()
        reading = system(centre)
        with reading.read():
            task_id = list_tasks(reading, instance_id=begun.id)[1][0].id
        asked.clear()
        runtime.complete_task(person(centre, "ann"), task_id=task_id)
        return starting, asked.copy()
    finally:
        event.remove(engine, "before_cursor_execute", executed)
        event.remove(engine, "commit", committed)


def _report(name: str, centre: Centre, base: float) -> None:
    taken, found = our_ms(centre)
    say(f"{name}: a pair", taken, "ms", ratio=taken / base, most=GOALS[name])
    say(f"{name}: finding its task in the work list", found, "ms")
    for step, asked in zip(("start", "complete"), statements(centre), strict=True):
        print(f"{name}: {step}: {asked['statements']} statements, {asked['commits']} commit")


def main() -> None:
    """Print CPU per pair, its ratio to stock SpiffWorkflow, and the statements of each step."""
    with tempfile.TemporaryDirectory(prefix="callwright-bench-") as name, postgresql() as url:
        folder = Path(name)
        # As the product's processes do once they have loaded (admin/cli): no look for garbage, in stock's
        # pairs or in ours, walks through modules that stay.
        gc.freeze()
        base = stock_ms()
        say("stock SpiffWorkflow, SQLite: a pair", base, "ms", ratio=1.0)
        with centre_on(folder) as centre:
            _report("SQLite", centre, base)
        if url is not None:
            with centre_on(folder, url) as centre:
                _report("PostgreSQL", centre, base)


if __name__ == "__main__":
    main()
