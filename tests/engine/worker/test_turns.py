"""Whose job comes next: each process its turn, each lane its threads; and when nothing new may begin."""

from datetime import timedelta

import pytest

from engine.definition import deploy
from engine.jobs import Behind, claim, enqueue
from engine.parameters import set_parameter
from engine.plugin import JobKind
from engine.runtime import start_process
from engine.testing import make_centre, person, system
from engine.testing.sketch import sketch

DRAWN = """
    start begin
    task look
    end over
    begin -> look -> over
"""


@pytest.fixture
def centre(tmp_path):
    def register(registry):
        registry.add_job_kind(JobKind(name="test.do", title="Do", function=lambda ctx, job: None))

    centre = make_centre(tmp_path, floors=(register,))
    yield centre
    centre.database.dispose()


@pytest.fixture
def ctx(centre):
    return system(centre)


def ask(ctx, process_key, count=1, **options):
    with ctx.write():
        for _unused in range(count):
            enqueue(ctx, kind="test.do", process_key=process_key, **options)


def claimed(ctx, **options):
    return [job.process_key for job in claim(ctx, owner="w", **options)]


def test_a_process_with_few_jobs_stands_behind_no_other_with_many(ctx, centre):
    ask(ctx, "many", 500)
    centre.clock.advance(timedelta(seconds=1))
    ask(ctx, "few")
    ask(ctx, None)
    assert set(claimed(ctx, limit=4)) == {"many", "few", None}
    assert claimed(ctx, limit=2) == ["many", "many"]


def test_what_is_interactive_goes_before_a_batch_that_waits_for_longer(ctx, centre):
    ask(ctx, "campaign", 500, lane="batch")
    centre.clock.advance(timedelta(seconds=1))
    ask(ctx, "ticket", 2)
    assert claimed(ctx, limit=3) == ["ticket", "ticket", "campaign"]


def test_jobs_come_in_the_order_in_which_they_fell_due(ctx, centre):
    for _unused in range(50):
        ask(ctx, "a")
        centre.clock.advance(timedelta(seconds=1))
    order = [job.id for _round in range(25) for job in claim(ctx, owner="w", limit=2)]
    assert order == sorted(order)
    assert len(order) == 50


def test_a_process_gets_no_more_than_its_share_of_a_worker(ctx):
    ask(ctx, "slow", 10)
    held = claim(ctx, owner="w", limit=4, share=3)
    assert len(held) == 3
    assert claim(ctx, owner="w", limit=1, held=held, share=3) == []
    ask(ctx, "quick")
    assert claimed(ctx, limit=1, held=held, share=3) == ["quick"]


def test_batches_get_no_more_than_their_share_of_a_worker(ctx):
    for number in range(4):
        ask(ctx, f"campaign{number}", lane="batch")
    assert len(claim(ctx, owner="w", limit=4, share=3)) == 3


@pytest.fixture
def late(ctx, centre):
    deploy(ctx, files={"p.bpmn": sketch(DRAWN)})
    ask(ctx, "p")
    centre.clock.advance(timedelta(seconds=61))


def test_nothing_new_begins_while_a_due_job_has_waited_too_long(ctx, centre, late):
    for channel in ("web", "rest"):
        with pytest.raises(Behind) as refused:
            start_process(person(centre, "mei", channel=channel), process_key="p")
        assert refused.value.retry_after_s == 10
    claim(ctx, owner="w")
    assert start_process(person(centre, "mei", channel="web"), process_key="p").id


def test_who_cannot_try_again_is_never_refused(ctx, centre, late):
    assert start_process(person(centre, "mei", channel="sms"), process_key="p").id
    assert start_process(ctx, process_key="p").id


def test_a_centre_may_choose_to_take_everything(ctx, centre, late):
    set_parameter(ctx, key="jobs.behind_s", value="0")
    assert start_process(person(centre, "mei", channel="web"), process_key="p").id


def test_what_waits_for_its_own_instance_is_not_late(ctx, centre, late):
    claim(ctx, owner="w")
    begun = start_process(ctx, process_key="p").id
    ask(ctx, "p", 2, instance_id=begun)
    claim(ctx, owner="w")
    centre.clock.advance(timedelta(seconds=61))
    assert start_process(person(centre, "mei", channel="web"), process_key="p").id
