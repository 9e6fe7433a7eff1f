"""What a step costs does not grow with what an instance has behind it, nor with the data it carries.

python -m benchmarks.age
"""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

from benchmarks.measuring import centre_on, cpu_ms, postgresql, say
from benchmarks.stock import Stock, stock_database
from engine import runtime
from engine.context import Centre
from engine.definition import deploy
from engine.jobs import run_due
from engine.machine import Environment, Run, dump, load, parse, step
from engine.machine.effects import OpenUserTask
from engine.machine.stimuli import Proceed, Start, TaskDone
from engine.testing import drawing, end, gateway, person, start, system, task
from engine.testing.drawing import chain
from engine.work import list_tasks

YOUNG, OLD = 5, 330
AROUND = 2
INSTANCES = 2
ROUNDS = 5_000
MEGABYTE = 1_000_000

LOOP = drawing(
    f"""{start()}
    {gateway("again")}
    {task("ask")}
    {gateway("done")}
    {end()}
    begin -> again
    again -> ask
    ask -> done
    done -> over [left < 1]
    done -> again *""",
    key="loop",
)


Complete = Callable[[int], float]
"""Complete the loop's task, so many are left; returns the CPU milliseconds of it."""


def timed(act: Callable[[], object]) -> float:
    """Return the CPU milliseconds of doing something once."""
    begun = time.process_time()
    act()
    return (time.process_time() - begun) * 1000


def completions(complete: Complete, count: int) -> list[float]:
    """Complete a loop's task again and again; what each took."""
    return [complete(left) for left in reversed(range(count))]


def young_and_old(begin: Callable[[], Complete]) -> tuple[float, float]:
    """Return what the 5th and the 330th completion take: medians around them, over some instances."""
    young, old = [], []
    for _ in range(INSTANCES):
        taken = completions(begin(), OLD + AROUND)
        young += taken[YOUNG - AROUND : YOUNG + AROUND]
        old += taken[OLD - AROUND : OLD + AROUND - 1]
    return statistics.median(young), statistics.median(old)


def beginning(centre: Centre, **variables: object) -> Complete:
    """Begin our loop; return what completes its task."""
    ann = person(centre, "ann")
    begun = runtime.start_process(ann, process_key="loop", variables={"left": 1, **variables})

    def complete(left: int) -> float:
        ctx = system(centre)
        with ctx.read():
            (waiting,) = list_tasks(ctx, instance_id=begun.id)[1]
        return timed(lambda: runtime.complete_task(ctx, task_id=waiting.id, data={"left": left}))

    return complete


def age(folder: Path, url: str | None) -> None:
    """The 330th completion beside the 5th."""
    with stock_database(folder) as database:
        stock = Stock(database, LOOP, "loop")

        def begin() -> Complete:
            number = stock.begin({"left": 1})
            return lambda left: timed(lambda: stock.complete(number, {"left": left}))

        young, old = young_and_old(begin)
        say("stock: completion 330", old, "ms", ratio=old / young, beside="completion 5")
    for name, address in (("SQLite", ""), ("PostgreSQL", url)):
        if address is None:
            continue
        with centre_on(folder, address) as centre:
            deploy(system(centre), files={"loop.bpmn": LOOP})
            young, old = young_and_old(lambda: beginning(centre))
            say(f"{name}: completion 330", old, "ms", ratio=old / young, beside="completion 5", most=1.2)
            _megabyte(name, centre)


def _megabyte(name: str, centre: Centre) -> None:
    """What a megabyte costs a step that does not touch it."""

    def step_ms(**variables: object) -> float:
        return statistics.median(completions(beginning(centre, **variables), 60))

    without, with_it = step_ms(), step_ms(held="x" * (MEGABYTE - 100))
    say(f"{name}: a megabyte that a step does not touch", with_it - without, "ms", goal=1.0)


def rounds() -> None:
    """No loop ends before its time."""
    spec = next(iter(parse("loop.bpmn", LOOP).processes.values()))
    environment = Environment(now=datetime.now(UTC))
    run = Run(spec, environment)
    effects = step(run, Start(variables={"left": 1}))
    done, begun = 0, time.process_time()
    while run.state == "active" and done < ROUNDS:
        done += 1
        (visit,) = (effect.visit for effect in effects if isinstance(effect, OpenUserTask))
        run = load(spec, dump(run), environment)
        data = {"left": ROUNDS - done}
        effects = step(
            run, TaskDone(visit=visit, outcome="completed", by="ann", at="", opinion=None, variables=data)
        )
    say(f"a loop of {ROUNDS:,} user tasks, state written each time", time.process_time() - begun, "s")
    assert (done, run.state) == (ROUNDS, "completed"), (done, run.state)
    print(f"   ended after {done:,} completions: met   (stock {_stock_rounds()})")


def _stock_rounds() -> str:
    with tempfile.TemporaryDirectory() as name, stock_database(Path(name)) as database:
        stock = Stock(database, LOOP, "loop")
        number = stock.begin({"left": 1})
        for done in range(1, 600):
            try:
                if stock.complete(number, {"left": 1}):
                    return f"says that it is completed after {done}"
            except LookupError:
                return f"finds no task any more after {done - 1}"
    return "goes on after 599"


def lengths(folder: Path) -> None:
    """A chain of a thousand elements beside one of a hundred: as instances, and in memory alone."""

    def drawn(count: int) -> bytes:
        names = [f"t{number}" for number in range(count)]
        body = "\n".join(task(name, "manualTask") for name in names)
        return drawing(f"{start()}\n{body}\n{end()}\n{chain(['begin', *names, 'over'])}", key="chain")

    def instance_ms(centre: Centre, count: int) -> float:
        deploy(system(centre), files={"chain.bpmn": drawn(count)})

        def whole() -> None:
            begun = runtime.start_process(system(centre), process_key="chain")
            # What is longer than one transaction may take goes on by jobs.
            run_due(system(centre))
            reading = system(centre)
            with reading.read():
                assert runtime.get_instance(reading, begun.id)["state"] == "completed"

        return cpu_ms(whole, count=5)

    def our_ms(count: int) -> float:
        spec = next(iter(parse("chain.bpmn", drawn(count)).processes.values()))
        environment = Environment(now=datetime.now(UTC))

        def whole() -> None:
            run = Run(spec, environment)
            step(run, Start(variables={}))
            while run.state == "active":
                step(run, Proceed())

        return cpu_ms(whole, count=3)

    def stock_ms(count: int) -> float:
        parser = BpmnParser()
        parser.add_bpmn_io(io.BytesIO(drawn(count).replace(b"manualTask", b"task")), "chain.bpmn")
        spec = parser.get_spec("chain")

        def whole() -> None:
            workflow = BpmnWorkflow(spec)
            workflow.do_engine_steps()

        return cpu_ms(whole, count=1, rounds=3)

    with centre_on(folder) as centre:
        short, long = instance_ms(centre, 100), instance_ms(centre, 1_000)
    say("SQLite: a chain of 1,000 tasks", long, "ms", ratio=long / short, beside="100 tasks", most=10.0)
    short, long = our_ms(100), our_ms(1_000)
    # A thousand elements of a drawing do not fit into a processor's nearer cache, a hundred do.
    say("   in memory, nothing written", long, "ms", ratio=long / short, beside="100 tasks")
    say("   beside stock, 100 tasks", short, "ms", ratio=short / stock_ms(100))


def main() -> None:
    """Print how cost grows with age, length and data."""
    with tempfile.TemporaryDirectory(prefix="callwright-bench-") as name, postgresql() as url:
        age(Path(name), url)
    rounds()
    with tempfile.TemporaryDirectory(prefix="callwright-bench-") as name:
        lengths(Path(name))


if __name__ == "__main__":
    main()
