"""What ended long ago is forgotten where an administrator chose so: all of it, and nothing else."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine.db import Base
from engine.definition import deploy
from engine.files import StoredFile
from engine.history import AuditEntry
from engine.instance import LargeValue, ProcessInstance
from engine.jobs import Job
from engine.parameters import set_parameter
from engine.runtime import cancel_instance, start_process
from engine.runtime.retention import forget
from engine.testing import system, work_off
from engine.testing.sketch import sketch

CALLED = """
    start begin
    end over
    begin -> over
"""
CALLING = """
    start begin
    call inner calls=inner
    user look
    end over
    begin -> inner -> look -> over
"""
# What is not of any instance, or is kept for ever.
KEPT = {
    "deployment", "deployed_file", "process_definition", "start_subscription", "audit_entry", "audit_block",
    "parameter", "event", "person", "person_group", "group_member", "unit_member", "lease",
    "business_key_counter", "stored_file", "job",
}  # fmt: skip
LONG = "x" * 20_000


@pytest.fixture
def ctx(centre):
    ctx = system(centre)
    deploy(ctx, files={"inner.bpmn": sketch(CALLED, key="inner")})
    deploy(ctx, files={"p.bpmn": sketch(CALLING)})
    return ctx


def begin(ctx, **variables):
    begun = start_process(ctx, process_key="p", variables=variables)
    work_off(ctx.centre)
    return begun.id


def counted(ctx):
    with ctx.read():
        return {
            name: count
            for name, table in Base.metadata.tables.items()
            if (count := ctx.connection.execute(select(func.count()).select_from(table)).scalar_one())
        }


def test_nothing_is_forgotten_unless_somebody_chose_so(ctx):
    cancel_instance(ctx, instance_id=begin(ctx), reason="a test")
    before = counted(ctx)
    ctx.centre.clock.advance(timedelta(days=80))
    forget(ctx)
    assert counted(ctx) == before


def test_what_ended_before_the_day_goes_with_all_that_it_called(ctx):
    set_parameter(ctx, key="history.kept_days", value="30")
    set_parameter(ctx, key="jobs.kept_days", value="30")
    cancel_instance(ctx, instance_id=begin(ctx, text=LONG), reason="a test")
    ctx.centre.clock.advance(timedelta(days=31))
    forget(ctx)
    assert set(counted(ctx)) <= KEPT
    with ctx.read():
        assert ctx.session.scalars(select(AuditEntry.action)).all()[-1] == "instances.forget"


def test_what_is_open_or_ended_later_stays(ctx):
    set_parameter(ctx, key="history.kept_days", value="30")
    old, running, late = begin(ctx), begin(ctx), begin(ctx)
    cancel_instance(ctx, instance_id=old, reason="a test")
    ctx.centre.clock.advance(timedelta(days=20))
    cancel_instance(ctx, instance_id=late, reason="a test")
    ctx.centre.clock.advance(timedelta(days=20))
    forget(ctx)
    with ctx.read():
        roots = ctx.session.scalars(select(ProcessInstance.id).where(ProcessInstance.parent_id.is_(None)))
        assert set(roots) == {running, late}


def test_a_large_value_stays_as_long_as_anybody_names_it(ctx):
    set_parameter(ctx, key="history.kept_days", value="30")
    old, running = begin(ctx, text=LONG), begin(ctx, text=LONG)
    cancel_instance(ctx, instance_id=old, reason="a test")
    ctx.centre.clock.advance(timedelta(days=31))
    forget(ctx)
    with ctx.read():
        assert ctx.connection.execute(select(func.count()).select_from(LargeValue)).scalar_one() == 1
    cancel_instance(ctx, instance_id=running, reason="a test")
    ctx.centre.clock.advance(timedelta(days=31))
    forget(ctx)
    with ctx.read():
        assert ctx.connection.execute(select(func.count()).select_from(LargeValue)).scalar_one() == 0


def test_files_of_a_forgotten_process_are_given_up(ctx):
    set_parameter(ctx, key="history.kept_days", value="30")
    begun = begin(ctx)
    with ctx.write():
        ctx.session.add(
            StoredFile(
                content_hash="0" * 64,
                name="a.txt",
                type="text/plain",
                size=1,
                owner_kind="instance",
                owner_id=begun,
                stored_by="mei",
                stored_at=ctx.now,
            )
        )
    cancel_instance(ctx, instance_id=begun, reason="a test")
    ctx.centre.clock.advance(timedelta(days=31))
    forget(ctx)
    with ctx.read():
        assert ctx.session.scalars(select(StoredFile.deleted_at)).one() is not None


def test_jobs_that_are_done_go_by_their_own_policy(ctx):
    begin(ctx)
    ctx.centre.clock.advance(timedelta(days=91))
    forget(ctx)
    with ctx.read():
        assert ctx.session.scalars(select(Job.id).where(Job.state == "done")).all() == []
