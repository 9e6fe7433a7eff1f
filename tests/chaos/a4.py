"""Many finish one task at once, over two web nodes: one does, all others are told who was faster."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

from tests.chaos.nodes import Nodes, at_once
from tests.chaos.report import Report
from tests.chaos.site import site_on_server

COUNT, UNIT = 200, "tasks"
WITHIN_S = 120.0
KILLS = False
SIZES = (2, 10, 50)


def run(report: Report, count: int = COUNT) -> None:
    """Run it with so many tasks; 2, 10 and 50 ask at once in turn."""
    with site_on_server() as here, ThreadPoolExecutor(max(SIZES)) as threads:
        here.deploy()
        nodes = Nodes(here)
        tasks = [nodes.begin_errand(number) for number in range(count)]
        begun_s = report.since_s
        statuses: Counter[int] = Counter()
        codes: Counter[str] = Counter()
        odd = 0
        for number, (_instance, task) in enumerate(tasks):
            size = SIZES[number % len(SIZES)]
            answers = at_once(
                threads,
                [
                    partial(nodes.post, name, f"tasks/{task}/complete", {}, uuid4().hex)
                    for _, name in zip(range(size), [*nodes.ports] * size, strict=False)
                ],
            )
            seen = Counter(answer.status_code for answer in answers)
            statuses += seen
            codes.update(answer.json()["error"]["code"] for answer in answers if not answer.ok)
            odd += seen != Counter({200: 1, 409: size - 1})
        report.most("seconds", report.since_s - begun_s, WITHIN_S)
        report.figure("answers by status", dict(statuses))
        report.figure("reasons of those who were not first", dict(codes))
        report.equal("tasks without exactly one who finished it", odd, 0)
        report.equal("answers from 500 on", sum(n for status, n in statuses.items() if status >= 500), 0)
        visits = "SELECT count(*) FROM element_visit WHERE element_id = "
        for element in ("look", "pause"):
            report.equal(f"visits of {element}", here.product.rows(f"{visits}'{element}'")[0][0], count)
        ended = "SELECT count(*) FROM user_task WHERE state = 'completed'"
        report.equal("tasks completed", here.product.rows(ended)[0][0], count)
