"""How fast expressions and decision tables are, beside Python's own ``eval`` and pydantic-monty.

python -m benchmarks.feel
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pydantic_monty

from benchmarks.measuring import say
from benchmarks.stock import slowness
from engine import decision, feel
from engine.feel.expression import build

ROUNDS = 7

SIMPLE = "amount > 100"
CONDITION = 'amount > 100 and tier in ["gold", "silver"] and count(items) > 1 and status = "open"'
IN_PYTHON = "amount > 100 and tier in ['gold', 'silver'] and len(items) > 1 and status == 'open'"
SCOPE: dict[str, Any] = {
    "amount": Decimal(120),
    "tier": "gold",
    "items": [Decimal(1), Decimal(2)],
    "status": "open",
}


def microseconds(run: Callable[[], object], count: int) -> float:
    """Return what one call takes: the median of several rounds."""
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(count):
            run()
        taken.append((time.perf_counter() - started) / count * 1e6)
    return statistics.median(taken)


def table(rule_count: int) -> bytes:
    """Return a model with one table of five inputs, whose last rule matches."""
    cells = ("[{n}..{m})", '"gold", "silver"', "&lt; 1000", 'not("closed")', "count(?) &gt; 0")
    rules = "".join(
        f'<rule id="r{n}">'
        + "".join(
            f"<inputEntry><text>{cell.format(n=n, m=n + 1)}</text></inputEntry>" for cell in reversed(cells)
        )
        + f"<outputEntry><text>{n}</text></outputEntry></rule>"
        for n in range(rule_count)
    )
    columns = "".join(
        f"<input><inputExpression><text>{name}</text></inputExpression></input>"
        for name in ("items", "status", "amount", "tier", "rank")
    )
    inputs = ("amount", "tier", "items", "status", "rank")
    need = '<informationRequirement><requiredInput href="#{}"/></informationRequirement>'
    needs = "".join(map(need.format, inputs))
    data = "".join(f'<inputData id="{name}" name="{name}"/>' for name in inputs)
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="b" namespace="urn:b">'
        f'{data}<decision id="d" name="d">{needs}<decisionTable>{columns}<output/>{rules}</decisionTable>'
        "</decision></definitions>"
    ).encode()


def in_monty(source: str) -> float:
    """Return what the same condition takes in the script sandbox, process hop and all."""
    scope = {"amount": 120, "tier": "gold", "items": [1, 2], "status": "open"}
    with pydantic_monty.Monty() as pool, pool.checkout() as session:
        return microseconds(lambda: session.feed_run(source, inputs=scope), 200)


def main() -> None:
    """Print what was measured, with its goal."""
    slow = slowness()
    simple, condition = feel.compile(SIMPLE), feel.compile(CONDITION)
    code = compile(IN_PYTHON, "<bench>", "eval")
    model = decision.parse(table(100))
    context = {**SCOPE, "rank": Decimal(99)}
    long = " and ".join(f'(amount + {n} > 100 or tier in ("gold", "silver"))' for n in range(20))[:1_020]
    long = long.rpartition(" and ")[0]

    def line(name: str, taken: float, goal: float | None = None) -> None:
        say(name, taken, "µs", goal=goal, slowness=slow)

    line("a simple condition, warm", microseconds(lambda: simple.evaluate(SCOPE), 20_000), 5)
    line("a condition of four parts, warm", microseconds(lambda: condition.evaluate(SCOPE), 20_000))
    line("   the same by Python's eval", microseconds(lambda: eval(code, {}, SCOPE), 20_000))
    line("   the same in monty", in_monty(IN_PYTHON))
    line("100 rules, 5 inputs", microseconds(lambda: model.evaluate("d", context), 50), 1_000)
    line(f"reading {len(long)} characters", microseconds(lambda: build(long, frozenset()), 20), 5_000)
    line("reading the table", microseconds(lambda: decision.parse(table(100)), 1))


if __name__ == "__main__":
    main()
