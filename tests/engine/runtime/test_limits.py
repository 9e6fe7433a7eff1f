"""Time limits on the database: reminders, and what is done where the time of a step is over."""

from datetime import date, timedelta

import pytest

from engine import runtime
from engine.definition import deploy
from engine.jobs import list_incidents, list_jobs
from engine.notify import list_notifications
from engine.parameters import set_parameter
from engine.people import join_unit, put_person, put_unit, set_head
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import actions_of, clock_state, get_task, list_tasks, tasks_of_instance
from engine.worker import look_for_forgotten
from engine.worktime import DayKind, mark_day, save_calendar

DAY = 'duration("P1D")'


@pytest.fixture(autouse=True)
def units(centre):
    """Bob works at the desk that Cy leads; Eve stands above Cy."""
    with system(centre).write() as ctx:
        put_unit(ctx, key="top", name="Top")
        put_unit(ctx, key="desk", name="Desk", parent_key="top")
        for key in ("ann", "bob", "cy"):
            join_unit(ctx, unit_key="desk", person_key=key)
        join_unit(ctx, unit_key="top", person_key="eve")
        set_head(ctx, key="desk", head_key="cy")
        set_head(ctx, key="top", head_key="eve")


@pytest.fixture
def begun(centre, put):
    """Begin a process whose second step has limits; Ann asked for it, Bob has it."""

    def begin(limits, task="assignee='\"bob\"'", due=DAY, by="ann", options="outcomes=approve,reject!"):
        put(
            sketch(f"""
                start begin
                user apply assignee='"ann"'
                user check {task} due='{due}' {options} limits='{limits}'
                user file
                end over
                begin -> apply -> check -> file -> over
            """)
        )
        made = runtime.start_process(person(centre, by), process_key="p")
        runtime.complete_task(person(centre, "ann"), task_id=task_at(centre, "apply").id)
        return made.id

    return begin


def tasks(centre, element="check"):
    with system(centre).read() as ctx:
        return [one for one in list_tasks(ctx)[1] if one.element_id == element]


def task_at(centre, element="check"):
    (task,) = tasks(centre, element)
    return task


def steps(centre):
    with system(centre).read() as ctx:
        return sorted(one.element_id for one in list_tasks(ctx)[1])


def wait(centre, **span):
    """Let time go by, an hour at a time, with a worker that works off what is due."""
    until = timedelta(**span)
    while until > timedelta():
        move = min(until, timedelta(hours=1))
        centre.clock.advance(move)
        work_off(centre)
        until -= move


def told(centre, event=None):
    with system(centre).read() as ctx:
        rows = list_notifications(ctx, sort="created_at", page_size=100)[1]
    return [(row["event"], row["person_key"]) for row in rows if event in (None, row["event"])]


def said(centre, instance_id):
    with system(centre).read() as ctx:
        return [(one.action, one.actor, one.person or one.outcome) for one in actions_of(ctx, instance_id)]


def timers(centre):
    with system(centre).read() as ctx:
        return [
            job
            for job in list_jobs(ctx, page_size=100)[1]
            if job["kind"] in ("timer", "limit") and job["state"] not in ("done", "failed")
        ]


# -- reminders ---------------------------------------------------------------------------------------------


def test_whoever_has_it_is_reminded_before_and_after_it_is_due_and_not_more_often_than_said(centre, begun):
    instance_id = begun("then=remind before=PT2H; then=remind every=PT1H most=3")
    wait(centre, hours=21)
    assert told(centre) == []
    wait(centre, hours=1)
    assert told(centre) == [("limit_remind", "bob")]
    wait(centre, hours=12)
    assert told(centre) == [("limit_remind", "bob")] * 4
    assert said(centre, instance_id) == [("remind", "timer", "bob")] * 4
    assert task_at(centre).assignee == "bob"
    assert timers(centre) == []


def test_the_built_in_reminder_names_the_step_until_when_and_the_way_to_it(centre, begun, gateway):
    with system(centre).write() as ctx:
        put_person(ctx, key="bob", name="Bob", locale="zh_Hant")
    begun("then=remind before=PT2H")
    wait(centre, hours=22)
    (message,) = gateway.taken
    assert "check" in message.body
    assert f"/tasks/{task_at(centre).id}" in message.body
    assert "到期" in message.body or "期限" in message.body


def test_everybody_who_may_take_it_is_reminded_until_somebody_has_it(centre, begun):
    begun("then=remind; then=remind after=PT1H", task="groups='\"heads\"'")
    wait(centre, hours=24)
    assert sorted(told(centre)) == [("limit_remind", "ann"), ("limit_remind", "bob")]
    runtime.claim_task(person(centre, "ann"), task_id=task_at(centre).id)
    wait(centre, hours=1)
    assert told(centre)[2:] == [("limit_remind", "ann")]


def test_a_reminder_may_name_others(centre, begun):
    begun(
        "then=remind to=initiator; then=remind to=group:staff after=PT1H; "
        'then=remind to="=\\"eve\\"" after=PT2H'
    )
    wait(centre, hours=24)
    assert told(centre) == [("limit_remind", "ann")]
    wait(centre, hours=2)
    assert sorted(who for _event, who in told(centre)[1:]) == ["bob", "cy", "eve"]


def test_a_reminder_says_what_the_process_says(centre, gateway):
    message = b'title = "Hurry"\n[sms]\ntext = "{{ task.name }} waits for {{ holder }}"'
    drawn = f"""
        start begin
        user check assignee='"bob"' due='{DAY}' limits='then=remind message=hurry'
        begin -> check
    """
    deploy(system(centre), files={"p.bpmn": sketch(drawn), "messages/hurry.toml": message})
    runtime.start_process(person(centre, "ann"), process_key="p")
    wait(centre, hours=24)
    assert [one.body for one in gateway.taken] == ["check waits for Bob"]


def test_whoever_rests_is_reminded_once_they_do_not_any_more(centre, begun):
    # Nine o'clock in the evening is when it is due.
    with system(centre).write() as ctx:
        put_person(ctx, key="bob", name="Bob", quiet_hours="22:00-07:00")
    begun("then=remind every=PT1H most=6", due='duration("PT12H")')
    wait(centre, hours=12)
    assert len(told(centre)) == 1
    wait(centre, hours=9)
    assert len(told(centre)) == 1
    wait(centre, hours=1)
    # Five times it rang in the night.
    assert len(told(centre)) == 2


def test_what_rested_is_not_said_once_the_step_is_done(centre, begun):
    with system(centre).write() as ctx:
        put_person(ctx, key="bob", name="Bob", quiet_hours="08:00-12:00")
    begun("then=remind")
    wait(centre, hours=24)
    assert told(centre) == []
    assert len(timers(centre)) == 1
    runtime.complete_task(person(centre, "bob"), task_id=task_at(centre).id, outcome="approve")
    assert timers(centre) == []
    wait(centre, hours=4)
    assert told(centre) == []


def test_the_centres_quiet_hours_hold_for_whoever_has_none_of_their_own(centre, begun):
    with system(centre).write() as ctx:
        set_parameter(ctx, key="reminders.quiet_hours", value="08:00-12:00")
        put_person(ctx, key="ann", name="Ann", quiet_hours="never")
    begun("then=remind", task="groups='\"heads\"'")
    wait(centre, hours=24)
    assert told(centre) == [("limit_remind", "ann")]
    wait(centre, hours=3)
    assert told(centre) == [("limit_remind", "ann"), ("limit_remind", "bob")]


# -- what is done ------------------------------------------------------------------------------------------


def test_a_step_is_decided_by_time_out_and_everything_says_so(centre, begun):
    instance_id = begun("then=decide outcome=reject after=PT2H")
    task_id = task_at(centre).id
    wait(centre, hours=25)
    assert steps(centre) == ["check"]
    wait(centre, hours=1)
    assert steps(centre) == ["file"]
    with system(centre).read() as ctx:
        task = get_task(ctx, task_id)
        decided = runtime.variables_of(ctx, instance_id)["decisions"]["check"]
        visits = {one["element_id"]: one["actor"] for one in runtime.history_of(ctx, instance_id)}
    assert (task.outcome, task.ended_by, task.ended_through) == ("reject", "timer", "timer")
    assert (decided["outcome"], decided["by"]) == ("reject", "timer")
    assert task.opinion == "The time for it was over."
    assert visits["check"] == "timer"
    assert said(centre, instance_id) == [("decide", "timer", "reject")]


def test_of_several_signers_the_clock_decides_for_those_who_have_not(centre, put):
    limits = "then=decide outcome=approved"
    put(
        sketch(f"""
            start begin
            user check approval="" asks='person:["ann","bob"]' due='{DAY}' limits='{limits}'
            user file
            begin -> check -> file
        """)
    )
    made = runtime.start_process(person(centre, "eve"), process_key="p")
    ann, bob = sorted(tasks(centre), key=lambda one: str(one.assignee))
    runtime.complete_task(person(centre, "ann"), task_id=ann.id, outcome="approved")
    wait(centre, hours=24)
    assert steps(centre) == ["file"]
    assert said(centre, made.id) == [("decide", "ann", "approved"), ("decide", "timer", "approved")]
    with system(centre).read() as ctx:
        votes = runtime.variables_of(ctx, made.id)["decisions"]["check"]["list"]
    assert [vote["by"] for vote in votes] == ["ann", "timer"]
    with system(centre).read() as ctx:
        assert get_task(ctx, bob.id).ended_by == "timer"


@pytest.mark.parametrize("to", ["", "to=previous", "to=initiator", "to=apply"])
def test_it_is_sent_back_and_comes_again_with_the_full_time(centre, begun, to):
    instance_id = begun(f"then=return {to}")
    wait(centre, hours=24)
    assert steps(centre) == ["apply"]
    assert said(centre, instance_id) == [("return", "timer", "apply")]
    wait(centre, hours=5)
    runtime.complete_task(person(centre, "ann"), task_id=task_at(centre, "apply").id)
    wait(centre, hours=23)
    assert steps(centre) == ["check"]
    wait(centre, hours=1)
    assert steps(centre) == ["apply"]


def test_where_there_is_no_step_to_go_back_to_the_step_stays_and_an_incident_says_so(centre, put):
    drawn = f"start begin\nuser check assignee='\"bob\"' due='{DAY}' limits='then=return'\nbegin -> check"
    put(sketch(drawn))
    runtime.start_process(person(centre, "ann"), process_key="p")
    wait(centre, hours=30)
    assert steps(centre) == ["check"]
    with system(centre).read() as ctx:
        assert [one["code"] for one in list_incidents(ctx)[1]] == ["no_way_back"]


def test_it_is_handed_over_to_the_first_who_is_there_and_they_hear_of_it(centre, begun):
    instance_id = begun('then=transfer to="[\\"nobody\\",\\"bob\\",\\"cy\\"]"')
    wait(centre, hours=24)
    assert task_at(centre).assignee == "cy"
    assert told(centre) == [("limit_transfer", "cy")]
    assert said(centre, instance_id) == [("transfer", "timer", "cy")]


def test_where_nobody_is_found_it_stays_and_the_next_limit_comes_all_the_same(centre, begun):
    begun('then=transfer to="\\"nobody\\""; then=decide outcome=reject after=PT5H')
    wait(centre, hours=24)
    assert task_at(centre).assignee == "bob"
    with system(centre).read() as ctx:
        (incident,) = list_incidents(ctx)[1]
    assert (incident["code"], incident["element_id"]) == ("nobody_there", "check")
    wait(centre, hours=5)
    assert steps(centre) == ["file"]
    with system(centre).read() as ctx:
        assert list_incidents(ctx)[1] == []


def test_what_could_not_be_done_is_tried_again_once_it_can(centre, begun):
    begun("then=escalate")
    with system(centre).write() as ctx:
        set_head(ctx, key="desk", head_key=None)
        set_head(ctx, key="top", head_key=None)
    wait(centre, hours=24)
    with system(centre).write() as ctx:
        (incident,) = list_incidents(ctx)[1]
        set_head(ctx, key="desk", head_key="cy")
    runtime.retry_incident(system(centre), incident_id=incident["id"])
    work_off(centre)
    assert task_at(centre).assignee == "cy"


def test_the_manager_is_asked_instead_level_by_level(centre, begun):
    begun("then=escalate every=PT2H most=2")
    wait(centre, hours=24)
    assert task_at(centre).assignee == "cy"
    wait(centre, hours=2)
    assert task_at(centre).assignee == "eve"


def test_the_managers_are_told_level_by_level_and_the_step_stays_whose_it_is(centre, begun):
    instance_id = begun("then=escalate how=tell every=PT2H most=2")
    wait(centre, hours=26)
    assert task_at(centre).assignee == "bob"
    assert told(centre) == [("limit_escalate", "cy"), ("limit_escalate", "eve")]
    assert said(centre, instance_id) == [("escalate", "timer", "cy"), ("escalate", "timer", "eve")]


def test_whoever_asked_for_it_is_not_asked_because_others_are_late(centre, begun):
    begun("then=escalate", by="cy")
    wait(centre, hours=24)
    assert task_at(centre).assignee == "eve"


def test_at_an_approval_a_manager_who_is_asked_already_is_not_asked_twice(centre, put):
    put(
        sketch(f"""
            start begin
            user check approval="" asks='person:["bob","cy"]' due='{DAY}' limits='then=escalate'
            begin -> check
        """)
    )
    runtime.start_process(person(centre, "ann"), process_key="p")
    wait(centre, hours=24)
    assert sorted(one.assignee for one in tasks(centre)) == ["bob", "eve"]
    with system(centre).read() as ctx:
        assert [one["code"] for one in list_incidents(ctx)[1]] == ["nobody_there"]


def test_at_an_approval_a_manager_whom_it_leaves_out_is_not_asked_because_others_are_late(centre, put):
    put(
        sketch(f"""
            start begin
            user check approval="" asks='person:"bob"' but='person:"cy"' due='{DAY}' limits='then=escalate'
            begin -> check
        """)
    )
    runtime.start_process(person(centre, "ann"), process_key="p")
    wait(centre, hours=24)
    assert task_at(centre).assignee == "bob"
    with system(centre).read() as ctx:
        assert [one["code"] for one in list_incidents(ctx)[1]] == ["nobody_there"]


def test_the_clock_decides_without_a_word_and_a_signature_where_no_word_is_taken_and_people_sign(centre, put):
    drawn = sketch(f"""
        start begin
        user check assignee='"bob"' due='{DAY}' outcomes=approve,reject! limits='then=decide outcome=approve'
        begin -> check
    """)
    put(drawn.replace(b'name="approve"', b'name="approve" opinion="none" signature="required"'))
    made = runtime.start_process(person(centre, "ann"), process_key="p")
    wait(centre, hours=24)
    with system(centre).read() as ctx:
        (done,) = tasks_of_instance(ctx, made.id)
        assert list_incidents(ctx)[1] == []
    assert (done.state, done.outcome, done.opinion) == ("completed", "approve", None)


# -- what stands still, what goes --------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["done", "cancelled", "moved"])
def test_a_step_that_is_over_leaves_no_timer_and_no_incident_behind(centre, begun, how):
    instance_id = begun('then=transfer to="\\"nobody\\""; then=remind after=P9D')
    wait(centre, hours=24)
    assert len(timers(centre)) == 1
    task = task_at(centre)
    if how == "done":
        runtime.complete_task(person(centre, "bob"), task_id=task.id, outcome="approve")
    elif how == "cancelled":
        runtime.cancel_instance(system(centre), instance_id=instance_id, reason="over")
    else:
        runtime.move_token(system(centre), instance_id=instance_id, visit_id=task.id, to="file", reason="so")
    assert timers(centre) == []
    with system(centre).read() as ctx:
        assert list_incidents(ctx)[1] == []


def test_while_an_instance_is_held_the_time_of_its_steps_stands_still(centre, begun):
    instance_id = begun("then=remind before=PT2H; then=decide outcome=reject after=PT1H")
    due_at = task_at(centre).due_at
    wait(centre, hours=20)
    runtime.suspend_instance(system(centre), instance_id=instance_id)
    wait(centre, hours=50)
    assert (steps(centre), told(centre)) == (["check"], [])
    runtime.resume_instance(system(centre), instance_id=instance_id)
    assert task_at(centre).due_at == due_at + timedelta(hours=50)
    wait(centre, hours=2)
    assert len(told(centre)) == 1
    wait(centre, hours=2)
    assert steps(centre) == ["check"]
    wait(centre, hours=1)
    assert steps(centre) == ["file"]


@pytest.mark.parametrize(
    ("after", "at"),
    [
        ("P2D working=true", "2026-03-10T01:00"),
        ("P2D", "2026-03-08T01:00"),
        ("PT10H30M working=true", "2026-03-07T02:30"),
        ("PT10H30M", "2026-03-06T11:30"),
    ],
)
def test_nights_weekends_and_make_up_days_do_not_count_as_working_time(centre, begun, after, at):
    with system(centre).write() as ctx:
        save_calendar(
            ctx, key="default", name="Desk", zone="Asia/Hong_Kong", bands={"mon-fri": ["09:00-18:00"]}
        )
        # Monday, 9 March is a holiday, Saturday the 7th a working day in its place.
        mark_day(ctx, key="default", day=date(2026, 3, 9), kind=DayKind.HOLIDAY)
        mark_day(ctx, key="default", day=date(2026, 3, 7), kind=DayKind.WORKDAY)
    # Nine o'clock on Monday, 2 March: four working days later it is due, and after that time it is decided.
    begun(f"then=decide outcome=reject after={after}", due='working time.add(now(), "P4D")')
    assert task_at(centre).due_at.isoformat() == "2026-03-06T01:00:00+00:00"
    (timer,) = timers(centre)
    assert timer["due_at"].isoformat() == f"{at}:00+00:00"


def test_an_instance_that_waits_at_a_limited_step_is_not_forgotten_and_a_migration_keeps_its_time(
    centre, begun, put
):
    instance_id = begun("then=remind before=PT2H; then=decide outcome=reject after=PT1H")
    (timer,) = timers(centre)
    drawn = f"""
        start begin
        user apply assignee='"ann"'
        user check assignee='"bob"' due='{DAY}' outcomes=approve,reject limits='then=remind before=PT4H'
        end over
        begin -> apply -> check -> over
    """
    put(sketch(drawn))
    runtime.migrate_instance(system(centre), instance_id=instance_id, to_version=2, reason="new limits")
    (moved,) = timers(centre)
    assert moved["due_at"] == timer["due_at"] - timedelta(hours=2)
    assert look_for_forgotten(system(centre)) == 0
    wait(centre, hours=20)
    assert len(told(centre)) == 1
    assert look_for_forgotten(system(centre)) == 0


def test_a_decision_that_comes_first_wins_over_the_clock(centre, begun):
    instance_id = begun("then=decide outcome=reject")
    task_id = task_at(centre).id
    centre.clock.advance(timedelta(hours=24))
    runtime.complete_task(person(centre, "bob"), task_id=task_id, outcome="approve")
    work_off(centre)
    with system(centre).read() as ctx:
        assert get_task(ctx, task_id).outcome == "approve"
        assert list_incidents(ctx)[1] == []
    assert said(centre, instance_id) == []


# -- colours -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("warn", "hours"), [("", 18), ("warn=PT1H", 23)])
def test_a_task_warns_in_the_last_quarter_of_its_time_or_as_drawn_and_is_overdue_then(
    centre, begun, warn, hours
):
    begun("then=remind", options=f"outcomes=approve {warn}")
    task, now = task_at(centre), centre.clock.now()
    states = [clock_state(task, now + timedelta(hours=count)) for count in (0, hours - 1, hours, 24, 99)]
    assert states == ["on_time", "on_time", "warning", "overdue", "overdue"]


def test_a_task_that_ended_stays_as_it_was_when_it_ended(centre, begun):
    instance_id = begun("then=remind after=P9D")
    wait(centre, hours=20)
    runtime.complete_task(person(centre, "bob"), task_id=task_at(centre).id, outcome="approve")
    wait(centre, hours=20)
    with system(centre).read() as ctx:
        (task,) = [one for one in tasks_of_instance(ctx, instance_id) if one.element_id == "check"]
    assert clock_state(task, centre.clock.now()) == "warning"


def test_what_is_due_at_no_time_has_no_state_of_the_clock(centre, begun):
    begun("then=remind", due="null")
    assert clock_state(task_at(centre), centre.clock.now()) is None


def test_who_was_passed_over_by_the_clock_is_shown_as_that_and_not_as_having_approved(centre, put):
    limits = "then=decide outcome=approved after=PT1H"
    put(
        sketch(f"""
            start begin
            user check approval="inTurn=true" asks='person:["ann","bob"]' due='{DAY}' limits='{limits}'
            begin -> check
        """)
    )
    runtime.start_process(person(centre, "eve"), process_key="p")
    wait(centre, hours=25)
    (bob,) = tasks(centre)
    assert bob.assignee == "bob"
    with system(centre).read() as ctx:
        signers = runtime.signers_of(ctx, bob.id)
    assert [(one.person, one.state, one.why) for one in signers] == [
        ("ann", "approved", "timer"), ("bob", "asked", None),
    ]  # fmt: skip


def test_the_reason_that_the_drawing_gives_is_written_in_the_language_of_the_centre(centre):
    catalogue = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Nobody answered"
msgstr "無人回覆"
"""
    limits = 'then=decide outcome=completed opinion="Nobody answered"'
    drawn = f"""
        start begin
        user check assignee='"bob"' due='{DAY}' limits='{limits}'
        user file
        begin -> check -> file
    """
    path = "locale/zh_Hant/LC_MESSAGES/messages.po"
    deploy(system(centre), files={"p.bpmn": sketch(drawn), path: catalogue.encode()})
    with system(centre).write() as ctx:
        set_parameter(ctx, key="centre.locale", value="zh_Hant")
    made = runtime.start_process(person(centre, "ann"), process_key="p")
    wait(centre, hours=24)
    with system(centre).read() as ctx:
        assert tasks_of_instance(ctx, made.id)[0].opinion == "無人回覆"
