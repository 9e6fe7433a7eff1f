"""The whole product under steady work for a long time: its memory, files and connections stay as they are.

python -m tests.chaos.soak [--minutes 10] [--rate 20] [--postgresql URL]

Each instance runs a script, waits for a timer of a second, and opens a task that is finished over HTTP.
Prints a line every half minute, and at the end how much memory grows in an hour, by the straight line
through what was seen after the warm-up.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.testing.sketch import sketch
from tests.stories.product import Product, Rest, furnish

SAMPLE_S = 5.0
MOST_MB_PER_HOUR = 5.0
DRAWN = sketch(
    """
    start begin
    script add run="total = sum([row for row in rows])"
    catch wait timer=PT1S
    user ask
    xor which
    end much
    end little
    begin -> add -> wait -> ask -> which
    which -> much [total > 100]
    which -> little *
    """,
    key="soaked",
).replace(b'<userTask id="ask">', b'<userTask id="ask"><extensionElements>'
          b'<callwright:task assignee="&quot;admin&quot;"/></extensionElements>')  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the product's processes held at a moment."""

    at_s: float
    rss_mb: float
    process_count: int
    file_count: int
    connection_count: int


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    try:
        children = "".join(
            task.joinpath("children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()
        )
    except OSError:
        return
    for child in children.split():
        yield from family(int(child))


def look(pid: int, began_s: float) -> Sample:
    """Add up what a product's processes hold."""
    rss_kb = files = connections = processes = 0
    for one in family(pid):
        try:
            status = Path(f"/proc/{one}/status").read_text()
            open_files = [os.readlink(entry) for entry in Path(f"/proc/{one}/fd").iterdir()]
        except OSError:
            continue
        processes += 1
        rss_kb += next((int(line.split()[1]) for line in status.splitlines() if line[:6] == "VmRSS:"), 0)
        files += len(open_files)
        connections += sum(name.endswith("callwright.db") for name in open_files)
    return Sample(
        at_s=time.monotonic() - began_s,
        rss_mb=rss_kb / 1024,
        process_count=processes,
        file_count=files,
        connection_count=connections,
    )


class Load:
    """Starts instances at a rate and finishes their tasks."""

    def __init__(self, product: Product, rate: float, thread_count: int = 4) -> None:
        self.product = product
        self.rate = rate
        self.stopping = threading.Event()
        self.started = self.finished = self.failed = 0
        self.waits: list[float] = []
        self.open: deque[tuple[float, str]] = deque()
        self.threads = [
            threading.Thread(target=self._work, args=(number, thread_count)) for number in range(thread_count)
        ]

    def _work(self, number: int, thread_count: int) -> None:
        rest = Rest(self.product, "admin")
        next_s = time.monotonic() + number / self.rate
        while not self.stopping.is_set():
            time.sleep(max(0.0, next_s - time.monotonic()))
            next_s = max(next_s + thread_count / self.rate, time.monotonic() - 1)
            began_s = time.monotonic()
            try:
                body = {"variables": {"rows": list(range(40))}}
                begun = rest.post("process-definitions/soaked/start", body)
                self.waits.append(time.monotonic() - began_s)
                self.open.append((began_s, begun["id"]))
                self.started += 1
                self._finish(rest)
            except Exception as error:
                self.failed += 1
                print(f"failed: {error}"[:300], flush=True)

    def _finish(self, rest: Rest) -> None:
        """Finish what was started a few seconds ago."""
        while self.open and self.open[0][0] < time.monotonic() - 4:
            try:
                _began_s, instance_id = self.open.popleft()
            except IndexError:
                return
            waiting = rest.get(f"process-instances/{instance_id}/tasks")["result"]
            opened = [task for task in waiting if task["state"] in ("open", "claimed")]
            if not opened:
                self.open.append((time.monotonic(), instance_id))
                return
            rest.post(f"tasks/{opened[0]['id']}/complete", {"data": {}})
            self.finished += 1


def slope_per_hour(samples: Sequence[Sample]) -> float:
    """Return the MB by which memory grows in an hour, by least squares."""
    return (
        statistics.linear_regression(
            [sample.at_s for sample in samples], [sample.rss_mb for sample in samples]
        ).slope
        * 3600
    )


def soak(product: Product, *, minutes: float, rate: float) -> bool:
    """Let a product work, and print what it holds."""
    Rest(product, "designer").ask("POST", "deployments", files=[("files", ("soaked.bpmn", DRAWN))])
    load = Load(product, rate)
    pid = product.running["up"].pid
    began_s = time.monotonic()
    samples: list[Sample] = []
    for thread in load.threads:
        thread.start()
    try:
        while time.monotonic() - began_s < minutes * 60:
            time.sleep(SAMPLE_S)
            samples.append(look(pid, began_s))
            if len(samples) % 6 == 0:
                say(samples[-1], load)
    finally:
        load.stopping.set()
        for thread in load.threads:
            thread.join()
    warm = samples[len(samples) // 3 :]
    half = warm[len(warm) // 2 :]
    p95_ms = statistics.quantiles(load.waits, n=20)[-1] * 1000
    print(
        f"{load.started} started, {load.finished} finished, {load.failed} failed in {minutes:g} min "
        f"({load.finished / minutes / 60:.1f}/s); start p95 {p95_ms:.0f} ms"
    )
    print(
        f"memory grows {slope_per_hour(warm):+.1f} MB/h after the warm-up, {slope_per_hour(half):+.1f} MB/h "
        f"in the last third; bar {MOST_MB_PER_HOUR:g} MB/h"
    )
    for name in ("process_count", "file_count", "connection_count"):
        seen = [getattr(sample, name) for sample in warm]
        print(f"{name}: {seen[0]} after the warm-up, {seen[-1]} at the end, {min(seen)} to {max(seen)}")
    incidents = product.counts("incident")["incident"]
    print(f"{incidents} incidents")
    return not (load.failed or incidents)


def say(sample: Sample, load: Load) -> None:
    """Print a line."""
    print(
        f"{sample.at_s:6.0f} s  {sample.rss_mb:7.1f} MB  {sample.process_count} processes  "
        f"{sample.file_count} files  {sample.connection_count} connections  {load.finished} finished",
        flush=True,
    )


def main() -> int:
    """Soak the product."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--minutes", type=float, default=10.0)
    said.add_argument("--rate", type=float, default=20.0, help="instances started each second")
    said.add_argument("--postgresql", default="", help="an empty database; SQLite where omitted")
    asked = said.parse_args()
    settings = {"CALLWRIGHT_DATABASE_URL": asked.postgresql} if asked.postgresql else {}
    with tempfile.TemporaryDirectory(prefix="callwright-soak-") as folder:
        product = Product(folder=Path(folder), settings=settings)
        furnish(product)
        product.up()
        try:
            well = soak(product, minutes=asked.minutes, rate=asked.rate)
            product.stop()
        finally:
            product.abandon()
    return 0 if well else 1


if __name__ == "__main__":
    raise SystemExit(main())
