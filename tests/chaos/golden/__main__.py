"""``python -m tests.chaos.golden``: save the runs of this release, once, as it is made."""

from __future__ import annotations

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.chaos.golden.places import Places
from tests.chaos.golden.playing import save
from tests.chaos.golden.runs import RUNS


def main() -> int:
    """Write a file for each run."""
    folder = Path(__file__).parent / version("callwright")
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="callwright-golden-") as made:
        places = Places(Path(made) / "places")
        for name, run in RUNS.items():
            with places.make(name) as place:
                golden = save(run, place)
            golden.write(folder / f"{name}.json")
            print(f"{name:12} waits for {run.title}", flush=True)
    print(f"{len(RUNS)} runs are saved in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
