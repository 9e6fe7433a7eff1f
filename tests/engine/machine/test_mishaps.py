"""What goes wrong at an element stays at that element: it can be tried again, and nothing is done twice."""

from __future__ import annotations

import pytest

from engine.machine import Budget, NotWaiting, effects, stimuli
from engine.testing.stage import Play


def test_what_stops_behind_rounds_stops_at_the_activity_and_not_in_its_last_round():
    play = Play(
        """
        start begin
        user sign parallel=2
        end small
        end large
        begin -> sign
        sign -> small [amount < 3]
        sign -> large [amount >= 3]
        """
    ).start()
    play.done("sign").done("sign")
    assert play.left("sign") == ["completed", "completed"]
    assert play.ended is None
    play.retry("sign", amount=7)
    assert play.path[-1] == "large"
    assert play.ended == "completed"


def test_what_could_not_be_left_at_first_is_undone_once():
    play = Play(
        """
        start begin
        task book
        boundary undoable on=book compensate undone_by=unbook
        script unbook undoes
        throw back compensate
        begin -> book
        book -> back [ready]
        """
    ).start()
    assert play.stopped_at == ["book"]
    play.retry("book", ready=None).retry("book", ready=True)
    assert play.log == ["unbook"]
    assert play.ended == "completed"


def test_a_sub_process_whose_end_fails_twice_does_not_begin_anew():
    play = Play(
        """
        start begin
        sub work
          start in
          script once
          in -> once
        end out
        begin -> work
        work -> out [ready]
        """
    ).start()
    play.retry("work", ready=None).retry("work", ready=True)
    assert play.log == ["once"]
    assert play.ended == "completed"


def test_a_timer_that_cannot_be_read_stops_itself_and_not_what_it_watches():
    play = Play(
        """
        start begin
        user work
        boundary late on=work timer=span
        end done
        end missed
        begin -> work -> done
        late -> missed
        """
    ).start(span="soon")
    assert play.stopped_at == ["late"]
    assert play.open == ["work"]
    play.retry("late", span="PT1H")
    assert [one.element for one in play.waiting(effects.SetTimer)] == ["late"]
    assert len(play.waiting(effects.OpenUserTask)) == 1
    play.tick("late")
    assert play.path[-1] == "missed"
    assert play.left("work") == ["cancelled"]


def test_an_event_gateway_whose_timer_is_wrong_waits_for_each_event_once_when_it_is_corrected():
    play = Play(
        """
        start begin
        event first
        catch told message=m
        catch late timer=span
        begin -> first
        first -> told
        first -> late
        """
    ).start(span="soon")
    assert play.stopped_at == ["first"]
    play.retry("first", span="PT1H")
    assert [one.element for one in play.waiting(effects.Await)] == ["told"]
    play.tell("m")
    assert play.ended == "completed"


def test_rounds_may_bring_numbers_across_saved_steps():
    play = Play(
        """
        start begin
        user count sequential over="items item" results=counts:n
        begin -> count
        """
    ).start(items=["a", "b"])
    play.done("count", n=3).done("count", n=4)
    assert play["counts"] == [3, 4]


def test_parts_of_an_event_may_bring_numbers_across_saved_steps():
    play = Play(
        """
        start begin
        catch both message=a,b all output=x:x;y:y
        begin -> both
        """
    ).start()
    play.tell("a", x=1).tell("b", y=2)
    assert (play["x"], play["y"]) == (1, 2)


@pytest.mark.parametrize("split", ["and", "or"])
def test_too_many_tokens_stop_where_they_are_and_none_is_lost(split):
    play = Play(
        f"""
        start begin
        {split} parts
        user a
        user b
        user c
        begin -> parts
        parts -> a
        parts -> b
        parts -> c
        """,
        budget=Budget(token_count=2),
    ).start()
    assert play.open == ["a", "b"]
    assert play.stopped_at == ["c"]
    play.retry("c").done("a").done("b").done("c")
    assert play.ended == "completed"


def test_joins_that_wait_for_each_other_are_told():
    play = Play(
        """
        start begin
        and parts
        and one
        and two
        end out
        begin -> parts
        parts -> one
        parts -> two
        one -> two
        two -> one
        two -> out
        """
    ).start()
    assert play.stopped_at
    assert play.ended is None


def test_an_operator_who_tries_a_join_again_does_not_make_the_missing_branch_come():
    play = Play(
        """
        start begin
        xor which
        and all
        end out
        begin -> which
        which -> all [true]
        which -> all *
        all -> out
        """
    ).start()
    play.retry("all")
    assert play.stopped_at == ["all", "all"]
    assert play.ended is None


def test_an_end_is_not_cancelled_and_a_process_is_begun_once():
    play = Play("start begin\nend out\nbegin -> out").start()
    assert play.ended == "completed"
    with pytest.raises(NotWaiting):
        play.step(stimuli.Cancel())
    with pytest.raises(NotWaiting):
        play.start()


def test_an_error_from_the_script_behind_a_sub_process_is_caught_at_its_border():
    content = Play(
        """
        start begin
        sub work
          task inside
        boundary caught on=work error=E
        script helped
        begin -> work
        caught -> helped
        """
    )
    content.spec.node("work").settings = _after("throw_error('E', 'no')")
    content.start()
    assert content.log == ["helped"]
    assert content.left("work") == ["failed"]
    assert content.ended == "completed"


def _after(script):
    from engine.machine.spec import Settings

    return Settings(after=script)


def test_a_script_behind_an_activity_is_run_once_though_leaving_fails():
    play = Play(
        """
        start begin
        task work
        end out
        begin -> work
        work -> out [ready]
        """
    )
    play.spec.node("work").settings = _after("log('after')")
    play.start().retry("work", ready=True)
    assert play.log == ["after"]
    assert play.ended == "completed"


def test_an_event_sub_process_that_fails_at_its_beginning_begins_when_it_is_tried_again():
    play = Play(
        """
        start begin
        user work
        guard help
          start told message=m output=got:x
          user act
          told -> act
        begin -> work
        """,
        budget=Budget(token_count=4),
    ).start()
    play.tell("m", x=5)
    assert play.stopped_at == []
    assert (play.open, play["got"]) == (["act"], 5)


def test_a_message_is_not_lost_where_what_it_brings_cannot_be_taken_over_at_once():
    play = Play(
        """
        start begin
        catch told message=m output=got:x
        begin -> told
        """,
        budget=Budget(value_bytes=10),
    ).start()
    play.tell("m", x="much too long for this")
    assert play.stopped_at == ["told"]
    play.environment = play.run.environment = Play("start a", budget=Budget()).environment
    play.retry("told")
    assert play["got"] == "much too long for this"
    assert play.ended == "completed"


def test_a_send_task_is_an_activity_with_rounds_borders_and_compensation():
    play = Play(
        """
        start begin
        send tell message=m parallel=2
        boundary undoable on=tell compensate undone_by=sorry
        send sorry message=n undoes
        throw back compensate
        begin -> tell -> back
        """
    ).start()
    assert play.thrown == ["m", "m", "n", "n"]
    assert play.left("tell") == ["completed", "completed"]
    assert play.ended == "completed"
