"""Figures about a process, from histories made by hand: every number is known beforehand."""

from datetime import date, timedelta

import pytest

from engine import runtime
from engine.definition import deploy
from engine.errors import NotFound, UnknownFilter
from engine.jobs import list_incidents
from engine.testing import START, person, system, work_off
from engine.testing.sketch import sketch
from engine.work import figures_of, list_tasks, may_see_figures

HOUR = 3600.0
TODAY = date(2026, 3, 2)
ONE_STEP = """
    start begin
    user ask name=Ask due='duration("PT4H")' assignee='"ann"' outcomes=yes,no
    end over
    begin -> ask -> over
"""


@pytest.fixture
def after(centre):
    def move(**said):
        centre.clock.advance(timedelta(**said))
        work_off(centre)

    return move


@pytest.fixture
def begin(centre):
    def start(who="eve", **said):
        return runtime.start_process(person(centre, who), process_key="p", **said).id

    return start


@pytest.fixture
def finish(centre):
    """Finish an open task of an instance: ``finish(instance_id, "ann", "yes")``."""

    def done(instance_id, who, outcome=None, **said):
        runtime.complete_task(
            person(centre, who), task_id=task_of(centre, instance_id, who).id, outcome=outcome, **said
        )

    return done


def task_of(centre, instance_id, who):
    with system(centre).read() as ctx:
        return next(one for one in list_tasks(ctx, instance_id=instance_id)[1] if one.assignee == who)


def figures(centre, **asked):
    with system(centre).read() as ctx:
        return figures_of(ctx, process_key="p", **asked)


def step(centre, element_id="ask", **asked):
    return next(one for one in figures(centre, **asked).steps if one.element_id == element_id)


def test_a_process_that_never_ran_has_no_durations_and_no_rates(centre, put):
    put(sketch(ONE_STEP))
    told = figures(centre)
    assert (told.first_on, told.last_on) == (date(2026, 2, 1), TODAY)
    assert (told.started_count, told.completed_count, told.running_count) == (0, 0, 0)
    assert (told.took.median_s, told.took.p90_s, told.took.mean_s) == (None, None, None)
    assert told.smooth_rate is None
    assert told.steps == ()


def test_instances_are_counted_by_how_they_ended_and_timed_where_they_were_completed(
    centre, put, begin, after, finish
):
    put(sketch(ONE_STEP))
    for hours in (1, 2, 3, 10):
        one = begin()
        after(hours=hours)
        finish(one, "ann", "yes")
    runtime.cancel_instance(system(centre), instance_id=begin(), reason="not needed")
    begin()
    told = figures(centre, last_on=TODAY + timedelta(days=1))
    assert (told.started_count, told.completed_count, told.cancelled_count, told.failed_count) == (6, 4, 1, 0)
    assert told.running_count == 1
    assert (told.took.median_s, told.took.mean_s) == (2.5 * HOUR, 4 * HOUR)
    # Nine of ten lie between the third and the fourth: 3 h + 0.7 of the 7 h between them.
    assert told.took.p90_s == pytest.approx(7.9 * HOUR, abs=0.001)
    assert told.smooth_rate == 1


def test_milliseconds_are_neither_lost_nor_made_up(centre, put, begin, after, finish):
    put(sketch(ONE_STEP))
    for milliseconds in (1, 2, 4):
        one = begin()
        after(milliseconds=milliseconds)
        finish(one, "ann", "yes")
    assert figures(centre).took.median_s == 0.002
    assert step(centre).spent_s == 0.007


def test_an_instance_that_ended_by_an_error_or_after_an_incident_is_told_apart(centre, put, begin):
    put(
        sketch("""
            start begin
            script work run='x = 1 / n'
            xor which
            end over
            end wrong error=bad
            begin -> work -> which
            which -> wrong [n = 2]
            which -> over *
        """)
    )
    begin(variables={"n": 1})
    begin(variables={"n": 2})
    troubled = begin(variables={"n": 0})
    with system(centre).read() as ctx:
        visit = next(row for row in runtime.history_of(ctx, troubled) if row["element_id"] == "work")
    assert visit["state"] == "active"
    [waits] = figures(centre).steps
    assert (waits.element_id, waits.by_people, waits.waiting_count) == ("work", False, 1)
    with system(centre).read() as ctx:
        [incident] = list_incidents(ctx, state="open")[1]
    runtime.retry_incident(system(centre), incident_id=incident["id"], variables={"n": 1})
    work_off(centre)
    told = figures(centre)
    assert (told.completed_count, told.failed_count, told.running_count) == (2, 1, 0)
    assert told.smooth_rate == 0.5
    # What passed in no time is nobody's bottleneck.
    assert told.steps == ()


def test_a_step_tells_how_long_it_took_who_was_late_and_what_was_decided(centre, put, begin, after, finish):
    put(sketch(ONE_STEP))
    for hours, outcome in ((1, "yes"), (3, "no"), (4, "yes"), (6, "yes")):
        one = begin()
        after(hours=hours)
        finish(one, "ann", outcome)
    begin()
    late_since = centre.clock.now()
    after(hours=5)
    begin()
    after(hours=1)
    ask = step(centre, last_on=TODAY + timedelta(days=1))
    assert (ask.name, ask.by_people, ask.type) == ("Ask", True, "userTask")
    assert (ask.visit_count, ask.ended_count, ask.waiting_count) == (6, 4, 2)
    assert ask.waiting_since == late_since
    assert ask.took.median_s == 3.5 * HOUR
    # Done as it was due, done after it, and open still though it was due an hour ago.
    assert (ask.late_count, ask.in_time_count) == (3, 2)
    assert ask.in_time_rate == 0.4
    assert [(one.name, one.label, one.count) for one in ask.outcomes] == [("yes", "yes", 3), ("no", "no", 1)]
    assert ask.spent_s == (1 + 3 + 4 + 6 + 6 + 1) * HOUR
    assert ask.share_rate == 1


def test_the_step_where_most_time_goes_comes_first_with_its_share(centre, put, begin, after, finish):
    put(
        sketch("""
            start begin
            user quick assignee='"ann"'
            user slow assignee='"bob"'
            end over
            begin -> quick -> slow -> over
        """)
    )
    one = begin()
    after(hours=1)
    finish(one, "ann")
    after(hours=3)
    finish(one, "bob")
    slow, quick = figures(centre).steps
    assert [(one.element_id, one.share_rate) for one in (slow, quick)] == [("slow", 0.75), ("quick", 0.25)]
    assert slow.in_time_rate is None
    assert slow.outcomes == ()


def test_what_lies_outside_the_span_does_not_count_and_what_reaches_into_it_counts_in_part(
    centre, put, begin, after, finish
):
    put(sketch(ONE_STEP))
    one = begin()
    after(days=2)
    finish(one, "ann", "yes")
    second = TODAY + timedelta(days=1)
    told = figures(centre, first_on=second, last_on=second)
    assert (told.started_count, told.completed_count) == (0, 0)
    [ask] = told.steps
    # It was open all that day, from midnight to midnight in the centre's zone.
    assert ask.spent_s == 24 * HOUR
    assert (ask.visit_count, ask.ended_count, ask.late_count) == (0, 0, 0)
    third = figures(centre, first_on=TODAY + timedelta(days=2))
    assert (third.started_count, third.completed_count, third.took.median_s) == (0, 1, 48 * HOUR)
    assert third.steps[0].late_count == 1
    assert figures(centre, first_on=date(1, 1, 1), last_on=date(1, 1, 2)).steps == ()


def test_days_begin_at_midnight_of_the_centre(centre, put, begin, after):
    put(sketch(ONE_STEP))
    begin()
    # From nine o'clock on 2 March to one minute before, and one after, midnight.
    after(hours=14, minutes=59)
    begin()
    after(minutes=2)
    begin()
    assert figures(centre, first_on=TODAY, last_on=TODAY).started_count == 2
    assert figures(centre, first_on=TODAY + timedelta(days=1)).started_count == 1


def test_one_version_is_told_alone(centre, put, begin, after, finish):
    put(sketch(ONE_STEP))
    first = begin()
    put(sketch(ONE_STEP.replace("name=Ask", "name=Enquire")))
    begin()
    after(hours=1)
    finish(first, "ann", "yes")
    assert figures(centre).started_count == 2
    assert step(centre).name == "Enquire"
    old = figures(centre, version=1)
    assert (old.started_count, old.completed_count, old.steps[0].name) == (1, 1, "Ask")
    assert figures(centre, version=2).completed_count == 0
    with pytest.raises(NotFound):
        figures(centre, version=3)


def test_several_at_one_approval_are_one_visit_and_each_decision_counts(centre, put, begin, after, finish):
    put(
        sketch("""
            start begin
            user check approval="" asks='person:["ann","bob"]' due='duration("PT4H")'
            end over
            begin -> check -> over
        """)
    )
    one, other = begin(), begin()
    after(hours=1)
    finish(one, "ann", "approved")
    finish(other, "ann", "approved")
    after(hours=2)
    finish(one, "bob", "approved")
    after(hours=3)
    finish(other, "bob", "rejected", opinion="no")
    check = step(centre, "check")
    assert (check.visit_count, check.ended_count) == (2, 2)
    assert (check.took.median_s, check.spent_s) == (4.5 * HOUR, 9 * HOUR)
    # One of the two who were asked was late: so was the step, once.
    assert (check.late_count, check.in_time_count) == (1, 1)
    assert {one.name: one.count for one in check.outcomes} == {"approved": 3, "rejected": 1}


def test_where_anybody_may_decide_those_who_were_not_needed_are_neither_late_nor_in_time(
    centre, put, begin, after, finish
):
    put(
        sketch("""
            start begin
            user check approval="rule=any" asks='person:["ann","bob"]' due='duration("PT4H")'
            end over
            begin -> check -> over
        """)
    )
    one = begin()
    after(hours=1)
    finish(one, "ann", "approved")
    check = step(centre, "check")
    assert (check.ended_count, check.in_time_count, check.late_count) == (1, 1, 0)
    assert [(one.name, one.count) for one in check.outcomes] == [("approved", 1)]


def test_each_round_of_a_multi_instance_is_a_visit_and_what_surrounds_them_is_none(
    centre, put, begin, after, finish
):
    put(
        sketch("""
            start begin
            user ask parallel over='people who' assignee=who
            end over
            begin -> ask -> over
        """)
    )
    one = begin(variables={"people": ["ann", "bob"]})
    after(hours=1)
    finish(one, "ann")
    after(hours=1)
    finish(one, "bob")
    ask = step(centre)
    assert (ask.visit_count, ask.ended_count) == (2, 2)
    assert (ask.took.median_s, ask.spent_s) == (1.5 * HOUR, 3 * HOUR)


def test_what_is_sent_back_is_done_there_and_counts_again_when_it_comes_again(
    centre, put, begin, after, finish
):
    put(
        sketch("""
            start begin
            user apply assignee='"eve"'
            user check assignee='"ann"' outcomes=approve,reject due='duration("PT2H")'
            end over
            begin -> apply -> check -> over
        """)
    )
    one = begin()
    finish(one, "eve")
    after(hours=1)
    task = task_of(centre, one, "ann")
    runtime.return_task(person(centre, "ann"), task_id=task.id, to="apply", opinion="which?")
    after(hours=1)
    finish(one, "eve")
    after(hours=3)
    finish(one, "ann", "approve")
    check, apply = figures(centre).steps
    assert (check.element_id, check.visit_count, check.ended_count, check.returned_count) == (
        "check",
        2,
        2,
        1,
    )
    assert check.took.median_s == 2 * HOUR
    assert (check.in_time_count, check.late_count) == (1, 1)
    assert [(one.name, one.count) for one in check.outcomes] == [("approve", 1)]
    assert (apply.visit_count, apply.ended_count, apply.returned_count) == (2, 2, 0)


def test_what_a_timer_ends_is_told_as_a_time_out_whether_it_decides_or_goes_another_way(
    centre, put, begin, after, finish
):
    put(
        sketch("""
            start begin
            user ask assignee='"ann"' due='duration("PT2H")' outcomes=yes,no limits='then=decide outcome=no'
            user look assignee='"bob"' due='duration("PT2H")'
            boundary late on=look timer=PT4H
            end over
            end gone
            begin -> ask -> look -> over
            late -> gone
        """)
    )
    begin()
    after(hours=2)
    after(hours=4)
    ask, look = (step(centre, element_id) for element_id in ("ask", "look"))
    assert (ask.timed_out_count, ask.ended_count, ask.late_count, ask.in_time_count) == (1, 1, 1, 0)
    assert [(one.name, one.count) for one in ask.outcomes] == [("no", 1)]
    # Nobody decided there: it took them no time to do, but it was late.
    assert (look.timed_out_count, look.ended_count, look.late_count) == (1, 0, 1)
    assert look.took.median_s is None
    assert look.spent_s == 4 * HOUR


def test_a_cancelled_step_is_late_only_where_it_was_due_by_then(centre, put, begin, after):
    put(sketch(ONE_STEP))
    early, overdue = begin(), begin()
    after(hours=1)
    runtime.cancel_instance(system(centre), instance_id=early, reason="not needed")
    after(hours=4)
    runtime.cancel_instance(system(centre), instance_id=overdue, reason="not needed")
    ask = step(centre)
    assert (ask.visit_count, ask.ended_count, ask.late_count, ask.in_time_count) == (2, 0, 1, 0)


def test_while_an_instance_is_held_nobody_is_late(centre, put, begin, after, finish):
    put(sketch(ONE_STEP))
    one = begin()
    after(hours=3)
    runtime.suspend_instance(system(centre), instance_id=one)
    after(hours=5)
    assert step(centre).late_count == 0
    runtime.resume_instance(system(centre), instance_id=one)
    after(minutes=30)
    finish(one, "ann", "yes")
    ask = step(centre)
    assert (ask.late_count, ask.in_time_count) == (0, 1)
    assert ask.took.median_s == 8.5 * HOUR


def test_what_the_start_passed_was_no_visit(centre, put, begin, after, finish):
    put(
        sketch("""
            start begin
            user apply task="assignee=initiator startCounts=true"
            user check assignee='"ann"'
            end over
            begin -> apply -> check -> over
        """)
    )
    one = begin()
    after(hours=1)
    finish(one, "ann")
    assert [one.element_id for one in figures(centre).steps] == ["check"]


def test_called_processes_and_messages_are_told_behind_people_by_the_time_they_take(
    centre, put, begin, after, finish
):
    put(
        p=sketch("""
            start begin
            user ask assignee='"ann"'
            call more calls=q name=More
            catch paid message=paid key='"A"'
            end over
            begin -> ask -> more -> paid -> over
        """),
        q=sketch("start in\nuser look assignee='\"bob\"'\nend out\nin -> look -> out", key="q"),
    )
    one = begin()
    after(hours=1)
    finish(one, "ann")
    work_off(centre)
    after(hours=2)
    with system(centre).read() as ctx:
        [look] = list_tasks(ctx, assignee="bob")[1]
    runtime.complete_task(person(centre, "bob"), task_id=look.id)
    work_off(centre)
    after(hours=5)
    steps = figures(centre).steps
    assert [(one.element_id, one.by_people, one.spent_s) for one in steps] == [
        ("paid", False, 5 * HOUR),
        ("more", False, 2 * HOUR),
        ("ask", True, HOUR),
    ]
    assert (steps[0].waiting_count, steps[0].waiting_since) == (1, START + timedelta(hours=3))
    assert (steps[1].took.median_s, steps[1].timed_out_count) == (2 * HOUR, 0)


def test_a_span_is_bounded_and_says_which_end_is_wrong(centre, put):
    put(sketch(ONE_STEP))

    def wrong(**asked):
        with pytest.raises(UnknownFilter) as refused:
            figures(centre, **asked)
        return [problem.path for problem in refused.value.problems]

    assert wrong(first_on=TODAY, last_on=TODAY - timedelta(days=1)) == ["last_on"]
    assert wrong(first_on=TODAY - timedelta(days=366)) == ["first_on"]
    assert wrong(first_on=TODAY + timedelta(days=1)) == ["last_on"]
    assert figures(centre, first_on=TODAY - timedelta(days=365)).last_on == TODAY
    assert figures(centre, first_on=date(9999, 1, 1), last_on=date.max).started_count == 0
    assert figures(centre, last_on=date.min).steps == ()
    with pytest.raises(NotFound):
        figures(centre, version=9)


def test_who_sees_all_or_supervises_a_process_may_see_its_figures(centre):
    drawn = {
        "p.bpmn": sketch(ONE_STEP),
        "process.toml": b'key = "p"\ntitle = "P"\nsupervisors = ["group:heads"]\n',
    }
    deploy(system(centre), files=drawn)

    def sees(who, *permissions):
        with person(centre, who, permissions=permissions).read() as ctx:
            return may_see_figures(ctx, "p")

    assert sees("ann")
    assert not sees("cy")
    assert sees("cy", "instances.see_all")
    assert sees("cy", "instances.operate")
    assert not sees("cy", "tasks.see_all")
