"""What a run of a chaos test says: its seed, its kills, its counts, and a verdict at the end."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

# With fewer a run proves nothing where kills are the point.
FEWEST_KILLS = 10


class Skipped(Exception):
    """This machine lacks what the test needs; the message says what."""


@dataclass(kw_only=True)
class Report:
    """One run of one test. What it says goes to standard output at once.

    Args:
        name: The test's name: ``A1``.
        seed: What chance begins with; the same seed makes the same choices, not the same moments.
        fewest_kills: A run with fewer is void.
    """

    name: str
    seed: int
    fewest_kills: int = 0
    kill_count: int = 0
    missed: list[str] = field(default_factory=list)
    bar_count: int = 0
    chance: Random = field(init=False)

    def __post_init__(self) -> None:
        """Begin."""
        self.chance = Random(self.seed)
        self._begun_s = time.monotonic()
        self.say(f"seed {self.seed}")

    @property
    def since_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._begun_s

    def say(self, line: str) -> None:
        """Print a line."""
        print(f"{self.name} {self.since_s:6.1f} s  {line}", flush=True)

    def figure(self, name: str, value: object) -> None:
        """Print something that was counted or measured and has no bar."""
        self.say(f"{name:44} {_written(value)}")

    def equal(self, name: str, value: object, bar: object) -> None:
        """Print something that was counted and must be what it must be."""
        self._judge(name, value, f"must be {_written(bar)}", value == bar)

    def most(self, name: str, value: float, bar: float) -> None:
        """Print something that must not be more than its bar."""
        self._judge(name, value, f"at most {_written(bar)}", value <= bar)

    def least(self, name: str, value: float, bar: float) -> None:
        """Print something that must not be less than its bar."""
        self._judge(name, value, f"at least {_written(bar)}", value >= bar)

    def _judge(self, name: str, value: object, bar: str, held: bool) -> None:
        self.say(f"{name:44} {_written(value)}  ({bar}){'' if held else '  MISSED'}")
        self.bar_count += 1
        if not held:
            self.missed.append(f"{name}: {_written(value)}, {bar}")

    @property
    def verdict(self) -> str:
        """``held``, ``void`` (nothing was held against a bar, or too few kills to tell) or ``MISSED``."""
        if self.missed:
            return "MISSED"
        return "void" if not self.bar_count or self.kill_count < self.fewest_kills else "held"

    def end(self) -> bool:
        """Print the verdict; True where every bar held and the run counts."""
        kills = f", {self.kill_count} kills" if self.fewest_kills else ""
        self.say(f"{self.verdict}: seed {self.seed}{kills}")
        for line in self.missed:
            self.say(f"  missed: {line}")
        return self.verdict == "held"


def part(values: Sequence[float], rate: float) -> float:
    """Return the value below which a part of all values lies: ``part(values, 0.95)``; 0 of none."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=1_000, method="inclusive")[round(rate * 1_000) - 1]


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
