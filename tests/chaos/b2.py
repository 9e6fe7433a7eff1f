"""What a condition, a script and a process of 50 tasks take, measured as ``make bench`` does."""

from __future__ import annotations

from benchmarks.fifty import GOAL_MS, fifty_ms
from benchmarks.scripts import condition_us, script_ms
from benchmarks.stock import slowness
from tests.chaos.report import Report

COUNT, UNIT = 1, "measurement of each"
WITHIN_S = 60.0
KILLS = False


def run(report: Report, count: int = COUNT) -> None:
    """Run it so many times; the quickest counts, as other programs share the machine."""
    slow = slowness()
    report.figure("this machine beside the one of the bars", slow)
    report.most("microseconds of a condition", min(condition_us() for _ in range(count)), 20.0 * slow)
    scripts = [script_ms() for _ in range(count)]
    report.figure("milliseconds of a script: our CPU", min(own for own, _whole in scripts))
    report.most("milliseconds of a script, there and back", min(whole for _own, whole in scripts), 1.0 * slow)
    report.most("milliseconds of 50 tasks", min(fifty_ms() for _ in range(count)), GOAL_MS * slow)
    report.most("seconds", report.since_s, WITHIN_S * count)
