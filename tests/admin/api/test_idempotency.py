"""A call that names itself is done once."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import func, select

from admin.api.models import IdempotentCall
from admin.api.once import forget_calls
from engine.clock import MovableClock

from .conftest import upload


def start(caller, key, status=201, **body):
    return caller.post("/process-definitions/one_task/start", body, status, key=key)


def test_the_same_key_and_body_are_answered_alike_and_done_once(boss, one_task):
    first = start(boss, "k1", variables={"n": 1})
    again = boss.client.post(
        "/api/v1/process-definitions/one_task/start/",
        json={"variables": {"n": 1}},
        headers={**boss.headers, "Idempotency-Key": "k1"},
    )
    assert again.status_code == 201
    assert again.json == first
    assert again.headers["Idempotent-Replayed"] == "true"
    assert boss.get("/process-instances")["count"] == 1


def test_the_same_key_with_another_body_is_422(boss, one_task):
    start(boss, "k1", variables={"n": 1})
    error = start(boss, "k1", 422, variables={"n": 2})["error"]
    assert error["code"] == "idempotency_key_reused"
    assert boss.get("/process-instances")["count"] == 1


def test_keys_belong_to_a_person_and_a_path(boss, caller, one_task):
    designer = caller("dee", "designer")
    started = {start(boss, "k1")["id"], start(designer, "k1")["id"]}
    cancel = {"reason": "tried out"}
    for instance_id in started:
        boss.post(f"/process-instances/{instance_id}/cancel", cancel, key="k1")
    assert len(started) == 2
    assert boss.get("/process-instances", state="cancelled")["count"] == 2


def test_what_failed_is_not_kept_and_may_be_tried_again(boss, one_task):
    started = start(boss, None)
    path = f"/process-instances/{started['id']}/resume"
    boss.post(path, {}, 409, key="k1")
    boss.post(f"/process-instances/{started['id']}/suspend", {})
    assert boss.post(path, {}, key="k1")["state"] == "active"


def test_a_finished_task_answers_its_finisher_again_and_everybody_else_409(boss, caller, one_task):
    mei, wong = caller("mei", "agent"), caller("wong", "agent")
    start(boss, None)
    (task,) = mei.get("/tasks", candidate="me")["result"]
    path = f"/tasks/{task['id']}/complete"
    first = mei.post(path, {"opinion": "seen"}, key="done")
    assert mei.post(path, {"opinion": "seen"}, key="done") == first
    error = wong.post(path, {"opinion": "me too"}, 409, key="done")["error"]
    assert error["code"] == "already_ended"
    assert "mei finished this at " in error["message"]
    assert mei.post(path, {"opinion": "seen"}, 409)["error"]["code"] == "already_ended"


def test_two_that_come_at_once_get_the_same_answer(app, boss, one_task):
    answers, barrier = [], threading.Barrier(6)

    def call():
        with app.test_client() as client:
            barrier.wait()
            answers.append(
                client.post(
                    "/api/v1/process-definitions/one_task/start",
                    json={},
                    headers={**boss.headers, "Idempotency-Key": "k1"},
                )
            )

    threads = [threading.Thread(target=call) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 5
    assert boss.get("/process-instances")["count"] == 1


def test_an_answer_is_kept_for_seven_days(app, ctx, boss, one_task, client):
    with ctx.read():
        clock = MovableClock(ctx.now)
    object.__setattr__(ctx.centre, "clock", clock)
    first = start(boss, "k1")
    clock.advance(timedelta(days=7) - timedelta(minutes=1))
    forget_calls(ctx)
    assert kept(ctx) == 1
    clock.advance(timedelta(minutes=1))
    assert start(type(boss)(client, "boss"), "k1")["id"] != first["id"]
    clock.advance(timedelta(days=7))
    forget_calls(ctx)
    assert kept(ctx) == 0


def kept(ctx):
    with ctx.read():
        return ctx.connection.execute(select(func.count()).select_from(IdempotentCall)).scalar_one()


def test_a_key_that_cannot_be_is_400(boss, one_task):
    boss.post("/process-definitions/one_task/start", {}, 400, headers={"Idempotency-Key": ""})
    boss.post("/process-definitions/one_task/start", {}, 400, key="k" * 256)


def test_an_upload_is_stored_once(boss):
    def send(content, status=201):
        return upload(boss, content, "photo.txt", status, key="k1")

    assert send(b"a valve") == send(b"a valve")
    send(b"another valve", 422)


def test_the_clockwork_forgets_answers(ctx):
    kind = ctx.registry.job_kinds["forget_calls"]
    assert kind.every_s is not None
    kind.function(ctx, None)
