"""Messages, signals, jobs, incidents, notifications."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.history import AuditEntry
from engine.notify import Notification
from engine.testing.drawing import chain, drawing, end, gateway, start, task


@pytest.fixture
def waits(deploy):
    """A process that waits for a message or a signal, and one that a message starts."""
    caught = """<bpmn:intermediateCatchEvent id="heard"><bpmn:extensionElements>
        <callwright:output name="heard" source="text"/></bpmn:extensionElements>
        <bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>"""
    body = [start(), caught, end(), chain(["begin", "heard", "over"])]
    roots = '<bpmn:message id="m" name="word"/>'
    deploy({"word.bpmn": drawing("\n".join(body), key="word", roots=roots)})
    signalled = """<bpmn:intermediateCatchEvent id="seen"><bpmn:signalEventDefinition signalRef="s"/>
        </bpmn:intermediateCatchEvent>"""
    body = [start(), signalled, end(), chain(["begin", "seen", "over"])]
    roots = '<bpmn:signal id="s" name="flare"/>'
    deploy({"flare.bpmn": drawing("\n".join(body), key="flare", roots=roots)})
    called = '<bpmn:startEvent id="rung"><bpmn:messageEventDefinition messageRef="m"/></bpmn:startEvent>'
    body = [called, task("answer"), end(), chain(["rung", "answer", "over"])]
    roots = '<bpmn:message id="m" name="bell"/>'
    deploy({"bell.bpmn": drawing("\n".join(body), key="bell", roots=roots)})


def begun(boss, key, **said):
    return boss.post(f"/process-definitions/{key}/start", said, 201)


def test_a_message_reaches_the_one_instance_that_waits_for_it(boss, waits):
    first, second = begun(boss, "word", business_key="W-1"), begun(boss, "word", business_key="W-2")
    error = boss.post("/messages", {"name": "word"}, 409)["error"]
    assert error["code"] == "ambiguous_correlation"
    reached = boss.post("/messages", {"name": "word", "business_key": "W-2", "payload": {"text": "go"}})
    assert (reached["id"], reached["state"]) == (second["id"], "completed")
    assert boss.get(f"/process-instances/{second['id']}/variables")["heard"] == "go"
    assert boss.get(f"/process-instances/{first['id']}")["state"] == "active"
    boss.post("/messages", {"name": "word", "business_key": "W-2"}, 404)
    assert boss.post("/messages", {"name": "silence"}, 404)["error"]["code"] == "unmatched"


def test_a_message_that_a_process_begins_with_starts_it(boss, waits):
    started = boss.post("/messages", {"name": "bell", "business_key": "B-1", "payload": {"loud": True}})
    assert (started["process_key"], started["business_key"], started["state"]) == ("bell", "B-1", "active")
    assert boss.get(f"/process-instances/{started['id']}/variables") == {"loud": True}


def test_a_signal_reaches_everything_that_waits_for_it(boss, waits, work_off):
    begun(boss, "flare")
    begun(boss, "flare")
    assert boss.post("/signals", {"name": "flare"}) == {"count": 2}
    work_off()
    assert boss.get("/process-instances", state="completed")["count"] == 2
    assert boss.post("/signals", {"name": "nothing"}) == {"count": 0}


def test_messages_and_signals_need_a_name_and_the_right(boss, caller, waits):
    for path in ("/messages", "/signals"):
        details = boss.post(path, {}, 422)["error"]["details"]
        assert details == [{"path": "name", "message": "This is missing."}]
        caller("mei", "agent").post(path, {"name": "word"}, 403)


@pytest.fixture
def stuck(boss, deploy):
    """An instance that no flow leads on."""
    body = [start(), gateway("which"), end(), "begin -> which", "which -> over [n > 1]"]
    deploy({"stuck.bpmn": drawing("\n".join(body), key="stuck")})
    return begun(boss, "stuck", variables={"n": 0})


def test_an_incident_is_tried_again_with_corrected_variables(boss, caller, stuck):
    operator = caller("olu", "operator")
    assert boss.get(f"/process-instances/{stuck['id']}")["incident_count"] == 1
    (incident,) = operator.get("/incidents", state="open", instance_id=stuck["id"])["result"]
    assert incident["element_id"] == "which"
    assert incident["message"]
    assert operator.get(f"/incidents/{incident['id']}") == incident
    done = operator.post(f"/incidents/{incident['id']}/retry", {"variables": {"n": 2}})
    assert (done["state"], done["resolved_by"]) == ("resolved", "olu")
    assert boss.get(f"/process-instances/{stuck['id']}")["state"] == "completed"
    assert operator.post(f"/incidents/{incident['id']}/retry", status=409)["error"]["code"] == "conflict"
    assert operator.get("/incidents")["count"] == 1
    assert operator.get("/incidents", state="open")["count"] == 0


def test_what_nobody_may_write_cannot_be_corrected_either(boss, stuck):
    (incident,) = boss.get("/incidents", state="open")["result"]
    said = {"variables": {"decisions": {}, "a b": 1}}
    details = boss.post(f"/incidents/{incident['id']}/retry", said, 422)["error"]["details"]
    assert {one["path"] for one in details} == {"decisions", "a b"}
    assert boss.get("/incidents", state="open")["count"] == 1


def test_an_incident_tried_again_in_vain_stays(boss, stuck):
    (incident,) = boss.get("/incidents", state="open")["result"]
    boss.post(f"/incidents/{incident['id']}/retry")
    assert boss.get("/incidents", state="open")["count"] == 1
    assert boss.get(f"/process-instances/{stuck['id']}")["incident_count"] == 1


def test_jobs_and_incidents_are_the_operators(caller):
    agent = caller("mei", "agent")
    agent.get("/jobs", 403)
    agent.get("/incidents", 403)
    agent.get("/incidents/01890000-0000-7000-8000-000000000000", 403)
    agent.post("/incidents/01890000-0000-7000-8000-000000000000/retry", status=403)


def test_waiting_jobs_are_listed_without_what_they_carry(boss, deploy):
    timer = """<bpmn:intermediateCatchEvent id="nap"><bpmn:timerEventDefinition>
        <bpmn:timeDuration>PT4H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"""
    body = [start(), timer, end(), chain(["begin", "nap", "over"])]
    deploy({"nap.bpmn": drawing("\n".join(body), key="nap")})
    instance = begun(boss, "nap")
    (job,) = boss.get("/jobs", state="waiting", kind="timer", instance_id=instance["id"])["result"]
    assert (job["element_id"], job["process_key"], job["attempt_count"]) == ("nap", "nap", 0)
    assert "payload" not in job
    assert boss.get("/jobs", process_key="other")["count"] == 0


def test_notifications_are_told_and_their_addresses_masked(ctx, caller):
    with ctx.write():
        ctx.session.add(
            Notification(
                event="created",
                channel="sms",
                gateway="console",
                person_key="ben",
                address="+85251230001",
                locale="en",
                body="Call +85251230002: http://localhost:8080/t/aB3dE6gH9jK2mN5pQ",
                state="sent",
                created_at=ctx.now,
                sent_at=ctx.now,
            )
        )
    (row,) = caller("sue", "supervisor").get("/notifications", channel="sms", state="sent")["result"]
    assert row["address"] == "+85251230001"
    assert row["body"].endswith("/t/aB3dE6gH9jK2mN5pQ")
    (row,) = caller("olu", "operator").get("/notifications", person_key="ben")["result"]
    assert row["address"] == "+*********01"
    assert row["body"] == "Call +*********02: http://localhost:8080/t/***"
    caller("mei", "agent").get("/notifications", 403)


def in_doubt(ctx, **said):
    """Make a message of which nobody can tell whether it was sent."""
    with ctx.write():
        one = Notification(
            event="created", channel="sms", gateway="console", person_key="ben", address="+85251230001",
            locale="en", body="Come at ten", state="unknown", created_at=ctx.now, **said,
        )  # fmt: skip
        ctx.session.add(one)
        ctx.session.flush()
        return one.id


def test_an_operator_settles_what_nobody_could_tell(ctx, caller, work_off):
    arrived, lost = in_doubt(ctx), in_doubt(ctx)
    olu = caller("olu", "operator")
    olu.post(f"/notifications/{arrived}/settle", {"taken": True}, 422)
    olu.post(f"/notifications/{arrived}/settle", {"taken": True, "reason": " "}, 422)
    path = "/notifications/{}/settle"
    assert olu.post(path.format(arrived), {"taken": True, "reason": "Ben has it"})["state"] == "sent"
    assert olu.post(path.format(lost), {"taken": False, "reason": "Ben has nothing"})["state"] == "waiting"
    work_off()
    (row,) = olu.get("/notifications", state="sent", sort="-created_at")["result"][:1]
    assert row["person_key"] == "ben"
    assert olu.get("/notifications", state="unknown")["count"] == 0
    olu.post(path.format(arrived), {"taken": False, "reason": "again"}, 409)
    with ctx.read():
        details = ctx.session.scalars(
            select(AuditEntry.detail)
            .where(AuditEntry.action == "notification.settled")
            .order_by(AuditEntry.seq)
        ).all()
    assert details == [{"taken": True, "reason": "Ben has it"}, {"taken": False, "reason": "Ben has nothing"}]


def test_who_only_sees_messages_settles_none(ctx, caller):
    caller("sue", "supervisor").post(
        f"/notifications/{in_doubt(ctx)}/settle", {"taken": True, "reason": "-"}, 403
    )
