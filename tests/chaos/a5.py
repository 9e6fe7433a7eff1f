"""The same call comes twenty times at once, and once more after a restart: one effect, equal answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import requests

from tests.chaos import drawing
from tests.chaos.nodes import Nodes, at_once
from tests.chaos.report import Report
from tests.chaos.site import site_on_server

COUNT, UNIT = 20, "keys"
WITHIN_S = 60.0
KILLS = False
_AT_ONCE = 20


def run(report: Report, count: int = COUNT) -> None:
    """Run it with so many keys, half of them of starts, half of completions."""
    with site_on_server() as here, ThreadPoolExecutor(_AT_ONCE) as threads:
        here.deploy()
        nodes = Nodes(here)
        calls: list[tuple[str, object, str]] = []
        starts = count // 2
        for number in range(count):
            if number < starts:
                body: object = {"variables": drawing.variables(number)}
                calls.append((f"process-definitions/{drawing.KEY}/start", body, uuid4().hex))
            else:
                _instance, task = nodes.begin_errand(number)
                calls.append((f"tasks/{task}/complete", {}, uuid4().hex))
        begun_s = report.since_s
        names = [*nodes.ports]
        first: dict[str, tuple[int, str]] = {}
        unequal = failed = 0
        for call in calls:
            asked = [partial(nodes.post, names[one % len(names)], *call) for one in range(_AT_ONCE)]
            answers = {_said(answer) for answer in at_once(threads, asked)}
            unequal += len(answers) != 1
            failed += any(status not in (200, 201) for status, _text in answers)
            first[call[2]] = min(answers)
        report.most("seconds", report.since_s - begun_s, WITHIN_S)
        report.equal("keys with unequal answers", unequal, 0)
        report.equal("keys with an answer that is no success", failed, 0)
        for name in names:
            nodes.stop(name)
        nodes.start()
        later = sum(_said(nodes.post(names[0], *call)) != first[call[2]] for call in calls)
        report.equal("other answers after a restart", later, 0)
        begun = here.product.rows("SELECT count(*) FROM process_instance")[0][0]
        report.equal("instances begun", begun, count)
        ended = here.product.rows("SELECT count(*) FROM element_visit WHERE element_id = 'pause'")[0][0]
        report.equal("tasks finished", ended, count - starts)


def _said(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.text
