"""Runs that stopped half-way in this and every earlier release are loaded, and go on as they did then."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tests.chaos.golden.places import NEWEST, Places, PlacesOnPostgresql
from tests.chaos.golden.playing import Golden, differences, finish, read, save
from tests.chaos.golden.runs import RUNS
from tests.chaos.report import Report, Skipped

COUNT = 30
UNIT = "runs of each release"
WITHIN_S = 600.0
KILLS = False

SAVED = Path(__file__).parent / "golden"


def run(report: Report, count: int) -> None:
    """Finish what each release left, on SQLite and on PostgreSQL; play the newest ones from the beginning."""
    with tempfile.TemporaryDirectory(prefix="callwright-golden-") as made:
        folder = Path(made)
        for release in releases():
            goldens = {path.stem: read(path) for path in sorted((SAVED / release).glob("*.json"))[:count]}
            report.equal(f"{release}: runs", len(goldens), count)
            for kind in (Places, PlacesOnPostgresql):
                _finish(report, release, goldens, kind, folder)
        _again(report, goldens, folder / "again")
    report.most("seconds", report.since_s, WITHIN_S * len(releases()))


def releases() -> list[str]:
    """Return the releases whose runs were saved, oldest first."""
    folders = [path.name for path in SAVED.iterdir() if path.name[:1].isdigit()]
    return sorted(folders, key=lambda name: [int(part) for part in name.split(".")])


def _finish(
    report: Report, release: str, goldens: Mapping[str, Golden], kind: type[Places], folder: Path
) -> None:
    """Let runs that were saved end in databases of one kind."""
    revisions = next(iter(goldens.values())).revisions
    try:
        places = kind(folder / f"{release}_{kind.SERVER}", revisions)
    except Skipped as reason:
        report.say(f"{release}: skipped: {reason}")
        return
    with closing(places):
        for name, golden in goldens.items():
            with places.make(name) as place:
                _tell(report, f"{release} {name} on {kind.SERVER}", finish(golden, place))
    report.figure(f"{release}: finished on {kind.SERVER}", len(goldens))


def _again(report: Report, goldens: Mapping[str, Golden], folder: Path) -> None:
    """Play the runs of the newest release from their beginnings."""
    with closing(Places(folder, NEWEST)) as places:
        for name, golden in goldens.items():
            with places.make(name) as place:
                _tell(report, f"{name} from the beginning", differences(golden, save(RUNS[name], place)))
    report.figure("played from the beginning", len(goldens))


def _tell(report: Report, what: str, wrong: list[str]) -> None:
    if wrong:
        report.equal(f"{what} goes as it did", "\n".join(wrong), "as it did")
