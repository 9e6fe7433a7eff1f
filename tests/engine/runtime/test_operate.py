"""What operators do to running processes, on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import runtime
from engine.errors import Conflict, InvalidSubmission
from engine.history import AuditEntry
from engine.jobs import list_incidents, list_jobs
from engine.machine.repair import NotPossible
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks

LINE = "start begin\nuser ask\nuser check\nend over\nbegin -> ask -> check -> over"
BREAKS = "start begin\nscript work run='x = 1 / n'\nuser ask\nend over\nbegin -> work -> ask -> over"


def begin(centre, **variables):
    return runtime.start_process(person(centre, "eve"), process_key="p", variables=variables).id


def state(centre, instance_id):
    with system(centre).read() as ctx:
        return runtime.get_instance(ctx, instance_id)


def open_tasks(centre, instance_id):
    with system(centre).read() as ctx:
        return sorted(task.element_id for task in list_tasks(ctx)[1] if task.instance_id == instance_id)


def variables(centre, instance_id):
    with system(centre).read() as ctx:
        return runtime.variables_of(ctx, instance_id)


def step_at(centre, instance_id, element):
    with system(centre).read() as ctx:
        return next(one for one in runtime.steps_of(ctx, instance_id) if one.element_id == element)


def incidents(centre, **wanted):
    with system(centre).read() as ctx:
        return list_incidents(ctx, **wanted)[1]


def audited(centre, action):
    with system(centre).read() as ctx:
        rows = ctx.connection.execute(select(AuditEntry.__table__).where(AuditEntry.action == action))
        return [(row.actor, row.detail) for row in rows]


def test_a_skipped_incident_is_closed_and_the_process_goes_on_behind_the_element(centre, put):
    put(sketch(BREAKS))
    begun = begin(centre, n=0)
    runtime.skip_incident(
        person(centre, "ann"), incident_id=incidents(centre)[0]["id"], reason="known", variables={"x": 5}
    )
    assert open_tasks(centre, begun) == ["ask"]
    assert variables(centre, begun)["x"] == 5
    assert incidents(centre) == []
    assert state(centre, begun)["incident_count"] == 0
    assert audited(centre, "instance.skip") == [
        ("ann", {"element": "work", "reason": "known", "variables": ["x"]})
    ]


def test_data_are_corrected_before_the_next_try(centre, put):
    put(sketch(BREAKS))
    begun = begin(centre, n=0)
    runtime.retry_incident(person(centre, "ann"), incident_id=incidents(centre)[0]["id"], variables={"n": 2})
    assert open_tasks(centre, begun) == ["ask"]
    assert incidents(centre) == []


def test_cancelling_a_process_closes_its_incidents(centre, put):
    put(sketch(BREAKS))
    begun = begin(centre, n=0)
    runtime.cancel_instance(person(centre, "ann"), instance_id=begun, reason="wrong")
    assert incidents(centre) == []
    assert state(centre, begun)["incident_count"] == 0


def test_a_moved_process_leaves_one_step_and_stands_at_the_other(centre, put):
    put(sketch(LINE))
    begun = begin(centre)
    step = step_at(centre, begun, "ask")
    assert set(step.to) == {"begin", "ask", "check", "over"}
    runtime.move_token(
        person(centre, "ann"),
        instance_id=begun,
        visit_id=step.visit_id,
        to="check",
        reason="was done by phone",
    )
    assert open_tasks(centre, begun) == ["check"]
    with system(centre).read() as ctx:
        visits = {row["element_id"]: row["state"] for row in runtime.history_of(ctx, begun)}
    assert visits == {"begin": "completed", "ask": "cancelled", "check": "active"}
    assert audited(centre, "instance.move") == [
        ("ann", {"element": "ask", "reason": "was done by phone", "to": "check"})
    ]


def test_moving_away_from_an_incident_closes_it(centre, put):
    put(sketch(BREAKS))
    begun = begin(centre, n=0)
    step = step_at(centre, begun, "work")
    assert step.failed
    runtime.move_token(system(centre), instance_id=begun, visit_id=step.visit_id, to="ask", reason="known")
    assert incidents(centre) == []
    assert open_tasks(centre, begun) == ["ask"]


def test_nothing_is_moved_or_corrected_without_a_reason(centre, put):
    put(sketch(LINE))
    begun = begin(centre)
    visit = step_at(centre, begun, "ask").visit_id
    for act in (
        lambda: runtime.move_token(system(centre), instance_id=begun, visit_id=visit, to="check", reason=" "),
        lambda: runtime.skip_element(system(centre), instance_id=begun, visit_id=visit, reason=""),
        lambda: runtime.correct_variables(system(centre), instance_id=begun, variables={"n": 1}, reason=""),
    ):
        with pytest.raises(InvalidSubmission) as refused:
            act()
        assert [problem.path for problem in refused.value.problems] == ["reason"]
    assert open_tasks(centre, begun) == ["ask"]


def test_a_move_that_is_refused_changes_nothing(centre, put):
    put(sketch(LINE))
    begun = begin(centre)
    visit = step_at(centre, begun, "ask").visit_id
    with pytest.raises(NotPossible):
        runtime.move_token(system(centre), instance_id=begun, visit_id=visit, to="elsewhere", reason="try")
    assert open_tasks(centre, begun) == ["ask"]
    assert audited(centre, "instance.move") == []


def test_corrected_data_keep_their_former_value_in_history(centre, put):
    put(sketch(LINE))
    begun = begin(centre, amount=1)
    runtime.correct_variables(
        person(centre, "ann"), instance_id=begun, variables={"amount": 2}, reason="typed wrong"
    )
    assert variables(centre, begun)["amount"] == 2
    with system(centre).read() as ctx:
        written = [(row["value"], row["actor"]) for row in runtime.writes_of(ctx, begun)]
    assert written == [("1", "eve"), ("2", "ann")]
    assert audited(centre, "instance.correct") == [
        ("ann", {"variables": ["amount"], "reason": "typed wrong"})
    ]


def test_what_the_engine_itself_says_is_not_corrected(centre, put):
    put(sketch(LINE))
    begun = begin(centre)
    with pytest.raises(InvalidSubmission):
        runtime.correct_variables(system(centre), instance_id=begun, variables={"decisions": {}}, reason="no")


TIMED = (
    "start begin\nuser ask\nboundary late on=ask timer=PT1H\nuser urged\nend over\nend gone\n"
    "begin -> ask -> over\nlate -> urged -> gone"
)


def test_a_held_timer_keeps_the_time_that_was_left(centre, put):
    put(sketch(TIMED))
    begun = begin(centre)
    centre.clock.advance(timedelta(minutes=50))
    runtime.suspend_instance(person(centre, "ann"), instance_id=begun, reason="audit")
    centre.clock.advance(timedelta(hours=5))
    work_off(centre)
    assert open_tasks(centre, begun) == ["ask"]
    runtime.resume_instance(person(centre, "ann"), instance_id=begun)
    centre.clock.advance(timedelta(minutes=9))
    work_off(centre)
    assert open_tasks(centre, begun) == ["ask"]
    centre.clock.advance(timedelta(minutes=1))
    work_off(centre)
    assert open_tasks(centre, begun) == ["urged"]


def test_what_was_overdue_before_is_due_at_once_afterwards(centre, put):
    put(sketch(TIMED))
    begun = begin(centre)
    centre.clock.advance(timedelta(hours=2))
    runtime.suspend_instance(system(centre), instance_id=begun)
    centre.clock.advance(timedelta(hours=5))
    runtime.resume_instance(system(centre), instance_id=begun)
    work_off(centre)
    assert open_tasks(centre, begun) == ["urged"]


def test_what_an_operator_moves_while_it_is_held_goes_on_when_it_is_resumed(centre, put):
    put(
        sketch(
            "start begin\nuser ask\nscript work run='done = True'\n"
            "user check\nend over\nbegin -> ask -> work -> check -> over"
        )
    )
    begun = begin(centre)
    runtime.suspend_instance(system(centre), instance_id=begun)
    runtime.move_token(
        system(centre), instance_id=begun, visit_id=step_at(centre, begun, "ask").visit_id, to="work",
        reason="done elsewhere",
    )  # fmt: skip
    assert open_tasks(centre, begun) == []
    assert "done" not in variables(centre, begun)
    assert state(centre, begun)["state"] == "suspended"
    runtime.resume_instance(system(centre), instance_id=begun)
    work_off(centre)
    assert open_tasks(centre, begun) == ["check"]


CALLS = "start begin\ncall other calls=q\nend over\nbegin -> other -> over"


def test_what_a_process_called_is_held_and_goes_on_with_it(centre, put):
    put(a=sketch(CALLS), b=sketch(TIMED, key="q"))
    begun = begin(centre)
    work_off(centre)
    with system(centre).read() as ctx:
        called = next(one["id"] for one in runtime.list_instances(ctx, root=begun)[1] if one["id"] != begun)
    runtime.suspend_instance(system(centre), instance_id=begun)
    assert state(centre, called)["state"] == "suspended"
    centre.clock.advance(timedelta(hours=5))
    work_off(centre)
    assert open_tasks(centre, called) == ["ask"]
    runtime.resume_instance(system(centre), instance_id=begun)
    assert state(centre, called)["state"] == "active"
    work_off(centre)
    assert open_tasks(centre, called) == ["ask"]


def test_what_was_held_by_itself_before_stays_held(centre, put):
    put(a=sketch(CALLS), b=sketch(TIMED, key="q"))
    begun = begin(centre)
    work_off(centre)
    with system(centre).read() as ctx:
        called = next(one["id"] for one in runtime.list_instances(ctx, root=begun)[1] if one["id"] != begun)
    runtime.suspend_instance(system(centre), instance_id=called)
    centre.clock.advance(timedelta(minutes=1))
    runtime.suspend_instance(system(centre), instance_id=begun)
    runtime.resume_instance(system(centre), instance_id=begun)
    assert state(centre, called)["state"] == "suspended"


def test_the_result_of_a_called_process_waits_while_its_caller_is_held(centre, put):
    put(a=sketch(CALLS), b=sketch("start in\nuser ask\nend out\nin -> ask -> out", key="q"))
    begun = begin(centre)
    work_off(centre)
    with system(centre).read() as ctx:
        called = next(one["id"] for one in runtime.list_instances(ctx, root=begun)[1] if one["id"] != begun)
        task = next(task.id for task in list_tasks(ctx)[1] if task.instance_id == called)
    runtime.suspend_instance(system(centre), instance_id=begun)
    centre.clock.advance(timedelta(seconds=1))
    runtime.resume_instance(system(centre), instance_id=called)
    runtime.complete_task(system(centre), task_id=task)
    work_off(centre)
    assert state(centre, begun)["state"] == "suspended"
    with system(centre).read() as ctx:
        assert [job["kind"] for job in list_jobs(ctx, state="suspended", instance_id=begun)[1]] == ["return"]
    runtime.resume_instance(system(centre), instance_id=begun)
    work_off(centre)
    assert state(centre, begun)["state"] == "completed"


def test_who_holds_what_is_held_already_is_told_so(centre, put):
    put(sketch(LINE))
    begun = begin(centre)
    with pytest.raises(Conflict, match="not paused"):
        runtime.resume_instance(system(centre), instance_id=begun)
    runtime.suspend_instance(system(centre), instance_id=begun)
    with pytest.raises(Conflict, match="already"):
        runtime.suspend_instance(system(centre), instance_id=begun)
