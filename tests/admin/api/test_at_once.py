"""Many calls at the same moment: each is done or is told plainly why not."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.testing.drawing import chain, drawing, end, start, task


@pytest.fixture
def at_once(app, boss) -> Callable[..., list]:
    """Send the same call many times at once: ``at_once(40, path, lambda number: {...})``."""

    def send(count, path, said):
        def call(number):
            with app.test_client() as client:
                return client.post(f"/api/v1{path}", headers=boss.headers, **said(number))

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(call, range(count)))

    return send


def test_all_of_many_starts_at_once_begin(boss, one_task, at_once):
    answers = at_once(40, f"/process-definitions/{one_task}/start", lambda number: {"json": {}})
    assert Counter(answer.status_code for answer in answers) == {201: 40}
    assert boss.get("/process-instances")["count"] == 40


def test_of_many_starts_with_one_business_key_one_begins(one_task, at_once):
    said = {"json": {"business_key": "K-1"}}
    answers = at_once(12, f"/process-definitions/{one_task}/start", lambda number: said)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 11}


def test_of_many_who_finish_a_task_at_once_one_wins(boss, deploy, at_once):
    body = [start(), task("look"), end(), chain(["begin", "look", "over"])]
    deploy({"open.bpmn": drawing("\n".join(body), key="open")})
    instance = boss.post("/process-definitions/open/start", {}, 201)
    (waiting,) = boss.get(f"/process-instances/{instance['id']}/tasks")["result"]
    answers = at_once(
        20, f"/tasks/{waiting['id']}/complete", lambda number: {"json": {"data": {"by": number}}}
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 19}
    assert {answer.json["error"]["code"] for answer in answers if answer.status_code == 409} == {
        "already_ended"
    }


def test_deployments_at_once_get_one_version_after_the_other(boss, at_once):
    def said(number):
        body = [start(), task("look", name=f"Look {number}"), end(), chain(["begin", "look", "over"])]
        content = drawing("\n".join(body), key="looked_at")
        return {"data": {"files": (io.BytesIO(content), "looked_at.bpmn")}}

    answers = at_once(8, "/deployments", said)
    versions = [answer.json["definitions"][0]["version"] for answer in answers]
    assert sorted(versions) == list(range(1, 9))
    again = at_once(8, "/deployments", lambda number: said(8))
    assert {answer.json["definitions"][0]["version"] for answer in again} == {9}
    assert sum(answer.json["new"] for answer in again) == 1
