"""Activities in no order: done by themselves, or chosen by people one after another."""

import pytest

from engine.machine import NotWaiting, stimuli
from engine.machine.nodes.subprocesses import NotEnabled
from engine.testing.stage import Play


@pytest.mark.parametrize("ordering", ["Parallel", "Sequential"])
def test_an_ad_hoc_sub_process_does_each_activity_once(ordering):
    play = Play(
        f"""
        start begin
        adhoc work ordering={ordering}
          script a
          script b
          script c
          b -> c
        script after
        begin -> work -> after
        """
    ).start()
    assert sorted(play.log[:-1]) == ["a", "b", "c"]
    assert play.log[-1] == "after"
    assert play.ended == "completed"


def test_people_do_the_activities_of_an_ad_hoc_sub_process_in_any_order_until_it_is_complete():
    play = Play(
        """
        start begin
        adhoc work complete=enough
          user a
          user b
        script after
        begin -> work -> after
        """
    ).start(enough=False)
    assert sorted(play.open) == ["a", "b"]
    play.done("b").done("a")
    assert sorted(play.open) == ["a", "b"]
    play.done("a", enough=True)
    assert play.open == []
    assert play.log == ["after"]


def test_an_ad_hoc_sub_process_may_let_what_was_begun_end():
    play = Play(
        """
        start begin
        adhoc work complete=enough cancelRemainingInstances=false
          user a
          user b
        begin -> work
        """
    ).start(enough=False)
    play.done("a", enough=True)
    assert play.open == ["b"]
    play.done("b")
    assert play.ended == "completed"


def test_sequential_activities_of_an_ad_hoc_sub_process_are_open_one_at_a_time():
    play = Play("adhoc work ordering=Sequential\n  user a\n  user b").start()
    assert play.open == ["a"]
    play.done("a")
    assert play.open == ["b"]
    play.done("b")
    assert play.ended == "completed"


def chosen(options="", after=""):
    """An ad-hoc sub-process in which the staff chooses."""
    return Play(
        f"""
        start begin
        adhoc work groups='["staff"]' {options}
          user a
          script b
          script c
          b -> c
        script after
        begin -> work -> after
        {after}
        """
    ).start(enough=False)


def test_where_people_choose_nothing_begins_by_itself_and_each_activity_as_often_as_they_say():
    play = chosen()
    assert (play.open, play.log) == (["work"], [])
    play.choose("work", "b").choose("work", "b").choose("work", "a").choose("work", "a")
    assert play.log == ["b", "c", "b", "c"]
    assert play.open == ["work", "a", "a"]
    play.done("a").done("a")
    assert (play.open, play.ended) == (["work"], None)


def test_people_say_that_it_is_complete_and_what_is_being_done_is_cancelled():
    play = chosen().choose("work", "a")
    play.done("work", "enough", by="bob")
    assert play.left("a") == ["cancelled"]
    assert play.log == ["after"]
    assert play["decisions"]["work"]["by"] == "bob"
    assert play.ended == "completed"


def test_what_is_being_done_may_be_done_to_its_end_but_nothing_more_is_begun():
    play = chosen("cancelRemainingInstances=false").choose("work", "a")
    play.done("work")
    assert play.log == []
    with pytest.raises(NotEnabled):
        play.step(stimuli.Chosen(visit=play.visit("work"), element="b"))
    play.done("a")
    assert play.log == ["after"]
    assert play.ended == "completed"


def test_with_a_condition_nobody_says_by_hand_that_it_is_complete():
    play = chosen("complete=enough").choose("work", "a").choose("work", "b")
    with pytest.raises(NotEnabled):
        play.done("work")
    play.done("a", enough=True)
    assert play.log == ["b", "c", "after"]
    assert play.open == []
    assert play.ended == "completed"


def test_one_after_the_other_the_next_is_chosen_when_the_last_is_done():
    play = chosen("ordering=Sequential").choose("work", "a")
    with pytest.raises(NotEnabled):
        play.choose("work", "b")
    play.done("a").choose("work", "b")
    assert play.log == ["b", "c"]


def test_only_what_nothing_leads_to_can_be_chosen():
    play = chosen()
    for element in ("c", "after", "nothing"):
        with pytest.raises(NotEnabled):
            play.choose("work", element)
    with pytest.raises(NotWaiting):
        play.choose("work", "a").step(stimuli.Chosen(visit=play.visit("a"), element="b"))


def test_an_event_at_the_border_ends_what_people_were_choosing():
    play = chosen(after="boundary late on=work timer=PT1H\n        script too_late\n        late -> too_late")
    play.choose("work", "a").tick("late")
    assert play.open == []
    assert play.log == ["too_late"]
    assert play.ended == "completed"


def test_each_round_is_chosen_for_itself():
    play = chosen("parallel=2")
    assert play.open == ["work", "work"]
    play.choose("work", "b").done("work")
    assert play.ended is None
    assert play.done("work").log == ["b", "c", "after"]
    assert len(play["decisions"]["work"]["list"]) == 2
