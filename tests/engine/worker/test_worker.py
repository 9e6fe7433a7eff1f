"""The worker: claims, leases, retries, incidents, the clockwork and the sweep."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DataError

from engine.context import SYSTEM, Context
from engine.definition import deploy
from engine.errors import TechnicalFailure
from engine.instance import ProcessInstance
from engine.jobs import (
    LostLease,
    claim,
    enqueue,
    finish,
    give_back,
    list_incidents,
    list_jobs,
    return_expired,
    run_claimed,
    run_due,
)
from engine.plugin import JobKind
from engine.runtime import retry_job
from engine.testing import drawing, end, make_centre, start, system, task
from engine.worker import Worker, look_for_forgotten, sweep


class Doing:
    """What the test's jobs do."""

    def __init__(self):
        self.ran = []
        self.fail = []

    def __call__(self, ctx, job):
        self.ran.append((job.payload, job.attempt_count))
        if self.fail:
            raise self.fail.pop(0)


@pytest.fixture
def doing():
    return Doing()


@pytest.fixture
def centre(tmp_path, database_url, doing):
    def register(registry):
        registry.add_job_kind(JobKind(name="test.do", title="Do", function=doing))
        registry.add_job_kind(JobKind(name="test.tick", title="Tick", function=doing, every_s=60))

    centre = make_centre(tmp_path, database_url=database_url, floors=(register,))
    yield centre
    centre.database.dispose()


@pytest.fixture
def ctx(centre):
    return system(centre)


def ask(ctx, payload=None, **options):
    with ctx.write():
        return enqueue(ctx, kind="test.do", payload=payload, **options)


def states(ctx):
    with ctx.read():
        return [job["state"] for job in list_jobs(ctx, kind="test.do")[1]]


def test_a_job_runs_once_and_is_done(ctx, doing):
    ask(ctx, {"n": 1})
    assert run_due(ctx) == 1
    assert doing.ran == [({"n": 1}, 1)]
    assert states(ctx) == ["done"]


def test_a_job_of_a_transaction_that_fails_was_never_there(ctx):
    def enqueue_and_fail():
        with ctx.write():
            enqueue(ctx, kind="test.do")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        enqueue_and_fail()
    assert states(ctx) == []


def test_a_failure_is_tried_again_later_and_ends_as_an_incident(ctx, centre, doing):
    doing.fail = [TechnicalFailure("away")] * 3
    ask(ctx, retries_s=(10, 60))
    assert run_due(ctx) == 1
    assert run_due(ctx) == 0
    for minutes in (1, 2):
        centre.clock.advance(timedelta(minutes=minutes))
        assert run_due(ctx) == 1
    assert states(ctx) == ["failed"]
    with ctx.read():
        ((incident,),) = [list_incidents(ctx)[1]]
    assert incident["message"] == "away"
    retry_job(ctx, job_id=incident["job_id"])
    assert run_due(ctx) == 1
    assert states(ctx) == ["done"]


def test_a_permanent_failure_is_an_incident_at_once(ctx, doing):
    doing.fail = [TechnicalFailure("no such number", permanent=True)]
    ask(ctx)
    run_due(ctx)
    assert states(ctx) == ["failed"]


def test_what_no_column_keeps_is_an_incident_at_once(ctx, doing):
    doing.fail = [DataError("INSERT", None, ValueError("value too long"))]
    ask(ctx)
    run_due(ctx)
    assert states(ctx) == ["failed"]


def test_two_workers_never_have_the_same_job(ctx):
    for number in range(20):
        ask(ctx, {"n": number})
    first = claim(ctx, owner="one", limit=12)
    second = claim(ctx, owner="two", limit=12)
    assert len(first) + len(second) == 20
    assert not {job.id for job in first} & {job.id for job in second}


def test_a_late_worker_cannot_finish_what_another_took_over(ctx, centre, doing):
    ask(ctx)
    (late,) = claim(ctx, owner="late")
    centre.clock.advance(timedelta(minutes=2))
    assert return_expired(ctx) == 1
    (other,) = claim(ctx, owner="other")
    with pytest.raises(LostLease), ctx.write():
        finish(ctx, late)
    assert run_claimed(ctx, other)


def test_a_job_whose_worker_dies_five_times_becomes_an_incident(ctx, centre):
    ask(ctx)
    for _death in range(5):
        assert len(claim(ctx, owner="dying")) == 1
        centre.clock.advance(timedelta(minutes=2))
        return_expired(ctx)
    assert states(ctx) == ["failed"]
    with ctx.read():
        assert list_incidents(ctx)[1][0]["code"] == "worker_lost"


def test_what_a_stopping_worker_gives_back_costs_no_attempt(ctx, doing):
    ask(ctx)
    claim(ctx, owner="stopping")
    give_back(ctx, owner="stopping")
    run_due(ctx)
    assert doing.ran[0][1] == 1


def test_a_flood_of_one_process_does_not_keep_another_waiting(ctx):
    for number in range(30):
        ask(ctx, {"n": number}, process_key="flood")
    ask(ctx, {"n": "small"}, process_key="small")
    claimed = claim(ctx, owner="one", limit=4)
    assert "small" in [job.payload["n"] for job in claimed]


def test_one_waiting_job_holds_a_unique_key(ctx):
    assert ask(ctx, unique_key="k") is not None
    assert ask(ctx, unique_key="k") is None
    run_due(ctx)
    assert ask(ctx, unique_key="k") is not None


def test_the_clockwork_is_started_once_and_again_after_its_interval(ctx, centre, doing):
    for _sweep in range(3):
        sweep(ctx)
    assert run_due(ctx) >= 1
    ticks = sum(1 for _payload, _attempt in doing.ran)
    sweep(ctx)
    run_due(ctx)
    assert sum(1 for _ in doing.ran) == ticks
    centre.clock.advance(timedelta(minutes=2))
    sweep(ctx)
    run_due(ctx)
    assert sum(1 for _ in doing.ran) == ticks + 1


def test_a_running_worker_finds_jobs_by_itself_and_stops_when_told(centre, doing):
    worker = Worker(centre, thread_count=2)
    thread = threading.Thread(target=worker.run)
    thread.start()
    ctx = Context(centre=centre, actor=SYSTEM)
    for number in range(10):
        ask(ctx, {"n": number})
    worker.wake()
    until = time.monotonic() + 15
    while len(doing.ran) < 10 and time.monotonic() < until:
        time.sleep(0.05)
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert sorted(payload["n"] for payload, _attempt in doing.ran) == list(range(10))


def test_an_open_instance_that_waits_for_nothing_becomes_an_incident_once(ctx):
    body = f"{start()}\n{task('ask')}\n{end()}\nbegin -> ask\nask -> over"
    (definition,) = deploy(ctx, files={"p.bpmn": drawing(body)}).definitions
    with ctx.write():
        values = {"state": "active", "incident_count": 0, "revision": 0, "machine_state": b"", "title": ""}
        ctx.connection.execute(
            insert(ProcessInstance).values(
                id="01900000-0000-7000-8000-000000000001",
                root_id="01900000-0000-7000-8000-000000000001",
                process_key="p",
                definition_id=definition.id,
                started_at=ctx.now,
                **values,
            )
        )
    assert look_for_forgotten(ctx) == 1
    assert look_for_forgotten(ctx) == 0
