"""Deadlines of a whole process: from its start, with pauses, told when they come near or are over."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from engine import runtime
from engine.definition import deploy
from engine.errors import DefinitionError
from engine.jobs import list_incidents, list_jobs
from engine.notify import list_notifications
from engine.people import put_person
from engine.runtime.deadlines import deadlines_of
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import UserTask, list_tasks
from engine.worker import look_for_forgotten
from engine.worktime import save_calendar

DRAWN = """
    start begin
    user apply assignee='"ann"'
    user ask assignee='"bob"'
    user handle assignee='"cy"'
    end over
    begin -> apply -> ask -> handle -> over
"""
RULE = """
key = "p"
title = "Report"
[deadlines.answer]
title = "Answer the reporter"
within = "PT40H"
tell = ["initiator", "group:heads", "group:gone"]
"""


@pytest.fixture
def begun(centre):
    def begin(more="", rule=RULE):
        deploy(system(centre), files={"p.bpmn": sketch(DRAWN), "process.toml": (rule + more).encode()})
        return runtime.start_process(person(centre, "ann"), process_key="p").id

    return begin


def state(centre, instance_id):
    with system(centre).read() as ctx:
        (one,) = deadlines_of(ctx, runtime.get_instance(ctx, instance_id))
        return one


def left(centre, instance_id):
    due_at = state(centre, instance_id).due_at
    return None if due_at is None else (due_at - centre.clock.now()) / timedelta(hours=1)


def wait(centre, hours):
    for _hour in range(hours):
        centre.clock.advance(timedelta(hours=1))
        work_off(centre)


def told(centre):
    with system(centre).read() as ctx:
        rows = list_notifications(ctx, sort="created_at", page_size=100)[1]
    return sorted((row["event"], row["person_key"]) for row in rows)


def task_at(centre, element):
    with system(centre).read() as ctx:
        return next(one for one in list_tasks(ctx)[1] if one.element_id == element)


def done(centre, element):
    with system(centre).write() as ctx:
        runtime.complete_task(ctx, task_id=task_at(centre, element).id)
    work_off(centre)


def waiting(centre):
    with system(centre).read() as ctx:
        return [one["kind"] for one in list_jobs(ctx, page_size=100)[1] if one["state"] == "waiting"]


def test_it_warns_in_its_last_quarter_and_people_hear_of_that_and_of_its_end_once(centre, begun):
    instance_id = begun()
    wait(centre, 29)
    assert (state(centre, instance_id).clock, told(centre)) == ("on_time", [])
    wait(centre, 1)
    assert state(centre, instance_id).clock == "warning"
    assert told(centre) == [("deadline_warning", "ann"), ("deadline_warning", "bob")]
    wait(centre, 10)
    assert state(centre, instance_id).clock == "overdue"
    assert told(centre)[:2] == [("deadline_overdue", "ann"), ("deadline_overdue", "bob")]
    wait(centre, 10)
    assert len(told(centre)) == 4
    assert waiting(centre) == []


def test_it_warns_as_early_as_the_manifest_says(centre, begun):
    instance_id = begun('warn = "PT1H"')
    wait(centre, 38)
    assert state(centre, instance_id).clock == "on_time"
    wait(centre, 1)
    assert state(centre, instance_id).clock == "warning"


def test_what_ended_in_time_is_in_time_for_ever_and_nobody_hears_of_it(centre, begun):
    instance_id = begun()
    for element in ("apply", "ask", "handle"):
        done(centre, element)
    assert waiting(centre) == []
    wait(centre, 60)
    assert (state(centre, instance_id).clock, told(centre)) == ("on_time", [])


def test_a_cancelled_process_leaves_no_deadline_behind(centre, begun):
    instance_id = begun()
    runtime.cancel_instance(system(centre), instance_id=instance_id, reason="over")
    assert waiting(centre) == []


def test_it_stands_still_while_a_named_step_waits(centre, begun):
    instance_id = begun('pauses = ["ask"]')
    wait(centre, 5)
    done(centre, "apply")
    assert (left(centre, instance_id), state(centre, instance_id).still_since) == (None, centre.clock.now())
    assert waiting(centre) == []
    wait(centre, 100)
    done(centre, "ask")
    assert (left(centre, instance_id), state(centre, instance_id).clock) == (35, "on_time")
    wait(centre, 25)
    assert [event for event, _who in told(centre)] == ["deadline_warning"] * 2


def test_it_stands_still_while_the_process_is_held(centre, begun):
    instance_id = begun()
    wait(centre, 5)
    runtime.suspend_instance(system(centre), instance_id=instance_id)
    wait(centre, 100)
    assert told(centre) == []
    runtime.resume_instance(system(centre), instance_id=instance_id)
    work_off(centre)
    assert left(centre, instance_id) == 35


def test_it_stands_still_while_it_was_sent_back_to_whoever_asked_for_it_and_not_to_others(centre, begun):
    instance_id = begun()
    done(centre, "apply")
    wait(centre, 5)
    runtime.return_task(person(centre, "bob"), task_id=task_at(centre, "ask").id, to="apply", opinion="why?")
    wait(centre, 50)
    assert left(centre, instance_id) is None
    done(centre, "apply")
    assert left(centre, instance_id) == 35
    done(centre, "ask")
    runtime.return_task(person(centre, "cy"), task_id=task_at(centre, "handle").id, to="ask", opinion="why?")
    assert left(centre, instance_id) == 35


def test_what_was_late_before_it_stood_still_stays_late(centre, begun):
    instance_id = begun('pauses = ["ask"]')
    wait(centre, 41)
    done(centre, "apply")
    assert state(centre, instance_id).clock == "overdue"
    assert state(centre, instance_id).still_since is None


def test_it_is_counted_in_the_working_time_of_its_calendar_pauses_included(centre, begun):
    with system(centre).write() as ctx:
        bands = {"mon-fri": ["09:00-17:00"]}
        save_calendar(ctx, key="desk", name="Desk", zone="Asia/Hong_Kong", bands=bands)
    rule = RULE.replace("PT40H", "P2D") + 'calendar = "desk"\npauses = ["ask"]'
    instance_id = begun(rule=rule)
    # Monday, nine o'clock: until Wednesday at that time.
    assert left(centre, instance_id) == 48
    wait(centre, 4)
    done(centre, "apply")
    wait(centre, 24 * 4)
    # Friday, one o'clock: twelve working hours are left, four of them today.
    done(centre, "ask")
    assert left(centre, instance_id) == 4 + 64 + 8


def test_a_calendar_that_is_missing_is_an_incident_and_every_hour_counts(centre, begun):
    instance_id = begun('calendar = "moon"')
    assert left(centre, instance_id) == 40
    with system(centre).read() as ctx:
        assert [one["code"] for one in list_incidents(ctx)[1]] == ["no_calendar"]


def test_a_deadline_does_not_hide_a_process_that_waits_for_nothing(centre, begun):
    instance_id = begun()
    with system(centre).write() as ctx:
        ctx.connection.execute(
            update(UserTask).where(UserTask.instance_id == instance_id).values(state="cancelled")
        )
    assert look_for_forgotten(system(centre)) == 1


def test_an_instance_that_goes_on_in_another_version_gets_its_deadlines_and_keeps_those_it_has(centre, begun):
    instance_id = begun(rule='key = "p"\ntitle = "Report"')
    wait(centre, 5)
    deploy(system(centre), files={"p.bpmn": sketch(DRAWN), "process.toml": RULE.encode()})
    runtime.migrate_instance(system(centre), instance_id=instance_id, to_version=2, reason="in time")
    work_off(centre)
    assert left(centre, instance_id) == 35


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ('[deadlines.late]\nwithin = "P1D"', "title is missing"),
        ('[deadlines.late]\ntitle = "Late"', "within is missing"),
        ('[deadlines.late]\ntitle = "Late"\nwithin = "soon"', "a duration such as"),
        ('[deadlines.late]\ntitle = "Late"\nwithin = "-P1D"', "a duration such as"),
        ('[deadlines.late]\ntitle = "Late"\nwithin = "P1D"\nwarn = "PT0S"', "a duration such as"),
        ('[deadlines.late]\ntitle = "Late"\nwithin = "P1D"\ntell = ["everybody"]', "means nobody"),
        ('[deadlines.late]\ntitle = "Late"\nwithin = "P1D"\npauses = ["begin"]', "no user task begin"),
        ('[deadlines.late]\ntitle = "Late"\nwithin = "P1D"\nmessage = "hurry"', "no message hurry"),
        ('[deadlines."too late"]\ntitle = "Late"\nwithin = "P1D"', "letters, digits"),
        ('[deadlines.late]\ntitle = "Late"\nwithin = "P1D"\nafter = 1', "no key after"),
    ],
)
def test_a_deadline_that_makes_no_sense_is_refused_with_a_remedy(centre, said, reason):
    files = {"p.bpmn": sketch(DRAWN), "process.toml": f'key = "p"\ntitle = "Report"\n{said}'.encode()}
    with pytest.raises(DefinitionError) as refused:
        deploy(system(centre), files=files)
    assert any(reason in str(problem) for problem in refused.value.problems), refused.value.problems


def test_who_rests_hears_of_a_deadline_when_they_do_not_any_more(centre, begun):
    with system(centre).write() as ctx:
        put_person(ctx, key="ann", name="Ann", quiet_hours="14:00-20:00")
    begun('warn = "PT10H"')
    # It warns at three in the afternoon of the next day.
    wait(centre, 30)
    assert ("deadline_warning", "ann") not in told(centre)
    assert ("deadline_warning", "bob") in told(centre)
    wait(centre, 5)
    assert told(centre).count(("deadline_warning", "ann")) == 1
    wait(centre, 24)
    assert told(centre).count(("deadline_overdue", "ann")) == 1


def test_what_came_near_while_somebody_rested_is_no_news_when_it_is_over(centre, begun):
    with system(centre).write() as ctx:
        put_person(ctx, key="ann", name="Ann", quiet_hours="14:00-13:00")
    begun('warn = "PT10H"')
    wait(centre, 60)
    assert [event for event, who in told(centre) if who == "ann"] == ["deadline_overdue"]
