"""The work list of a person with very many tasks: 50,000 open ones, 1,000,000 finished ones, on PostgreSQL.

The rows are copies of one real task and of its instance, made by the database. What is measured is what the
page asks the database for: how many there are and one page of them, of every view of the list.

python -m benchmarks.worklist [FINISHED_COUNT]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, text

from benchmarks.measuring import centre_on, postgresql, say
from benchmarks.stock import MODEL, slowness
from engine import runtime
from engine.context import Centre
from engine.definition import deploy
from engine.testing import person, system
from engine.work import list_tasks

GOAL_MS = {"mine": 50.0, "to be taken": 50.0}
OPEN_COUNT = 50_000
FINISHED_COUNT = 1_000_000
LOOKS = 40
# What the list can be asked for: each view, a page far behind the first, another order. The goal is that of
# the list as people open it; what else they may ask for is printed beside it.
VIEWS: dict[str, dict[str, Any]] = {
    "mine": {"mine": "ann"},
    "mine, page 1,000": {"mine": "ann", "page": 1_000},
    "mine, by creation": {"mine": "ann", "sort": "-created_at"},
    "to be taken": {"candidate": "ann"},
    "finished by me": {"ended_by": "ann", "state": ("completed",), "sort": "-ended_at"},
}


def _copies(connection: Connection, table: str, count: int, first: int, **changed: str) -> None:
    """Copy the one row of a table so many times; ``changed`` are SQL expressions over ``n``."""
    columns = [
        row.column_name
        for row in connection.execute(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = :t"), {"t": table}
        )
    ]
    values = ", ".join(changed.get(name, f'kept."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(
        text(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM (SELECT * FROM {table} LIMIT 1) AS kept, "
            f"generate_series({first}, {first + count - 1}) AS n"
        )
    )


def fill(centre: Centre, open_count: int, finished_count: int) -> None:
    """Give Ann so many tasks: a third of the open ones is hers, the others are her group's."""
    runtime.start_process(person(centre, "ann"), process_key="pair", variables={"days": 5})
    number = "lpad(to_hex(n), 32, '0')::uuid"
    later = "kept.created_at + n * interval '1 second'"
    with system(centre).write() as ctx:
        connection = ctx.connection
        # Copies of what holds already: their references need no checking one by one.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        count = open_count + finished_count
        _copies(connection, "process_instance", count, 1, id=number, root_id=number, business_key="'K' || n")
        task = {"id": number, "instance_id": number, "business_key": "'K' || n", "created_at": later}
        assignee = "CASE WHEN n % 3 = 0 THEN 'ann' END"
        due = "kept.created_at + (n * 7919 % 100000) * interval '1 minute'"
        _copies(connection, "user_task", open_count, 1, **task, assignee=assignee, due_at=due)
        done = {"state": "'completed'", "assignee": "'ann'", "ended_by": "'ann'", "ended_at": later}
        _copies(connection, "user_task", finished_count, open_count + 1, **task, **done)
        _copies(connection, "user_task_candidate", count, 1, task_id=number)


def look_ms(centre: Centre, **asked: Any) -> tuple[int, float]:
    """Look at a page of the list again and again; return how many tasks there are and the p95 in ms."""
    taken = []
    for _ in range(LOOKS):
        ctx = person(centre, "ann")
        begun = time.perf_counter()
        with ctx.read():
            count, _tasks = list_tasks(ctx, **asked)
        taken.append((time.perf_counter() - begun) * 1000)
    return count, sorted(taken)[int(LOOKS * 0.95)]


def main(finished_count: int = FINISHED_COUNT) -> None:
    """Print the p95 of each view."""
    with tempfile.TemporaryDirectory(prefix="callwright-bench-") as name, postgresql() as url:
        if url is None:
            return
        with centre_on(Path(name), url) as centre:
            deploy(system(centre), files={"pair.bpmn": MODEL})
            fill(centre, OPEN_COUNT, finished_count)
            # What the server's own housekeeper does soon after so many rows.
            with psycopg.connect(url, autocommit=True) as housekeeper:
                housekeeper.execute("VACUUM ANALYZE")
            slow = slowness()
            for view, asked in VIEWS.items():
                count, taken = look_ms(centre, **asked)
                title = f"work list, {view}: p95 over {count:,}"
                say(f"PostgreSQL: {title}", taken, "ms", goal=GOAL_MS.get(view), slowness=slow)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else FINISHED_COUNT)
