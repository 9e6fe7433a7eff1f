"""Where tokens part and meet."""

import pytest

from engine.testing.stage import Play


def test_an_activity_with_several_ways_takes_every_open_one():
    drawn = """
    start begin
    script work
    script a
    script b
    script c
    begin -> work
    work -> a [x > 1]
    work -> b [x > 2]
    work -> c *
    """
    assert sorted(Play(drawn).start(x=3).log) == ["a", "b", "work"]
    assert sorted(Play(drawn).start(x=0).log) == ["c", "work"]


def test_flows_into_an_activity_each_begin_it():
    play = Play("start a\nand b\nscript c\na -> b\nb -> c\nb -> c").start()
    assert play.log == ["c", "c"]


@pytest.mark.parametrize(("x", "taken"), [(1, ["a"]), (5, ["a", "b"]), (-1, ["c"])])
def test_an_inclusive_gateway_takes_every_true_way_and_joins_exactly_those(x, taken):
    play = Play(
        """
        start begin
        or split
        user a
        user b
        user c
        or join
        script after
        begin -> split
        split -> a [x > 0]
        split -> b [x > 3]
        split -> c *
        a -> join
        b -> join
        c -> join
        join -> after
        """
    ).start(x=x)
    assert play.open == taken
    for element in taken:
        assert play.log == []
        play.done(element)
    assert play.log == ["after"]
    assert play.ended == "completed"


def test_an_inclusive_join_does_not_wait_for_a_token_that_must_pass_it_first():
    play = Play(
        """
        start begin
        or join
        user work
        xor more
        script after
        begin -> join -> work -> more
        more -> join [again]
        more -> after *
        """
    ).start()
    play.done("work", again=True)
    play.done("work", again=False)
    assert play.log == ["after"]


def test_an_inclusive_join_waits_for_what_may_come_from_a_border():
    play = Play(
        """
        start begin
        and split
        user a
        user b
        boundary late on=b timer=PT1H
        or join
        script after
        end beside
        begin -> split
        split -> a -> join
        split -> b -> beside
        late -> join -> after
        """
    ).start()
    play.done("a")
    assert play.log == []
    play.done("b")
    assert play.log == ["after"]


def test_a_gateway_may_join_and_split_at_once():
    play = Play(
        """
        start begin
        and one
        and two
        script a
        script b
        begin -> one
        one -> two
        one -> two
        two -> a
        two -> b
        """
    ).start()
    assert sorted(play.log) == ["a", "b"]


COMPLEX = """
start begin
and split
user a
user b
user c
complex join activation='activationCount >= {n}'
script after
end over
begin -> split
split -> a -> join
split -> b -> join
split -> c -> join
join -> after -> over
"""


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_complex_gateway_goes_on_with_the_nth_token_and_swallows_the_others(n):
    play = Play(COMPLEX.format(n=n)).start()
    for number, element in enumerate(("b", "a", "c"), 1):
        play.done(element)
        assert play.log == (["after"] if number >= n else [])
    assert play.ended == "completed"
    assert play.path.count("over") == 1


def test_a_complex_gateway_is_ready_again_when_all_have_come():
    play = Play(
        """
        start begin
        xor again
        and split
        user a
        user b
        complex join activation='activationCount >= 1'
        user after
        xor more
        end over
        begin -> again -> split
        split -> a -> join
        split -> b -> join
        join -> after -> more
        more -> over *
        more -> again [round < 2]
        """
    ).start(round=1)
    play.done("a").done("b").done("after")
    assert sorted(play.open) == ["a", "b"]
    play.done("b")
    assert sorted(play.open) == ["a", "after"]
    play.done("after", round=2).done("a")
    assert play.ended == "completed"


def test_a_complex_gateway_may_ask_whether_it_waits_for_its_start():
    play = Play(
        """
        start begin
        and split
        user a
        user b
        complex join activation='activationCount >= 1'
        script first
        script reset
        begin -> split
        split -> a -> join
        split -> b -> join
        join -> first [waitingForStart]
        join -> reset [not(waitingForStart)]
        """
    ).start()
    play.done("a")
    assert play.log == ["first"]
    play.done("b")
    assert play.log == ["first", "reset"]
    assert play.ended == "completed"


def test_a_complex_gateway_that_can_never_be_activated_is_told():
    play = Play(COMPLEX.format(n=4)).start()
    play.done("a").done("b").done("c")
    assert play.stopped_at == ["join"]


@pytest.mark.parametrize("n", [1, 2])
def test_a_complex_gateway_looks_at_its_condition_as_each_token_comes_even_at_once(n):
    play = Play(
        f"""
        start begin
        and split
        script a
        script b
        complex join activation='activationCount = {n}'
        script after
        begin -> split
        split -> a -> join
        split -> b -> join
        join -> after
        """
    ).start()
    assert play.log.count("after") == 1
    assert play.ended == "completed"
