"""The whole product under steady work for a long time: its memory, files and connections stay as they are.

Each instance runs a script, waits for a timer of a second, and opens a task that is finished over HTTP. How
much memory grows in an hour is told by the straight line through what was seen after the warm-up.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.testing.sketch import sketch
from tests.chaos.proc import family, rss_mb
from tests.chaos.report import Report, part
from tests.chaos.site import site
from tests.stories.product import Product, Rest

COUNT, UNIT = 30, "minutes"
WITHIN_S = 60.0 * COUNT
KILLS = False
RATE_PER_S = 20.0
SAMPLE_S = 5.0
MOST_MB_PER_HOUR = 5.0
# Files and connections come and go with requests that are under way.
MOST_MORE = 20
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


def look(pid: int, began_s: float) -> Sample:
    """Add up what a product's processes hold."""
    held_mb = 0.0
    files = connections = processes = 0
    for one in family(pid):
        try:
            own_mb = rss_mb(one)
            open_files = [os.readlink(entry) for entry in Path(f"/proc/{one}/fd").iterdir()]
        except OSError:
            continue
        processes += 1
        held_mb += own_mb
        files += len(open_files)
        connections += sum(name.endswith("callwright.db") for name in open_files)
    return Sample(
        at_s=time.monotonic() - began_s,
        rss_mb=held_mb,
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


def run(report: Report, count: int = COUNT) -> None:
    """Run it for so many minutes."""
    with site() as here:
        product = here.product
        product.up()
        Rest(product, "designer").ask("POST", "deployments", files=[("files", ("soaked.bpmn", DRAWN))])
        load, samples = _soak(report, product, count * 60.0)
        warm = samples[len(samples) // 3 :]
        # A sandbox is replaced now and then: a moment without one says nothing.
        whole = max(sample.process_count for sample in warm)
        steady = [sample for sample in warm if sample.process_count == whole]
        report.figure("instances started, finished", f"{load.started:,}, {load.finished:,}")
        report.figure("finished a second", load.finished / count / 60)
        report.figure("seconds to start one, p95", part(load.waits, 0.95))
        report.least("instances finished", load.finished, 1)
        report.equal("requests that failed", load.failed, 0)
        report.equal("incidents", product.counts("incident")["incident"], 0)
        report.most("MB by which memory grows in an hour", slope_per_hour(steady), MOST_MB_PER_HOUR)
        for name in ("process_count", "file_count", "connection_count"):
            seen = [getattr(sample, name) for sample in warm]
            report.figure(f"{name}: least, most", f"{min(seen)}, {max(seen)}")
            report.most(f"{name}: more at the end than after the warm-up", seen[-1] - seen[0], MOST_MORE)
        product.stop()


def _soak(report: Report, product: Product, for_s: float) -> tuple[Load, list[Sample]]:
    """Let the product work, and look at what it holds."""
    load = Load(product, RATE_PER_S)
    pid = product.running["up"].pid
    began_s = time.monotonic()
    samples: list[Sample] = []
    for thread in load.threads:
        thread.start()
    try:
        while time.monotonic() - began_s < for_s:
            time.sleep(SAMPLE_S)
            samples.append(look(pid, began_s))
            if len(samples) % 6 == 0:
                _say(report, samples[-1], load)
    finally:
        load.stopping.set()
        for thread in load.threads:
            thread.join()
    return load, samples


def _say(report: Report, sample: Sample, load: Load) -> None:
    report.say(
        f"{sample.rss_mb:7.1f} MB  {sample.process_count} processes  {sample.file_count} files  "
        f"{sample.connection_count} connections  {load.finished:,} finished"
    )
