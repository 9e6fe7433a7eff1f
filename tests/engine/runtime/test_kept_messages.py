"""Messages that nobody waits for yet, and the inbox: on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest

from engine import runtime
from engine.errors import AmbiguousCorrelation, Conflict, InvalidSubmission
from engine.notify import list_inbound, store_inbound
from engine.runtime.kept import look_after_kept
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch

WAITS = (
    "start begin\nuser ask\ncatch paid message=paid key='order' output='sum:sum'\nend over\n"
    "begin -> ask -> paid -> over"
)


def begin(centre, key="p", **variables):
    return runtime.start_process(person(centre, "eve"), process_key=key, variables=variables).id


def state(centre, instance_id):
    with system(centre).read() as ctx:
        return runtime.get_instance(ctx, instance_id)["state"]


def skip(centre, instance_id):
    """Let an instance go on to where it waits for the message."""
    with system(centre).read() as ctx:
        [step] = runtime.steps_of(ctx, instance_id)
    runtime.skip_element(system(centre), instance_id=instance_id, visit_id=step.visit_id, reason="on")


def inbox(centre, **wanted):
    with system(centre).read() as ctx:
        return list_inbound(ctx, **wanted)[1]


def publish(centre, **said):
    return runtime.publish_message(person(centre, "eve"), name="paid", **{"payload": {"sum": 5}, **said})


def test_a_message_that_comes_too_early_is_brought_once_it_is_waited_for(centre, put):
    put(sketch(WAITS))
    begun = begin(centre, order="A-1")
    kept = publish(centre, correlation="A-1")
    assert (kept.instance_id, inbox(centre)[0]["state"]) == (None, "waiting")
    skip(centre, begun)
    work_off(centre)
    assert state(centre, begun) == "completed"
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, begun)["sum"] == 5
    [message] = inbox(centre)
    assert (message["state"], message["instance_id"]) == ("matched", begun)


def test_a_message_that_is_waited_for_is_brought_at_once_and_leaves_nothing(centre, put):
    put(sketch(WAITS))
    begun = begin(centre, order="A-1")
    skip(centre, begun)
    assert publish(centre, correlation="A-1").instance_id == begun
    assert inbox(centre) == []


@pytest.mark.parametrize("key", ["A-2", None])
def test_a_kept_message_goes_only_to_whoever_waits_with_its_key(centre, put, key):
    put(sketch(WAITS))
    begun = begin(centre, order="A-1")
    publish(centre, correlation=key)
    skip(centre, begun)
    work_off(centre)
    look_after_kept(system(centre))
    work_off(centre)
    assert state(centre, begun) == "active"
    assert [message["state"] for message in inbox(centre)] == ["waiting"]


def test_a_kept_message_is_brought_to_one_of_two(centre, put):
    put(sketch(WAITS))
    both = [begin(centre, order="A-1") for _number in range(2)]
    publish(centre, correlation="A-1")
    for begun in both:
        skip(centre, begun)
    work_off(centre)
    assert sorted(state(centre, begun) for begun in both) == ["active", "completed"]


def test_what_nobody_waited_for_in_time_is_unmatched_and_not_brought_any_more(centre, put):
    put(sketch(WAITS))
    begun = begin(centre, order="A-1")
    publish(centre, correlation="A-1", kept_s=60)
    centre.clock.advance(timedelta(seconds=61))
    skip(centre, begun)
    work_off(centre)
    look_after_kept(system(centre))
    assert state(centre, begun) == "active"
    assert [(message["state"], message["result"]) for message in inbox(centre)] == [("unmatched", "expired")]


def test_a_held_instance_gets_its_kept_message_after_it_is_resumed(centre, put):
    put(sketch(WAITS))
    begun = begin(centre, order="A-1")
    skip(centre, begun)
    runtime.suspend_instance(system(centre), instance_id=begun)
    publish(centre, correlation="A-1")
    runtime.resume_instance(system(centre), instance_id=begun)
    look_after_kept(system(centre))
    work_off(centre)
    assert state(centre, begun) == "completed"


def test_a_message_thrown_with_a_key_waits_for_a_process_that_is_not_so_far_yet(centre, put):
    throws = (
        "start begin\nthrow told message=paid key='\"A-1\"' input='sum:7'\nend over\nbegin -> told -> over"
    )
    put(a=sketch(WAITS), b=sketch(throws, key="q"))
    begun = begin(centre, order="A-1")
    begin(centre, key="q")
    work_off(centre)
    skip(centre, begun)
    work_off(centre)
    assert state(centre, begun) == "completed"


def test_an_operator_brings_an_unmatched_message_by_hand(centre, put):
    put(sketch(WAITS))
    begun = begin(centre, order="A-1")
    kept = publish(centre, correlation="A-9")
    with pytest.raises(runtime.Unmatched):
        runtime.deliver_inbound(person(centre, "ann"), message_id=kept.id, instance_id=begun)
    skip(centre, begun)
    runtime.deliver_inbound(person(centre, "ann"), message_id=kept.id, instance_id=begun)
    assert state(centre, begun) == "completed"
    with pytest.raises(Conflict):
        runtime.deliver_inbound(person(centre, "ann"), message_id=kept.id, instance_id=begun)


def test_what_a_person_wrote_is_brought_as_text(centre, put):
    drawn = "start begin\ncatch heard message=word output='said:text'\nend over\nbegin -> heard -> over"
    put(sketch(drawn))
    begun = begin(centre)
    message_id, _new = store_inbound(
        system(centre), gateway="console", provider_id="1", channel="sms", sender="+85251239999",
        recipient="+85251230000", body="42?",
    )  # fmt: skip
    work_off(centre)
    assert inbox(centre)[0]["state"] == "unmatched"
    runtime.deliver_inbound(person(centre, "ann"), message_id=message_id, instance_id=begun)
    assert state(centre, begun) == "completed"
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, begun)["said"] == "42?"


def test_an_instance_that_waits_for_several_is_asked_which_one_is_meant(centre, put):
    drawn = (
        "start begin\nand both\ncatch one message=one\ncatch two message=two\nend over\n"
        "begin -> both\nboth -> one -> over\nboth -> two -> over"
    )
    put(sketch(drawn))
    begun = begin(centre)
    message_id, _new = store_inbound(
        system(centre), gateway="console", provider_id="1", channel="sms", sender="+85251239999",
        recipient="+85251230000", body="42?",
    )  # fmt: skip
    work_off(centre)
    with pytest.raises(AmbiguousCorrelation):
        runtime.deliver_inbound(person(centre, "ann"), message_id=message_id, instance_id=begun)
    runtime.deliver_inbound(person(centre, "ann"), message_id=message_id, instance_id=begun, name="two")
    assert inbox(centre)[0]["result"] == "two"


def test_a_discarded_message_says_why_and_is_not_brought(centre, put):
    put(sketch(WAITS))
    begun = begin(centre, order="A-1")
    kept = publish(centre, correlation="A-1")
    with pytest.raises(InvalidSubmission):
        runtime.discard_inbound(person(centre, "ann"), message_id=kept.id, reason=" ")
    runtime.discard_inbound(person(centre, "ann"), message_id=kept.id, reason="a test")
    skip(centre, begun)
    work_off(centre)
    assert state(centre, begun) == "active"
    assert [message["state"] for message in inbox(centre)] == ["discarded"]
