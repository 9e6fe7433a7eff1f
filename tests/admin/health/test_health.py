"""What whoever watches over the product reads."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from admin.app import create_app
from engine.definition import deploy
from engine.jobs import enqueue, hold_lease, open_incident
from engine.jobs.leases import HEARTBEAT
from engine.runtime import start_process
from engine.testing.sketch import sketch
from engine.worker import Worker, sweep


def figures(client, **said):
    answer = client.get("/metrics", **said)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_product_without_a_worker_is_degraded_and_with_one_it_is_well(ctx, client):
    assert client.get("/readyz").json["status"] == "degraded"
    hold_lease(ctx, name=f"{HEARTBEAT}one", owner="one")
    said = client.get("/readyz")
    assert said.status_code == 200
    assert {"status": "ok", "database": "ok", "workers": 1, "oldest_due_s": 0}.items() <= said.json.items()
    assert said.json["disk_free_bytes"] > 0


def test_a_product_that_falls_behind_is_degraded_and_says_by_how_much(ctx, client):
    hold_lease(ctx, name=f"{HEARTBEAT}one", owner="one")
    with ctx.write():
        enqueue(ctx, kind="step", due_at=ctx.now - timedelta(minutes=5))
    said = client.get("/readyz").json
    assert said["status"] == "degraded"
    assert 300 <= said["oldest_due_s"] < 360


def test_a_worker_is_heard_of_while_it_works_and_not_after(ctx, client, centre):
    working = Worker(centre)
    thread = threading.Thread(target=working.run)
    thread.start()
    try:
        for _look in range(200):
            if client.get("/readyz").json["workers"]:
                break
            threading.Event().wait(0.05)
        assert client.get("/readyz").json["workers"] == 1
    finally:
        working.stop()
        thread.join(30)
    assert client.get("/readyz").json["workers"] == 0


def test_a_worker_that_died_is_forgotten(ctx, client, centre):
    from engine.clock import MovableClock

    with ctx.read():
        clock = MovableClock(ctx.now)
    object.__setattr__(ctx.centre, "clock", clock)
    hold_lease(ctx, name=f"{HEARTBEAT}one", owner="one")
    clock.advance(timedelta(seconds=31))
    assert client.get("/readyz").json["workers"] == 0
    sweep(ctx)
    assert hold_lease(ctx, name=f"{HEARTBEAT}one", owner="other")


def test_figures_tell_steps_jobs_incidents_and_requests(ctx, client):
    deploy(
        ctx, files={"p.bpmn": sketch("start begin\nuser ask\nend over\nbegin -> ask -> over", key="counted")}
    )
    before = figures(client).get(("callwright_steps_total", "counted"), 0)
    start_process(ctx, process_key="counted")
    with ctx.write():
        enqueue(ctx, kind="probe", due_at=ctx.now - timedelta(seconds=90))
        open_incident(ctx, code="broken", message="m")
    client.get("/healthz")
    found = figures(client)
    assert found[("callwright_steps_total", "counted")] == before + 1
    assert found[("callwright_jobs", "probe", "waiting")] == 1
    assert found[("callwright_job_oldest_due_seconds",)] >= 90
    assert found[("callwright_incidents_open", "broken")] == 1
    assert found[("callwright_instances", "active", "counted")] == 1
    assert found[("callwright_http_requests_total", "/healthz", "200", "GET")] >= 1
    assert found[("callwright_database_commit_duration_seconds_count",)] > 0
    assert found[("callwright_database_round_trip_seconds",)] > 0


def test_a_step_that_was_rolled_back_is_not_counted(ctx, client):
    deploy(
        ctx, files={"p.bpmn": sketch("start begin\nuser ask\nend over\nbegin -> ask -> over", key="undone")}
    )

    def start_and_fail():
        with ctx.write():
            start_process(ctx, process_key="undone")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        start_and_fail()
    assert ("callwright_steps_total", "undone") not in figures(client)


@pytest.mark.parametrize(
    ("public_url", "token", "peer", "sent", "status"),
    [
        ("http://localhost:8080", "", "127.0.0.1", "", 200),
        ("http://localhost:8080", "", "10.0.0.9", "", 403),
        ("https://desk.example.org", "", "127.0.0.1", "", 403),
        ("https://desk.example.org", "t0ken", "10.0.0.9", "Bearer t0ken", 200),
        ("https://desk.example.org", "t0ken", "127.0.0.1", "Bearer other", 403),
        ("http://localhost:8080", "t0ken", "127.0.0.1", "", 403),
    ],
)
def test_figures_are_for_this_machine_or_whoever_has_the_token(
    app, centre, public_url, token, peer, sent, status
):
    settings = replace(centre.settings, public_url=public_url, metrics_token=token, secret_key="k")
    client = create_app(replace(centre, settings=settings)).test_client()
    answer = client.get(
        "/metrics",
        base_url="http://localhost",
        headers={"Authorization": sent} if sent else {},
        environ_base={"REMOTE_ADDR": peer},
    )
    assert answer.status_code == status


def test_one_scrape_reads_what_every_process_counted(ctx, client, tmp_path, monkeypatch):
    shared = tmp_path / "figures"
    shared.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(shared))
    count = "from engine.metrics import count_step; count_step('elsewhere', 0.01); count_step('elsewhere', 2)"
    for _process in range(2):
        subprocess.run([sys.executable, "-c", count], check=True, env={**os.environ})
    found = figures(client)
    assert found[("callwright_steps_total", "elsewhere")] == 4
    assert found[("callwright_step_duration_seconds_count",)] == 4
