"""The workflow patterns (van der Aalst et al.) that BPMN can draw.

Each drawing's scripts log their ids; where branches go on at once the words are compared in any order.
"""

from __future__ import annotations

import pytest

from engine.machine import effects
from engine.testing.stage import Play

# -- basic control flow: 1 to 5 ---------------------------------------------------------------------------


def test_sequence_split_synchronization_choice_and_merge():
    play = Play(
        """
        start begin
        script a
        and parts
        script b
        script c
        and meets
        xor which
        script d
        script e
        xor merge
        script f
        begin -> a -> parts
        parts -> b -> meets
        parts -> c -> meets
        meets -> which
        which -> d [x > 1]
        which -> e *
        d -> merge
        e -> merge
        merge -> f
        """
    ).start(x=2)
    assert play.log[0] == "a"
    assert sorted(play.log[1:3]) == ["b", "c"]
    assert play.log[3:] == ["d", "f"]
    assert play.ended == "completed"


def test_a_choice_without_a_true_condition_waits_for_an_operator():
    play = Play(
        """
        start begin
        xor which
        script a
        script b
        begin -> which
        which -> a [x = 1]
        which -> b [x = 2]
        """
    ).start(x=3)
    assert play.stopped_at == ["which"]
    play.retry("which", x=2)
    assert play.log == ["b"]


# -- advanced branching: 6 to 9, 28, 30 -------------------------------------------------------------------


def test_multiple_merge_runs_what_follows_for_every_branch():
    play = Play(
        """
        start begin
        and parts
        script a
        script b
        xor merge
        script after
        begin -> parts
        parts -> a -> merge
        parts -> b -> merge
        merge -> after
        """
    ).start()
    assert sorted(play.log) == ["a", "after", "after", "b"]
    assert play.ended == "completed"


@pytest.mark.parametrize(("n", "before"), [(1, ["a"]), (2, ["a", "b"])])
def test_discriminator_and_partial_join_go_on_with_the_nth_and_may_be_passed_again(n, before):
    play = Play(
        f"""
        start begin
        xor again
        and parts
        user a
        user b
        user c
        complex nth activation="activationCount >= {n}"
        script after
        user more
        xor whether
        end over
        begin -> again -> parts
        parts -> a -> nth
        parts -> b -> nth
        parts -> c -> nth
        nth -> after -> more -> whether
        whether -> again [again]
        whether -> over *
        """
    ).start()
    for _round in range(2):
        for number, task in enumerate("abc", 1):
            seen = len(play.log)
            play.done(task)
            assert len(play.log) - seen == (number == n)
        play.done("more", again=_round == 0)
    assert play.log == ["after", "after"]
    assert play.ended == "completed"


def test_cancelling_discriminator_takes_back_the_branches_that_are_left():
    play = Play(
        """
        start begin
        sub race
          start in
          and parts
          user a
          user b
          end first terminate
          in -> parts
          parts -> a -> first
          parts -> b -> first
        script after
        begin -> race -> after
        """
    ).start()
    play.done("b")
    assert play.left("a") == ["cancelled"]
    assert play.log == ["after"]
    assert play.ended == "completed"


def test_an_inclusive_join_in_a_loop_waits_in_each_round_for_those_that_were_begun():
    play = Play(
        """
        start begin
        xor again
        or some
        user a
        user b
        or meets
        script joined
        xor whether
        end over
        begin -> again -> some
        some -> a [x != 2]
        some -> b [x != 1]
        a -> meets
        b -> meets
        meets -> joined -> whether
        whether -> again [x < 3]
        whether -> over *
        """
    ).start(x=1)
    play.done("a", x=2)
    assert (play.log, play.open) == (["joined"], ["b"])
    play.done("b", x=0)
    assert sorted(play.open) == ["a", "b"]
    play.done("a", x=3)
    assert play.log == ["joined", "joined"]
    play.done("b")
    assert play.log == ["joined"] * 3
    assert play.ended == "completed"


# -- structural: 10, 11; multiple instances: 12 to 15, 34, 36 ----------------------------------------------


def test_an_arbitrary_cycle_may_be_entered_and_left_at_several_points():
    play = Play(
        """
        start begin
        xor entry
        xor high
        script a
        xor low
        script b
        xor out
        begin -> entry
        entry -> high [n > 5]
        entry -> low *
        high -> a -> low
        low -> b -> out
        script count run="n = n + 1"
        out -> count [n < 8]
        count -> high
        end over
        out -> over *
        """
    ).start(n=6)
    assert play.log == ["a", "b", "a", "b", "a", "b"]
    assert play.ended == "completed"


def test_implicit_termination_is_the_end_of_the_last_branch():
    play = Play(
        """
        start begin
        user a
        user b
        begin -> a
        begin -> b
        """
    ).start()
    assert play.done("b").ended is None
    assert play.done("a").ended == "completed"


@pytest.mark.parametrize(("until", "needed"), [("numberOfCompletedInstances >= 2", 2), ("false", 3)])
def test_static_partial_join_of_instances_takes_back_the_others(until, needed):
    play = Play(
        f"""
        start begin
        user sign parallel=3 until="{until}"
        script after
        begin -> sign -> after
        """
    ).start()
    for _ in range(needed):
        assert play.log == []
        play.done("sign")
    assert play.log == ["after"]
    assert sorted(play.left("sign")) == sorted(["completed"] * needed + ["cancelled"] * (3 - needed))


# -- state-based: 16 to 18, 40; cancellation: 19, 20, 25 to 27; triggers: 23, 24 ---------------------------


def test_deferred_choice_is_made_by_whoever_comes_first():
    play = Play(
        """
        start begin
        event first
        receive asked message=m
        catch late timer=P1D
        script a
        script b
        begin -> first
        first -> asked -> a
        first -> late -> b
        """
    ).start()
    play.tell("m")
    assert play.log == ["a"]
    assert play.waiting(effects.SetTimer) == []


def test_interleaved_routing_does_all_one_at_a_time_and_each_part_in_its_order():
    play = Play(
        """
        start begin
        adhoc any ordering=Sequential
          user a
          user a2
          user b
          a -> a2
        begin -> any
        """
    ).start()
    seen = []
    while play.ended is None:
        assert len(play.open) == 1
        seen += play.open
        play.done(play.open[0])
    assert sorted(seen) == ["a", "a2", "b"]
    assert seen.index("a") < seen.index("a2")


@pytest.mark.parametrize(("done_first", "told"), [(True, []), (False, ["noted"])])
def test_milestone_is_reached_only_while_the_state_lasts(done_first, told):
    play = Play(
        """
        start begin
        user open
        boundary noted_at on=open message=note beside
        script noted
        user closed
        begin -> open -> closed
        noted_at -> noted
        """
    ).start()
    if done_first:
        play.done("open")
        assert not play.waiting(effects.Await)
    else:
        play.tell("note")
    assert play.log == told


def test_cancel_activity_region_and_case():
    play = Play(
        """
        start begin
        sub region
          start in
          and parts
          user a
          user b
          in -> parts
          parts -> a
          parts -> b
        boundary stop on=region signal=stop
        user after
        guard case
          start abort message=abort
          script aborted
          abort -> aborted
        begin -> region
        stop -> after
        """
    ).start()
    play.tell("stop")
    assert (play.left("a"), play.left("b"), play.left("region")) == (["cancelled"],) * 3
    assert play.open == ["after"]
    play.tell("abort")
    assert play.log == ["aborted"]
    assert play.ended == "completed"


def test_cancelling_a_multi_instance_takes_every_round():
    play = Play(
        """
        start begin
        sub rounds parallel=2
          start in
          user inside
          in -> inside
        boundary stop on=rounds message=stop
        boundary note on=rounds message=note beside
        script noted
        script stopped
        begin -> rounds
        stop -> stopped
        note -> noted
        """
    ).start()
    assert len(play.waiting(effects.Await)) == 2
    play.tell("note").tell("note").tell("stop")
    assert play.log == ["noted", "noted", "stopped"]
    assert play.left("inside") == play.left("rounds") == ["cancelled", "cancelled"]
    assert play.ended == "completed"


def test_a_transient_trigger_is_lost_and_a_persistent_one_is_waited_for():
    play = Play(
        """
        start begin
        throw calls signal=now
        user first
        catch hears signal=now
        begin -> calls -> first -> hears
        """
    ).start()
    play.done("first")
    assert play.awaited == ["hears"]
    assert play.ended is None


def test_explicit_termination_ends_everything_at_once():
    play = Play(
        """
        start begin
        user a
        user b
        end over terminate
        end plain
        begin -> a -> over
        begin -> b -> plain
        """
    ).start()
    play.done("a")
    assert play.left("b") == ["cancelled"]
    assert play.ended == "completed"
