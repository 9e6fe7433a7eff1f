"""A step is sent back: to whom, what is done again, and what stays as it is."""

import pytest

from engine.machine import effects, parse
from engine.machine.migrate import blockers
from engine.machine.nodes.between import CannotReturn
from engine.machine.nodes.turning import return_targets
from engine.testing.sketch import sketch
from engine.testing.stage import Play

LINE = """
    start begin
    user apply
    user check approval="" asks='person:["ann","ben"]'
    boundary late on=check timer=PT1H
    end nobody
    user review approval="ifAgain=once" asks='person:["ann","cho"]'
    end over
    begin -> apply -> check -> review -> over
    late -> nobody
"""
BRANCHES = """
    start begin
    user before
    and part
    user a1
    user a2
    user b1
    user b2
    and meet
    user after
    end over
    begin -> before -> part
    part -> a1 -> a2 -> meet
    part -> b1 -> b2 -> meet
    meet -> after -> over
"""


def line():
    return Play(LINE).start().done("apply").decide("ann").decide("ben")


def test_an_earlier_step_is_done_again_and_everybody_is_asked_again():
    play = line().send_back("review", "check")
    assert play.people == ["ann", "ben"]
    assert play.left("review") == ["cancelled"]


def test_who_approved_before_the_return_is_asked_again_after_it():
    # At review Ann counts as asked already, as she has approved at check.
    play = line()
    assert play.people == ["cho"]
    play.send_back("review", "apply").done("apply").decide("ann").decide("ben")
    assert play.people == ["cho"]
    play.send_back("review", "check").decide("ann")
    assert play.people == ["ben"]


def test_straight_back_it_comes_to_whoever_sent_it():
    play = line().send_back("review", "apply", "back").done("apply")
    assert play.open == ["review", "review"]
    assert play.path[-1] == "review"


def test_walked_through_again_every_step_between_is_done_again():
    play = line().send_back("review", "apply").done("apply")
    assert play.open == ["check", "check"]


def test_why_it_was_sent_back_and_what_was_said_before_is_kept():
    play = Play(LINE).start().done("apply").decide("ann").send_back("check", "apply", by="ben")
    kept = play.run.read("decisions")["check"]
    assert (kept["outcome"], kept["by"], kept["opinion"]) == ("returned", "ben", "once more")
    assert [vote["outcome"] for vote in kept["list"]] == ["approved", "returned"]


def test_a_deadline_is_set_anew_when_a_step_is_done_again():
    play = Play(LINE).start().done("apply")
    assert play.awaited == ["late"]
    play.send_back("check", "apply")
    assert play.awaited == []
    play.done("apply")
    assert play.awaited == ["late"]
    assert len([one for one in play.asked if isinstance(one, effects.SetTimer)]) == 2


def test_sent_back_twice_it_goes_back_the_same_way():
    play = line().send_back("review", "check", "back").send_back("check", "apply", "back")
    play.done("apply")
    assert play.open == ["check", "check"]
    play.decide("ann").decide("ben")
    assert play.open == ["review", "review"]


def branches(*done):
    play = Play(BRANCHES).start()
    for element in done:
        play.done(element)
    return play


def test_within_a_branch_the_other_branch_stays_as_it_is():
    play = branches("before", "a1", "b1").send_back("a2", "a1")
    assert sorted(play.open) == ["a1", "b2"]
    for element in ("a1", "a2", "b2", "after"):
        play.done(element)
    assert play.run.state == "completed"


def test_within_a_branch_what_came_to_the_join_from_the_other_stays_there():
    play = branches("before", "a1", "b1", "b2").send_back("a2", "a1")
    for element in ("a1", "a2", "after"):
        play.done(element)
    assert play.run.state == "completed"


@pytest.mark.parametrize("done", [("a1", "b1"), ("a1", "b1", "b2"), ("a1",)])
def test_from_a_branch_to_before_the_fork_both_branches_are_done_again(done):
    play = branches("before", *done).send_back("a2", "before")
    assert play.open == ["before"]
    for element in ("before", "a1", "a2", "b1", "b2"):
        play.done(element)
    assert play.open == ["after"]


@pytest.mark.parametrize("order", [("a1", "a2", "b1", "b2"), ("b1", "b2", "a1", "a2")])
def test_from_behind_the_join_into_a_branch_is_refused_whichever_came_last(order):
    play = branches("before", *order)
    with pytest.raises(CannotReturn, match="before they part"):
        play.send_back("after", "a1")
    assert play.open == ["after"]
    play.send_back("after", "before")
    assert play.open == ["before"]


def test_from_behind_the_join_straight_into_a_branch_and_back_is_possible():
    play = branches("before", "a1", "a2", "b1", "b2").send_back("after", "a1", "back")
    assert play.open == ["a1"]
    assert play.done("a1").open == ["after"]
    assert play.done("after").run.state == "completed"


def test_a_step_that_was_sent_straight_back_and_is_late_goes_on_as_drawn_and_nothing_is_left_behind():
    drawn = BRANCHES + "boundary late on=before timer=PT1H\nxor on\nlate -> on -> part"
    drawn = drawn.replace("begin -> before -> part", "begin -> before -> on")
    play = Play(drawn).start().done("before").send_back("a1", "before", "back")
    assert sorted(play.open) == ["b1", "before"]
    play.tick("late")
    assert sorted(play.open) == ["a1", "b1"]
    for element in ("a1", "a2", "b1", "b2", "after"):
        play.done(element)
    assert play.run.state == "completed"


def test_a_step_sent_straight_back_can_be_sent_further_back_and_everything_is_done_again():
    drawn = BRANCHES.replace("begin -> before", "user first\n    begin -> first -> before")
    play = Play(drawn).start().done("first").done("before").send_back("a1", "before", "back")
    play.send_back("before", "first")
    assert play.open == ["first"]
    play.done("first").done("before")
    assert sorted(play.open) == ["a1", "b1"]


def test_only_steps_are_offered_that_were_passed_and_can_be_done_again():
    play = branches("before", "a1", "a2", "b1", "b2")
    token = play.run.tasks[play.visit("after")]
    passed = ["begin", "before", "part", "a1", "a2", "b1", "b2", "meet"]
    assert return_targets(play.run, token, passed) == ["before"]
    early = branches("before", "a1")
    token = early.run.tasks[early.visit("a2")]
    assert return_targets(early.run, token, ["before", "a1"]) == ["before", "a1"]


def test_nothing_is_sent_straight_back_to_a_step_to_which_another_one_goes_back():
    play = Play(BRANCHES).start().done("before").done("a1").done("b1")
    play.send_back("a2", "before", again="back")
    with pytest.raises(CannotReturn, match="before is open already"):
        play.send_back("b2", "a2", again="back")
    play.done("before").done("a2").done("b2").done("after")
    assert play.run.state == "completed"


def test_a_step_in_a_sub_process_is_sent_back_to_before_it_and_not_into_one_that_is_over():
    drawn = """
        start begin
        user apply
        sub work
          start in
          user inner
          user deeper
          in -> inner -> deeper
        user last
        begin -> apply -> work -> last
    """
    play = Play(drawn).start().done("apply").done("inner").send_back("deeper", "apply")
    assert play.open == ["apply"]
    play.done("apply").done("inner").done("deeper")
    with pytest.raises(CannotReturn, match="before that part"):
        play.send_back("last", "inner")


def test_a_step_of_a_loop_is_sent_back_within_its_round():
    drawn = """
        start begin
        user fill
        user check
        xor which
        end over
        begin -> fill -> check -> which
        which -> fill [again]
        which -> over *
    """
    play = Play(drawn).start(again=False).done("fill").send_back("check", "fill")
    assert play.open == ["fill"]
    play.done("fill", again=True).done("check").done("fill", again=False).done("check")
    assert play.run.state == "completed"


def test_a_step_that_goes_straight_back_goes_to_where_that_step_is_in_another_version():
    play = line().send_back("review", "apply", "back")
    play.migrate(LINE.replace("review", "final"), review="final").done("apply")
    assert play.open == ["final", "final"]


def test_an_instance_is_not_migrated_to_a_version_that_lacks_the_step_it_goes_back_to():
    play = line().send_back("review", "apply", "back")
    other = next(iter(parse("p.bpmn", sketch(LINE.replace("review", "final"))).processes.values()))
    (problem,) = blockers(play.run, other, {})
    assert (problem.path, "goes back" in problem.message) == ("review", True)
