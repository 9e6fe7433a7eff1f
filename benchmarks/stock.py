"""Stock SpiffWorkflow as its own handbook uses it: its serializer's JSON in one row, a write per step.

It says how fast a machine is, too: goals in milliseconds hold where its pair takes ``REFERENCE_MS``.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import text

from benchmarks.measuring import cpu_ms
from engine.db import Database, Mode
from engine.testing import drawing, end, gateway, start, task

ROUNDS = 5
PAIRS = 60
# What its pair took, in ms of CPU on SQLite, on the machine where the goals were set.
REFERENCE_MS = 1.32

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

_INSERT = text("INSERT INTO state (written) VALUES (:written) RETURNING id")
_UPDATE = text("UPDATE state SET written = :written WHERE id = :id")
_SELECT = text("SELECT written FROM state WHERE id = :id")


class Stock:
    """One drawing, parsed once, on SQLite (WAL, ``synchronous=FULL``).

    Args:
        database: Where the rows are.
        model: The drawing.
        key: Its process.
    """

    def __init__(self, database: Database, model: bytes, key: str) -> None:
        parser = BpmnParser()
        parser.add_bpmn_io(io.BytesIO(model), f"{key}.bpmn")
        self._spec = parser.get_spec(key)
        self._subprocesses = parser.get_subprocess_specs(key)
        self._serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
        self._database = database

    def begin(self, variables: dict[str, Any]) -> int:
        """Start an instance; return its row's number."""
        workflow = BpmnWorkflow(self._spec, self._subprocesses)
        workflow.task_tree.data.update(variables)
        workflow.do_engine_steps()
        transaction = self._database.begin(Mode.WRITE)
        written = {"written": self._serializer.serialize_json(workflow)}
        number = int(transaction.connection.execute(_INSERT, written).scalar_one())
        transaction.commit()
        return number

    def complete(self, number: int, variables: dict[str, Any]) -> bool:
        """Complete the user task that is ready; whether the instance is completed then.

        Raises:
            LookupError: No user task is found, though the instance was not completed.
        """
        transaction = self._database.begin(Mode.READ)
        row = transaction.connection.execute(_SELECT, {"id": number}).scalar_one()
        transaction.rollback()
        workflow = self._serializer.deserialize_json(row)
        waiting = next(iter(workflow.get_tasks(state=TaskState.READY, manual=True)), None)
        if waiting is None:
            raise LookupError(number)
        waiting.data.update(variables)
        waiting.run()
        workflow.do_engine_steps()
        transaction = self._database.begin(Mode.WRITE)
        written = {"written": self._serializer.serialize_json(workflow), "id": number}
        transaction.connection.execute(_UPDATE, written)
        transaction.commit()
        return bool(workflow.is_completed())


@contextmanager
def stock_database(folder: Path) -> Iterator[Database]:
    """A database for its rows."""
    database = Database(f"sqlite:///{folder / 'stock.db'}")
    opened = database.begin(Mode.WRITE)
    opened.connection.execute(text("CREATE TABLE state (id INTEGER PRIMARY KEY, written TEXT)"))
    opened.commit()
    yield database
    database.dispose()


def stock_ms() -> float:
    """Return the CPU of stock SpiffWorkflow's pair on SQLite, in milliseconds."""
    with (
        tempfile.TemporaryDirectory(prefix="callwright-bench-") as folder,
        stock_database(Path(folder)) as kept,
    ):
        stock = Stock(kept, MODEL, "pair")

        def pair() -> None:
            assert stock.complete(stock.begin({"days": 5}), {"days": 5})

        return cpu_ms(pair, count=PAIRS, rounds=ROUNDS)


def slowness() -> float:
    """Return how many times slower this machine is just now than the one where the goals were set."""
    return stock_ms() / REFERENCE_MS
