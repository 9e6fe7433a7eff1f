"""Instances go on in another version of their process, and back: on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest

from engine import runtime
from engine.errors import Conflict, InvalidSubmission
from engine.jobs import list_incidents
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks

LINE = (
    "start begin\nuser ask\nboundary late on=ask timer={0}\nuser {1}\nend over\nend gone\n"
    "begin -> ask -> {1} -> over\nlate -> gone"
)
FIRST, SECOND = LINE.format("PT4H", "check"), LINE.format("PT2H", "sign")


def begin(centre, **variables):
    return runtime.start_process(person(centre, "eve"), process_key="p", variables=variables).id


def state(centre, instance_id):
    with system(centre).read() as ctx:
        return runtime.get_instance(ctx, instance_id)


def tasks(centre, instance_id):
    with system(centre).read() as ctx:
        return {task.element_id: task for task in list_tasks(ctx)[1] if task.instance_id == instance_id}


def finish(centre, instance_id, element):
    runtime.complete_task(system(centre), task_id=tasks(centre, instance_id)[element].id)


def test_a_migrated_instance_goes_on_as_the_new_version_draws_it(centre, put):
    put(sketch(FIRST))
    begun = begin(centre)
    put(sketch(SECOND))
    runtime.migrate_instance(person(centre, "ann"), instance_id=begun, to_version=2, reason="new rule")
    finish(centre, begun, "ask")
    assert list(tasks(centre, begun)) == ["sign"]


def test_a_timer_that_is_drawn_anew_counts_from_when_the_step_began(centre, put):
    put(sketch(FIRST))
    begun = begin(centre)
    put(sketch(SECOND))
    centre.clock.advance(timedelta(hours=1))
    runtime.migrate_instance(system(centre), instance_id=begun, to_version=2)
    centre.clock.advance(timedelta(minutes=59))
    work_off(centre)
    assert state(centre, begun)["state"] == "active"
    centre.clock.advance(timedelta(minutes=1))
    work_off(centre)
    assert state(centre, begun)["state"] == "completed"


def test_a_task_stays_the_same_task_and_gets_the_new_name_and_id(centre, put):
    put(sketch(FIRST))
    begun = begin(centre)
    put(sketch(SECOND.replace("user ask", "user enquire name='Enquire again'").replace("ask", "enquire")))
    before = tasks(centre, begun)["ask"]
    runtime.migrate_instance(system(centre), instance_id=begun, to_version=2, mapping={"ask": "enquire"})
    after = tasks(centre, begun)["enquire"]
    assert (after.id, after.name) == (before.id, "Enquire again")
    with system(centre).read() as ctx:
        visits = [(row["element_id"], row["state"]) for row in runtime.history_of(ctx, begun)]
    assert visits == [("begin", "completed"), ("enquire", "active")]


def test_what_stands_in_the_way_is_listed_and_nothing_is_changed(centre, put):
    put(sketch(FIRST))
    begun = begin(centre)
    put(sketch("start begin\nuser other\nend over\nbegin -> other -> over"))
    with pytest.raises(runtime.NotMigratable) as refused:
        runtime.migrate_instance(system(centre), instance_id=begun, to_version=2)
    assert [problem.path for problem in refused.value.problems] == ["ask"]
    with system(centre).read() as ctx:
        [check] = runtime.check_migration(ctx, process_key="p", to_version=2)
        assert (check.instance_id, check.version, [one.path for one in check.problems]) == (begun, 1, ["ask"])
        [fine] = runtime.check_migration(ctx, process_key="p", to_version=2, mapping={"ask": "other"})
        assert fine.problems == []
        assert runtime.list_migrations(ctx, "p") == []
    assert list(tasks(centre, begun)) == ["ask"]


def test_a_mapping_to_what_is_not_there_is_refused_by_name(centre, put):
    put(sketch(FIRST))
    begun = begin(centre)
    put(sketch(SECOND))
    with pytest.raises(InvalidSubmission) as refused:
        runtime.migrate_instance(system(centre), instance_id=begun, to_version=2, mapping={"ask": "none"})
    assert [problem.path for problem in refused.value.problems] == ["mapping.ask"]


def test_a_reverted_instance_is_as_it_was_with_its_timer(centre, put):
    put(sketch(FIRST))
    begun = begin(centre)
    put(sketch(SECOND))
    centre.clock.advance(timedelta(hours=1))
    runtime.migrate_instance(system(centre), instance_id=begun, to_version=2)
    runtime.revert_instance(person(centre, "ann"), instance_id=begun, reason="wrong version")
    centre.clock.advance(timedelta(hours=2))
    work_off(centre)
    assert list(tasks(centre, begun)) == ["ask"]
    centre.clock.advance(timedelta(hours=1))
    work_off(centre)
    assert state(centre, begun)["state"] == "completed"
    with system(centre).read() as ctx:
        assert [migration["reverted_count"] for migration in runtime.list_migrations(ctx, "p")] == [1]


@pytest.mark.parametrize("what", ["moved", "paused", "late"])
def test_an_instance_that_has_moved_or_waited_too_long_does_not_go_back(centre, put, what):
    put(sketch(FIRST))
    begun = begin(centre)
    put(sketch(SECOND.replace("PT2H", "PT200H")))
    runtime.migrate_instance(system(centre), instance_id=begun, to_version=2)
    if what == "moved":
        finish(centre, begun, "ask")
    elif what == "paused":
        runtime.suspend_instance(system(centre), instance_id=begun)
    else:
        centre.clock.advance(timedelta(hours=25))
    with pytest.raises(Conflict):
        runtime.revert_instance(system(centre), instance_id=begun, reason="wrong version")
    assert state(centre, begun)["revision"] >= 1


def test_an_incident_is_tried_again_as_the_new_version_draws_it(centre, put):
    drawn = "start begin\nscript work run='x = 1 / {0}'\nuser ask\nend over\nbegin -> work -> ask -> over"
    put(sketch(drawn.format("n")))
    begun = begin(centre, n=0)
    put(sketch(drawn.format("4")))
    runtime.migrate_instance(system(centre), instance_id=begun, to_version=2)
    with system(centre).read() as ctx:
        [incident] = list_incidents(ctx)[1]
    runtime.retry_incident(system(centre), incident_id=incident["id"])
    assert list(tasks(centre, begun)) == ["ask"]


def test_an_awaited_message_is_awaited_by_its_new_name_and_by_the_old_one_after_a_revert(centre, put):
    drawn = "start begin\ncatch heard message={0}\nend over\nbegin -> heard -> over"
    put(sketch(drawn.format("word")))
    begun = begin(centre)
    put(sketch(drawn.format("bell")))
    runtime.migrate_instance(system(centre), instance_id=begun, to_version=2)
    with pytest.raises(runtime.Unmatched):
        runtime.correlate_message(system(centre), name="word")
    runtime.revert_instance(system(centre), instance_id=begun, reason="wrong version")
    assert runtime.correlate_message(system(centre), name="word").state == "completed"


def test_many_are_migrated_each_by_itself_with_a_report_and_go_back_together(centre, put):
    put(sketch(FIRST))
    stay, go, other = (begin(centre) for _number in range(3))
    finish(centre, stay, "ask")
    put(sketch(SECOND))
    migration = runtime.migrate_instances(
        person(centre, "ann"), process_key="p", from_version=1, to_version=2, reason="new rule"
    )
    work_off(centre)
    with system(centre).read() as ctx:
        report = {row["instance_id"]: row for row in runtime.list_migrated(ctx, migration)}
        told = runtime.get_migration(ctx, migration)
    assert {key: row["state"] for key, row in report.items()} == {
        stay: "blocked",
        go: "migrated",
        other: "migrated",
    }
    assert [problem.path for problem in report[stay]["problems"]] == ["check"]
    assert (told["migrated_count"], told["blocked_count"], told["asked_by"]) == (2, 1, "ann")
    with system(centre).read() as ctx:
        counts = {one.version: one.active_count for one in runtime.list_running_versions(ctx, "p")}
    assert counts == {1: 1, 2: 2}
    finish(centre, go, "ask")
    assert runtime.revert_migration(system(centre), migration_id=migration, reason="wrong") == 2
    work_off(centre)
    with system(centre).read() as ctx:
        report = {row["instance_id"]: row for row in runtime.list_migrated(ctx, migration)}
    assert (report[go]["state"], report[other]["state"]) == ("migrated", "reverted")
    assert "moved since" in str(report[go]["problems"][0])


def test_a_held_instance_is_migrated_and_stays_held(centre, put):
    put(sketch(FIRST))
    begun = begin(centre)
    put(sketch(SECOND))
    runtime.suspend_instance(system(centre), instance_id=begun)
    runtime.migrate_instance(system(centre), instance_id=begun, to_version=2)
    centre.clock.advance(timedelta(hours=5))
    work_off(centre)
    assert state(centre, begun)["state"] == "suspended"
    runtime.resume_instance(system(centre), instance_id=begun)
    finish(centre, begun, "ask")
    assert list(tasks(centre, begun)) == ["sign"]
