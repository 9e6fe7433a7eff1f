"""The clock of a user task: it rings around the due time, for each who is asked, and goes with the step."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from engine.errors import DefinitionError
from engine.feel.temporal import DateTime, from_instant
from engine.machine import dump, effects, load, parse, stimuli
from engine.machine.reopening import way_back
from engine.testing.sketch import sketch
from engine.testing.stage import NOW, Play

DUE = 'duration("P1D")'
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LADDER = (
    "then=remind before=PT2H; then=remind every=PT1H most=3; then=escalate after=P1D; "
    "then=decide outcome=reject after=P3D"
)


class Clocked(Play):
    """A play whose time moves on to whatever rings next."""

    def __init__(self, drawn, **options):
        super().__init__(drawn, **options)
        self.rung = set()

    @property
    def pending(self):
        """The timers that are set, by visit: of each the last one, until it has rung."""
        found = {}
        for one in self.asked:
            if isinstance(one, effects.SetTimer):
                found[one.visit] = one
            elif isinstance(one, effects.StopWaiting):
                found.pop(one.visit, None)
        return {visit: one for visit, one in found.items() if (visit, one.due_at) not in self.rung}

    def move(self, to):
        self.environment = replace(self.environment, now=to)
        self.run.environment = self.environment

    def ring(self, late=timedelta(), held=timedelta()):
        """Let the first of them ring, as late as the worker is, or after the instance was held."""
        first = min(self.pending.values(), key=lambda one: (one.due_at, one.visit))
        self.rung.add((first.visit, first.due_at))
        due_at = first.due_at + held
        self.move(due_at + late)
        return self.step(stimuli.TimerFired(visit=first.visit, due_at=due_at))

    @property
    def said(self):
        return [(one.said["then"], one.said["time"]) for one in self.asked if isinstance(one, effects.TimeUp)]

    @property
    def next(self):
        return sorted(one.due_at - NOW for one in self.pending.values())


def limited(limits=LADDER, task="assignee='\"ann\"'", due=DUE, more="", **options):
    drawn = f"""
        start begin
        user check {task} due='{due}' outcomes=approve,reject limits='{limits}' {more}
        end over
        begin -> check -> over
    """
    return Clocked(drawn, **options).start()


def both(said="", limits=LADDER):
    drawn = f"""
        start begin
        user apply
        user check approval="{said}" asks='person:["ann","ben"]' due='{DUE}'
            limits='{limits.replace("outcome=reject", "outcome=rejected")}'
        end over
        begin -> apply -> check -> over
    """.replace("\n            limits", " limits")
    return Clocked(drawn).start().done("apply")


# -- the ladder --------------------------------------------------------------------------------------------


def test_a_ladder_rings_in_the_order_of_its_instants_and_each_as_often_as_it_says():
    play = limited()
    rung = []
    while play.pending:
        rung.append(play.next[0])
        play.ring()
    hours = [22, 24, 25, 26, 48, 96]
    assert rung == [timedelta(hours=count) for count in hours]
    assert play.said == [
        ("remind", 1), ("remind", 1), ("remind", 2), ("remind", 3), ("escalate", 1), ("decide", 1),
    ]  # fmt: skip
    assert play.open == ["check"]


def test_what_is_said_names_the_task_and_what_is_done():
    play = limited("then=decide outcome=reject after=PT1H opinion=late").ring()
    (up,) = [one for one in play.asked if isinstance(one, effects.TimeUp)]
    assert (up.element, up.task, up.said["outcome"], up.said["opinion"]) == (
        "check", play.visit("check"), "reject", "late",
    )  # fmt: skip


def test_people_are_named_when_it_rings_and_not_before():
    play = limited("then=transfer to=deputy")
    play.step(stimuli.Correct(variables={"deputy": "cho"}))
    play.ring()
    assert [one.said["whom"] for one in play.asked if isinstance(one, effects.TimeUp)] == [["cho"]]


def test_each_time_an_escalation_tells_who_stands_one_level_higher():
    play = limited("then=escalate how=tell level=2 every=PT1H most=3").ring().ring().ring()
    assert [one.said["level"] for one in play.asked if isinstance(one, effects.TimeUp)] == [2, 3, 4]
    asks = limited("then=escalate how=ask every=PT1H most=2").ring().ring()
    assert [one.said["level"] for one in asks.asked if isinstance(one, effects.TimeUp)] == [1, 1]


def test_missed_reminders_are_not_caught_up_and_what_is_done_once_is_done_late():
    play = limited("then=remind every=PT1H most=5; then=decide outcome=reject after=PT2H")
    play.ring(late=timedelta(hours=3, minutes=30))
    assert play.said == [("remind", 1)]
    assert play.next == [DAY + 2 * HOUR]
    play.ring(late=timedelta(hours=1, minutes=30))
    assert play.said[1:] == [("decide", 1)]
    assert play.next == [DAY + 4 * HOUR]


def test_reminders_whose_time_is_over_when_somebody_is_asked_are_left_out():
    play = limited("then=remind before=P2D; then=remind after=PT1H")
    assert play.next == [DAY + HOUR]


def test_a_step_without_a_due_time_has_no_clock():
    assert limited(due="null").pending == {}


def test_a_step_without_limits_asks_for_no_timer():
    play = Clocked(f"start begin\nuser check due='{DUE}'\nbegin -> check").start()
    assert play.pending == {}
    assert [token.node.element_id for token in play.run.tasks.values() if token.scope] == ["check"]


def test_working_time_is_counted_by_the_calendar():
    def add(instant, span):
        days = {"-P1D": -3, "P1D": 3, "PT0S": 0}[span]
        return (
            from_instant(instant.instant(UTC) + timedelta(days=days))
            if isinstance(instant, DateTime)
            else None
        )

    play = limited("then=remind after=P1D every=P1D most=2 working=true", functions={"working time.add": add})
    assert play.next == [4 * DAY]
    assert play.ring().next == [7 * DAY]


def test_without_a_calendar_working_time_is_an_incident_and_not_silence():
    play = limited("then=remind after=P1D working=true")
    assert play.stopped_at == ["check"]


def test_a_process_that_only_time_outs_bring_forward_ends_in_an_incident():
    drawn = """
        start begin
        user check due='now() - duration("PT1H")' outcomes=again limits='then=decide outcome=again'
        begin -> check -> check
    """
    play = Clocked(drawn).start()
    for _turn in range(200):
        if play.stopped_at:
            break
        play.ring().done("check", "again", by=stimuli.TIMER)
    assert (play.stopped_at, play.pending) == (["check"], {})
    assert len(play.path) == 102


# -- whose time it is --------------------------------------------------------------------------------------


def test_a_finished_step_leaves_no_timer_behind():
    play = limited().done("check", "approve")
    assert (play.pending, play.run.state) == ({}, "completed")


@pytest.mark.parametrize("way", ["skip", "cancel", "boundary"])
def test_a_step_that_is_left_otherwise_leaves_no_timer_behind(way):
    if way == "boundary":
        drawn = f"start begin\nuser check due='{DUE}' limits='{LADDER.replace('reject', 'completed')}'\n"
        drawn += "boundary stop on=check message=stop\nend over\nbegin -> check\nstop -> over"
        play = Clocked(drawn).start().tell("stop")
    else:
        play = limited()
        play.skip("check") if way == "skip" else play.step(stimuli.Cancel())
    assert play.pending == {}


def test_each_signer_has_a_time_of_their_own():
    play = both()
    assert play.next == [22 * HOUR, 22 * HOUR]
    play.decide("ann")
    assert play.next == [22 * HOUR]
    play.ring()
    (up,) = [one for one in play.asked if isinstance(one, effects.TimeUp)]
    assert up.task == play.signer("ben")["id"]
    assert play.decide("ben").pending == {}


def test_in_turn_each_has_the_full_time_from_when_they_are_asked():
    play = both("inTurn=true")
    assert play.next == [22 * HOUR]
    play.move(NOW + 10 * HOUR)
    play.decide("ann")
    assert play.next == [32 * HOUR]


def test_who_is_asked_no_more_has_no_timer():
    play = both("rule=any").decide("ann")
    assert play.pending == {}
    removed = both()
    removed.step(stimuli.RemoveSigner(visit=removed.visit("check"), task=removed.signer("ben")["id"]))
    assert len(removed.pending) == 1


def test_who_is_added_has_a_time_too_and_whoever_waits_for_them_has_the_full_time_afterwards():
    play = both().add("check", "cho")
    assert len(play.pending) == 3
    waits = both()
    waits.add("check", "cho", "before", waits.signer("ann")["id"])
    waits.move(NOW + 5 * HOUR)
    waits.decide("cho")
    assert waits.next == [22 * HOUR, 27 * HOUR]


def test_a_decision_that_is_taken_back_has_the_full_time_again():
    play = both().decide("ann")
    play.move(NOW + 10 * HOUR)
    play.take_back(play.visit("check"), play.signer("ann")["id"])
    assert play.next == [22 * HOUR, 32 * HOUR]


def test_who_gets_it_from_somebody_has_what_is_left_of_their_time():
    play = both()
    play.step(stimuli.HandOver(visit=play.visit("check"), task=play.signer("ann")["id"], to="cho"))
    assert play.next == [22 * HOUR, 22 * HOUR]


def test_after_a_return_the_full_time_is_counted_anew():
    play = both().ring()
    play.move(NOW + 30 * HOUR)
    play.send_back("check", "apply")
    assert play.pending == {}
    play.done("apply")
    assert play.next == [52 * HOUR, 52 * HOUR]


def test_each_round_has_a_time_of_its_own():
    play = limited("then=remind", more="parallel=2")
    assert play.next == [DAY, DAY]
    play.done("check", "approve")
    assert play.next == [DAY]


def test_what_the_clock_approves_is_nobodys_approval():
    drawn = """
        start begin
        user first approval="" asks='person:"ann"'
        user second approval="ifAgain=once" asks='person:"ann"'
        end over
        begin -> first -> second -> over
    """
    play = Clocked(drawn).start()
    (task,) = play.waiting(effects.OpenUserTask)
    play.step(
        stimuli.TaskDone(
            visit=task.visit, task=task.task, outcome="approved", by=stimuli.TIMER, at="2026-03-02"
        )
    )
    play.decided.add(task.task)
    assert play.open == ["second"]


# -- what goes on around it --------------------------------------------------------------------------------


def test_what_is_held_rings_as_much_later_and_so_does_all_that_follows():
    play = limited("then=remind before=PT2H; then=decide outcome=reject after=PT1H")
    play.ring(held=5 * HOUR)
    assert play.next == [30 * HOUR]


def test_a_name_that_cannot_be_told_is_nobodys():
    play = limited("then=remind to==boss").ring()
    assert [one.said["whom"] for one in play.asked if isinstance(one, effects.TimeUp)] == [[]]


def test_taken_back_by_sms_the_clock_goes_on_where_it_stood():
    line = f"""
        start begin
        user check assignee='"ann"' due='{DUE}' outcomes=approve limits='then=remind before=PT2H; then=remind'
        user next
        begin -> check -> next
    """
    play = Clocked(line).start().ring()
    visit, (clock,) = play.visit("check"), play.pending.values()
    before = load(play.spec, dump(play.run), play.environment)
    asked = len(play.asked)
    play.done("check", "approve")
    passed = [one.element for one in play.asked[asked:] if isinstance(one, effects.Entered)]
    way = way_back(before, play.run, visit, passed)
    border = tuple(
        stimuli.Watch(node=node, memory=memory, due_at=clock.due_at) for _visit, node, memory in way.border
    )
    due_at = NOW + DAY
    play.step(
        stimuli.Reopen(
            element="check", scope=way.scope, opened=way.opened, by="ann", border=border, due_at=due_at
        )
    )
    assert play.next == [DAY]
    play.ring()
    assert play.said == [("remind", 1), ("remind", 1)]
    assert play.pending == {}


def test_in_a_version_with_the_same_limits_it_counts_on():
    play = both().ring()
    (visits, next_) = set(play.pending), play.next
    drawn = f"""
        start begin
        user apply
        user check approval="" asks='person:["ann","ben"]' due='{DUE}' limits='{LADDER}'
        user more
        end over
        begin -> apply -> check -> more -> over
    """.replace("outcome=reject", "outcome=rejected")
    play.migrate(drawn)
    assert (set(play.pending), play.next) == (visits, next_)


def test_in_a_version_with_other_limits_it_counts_by_those_from_the_same_due_time():
    play = limited().ring()
    before = set(play.pending)
    play.migrate(f"start begin\nuser check due='{DUE}' limits='then=remind after=PT9H'\nbegin -> check")
    assert play.next == [33 * HOUR]
    assert not before & set(play.pending)


def test_in_a_version_without_limits_nothing_is_counted_any_more():
    play = limited().ring()
    play.migrate("start begin\nuser check\nbegin -> check")
    assert play.pending == {}
    assert play.open == ["check"]


def test_limits_that_are_newly_drawn_count_from_when_the_step_began():
    play = Clocked("start begin\nuser check\nbegin -> check").start()
    visit = play.visit("check")
    play.move(NOW + 2 * HOUR)
    play.migrate(
        f"start begin\nuser check due='{DUE}' limits='then=remind'\nbegin -> check", since={visit: NOW}
    )
    assert play.next == [DAY]


# -- what is refused ---------------------------------------------------------------------------------------


def test_a_limit_on_anything_but_a_user_task_is_refused():
    with pytest.raises(DefinitionError) as refused:
        parse("p.bpmn", sketch("start begin\ntask check limits='then=remind'\nbegin -> check"))
    assert "goes on a user task" in str(refused.value.problems[0])


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("after=P1D", "needs then"),
        ("then=shout", "Known are: remind, decide"),
        ("then=remind after=tomorrow", "Write a duration"),
        ("then=remind before=PT1H after=PT1H", "not both"),
        ("then=decide outcome=approve before=PT1H", "until it is due"),
        ("then=remind every=PT10S", "at least PT1M"),
        ("then=remind most=3", "goes with every"),
        ("then=remind every=PT1H most=11", "at most 10"),
        ("then=remind every=PT1H most=0", "whole number"),
        ("then=decide", "needs outcome"),
        ("then=decide outcome=maybe", "Known are: approve, reject"),
        ("then=decide outcome=approve every=PT1H", "does not go with then decide"),
        ("then=transfer", "who gets it"),
        ("then=transfer to=1+", "to"),
        ("then=return to=nowhere", "there is no such user task"),
        ("then=return to=check", "there is no such user task"),
        ("then=remind to=everybody", "group:KEY"),
        ("then=remind channel=pigeon", "Known are: sms"),
        ("then=escalate how=shout", "Known are: ask, tell"),
        ("then=remind after=P2W working=true", "Write a duration"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_with_a_remedy(limit, reason):
    drawn = f"start begin\nuser check due='{DUE}' outcomes=approve,reject limits='{limit}'\nbegin -> check"
    with pytest.raises(DefinitionError) as refused:
        parse("p.bpmn", sketch(drawn))
    assert any(reason in str(problem) for problem in refused.value.problems), refused.value.problems


def test_limits_without_a_due_time_are_refused():
    with pytest.raises(DefinitionError) as refused:
        parse("p.bpmn", sketch("start begin\nuser check limits='then=remind'\nbegin -> check"))
    assert "give callwright:task a due" in str(refused.value.problems[0])


@pytest.mark.parametrize(
    ("said", "reason"), [("warn=soon", "Write a duration"), ("warn=PT1H", "goes with due")]
)
def test_a_warning_is_a_duration_before_what_is_due(said, reason):
    due = f"due='{DUE}'" if said == "warn=soon" else ""
    with pytest.raises(DefinitionError) as refused:
        parse("p.bpmn", sketch(f"start begin\nuser check {due} {said}\nbegin -> check"))
    assert reason in str(refused.value.problems[0])
