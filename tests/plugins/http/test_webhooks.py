"""What happens in processes reaches whoever registered for it, against a real local server."""

import hashlib
import hmac
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.definition import deploy
from engine.errors import Conflict, InvalidSubmission
from engine.jobs import Incident, Job, open_incident
from engine.runtime import (
    cancel_instance,
    complete_task,
    resolve_incident,
    resume_instance,
    start_process,
    suspend_instance,
)
from engine.testing import START, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks
from plugins.http import services
from plugins.http.models import Delivery, Webhook

SECRET = "what both sides know"
ALL = [
    "instance.started", "instance.completed", "instance.failed", "instance.cancelled", "task.opened",
    "instance.suspended", "instance.resumed",
    "task.completed", "task.cancelled", "incident.opened", "incident.resolved",
]  # fmt: skip


@pytest.fixture
def register(ctx, server, allow, monkeypatch):
    """Register a webhook at the local server; and a process of one task."""
    monkeypatch.setenv("CALLWRIGHT_SECRET_DESK", SECRET)
    allow(server.place)
    deploy(ctx, files={"p.bpmn": sketch("start begin\nuser ask\nend over\nbegin -> ask -> over")})

    def make(**said):
        given = {"url": f"{server.url}/hear", "events": ALL, "secret_name": "DESK", **said}
        return services.put_webhook(ctx, **given).id

    return make


def rows(ctx, model):
    with ctx.read():
        return [dict(row) for row in ctx.connection.execute(select(model.__table__)).mappings()]


def heard(server):
    return [json.loads(one.body) for one in server.asked]


def open_task(ctx):
    with ctx.read():
        return list_tasks(ctx)[1][0].id


def test_each_event_is_told_with_ids_and_states_and_nothing_personal(ctx, centre, server, register):
    register()
    begun = start_process(ctx, process_key="p", variables={"phone": "+85251230001", "name": "陳大文"})
    task_id = open_task(ctx)
    complete_task(ctx, task_id=task_id, data={"answer": "call +85251230001"}, opinion="陳大文 is right")
    work_off(centre)
    told = {one["event"]: one for one in heard(server)}
    assert set(told) == {"instance.started", "task.opened", "task.completed", "instance.completed"}
    same = {"process_key": "p", "instance_id": begun.id, "business_key": begun.business_key}
    assert same.items() <= told["task.completed"].items()
    about = {"task_id": task_id, "element_id": "ask", "outcome": "completed"}
    assert about.items() <= told["task.completed"].items()
    assert told["task.completed"]["at"] == "2026-03-02T01:00:00Z"
    text = "".join(one.body.decode() for one in server.asked)
    assert "5123" not in text
    assert "陳" not in text


def test_what_is_cancelled_and_repaired_is_told(ctx, centre, server, register):
    register()
    begun = start_process(ctx, process_key="p")
    with ctx.write():
        incident_id = open_incident(ctx, code="c", message="m", instance_id=begun.id, process_key="p")
    resolve_incident(ctx, incident_id=incident_id)
    suspend_instance(ctx, instance_id=begun.id)
    resume_instance(ctx, instance_id=begun.id)
    cancel_instance(ctx, instance_id=begun.id, reason="a mistake")
    work_off(centre)
    assert sorted(one["event"] for one in heard(server)) == [
        "incident.opened", "incident.resolved", "instance.cancelled", "instance.resumed",
        "instance.started", "instance.suspended", "task.cancelled", "task.opened",
    ]  # fmt: skip
    assert "a mistake" not in str(heard(server))


def test_a_delivery_proves_who_sent_it_and_when(ctx, centre, server, register):
    register(events=["instance.started"])
    start_process(ctx, process_key="p")
    work_off(centre)
    (asked,) = server.asked
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", asked.headers["callwright-signature"])
    assert int(found[1]) == int(START.timestamp())
    signed = hmac.new(SECRET.encode(), f"{found[1]}.".encode() + asked.body, hashlib.sha256)
    assert hmac.compare_digest(signed.hexdigest(), found[2])
    assert asked.headers["callwright-event"] == "instance.started"
    assert asked.headers["callwright-delivery"] == json.loads(asked.body)["id"]


def test_an_event_that_is_rolled_back_was_none(ctx, register):
    register()

    def start_and_fail():
        with ctx.write():
            start_process(ctx, process_key="p")
            assert len(ctx.session.scalars(select(Delivery)).all()) == 2
            raise RuntimeError

    with pytest.raises(RuntimeError):
        start_and_fail()
    assert rows(ctx, Delivery) == []


def test_only_what_a_webhook_asked_for_reaches_it(ctx, centre, server, register):
    register(events=["task.opened"], process_key="p")
    deploy(ctx, files={"q.bpmn": sketch("start begin\nuser ask\nend over\nbegin -> ask -> over", key="q")})
    paused = register(events=["task.opened"])
    services.set_webhook_state(ctx, webhook_id=paused, active=False)
    start_process(ctx, process_key="q")
    start_process(ctx, process_key="p")
    work_off(centre)
    assert [(one["event"], one["process_key"]) for one in heard(server)] == [("task.opened", "p")]


def test_what_is_not_taken_is_tried_again_and_then_an_incident_that_sending_again_resolves(
    ctx, centre, server, register
):
    register(events=["instance.started"])
    server.reply({"status": 500})
    start_process(ctx, process_key="p")
    for _try in range(8):
        work_off(centre)
        centre.clock.advance(timedelta(hours=3))
    (delivery,) = rows(ctx, Delivery)
    assert (delivery["state"], delivery["try_count"], delivery["status"]) == ("failed", 6, 500)
    (incident,) = rows(ctx, Incident)
    assert (incident["state"], incident["code"]) == ("open", "webhook_not_taken")
    assert len({one.headers["callwright-signature"] for one in server.asked}) == 6
    assert len({one.body for one in server.asked}) == 1
    server.reply({"status": 204, "body": b""})
    services.redeliver(ctx, delivery_id=delivery["id"])
    with pytest.raises(Conflict):
        services.redeliver(ctx, delivery_id=delivery["id"])
    work_off(centre)
    (delivery,) = rows(ctx, Delivery)
    assert (delivery["state"], delivery["status"], delivery["error"]) == ("delivered", 204, None)
    assert rows(ctx, Incident)[0]["state"] == "resolved"


def test_the_other_side_may_ask_to_wait(ctx, centre, server, register):
    register(events=["instance.started"])
    server.reply({"status": 503, "headers": {"Retry-After": "600"}}, {})
    start_process(ctx, process_key="p")
    work_off(centre)
    (job,) = [row for row in rows(ctx, Job) if row["kind"] == "http.deliver"]
    assert job["due_at"] == START + timedelta(seconds=600)


def test_a_webhook_stays_within_the_fence_and_follows_no_redirect(ctx, centre, server, register, allow):
    register(events=["instance.started"])
    server.reply({"status": 302, "headers": {"Location": f"{server.url}/elsewhere"}})
    start_process(ctx, process_key="p")
    work_off(centre)
    assert len(server.asked) == 1
    assert rows(ctx, Delivery)[0]["state"] == "waiting"
    allow(server.place, networks="")
    start_process(ctx, process_key="p")
    work_off(centre)
    refused = rows(ctx, Delivery)[1]
    assert (refused["state"], refused["status"]) == ("failed", None)
    assert len(server.asked) == 1


def test_what_cannot_be_registered_is_said_all_at_once(ctx, register):
    with pytest.raises(InvalidSubmission) as wrong:
        register(url="http://169.254.169.254/", events=["all"], secret_name="PATH", process_key="none")
    assert [one.path for one in wrong.value.problems] == ["events", "url", "secret_name", "process_key"]
    assert rows(ctx, Webhook) == []


def test_removing_a_webhook_withdraws_what_is_under_way(ctx, centre, server, register):
    webhook_id = register()
    start_process(ctx, process_key="p")
    services.remove_webhook(ctx, webhook_id=webhook_id)
    work_off(centre)
    assert server.asked == []
    assert rows(ctx, Delivery) == rows(ctx, Incident) == []


def test_what_was_delivered_is_forgotten_after_its_time(ctx, centre, server, register):
    register(events=["instance.started"])
    start_process(ctx, process_key="p")
    work_off(centre)
    assert services.forget_deliveries(ctx) == 0
    centre.clock.advance(timedelta(days=31))
    assert services.forget_deliveries(ctx) == 1


def test_neither_the_rows_nor_the_log_hold_the_secret(ctx, centre, server, register, caplog):
    register()
    start_process(ctx, process_key="p")
    work_off(centre)
    assert SECRET not in str([rows(ctx, model) for model in (Webhook, Delivery, Job)]) + caplog.text
