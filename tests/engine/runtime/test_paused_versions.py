"""A version of a process pauses: nothing begins in it, and what runs in it pauses with it if asked for."""

from datetime import timedelta

import pytest

from engine import runtime
from engine.errors import Conflict, InvalidSubmission, NotFound
from engine.jobs import list_incidents
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch

ASKS = (
    "start begin\nuser ask\nboundary late on=ask timer=PT2H beside\nscript urges\nbegin -> ask\nlate -> urges"
)


def boss(centre):
    return person(centre, "ann")


def begin(centre, key="p", **said):
    return runtime.start_process(person(centre, "eve"), process_key=key, **said).id


def pause(centre, version=1, **said):
    count = runtime.suspend_version(boss(centre), process_key="p", version=version, reason="a fault", **said)
    work_off(centre)
    return count


def go_on(centre, version=1):
    count = runtime.resume_version(boss(centre), process_key="p", version=version, reason="mended")
    work_off(centre)
    return count


def state(centre, instance_id):
    with system(centre).read() as ctx:
        return runtime.get_instance(ctx, instance_id)["state"]


def passed(centre, instance_id):
    with system(centre).read() as ctx:
        return [row["element_id"] for row in runtime.history_of(ctx, instance_id)]


def test_nothing_begins_in_a_paused_version_and_the_refusal_names_the_remedy(centre, put):
    put(sketch(ASKS))
    before = begin(centre)
    pause(centre)
    with pytest.raises(Conflict, match="Resume it in the process library"):
        begin(centre)
    assert state(centre, before) == "active"
    go_on(centre)
    assert state(centre, begin(centre)) == "active"


def test_another_version_can_still_be_started(centre, put):
    put(sketch(ASKS))
    put(sketch(ASKS + "\nscript more\nurges -> more"))
    pause(centre, version=2)
    with pytest.raises(Conflict):
        begin(centre)
    assert state(centre, begin(centre, version=1)) == "active"


def test_what_runs_in_it_pauses_with_its_timers_and_goes_on_with_the_time_that_was_left(centre, put):
    put(sketch(ASKS))
    running = begin(centre)
    centre.clock.advance(timedelta(hours=1))
    assert pause(centre, instances=True) == 1
    assert state(centre, running) == "suspended"
    centre.clock.advance(timedelta(days=1))
    work_off(centre)
    assert go_on(centre) == 1
    assert state(centre, running) == "active"
    centre.clock.advance(timedelta(minutes=59))
    work_off(centre)
    assert "urges" not in passed(centre, running)
    centre.clock.advance(timedelta(minutes=1))
    work_off(centre)
    assert "urges" in passed(centre, running)


def test_what_was_paused_by_itself_stays_so(centre, put):
    put(sketch(ASKS))
    alone, other = begin(centre), begin(centre)
    runtime.suspend_instance(boss(centre), instance_id=alone)
    centre.clock.advance(timedelta(minutes=1))
    assert pause(centre, instances=True) == 1
    assert go_on(centre) == 1
    assert (state(centre, alone), state(centre, other)) == ("suspended", "active")


def test_who_is_resumed_before_everything_pauses_does_not_pause(centre, put):
    put(sketch(ASKS))
    running = begin(centre)
    runtime.suspend_version(boss(centre), process_key="p", version=1, reason="a fault", instances=True)
    runtime.resume_version(boss(centre), process_key="p", version=1, reason="none at all")
    work_off(centre)
    assert state(centre, running) == "active"


def test_timers_that_start_it_stand_still(centre, put):
    put(sketch("start begin timer=PT2H\nscript work\nbegin -> work"))
    pause(centre)
    centre.clock.advance(timedelta(hours=3))
    work_off(centre)
    go_on(centre)
    with system(centre).read() as ctx:
        assert runtime.list_instances(ctx, key="p")[0] == 0
    centre.clock.advance(timedelta(hours=2))
    work_off(centre)
    with system(centre).read() as ctx:
        assert runtime.list_instances(ctx, key="p")[0] == 1


def test_whoever_calls_it_gets_an_incident_and_goes_on_once_it_is_resumed(centre, put):
    put(sketch(ASKS))
    put(caller=sketch("start in\ncall work calls=p\nin -> work", key="caller"))
    pause(centre)
    begin(centre, "caller")
    work_off(centre)
    with system(centre).read() as ctx:
        (incident,) = list_incidents(ctx)[1]
    go_on(centre)
    runtime.retry_incident(boss(centre), incident_id=incident["id"])
    work_off(centre)
    with system(centre).read() as ctx:
        assert runtime.list_instances(ctx, key="p")[0] == 1


def test_a_signal_passes_it_by_and_reaches_the_others(centre, put):
    put(sketch("start begin signal=s\nscript work\nbegin -> work"))
    put(hears=sketch("start in signal=s\nscript work\nin -> work", key="hears"))
    pause(centre)
    assert runtime.broadcast_signal(boss(centre), name="s") == 1


def test_a_message_that_starts_it_is_refused_until_it_is_resumed(centre, put):
    put(sketch("start begin message=m\nuser ask\nbegin -> ask"))
    pause(centre)
    with pytest.raises(Conflict, match="Resume it in the process library"):
        runtime.start_by_message(boss(centre), name="m")
    go_on(centre)
    assert state(centre, runtime.start_by_message(boss(centre), name="m").id) == "active"


def test_a_reason_is_needed_and_twice_is_refused(centre, put):
    put(sketch(ASKS))
    with pytest.raises(InvalidSubmission):
        runtime.suspend_version(boss(centre), process_key="p", version=1, reason=" ")
    with pytest.raises(NotFound):
        pause(centre, version=9)
    with pytest.raises(Conflict):
        go_on(centre)
    pause(centre)
    with pytest.raises(Conflict):
        pause(centre)
