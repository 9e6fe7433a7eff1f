"""What a process of 50 tasks takes from its start to its end.

python -m benchmarks.fifty
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measuring import centre_on, cpu_ms, say
from benchmarks.stock import slowness
from engine import runtime
from engine.definition import deploy
from engine.testing import chain, drawing, end, start, system, task

TASKS = [f"task_{number}" for number in range(50)]
GOAL_MS = 50.0


def fifty_ms() -> float:
    """Return our CPU for one of them: begun, passed and written down, on SQLite."""
    tasks = "\n".join(task(name, "task") for name in TASKS)
    drawn = drawing(f"{start()}\n{tasks}\n{end()}\n{chain(('begin', *TASKS, 'over'))}", key="fifty")
    with tempfile.TemporaryDirectory() as folder, centre_on(Path(folder)) as centre:
        deploy(system(centre), files={"fifty.bpmn": drawn})

        def whole() -> None:
            begun = runtime.start_process(system(centre), process_key="fifty", variables={"amount": 120})
            assert begun.state == "completed"

        return cpu_ms(whole, count=20)


def main() -> None:
    """Print it, with its goal."""
    say("a process of 50 tasks: our CPU", fifty_ms(), "ms", goal=GOAL_MS, slowness=slowness())


if __name__ == "__main__":
    main()
