"""``python -m tests.chaos [NAME ...] [--count N] [--seed N]``: run all chaos tests, or the named ones."""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module

from tests.chaos.report import FEWEST_KILLS, Report, Skipped

ALL = (
    "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "B1", "B2", "B3", "B4",
)  # fmt: skip


def main() -> int:
    """Run them one after the other; 1 where a bar was missed or a run was void."""
    asked = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    asked.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one or more of {' '.join(ALL)}; all if none"
    )
    asked.add_argument("--count", type=int, help="how many of what the test counts; the README says of what")
    asked.add_argument("--seed", type=int, default=int(time.time()), help="what chance begins with")
    told = asked.parse_args()
    names = [name.upper() for name in told.names] or ALL
    if unknown := sorted(set(names) - set(ALL)):
        asked.error(f"there is no test {', '.join(unknown)}; known are {', '.join(ALL)}")
    held = [_run(name, told.seed, told.count) for name in names]
    return 0 if all(held) else 1


def _run(name: str, seed: int, count: int | None) -> bool:
    test = import_module(f"tests.chaos.{name.lower()}")
    report = Report(name=name, seed=seed, fewest_kills=FEWEST_KILLS if test.KILLS else 0)
    report.say(f"{count or test.COUNT:,} {test.UNIT}: {test.__doc__.strip().splitlines()[0]}")
    try:
        test.run(report, count or test.COUNT)
    except Skipped as reason:
        report.say(f"skipped: {reason}")
        return True
    except Exception:
        report.say(f"broke off with seed {seed}")
        raise
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
