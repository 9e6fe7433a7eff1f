"""Webhooks for programs."""

import pytest

from engine.parameters import set_parameter


@pytest.fixture
def body(ctx, monkeypatch):
    monkeypatch.setenv("CALLWRIGHT_SECRET_DESK", "what both sides know")
    set_parameter(ctx, key="http.allowed_hosts", value="hear.example.org")
    return {"url": "https://hear.example.org/x", "events": ["task.opened"], "secret_name": "DESK"}


def test_a_program_registers_a_webhook_and_reads_its_log(boss, body):
    made = boss.post("/webhooks", body, status=201, key="once")
    assert boss.post("/webhooks", body, status=201, key="once") == made
    path = f"/webhooks/{made['id']}"
    assert boss.get("/webhooks")["result"] == [made] == [boss.get(path)]
    changed = boss.post(path, {**body, "events": ["instance.completed", "task.opened"]})
    assert changed["events"] == ["instance.completed", "task.opened"]
    sent = boss.post(f"{path}/test")
    assert (sent["event"], sent["state"]) == ("webhook.test", "waiting")
    log = boss.get("/webhook-deliveries", webhook_id=made["id"], state="waiting")
    assert (log["count"], log["result"][0]["id"]) == (1, sent["id"])
    boss.post(f"/webhook-deliveries/{sent['id']}/redeliver", status=409)
    assert boss.post(f"{path}/pause")["state"] == "paused"
    assert boss.post(f"{path}/resume")["state"] == "active"
    boss.post(f"{path}/remove")
    boss.get(path, status=404)
    assert boss.get("/webhook-deliveries")["count"] == 0


def test_what_cannot_be_registered_is_said_field_by_field(boss, body):
    refused = boss.post("/webhooks", {**body, "url": "http://169.254.169.254/"}, status=422)
    assert [one["path"] for one in refused["error"]["details"]] == ["url"]
    boss.post("/webhooks", {**body, "events": ["everything"]}, status=422)
    boss.get("/webhook-deliveries", sort="body", status=400)


def test_without_the_permission_there_are_none(caller, body):
    mei = caller("mei", "supervisor")
    mei.get("/webhooks", status=403)
    mei.post("/webhooks", body, status=403)
