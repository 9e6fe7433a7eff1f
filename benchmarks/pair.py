"""Start an instance and complete its user task: CPU per pair, beside stock SpiffWorkflow in the same run.

Five elements, two persisted steps. Stock SpiffWorkflow parses once, runs in memory and writes its own
serializer's JSON into one row per step on SQLite (WAL, ``synchronous=FULL``); ours does all that a verb does:
rights, work item, history, audit, subscriptions, the version check.

python -m benchmarks.pair
"""

from __future__ import annotations

import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import text

from engine import runtime
from engine.clock import DatabaseClock
from engine.context import Centre
from engine.db import Database, Mode, metadata
from engine.definition import deploy
from engine.people import create_person, put_group, set_groups
from engine.testing import drawing, end, gateway, make_centre, person, start, system, task
from engine.work import list_tasks

ROUNDS = 5
PAIRS = 60
SERVER = os.environ.get("CALLWRIGHT_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test")

MODEL = drawing(
    f"""{start()}
    {gateway("prepare")}
    {task("ask", inside="<callwright:task candidateGroups='&quot;staff&quot;'/>")}
    {gateway("which")}
    {end("yes")}
    {end("no")}
    begin -> prepare
    prepare -> ask
    ask -> which
    which -> yes [days > 3]
    which -> no *""",
    key="pair",
)


def cpu_ms(pair: Callable[[], None]) -> float:
    """Return the CPU milliseconds of one pair: the median of several rounds."""
    pair()
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(PAIRS):
            pair()
        taken.append((time.process_time() - begun) / PAIRS * 1000)
    return statistics.median(taken)


@contextmanager
def stock(folder: Path) -> Iterator[Callable[[], None]]:
    """Stock SpiffWorkflow with its own serializer and one row per step."""
    parser = BpmnParser()
    parser.add_bpmn_io(io.BytesIO(MODEL), "pair.bpmn")
    spec = parser.get_spec("pair")
    subprocesses = parser.get_subprocess_specs("pair")
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
    database = Database(f"sqlite:///{folder / 'stock.db'}")
    opened = database.begin(Mode.WRITE)
    opened.connection.execute(text("CREATE TABLE state (id INTEGER PRIMARY KEY, written TEXT)"))
    opened.commit()

    def write(number: int | None, workflow: BpmnWorkflow) -> int:
        written = serializer.serialize_json(workflow)
        transaction = database.begin(Mode.WRITE)
        if number is None:
            statement = text("INSERT INTO state (written) VALUES (:written) RETURNING id")
            number = transaction.connection.execute(statement, {"written": written}).scalar_one()
        else:
            statement = text("UPDATE state SET written = :written WHERE id = :id")
            transaction.connection.execute(statement, {"written": written, "id": number})
        transaction.commit()
        assert number is not None
        return number

    def pair() -> None:
        workflow = BpmnWorkflow(spec, subprocesses)
        workflow.task_tree.data["days"] = 5
        workflow.do_engine_steps()
        number = write(None, workflow)
        transaction = database.begin(Mode.READ)
        row = transaction.connection.execute(
            text("SELECT written FROM state WHERE id = :id"), {"id": number}
        ).scalar_one()
        transaction.rollback()
        workflow = serializer.deserialize_json(row)
        (waiting,) = workflow.get_tasks(state=TaskState.READY, manual=True)
        waiting.data["days"] = 5
        waiting.run()
        workflow.do_engine_steps()
        assert workflow.is_completed()
        write(number, workflow)

    yield pair
    database.dispose()


@contextmanager
def ours(folder: Path, database_url: str = "") -> Iterator[Callable[[], None]]:
    """Our verbs, with everything they do."""
    centre = make_centre(folder, database_url=database_url, clock=DatabaseClock())
    ctx = system(centre)
    with ctx.write():
        put_group(ctx, key="staff", name="Staff")
        create_person(ctx, key="ann", name="Ann")
        set_groups(ctx, person_key="ann", group_keys=["staff"])
    deploy(ctx, files={"pair.bpmn": MODEL})

    def pair() -> None:
        begun = runtime.start_process(person(centre, "ann"), process_key="pair", variables={"days": 5})
        reading = system(centre)
        with reading.read():
            task_id = list_tasks(reading, instance_id=begun.id)[1][0].id
        done = runtime.complete_task(person(centre, "ann"), task_id=task_id)
        assert done.state == "completed"

    yield pair
    _clear(centre, database_url)


def _clear(centre: Centre, database_url: str) -> None:
    if database_url:
        metadata.drop_all(centre.database.engine.execution_options(callwright_mode="write"))
    centre.database.dispose()


def main() -> None:
    """Print CPU per pair and the ratio to stock SpiffWorkflow."""
    with tempfile.TemporaryDirectory(prefix="callwright-bench-") as name:
        folder = Path(name)
        with stock(folder) as pair:
            base = cpu_ms(pair)
        print(f"stock SpiffWorkflow, SQLite      {base:6.2f} ms   1.00")
        with ours(folder) as pair:
            taken = cpu_ms(pair)
        print(f"Callwright, SQLite               {taken:6.2f} ms   {taken / base:.2f}")
        _with_postgresql(folder, base)


def _with_postgresql(folder: Path, base: float) -> None:
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        print("Callwright, PostgreSQL           no server on this machine")
        return
    name = f"callwright_bench_{os.getpid()}"
    server.execute(f"CREATE DATABASE {name}")
    try:
        with ours(folder, f"{SERVER.rsplit('/', 1)[0]}/{name}") as pair:
            taken = cpu_ms(pair)
        print(f"Callwright, PostgreSQL           {taken:6.2f} ms   {taken / base:.2f}   (our side's CPU)")
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        server.close()


if __name__ == "__main__":
    print(json.dumps({"pairs": PAIRS, "rounds": ROUNDS}))
    main()
