"""What a transaction gathers, and what becomes of it when the server goes away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from engine import runtime
from engine.clock import DatabaseClock
from engine.context import Centre
from engine.definition import deploy
from engine.errors import Conflict
from engine.history import AuditEntry, audit
from engine.jobs import enqueue, list_jobs
from engine.testing import drawing, end, make_centre, start, system, task


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Iterator[Centre]:
    centre = make_centre(tmp_path, database_url=database_url, clock=DatabaseClock())
    yield centre
    centre.database.dispose()


def actions(centre: Centre) -> list[str]:
    ctx = system(centre)
    with ctx.read():
        return list(ctx.connection.execute(select(AuditEntry.action).order_by(AuditEntry.seq)).scalars())


def test_what_was_gathered_is_written_in_order_at_the_commit(centre):
    with system(centre).write() as ctx:
        for action in ("one", "two", "three"):
            audit(ctx, action, "test", "t")
        assert ctx.connection.execute(select(AuditEntry.action)).first() is None
    assert actions(centre) == ["one", "two", "three"]


def fails(ctx):
    audit(ctx, "failed", "test", "t")
    raise ZeroDivisionError


def test_what_was_gathered_goes_with_the_transaction_that_fails(centre):
    with pytest.raises(ZeroDivisionError), system(centre).write() as ctx:
        fails(ctx)
    assert actions(centre) == []


def sessions(ctx):
    return ctx.savepoint()


def connections(ctx):
    return ctx.connection.begin_nested()


@pytest.mark.parametrize("savepoint", [sessions, connections])
def test_a_savepoint_that_is_given_up_takes_along_what_was_gathered_within_it(centre, savepoint):
    with system(centre).write() as ctx:
        audit(ctx, "before", "test", "t")
        with pytest.raises(ZeroDivisionError), savepoint(ctx):
            fails(ctx)
        with savepoint(ctx):
            audit(ctx, "kept", "test", "t")
        audit(ctx, "after", "test", "t")
    assert actions(centre) == ["before", "kept", "after"]


def test_a_job_asked_for_twice_in_one_transaction_is_asked_for_once(centre):
    with system(centre).write() as ctx:
        assert enqueue(ctx, kind="step", unique_key="only") is not None
        assert enqueue(ctx, kind="step", unique_key="only") is None
    with system(centre).read() as ctx:
        assert list_jobs(ctx)[0] == 1


def test_a_business_key_that_is_taken_leaves_the_transaction_usable(centre):
    drawn = drawing(f"{start()}\n{task('ask')}\n{end()}\nbegin -> ask\nask -> over")
    deploy(system(centre), files={"p.bpmn": drawn})
    with system(centre).write() as ctx:
        runtime.start_process(ctx, process_key="p", business_key="A-1")
        with pytest.raises(Conflict):
            runtime.start_process(ctx, process_key="p", business_key="A-1")
        runtime.start_process(ctx, process_key="p", business_key="A-2")
    with system(centre).read() as ctx:
        assert runtime.list_instances(ctx)[0] == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_transaction_begins_though_the_server_closed_the_pools_connections(centre):
    kept, killer = centre.database.engine.raw_connection(), centre.database.engine.raw_connection()
    pid = kept.driver_connection.info.backend_pid
    killer.driver_connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
    killer.close()
    # Returned last, it is the next one taken; nobody has noticed yet that it is closed.
    kept.close()
    ctx = system(centre)
    with ctx.write():
        audit(ctx, "alive", "test", "t")
    assert actions(centre) == ["alive"]


def test_the_time_of_a_transaction_stands_still_and_goes_on_with_the_next(centre):
    ctx = system(centre)
    with ctx.write():
        first = ctx.now
        ctx.connection.execute(text("SELECT 1"))
        assert ctx.now == first
    with ctx.read():
        assert ctx.now >= first
