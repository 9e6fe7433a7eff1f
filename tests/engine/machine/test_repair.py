"""What an operator does by hand: skip, move, correct; and what stays put while an instance is held."""

import pytest

from engine.machine import stimuli
from engine.machine.nodes.base import NoWayOut
from engine.machine.repair import NotPossible, targets
from engine.machine.step import NotWaiting
from engine.testing.stage import Play

LINE = "start begin\nuser ask\nuser check\nend over\nbegin -> ask -> check -> over\n"


def test_a_skipped_task_is_left_as_completed_and_its_variables_are_as_given():
    play = Play(LINE).start().skip("ask", amount=3)
    assert play.left("ask") == ["completed"]
    assert play.open == ["check"]
    assert play["amount"] == 3


def test_a_failed_script_is_skipped_without_being_run_again():
    drawn = (
        "start begin\n"
        "script work run='log(\"again\"); x = 1 / zero'\nuser ask\nend over\nbegin -> work -> ask -> over"
    )
    play = Play(drawn).start(zero=0)
    assert play.stopped_at == ["work"]
    play.skip("work", x=7)
    assert play.stopped_at == ["work"]
    assert play.log == ["again"]
    assert play["x"] == 7
    assert play.open == ["ask"]


def test_skipping_a_sub_process_withdraws_what_is_done_inside_and_at_its_border():
    drawn = (
        "start begin\nsub work\n  user ask\n"
        "boundary late on=work timer=PT1H\nuser after\nend over\nend gone\n"
        "begin -> work -> after -> over\nlate -> gone"
    )
    play = Play(drawn).start().skip("work")
    assert play.open == ["after"]
    assert play.awaited == []
    assert play.left("ask") == ["cancelled"]


def test_skipping_one_round_brings_the_next():
    play = Play("start begin\nuser ask sequential=2\nend over\nbegin -> ask -> over").start().skip("ask")
    assert play.open == ["ask"]
    play.skip("ask")
    assert play.ended == "completed"


def test_skipping_an_awaited_event_behind_a_gateway_withdraws_the_others():
    drawn = (
        "start begin\nevent which\n"
        "catch paid message=paid key='\"A\"'\ncatch late timer=PT1H\nuser one\nuser two\n"
        "end over\nbegin -> which\nwhich -> paid -> one -> over\nwhich -> late -> two -> over"
    )
    play = Play(drawn).start()
    with pytest.raises(NotPossible):
        Play(drawn).start().skip("which")
    play.skip("paid")
    assert play.open == ["one"]
    assert play.awaited == []


def test_a_gateway_without_a_way_out_is_not_skipped_into_nothing():
    drawn = (
        "start begin\nxor which\nuser ask\nend over\nbegin -> which\n"
        "which -> ask [n > 3]\nwhich -> over [n > 4]\nask -> over"
    )
    play = Play(drawn).start(n=1)
    assert play.stopped_at == ["which"]
    with pytest.raises(NoWayOut):
        play.skip("which")


def test_a_moved_token_leaves_its_element_as_cancelled_and_begins_elsewhere():
    play = Play(LINE).start().done("ask").move("check", "ask")
    assert play.open == ["ask"]
    assert play.left("check") == ["cancelled"]
    play.done("ask").done("check")
    assert play.ended == "completed"


def test_moving_takes_the_whole_of_a_multi_instance():
    drawn = "start begin\nuser ask parallel=3\nuser other\nend over\nbegin -> ask -> over\nother -> over"
    play = Play(drawn).start()
    play.move("ask", "other")
    assert play.open == ["other"]
    assert play.done("other").ended == "completed"


NESTED = (
    "start begin\nand fork\nsub work\n  user inside\n  user beside\nuser ask\nand join\n"
    "boundary late on=work timer=PT1H\nevent which\n"
    "catch paid message=paid\ncatch tired timer=PT2H\nend over\n"
    "end gone\nbegin -> fork\nfork -> work -> join\nfork -> ask -> join\njoin -> over\nlate -> gone\n"
    "which -> paid -> gone\nwhich -> tired -> gone"
)


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("inside", "lies in another sub-process"),
        ("join", "waits for several branches"),
        ("late", "never by hand"),
        ("paid", "Choose that gateway"),
        ("nowhere", "There is no element nowhere"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused_with_the_reason(to, reason):
    with pytest.raises(NotPossible) as refused:
        Play(NESTED).start().move("ask", to)
    assert reason in str(refused.value)


def test_the_elements_that_a_token_may_be_moved_to_are_those_beside_it():
    play = Play(NESTED).start()
    assert targets(play.run, play.run.tasks[play.visit("inside")]) == ["inside", "beside"]
    beside = targets(play.run, play.run.tasks[play.visit("ask")])
    assert {"work", "which", "over"} <= set(beside)
    assert not {"inside", "join", "late", "paid"} & set(beside)


def test_within_a_sub_process_a_token_moves_inside_it():
    play = Play(NESTED).start()
    play.step(stimuli.Move(visit=play.visit("inside"), to="beside"))
    assert sorted(play.open) == ["ask", "beside", "beside"]


def test_a_watching_timer_is_neither_skipped_nor_moved():
    play = Play(NESTED).start()
    with pytest.raises(NotPossible):
        play.skip("late")
    with pytest.raises(NotPossible):
        play.move("late", "ask")


def test_what_is_over_cannot_be_repaired():
    play = Play(LINE).start()
    visit = play.visit("ask")
    play.done("ask")
    with pytest.raises(NotWaiting):
        play.step(stimuli.Skip(visit=visit))


def test_corrected_variables_let_a_conditional_event_come():
    drawn = "start begin\ncatch full when='n > 3'\nuser ask\nend over\nbegin -> full -> ask -> over"
    play = Play(drawn).start(n=1)
    play.step(stimuli.Correct(variables={"n": 5}))
    assert play.open == ["ask"]


def test_while_it_is_held_nothing_moves_and_then_all_of_it_does():
    drawn = (
        "start begin\nuser ask\ncatch full when='n > 3'\nuser after\n"
        "end over\nbegin -> ask -> full -> after -> over"
    )
    play = Play(drawn).start(n=1)
    play.skip("ask", held=True, n=2)
    assert play.path == ["begin", "ask", "full"]
    play.step(stimuli.Correct(variables={"n": 5}), held=True)
    assert play.open == []
    play.step(stimuli.Proceed(look=True))
    assert play.open == ["after"]
