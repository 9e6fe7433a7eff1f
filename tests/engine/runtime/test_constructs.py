"""What drawings ask of the rooms around the machine: rows, jobs, other instances, the clock."""

from datetime import timedelta

import pytest

from engine import runtime
from engine.jobs import list_incidents
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks
from engine.worker import look_for_forgotten


def states(centre, key=None):
    with system(centre).read() as ctx:
        return [row["state"] for row in runtime.list_instances(ctx, key=key)[1]]


def log(centre, instance_id):
    with system(centre).read() as ctx:
        rows = runtime.history_of(ctx, instance_id, called=True)
        return [line for row in rows for line in row["log"] or () if isinstance(line, str)]


def open_tasks(centre):
    with system(centre).read() as ctx:
        return [task.element_id for task in list_tasks(ctx)[1]]


def begin(centre, key="p", **variables):
    begun = runtime.start_process(person(centre, "eve"), process_key=key, variables=variables)
    work_off(centre)
    return begun.id


def test_a_timer_starts_a_process_at_each_of_its_ticks(centre, put):
    put(sketch("start begin cycle=R2/PT1H\nscript work\nbegin -> work"))
    work_off(centre)
    assert states(centre, "p") == []
    for count in (1, 2, 2):
        centre.clock.advance(timedelta(hours=1))
        work_off(centre)
        assert states(centre, "p") == ["completed"] * count


def test_a_new_version_takes_over_the_timers_that_start_it(centre, put):
    put(sketch("start begin timer=PT1H\nscript old\nbegin -> old"))
    put(sketch("start begin timer=PT2H\nscript new\nbegin -> new"))
    centre.clock.advance(timedelta(hours=1))
    work_off(centre)
    assert states(centre, "p") == []
    centre.clock.advance(timedelta(hours=1))
    work_off(centre)
    assert states(centre, "p") == ["completed"]


def test_an_instant_that_has_passed_starts_nothing(centre, put):
    put(sketch("start begin date=2001-01-01T00:00:00Z\nscript work\nbegin -> work"))
    work_off(centre)
    assert states(centre, "p") == []


CALLER = """
start begin
call work calls=other
boundary heard on=work {kind} {beside}
script after
script aside
begin -> work -> after
heard -> aside
"""


@pytest.mark.parametrize(("beside", "told"), [("beside", ["done", "aside", "after"]), ("", ["aside"])])
def test_an_escalation_of_a_called_process_reaches_its_caller(centre, put, beside, told):
    put(
        p=sketch(CALLER.format(kind="escalation=late", beside=beside)),
        other=sketch(
            """
            start in
            throw tells escalation=late
            catch waits timer=PT1H
            script done
            in -> tells -> waits -> done
            """,
            key="other",
        ),
    )
    instance_id = begin(centre)
    centre.clock.advance(timedelta(hours=2))
    work_off(centre)
    assert sorted(log(centre, instance_id)) == sorted(told)
    assert states(centre, "other") == ["completed" if beside else "cancelled"]
    assert states(centre, "p") == ["completed"]


def test_an_error_of_a_called_process_reaches_its_caller(centre, put):
    put(
        p=sketch(CALLER.format(kind="error=E", beside="")),
        other=sketch(
            "start in\nscript fails run=\"log('tried'); throw_error('E')\"\nin -> fails", key="other"
        ),
    )
    assert log(centre, begin(centre)) == ["tried", "aside"]


def test_a_signal_reaches_other_instances_and_starts_processes_but_its_own_events_only_once(centre, put):
    put(
        p=sketch(
            """
            start begin
            and fork
            user waits
            boundary heard on=waits signal=s beside
            script notes
            throw tells signal=s
            begin -> fork
            fork -> waits
            fork -> tells
            heard -> notes
            """
        ),
        listens=sketch(
            "start in\ncatch hears signal=s\nscript heard_it\nin -> hears -> heard_it", key="listens"
        ),
        starts=sketch("start in signal=s\nscript begun\nin -> begun", key="starts"),
    )
    listening = begin(centre, "listens")
    instance_id = begin(centre)
    assert log(centre, instance_id) == ["notes"]
    assert log(centre, listening) == ["heard_it"]
    assert states(centre, "starts") == ["completed"]


@pytest.mark.parametrize("first", ["message", "signal"])
def test_a_start_event_that_takes_all_of_its_triggers_begins_one_instance_by_them(centre, put, first):
    put(sketch("start begin message=m signal=s all\nscript work\nbegin -> work"))

    def bring(kind):
        with system(centre).write() as ctx:
            if kind == "signal":
                runtime.broadcast_signal(ctx, name="s")
            elif first == "message":
                runtime.start_by_message(ctx, name="m")
            else:
                runtime.correlate_message(ctx, name="m")
        work_off(centre)

    bring(first)
    assert states(centre, "p") == ["active"]
    bring("signal" if first == "message" else "message")
    assert states(centre, "p") == ["completed"]


def test_a_process_may_call_itself_where_a_choice_ends_it(centre, put):
    put(
        sketch(
            """
            start begin
            script work run="log(str(k)); k = k - 1"
            xor which
            call again calls=p input=k:k
            end over
            begin -> work -> which
            which -> again [k > 0]
            which -> over *
            again -> over
            """
        )
    )
    assert log(centre, begin(centre, k=3)) == ["3", "2", "1"]
    assert states(centre, "p") == ["completed"] * 3


def test_every_round_of_a_multi_instance_is_a_task_and_a_visit_of_its_own(centre, put):
    put(
        sketch(
            """
            start begin
            user sign parallel= over="people person" until='decisions.sign.outcome = "no"'
            script after
            begin -> sign -> after
            """.replace("'no'", '\\"no\\"')
        )
    )
    instance_id = begin(centre, people=["ann", "bob", "cy"])
    assert open_tasks(centre) == ["sign"] * 3
    with system(centre).read() as ctx:
        first = list_tasks(ctx)[1][0]
    with system(centre).write() as ctx:
        runtime.complete_task(ctx, task_id=first.id, outcome="no")
    assert open_tasks(centre) == []
    with system(centre).read() as ctx:
        rows = [row["state"] for row in runtime.history_of(ctx, instance_id) if row["element_id"] == "sign"]
    assert sorted(rows) == ["cancelled", "cancelled", "completed"]
    assert log(centre, instance_id) == ["after"]


def test_a_global_task_is_called_like_a_process(centre, put):
    xml = sketch("start begin\ncall work calls=shared\nscript after\nbegin -> work -> after").decode()
    shared = "<globalScriptTask id=\"shared\"><script>log('shared')</script></globalScriptTask><process "
    put(xml.replace("<process ", shared, 1).encode())
    assert log(centre, begin(centre)) == ["shared", "after"]


def test_a_condition_becomes_true_by_what_a_person_writes(centre, put):
    put(
        sketch(
            """
            start begin
            and fork
            catch ready when="amount > 10"
            script after
            user asks
            begin -> fork
            fork -> ready -> after
            fork -> asks
            """
        )
    )
    instance_id = begin(centre, amount=1)
    with system(centre).read() as ctx:
        task = list_tasks(ctx)[1][0]
    with system(centre).write() as ctx:
        runtime.complete_task(ctx, task_id=task.id, data={"amount": 11})
    assert log(centre, instance_id) == ["after"]


def test_what_was_done_is_undone_across_saved_steps(centre, put):
    put(
        sketch(
            """
            start begin
            script book
            boundary undone on=book compensate= undone_by=cancel_it
            script cancel_it undoes
            user decides
            end gives_up compensate=
            begin -> book -> decides -> gives_up
            """
        )
    )
    instance_id = begin(centre)
    with system(centre).read() as ctx:
        task = list_tasks(ctx)[1][0]
    with system(centre).write() as ctx:
        runtime.complete_task(ctx, task_id=task.id)
    assert log(centre, instance_id) == ["book", "cancel_it"]
    assert states(centre, "p") == ["completed"]


def test_a_drawing_that_is_no_more_than_a_sketch_is_imported_with_warnings_and_runs_as_far_as_it_has_meaning(
    centre, put
):
    text = sketch(
        """
        start begin
        service asks
        xor which
        task a
        task b
        call other
        catch waits message=
        end over
        begin -> asks -> which
        which -> a
        which -> b
        a -> other -> over
        b -> over
        """
    ).decode()
    deployed = put(text.replace('isExecutable="true"', 'isExecutable="false"').encode())
    assert {problem.path for problem in deployed.warnings} >= {"p.bpmn#asks", "p.bpmn#which", "p.bpmn#other"}
    begin(centre)
    assert states(centre, "p") == ["completed"]
    with system(centre).read() as ctx:
        assert list_incidents(ctx)[0] == 0


def test_who_waits_for_a_condition_alone_is_not_forgotten(centre, put):
    put(sketch("start begin\ncatch ready when=later\nbegin -> ready"))
    begin(centre)
    assert look_for_forgotten(system(centre)) == 0


def test_a_process_that_never_waits_again_becomes_an_incident(centre, put):
    put(sketch("start begin\nxor again\ntask work\nbegin -> again -> work -> again"))
    begin(centre)
    with system(centre).read() as ctx:
        count, (incident, *_more) = list_incidents(ctx)
    assert count == 1
    assert incident["code"] == "budget_exceeded"
