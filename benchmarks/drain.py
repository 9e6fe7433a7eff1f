"""Two workers drain ready instances: the rate, beside stock stepping as many and beside the store alone.

Each instance is begun by a job and goes through ten elements to its end. Stock SpiffWorkflow has no queue:
one process loads, steps and writes each. The store alone writes as many rows in as many transactions.

python -m benchmarks.drain [COUNT]
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from sqlalchemy import func, select, text

from benchmarks.measuring import centre_on, postgresql, say
from benchmarks.stock import stock_database
from engine import runtime
from engine.clock import DatabaseClock
from engine.context import Centre
from engine.db import Mode
from engine.definition import deploy
from engine.instance import ProcessInstance
from engine.testing import drawing, end, make_centre, start, system, task
from engine.testing.drawing import chain
from engine.worker import Worker

COUNT = 10_000
WORKERS = 2
_NAMES = [f"t{number}" for number in range(8)]
_TASKS = "\n".join(task(name, "manualTask") for name in _NAMES)
_WAIT = (
    '<bpmn:intermediateCatchEvent id="wait"><bpmn:timerEventDefinition>'
    "<bpmn:timeDuration>PT1S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
)
MODEL = drawing(
    f"{start()}\n{_WAIT}\n{_TASKS}\n{end()}\n{chain(['begin', 'wait', *_NAMES, 'over'])}", key="drain"
)
STOCK = drawing(
    f"{start()}\n{_TASKS.replace('manualTask', 'task')}\n{end()}\n{chain(['begin', *_NAMES, 'over'])}",
    key="drain",
)


def work(folder: str, database_url: str) -> None:
    """Be one worker until the input closes."""
    centre = make_centre(Path(folder), database_url=database_url, clock=DatabaseClock(), tables=False)
    worker = Worker(centre)
    import threading

    threading.Thread(target=lambda: (sys.stdin.read(), worker.stop()), daemon=True).start()
    worker.run()
    centre.database.dispose()


def _left(centre: Centre) -> int:
    ctx = system(centre)
    with ctx.read():
        wanted = select(func.count()).select_from(ProcessInstance).where(ProcessInstance.state == "active")
        return int(ctx.connection.execute(wanted).scalar_one())


def ours(folder: Path, database_url: str, count: int) -> float:
    """Return how many instances a second two workers bring to their end."""
    with centre_on(folder, database_url) as centre:
        deploy(system(centre), files={"drain.bpmn": MODEL})
        for _ in range(count):
            runtime.start_process(system(centre), process_key="drain")
        time.sleep(1.0)
        command = [sys.executable, "-m", "benchmarks.drain", "work", str(folder), database_url]
        workers = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(WORKERS)]
        while _left(centre) == count:
            time.sleep(0.05)
        first, begun = _left(centre), time.perf_counter()
        while left := _left(centre):
            assert time.perf_counter() - begun < 1_800, f"{left} instances are left"
            time.sleep(0.2)
        rate = first / (time.perf_counter() - begun)
        for worker in workers:
            worker.communicate()
        return rate


def stock(folder: Path, count: int) -> float:
    """Return how many instances a second stock SpiffWorkflow loads, steps to the end and writes."""
    parser = BpmnParser()
    parser.add_bpmn_io(io.BytesIO(STOCK), "drain.bpmn")
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
    ready = serializer.serialize_json(BpmnWorkflow(parser.get_spec("drain")))
    with stock_database(folder) as database:
        begun = time.perf_counter()
        for _ in range(count):
            workflow = serializer.deserialize_json(ready)
            workflow.do_engine_steps()
            transaction = database.begin(Mode.WRITE)
            written = {"written": serializer.serialize_json(workflow)}
            transaction.connection.execute(text("INSERT INTO state (written) VALUES (:written)"), written)
            transaction.commit()
        return count / (time.perf_counter() - begun)


def store(folder: Path, count: int) -> float:
    """Return how many rows a second one process writes, each in a transaction."""
    with stock_database(folder) as database:
        begun = time.perf_counter()
        for _ in range(count):
            transaction = database.begin(Mode.WRITE)
            transaction.connection.execute(
                text("INSERT INTO state (written) VALUES (:written)"), {"written": "x" * 900}
            )
            transaction.commit()
        return count / (time.perf_counter() - begun)


def main(count: int = COUNT) -> None:
    """Print the rates."""
    with tempfile.TemporaryDirectory(prefix="callwright-bench-") as name, postgresql() as url:
        folder = Path(name)
        (folder / "stock").mkdir()
        (folder / "store").mkdir()
        base = stock(folder / "stock", count // 10)
        say("stock SpiffWorkflow, SQLite, one process", base, "a second")
        say("the store alone, SQLite, one process", store(folder / "store", count // 10), "a second")
        for kind, address in (("SQLite", ""), ("PostgreSQL", url)):
            if address is not None:
                rate = ours(folder, address, count)
                say(f"{kind}: {count:,} instances, {WORKERS} workers", rate, "a second", ratio=rate / base)


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        work(sys.argv[2], sys.argv[3])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else COUNT)
