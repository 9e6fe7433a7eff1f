"""What a worker holds: as many jobs as it has threads, renewed while they run and no longer."""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from sqlalchemy.exc import OperationalError

from engine.clock import DatabaseClock
from engine.jobs import claim, enqueue, finish, list_jobs, return_expired
from engine.plugin import JobKind
from engine.testing import make_centre, system
from engine.worker import Worker


class Gate:
    """Jobs that wait until they may go on."""

    def __init__(self):
        self.entered = []
        self.open = threading.Event()

    def __call__(self, ctx, job):
        self.entered.append(job.payload)
        self.open.wait(10)


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def centre(tmp_path, gate):
    def register(registry):
        registry.add_job_kind(JobKind(name="test.wait", title="Wait", function=gate))

    centre = make_centre(tmp_path, clock=DatabaseClock(), floors=(register,))
    yield centre
    centre.database.dispose()


@pytest.fixture
def ctx(centre):
    return system(centre)


def ask(ctx, count):
    with ctx.write():
        for number in range(count):
            enqueue(ctx, kind="test.wait", payload=number)


def waited(what):
    until = time.monotonic() + 10
    while not what() and time.monotonic() < until:
        time.sleep(0.02)
    return what()


def test_exactly_as_many_jobs_as_threads_all_run_at_once(centre, ctx, gate):
    ask(ctx, 3)
    worker = Worker(centre, thread_count=3)
    running = threading.Thread(target=worker.run)
    running.start()
    try:
        assert waited(lambda: sorted(gate.entered) == [0, 1, 2])
    finally:
        gate.open.set()
        worker.stop()
        running.join(20)
    with ctx.read():
        assert {job["state"] for job in list_jobs(ctx, kind="test.wait")[1]} == {"done"}


def test_a_lease_of_what_does_not_run_is_not_renewed(centre, ctx, gate):
    ask(ctx, 2)
    worker = Worker(centre, thread_count=2)
    held, lost = claim(ctx, owner=worker.owner, limit=2)
    worker._held[threading.current_thread()] = held
    with ctx.write():
        began = ctx.now
    time.sleep(0.05)
    worker._renew()
    with ctx.read():
        leases = {job["id"]: job["lease_until"] for job in list_jobs(ctx, kind="test.wait")[1]}
    assert leases[held.id] > leases[lost.id]
    assert leases[lost.id] < began + timedelta(seconds=31)


def test_a_result_that_takes_long_to_be_written_costs_no_other_lease(tmp_path, postgresql, gate):
    def register(registry):
        registry.add_job_kind(JobKind(name="test.wait", title="Wait", function=gate))

    centre = make_centre(tmp_path, database_url=postgresql, clock=DatabaseClock(), floors=(register,))
    ctx = system(centre)
    ask(ctx, 2)
    worker = Worker(centre, thread_count=2)
    slow, other = claim(ctx, owner=worker.owner, limit=2)
    worker._held = {threading.Thread(): slow, threading.Thread(): other}

    def found():
        with ctx.read():
            return {job["id"]: job for job in list_jobs(ctx, kind="test.wait")[1]}

    before = found()[other.id]["lease_until"]
    writing = system(centre)
    with writing.write():
        finish(writing, slow)
        time.sleep(0.05)
        worker._renew()
        assert found()[other.id]["lease_until"] > before
        assert return_expired(ctx, everybody=True) == 1
    assert found()[slow.id]["state"] == "done"
    centre.database.dispose()


def test_what_could_not_be_ended_is_let_go_as_soon_as_the_database_is_back(centre, ctx, gate):
    ask(ctx, 1)
    gate.open.set()
    begin = centre.database.begin
    away = threading.Event()

    def begin_or_not(mode):
        if away.is_set():
            raise OperationalError("BEGIN", None, OSError("gone"))
        return begin(mode)

    def vanish(ctx, job):
        gate.entered.append(job.payload)
        if len(gate.entered) == 1:
            away.set()
            threading.Timer(0.3, away.clear).start()
            raise OSError("gone")

    kind = centre.registry.job_kinds["test.wait"]
    worker = Worker(centre)
    with (
        patch.object(centre.database, "begin", begin_or_not),
        patch.dict(centre.registry.job_kinds, {"test.wait": replace(kind, function=vanish)}),
    ):
        running = threading.Thread(target=worker.run)
        running.start()
        try:
            assert waited(lambda: gate.entered == [0, 0])
        finally:
            worker.stop()
            running.join(20)
    with ctx.read():
        (job,) = list_jobs(ctx, kind="test.wait")[1]
    assert (job["state"], job["lost_count"]) == ("done", 1)


def test_where_no_worker_is_alive_every_lease_has_expired(ctx):
    ask(ctx, 2)
    assert len(claim(ctx, owner="killed", limit=2)) == 2
    assert return_expired(ctx) == 0
    assert return_expired(ctx, everybody=True) == 2
    assert len(claim(ctx, owner="next", limit=2)) == 2
