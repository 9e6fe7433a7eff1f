"""Constructs within constructs, and beside each other: events, compensation, transactions, quantities."""

from __future__ import annotations

import pytest

from engine.errors import DefinitionError
from engine.machine import effects
from engine.testing.stage import Play

# -- events within events ---------------------------------------------------------------------------------


def test_one_signal_reaches_a_border_a_guard_and_an_intermediate_event_at_once():
    play = Play(
        """
        start begin
        and parts
        user work
        boundary edge on=work signal=s
        script at_edge
        catch waits signal=s
        script at_wait
        user thrower
        throw calls signal=s
        guard beside_all
          start heard signal=s beside
          script at_guard
          heard -> at_guard
        begin -> parts
        parts -> work
        parts -> waits -> at_wait
        parts -> thrower -> calls
        edge -> at_edge
        """
    ).start()
    play.done("thrower")
    assert sorted(play.log) == ["at_edge", "at_guard", "at_wait"]
    assert play.left("work") == ["cancelled"]
    assert play.ended == "completed"


def test_an_escalation_goes_on_only_from_the_level_that_throws_it_anew():
    play = Play(
        """
        start begin
        sub outer
          start out_in
          sub inner
            start in
            throw tells escalation=x
            user goes_on
            in -> tells -> goes_on
          boundary near on=inner escalation=x beside
          throw again escalation=x
          script never
          out_in -> inner
          near -> again -> never
        boundary far on=outer escalation=x
        script helped
        begin -> outer
        far -> helped
        """
    ).start()
    assert play.log == ["helped"]
    assert (play.left("goes_on"), play.left("again")) == (["cancelled"], ["completed"])
    assert play.ended == "completed"


def test_terminate_in_an_event_sub_process_ends_it_alone():
    play = Play(
        """
        start begin
        user work
        guard help
          start asked message=m beside
          user a
          user b
          end over terminate
          asked -> a -> over
          asked -> b
        begin -> work
        """
    ).start()
    play.tell("m").done("a")
    assert play.left("b") == ["cancelled"]
    assert play.open == ["work"]
    assert play.done("work").ended == "completed"


def test_an_event_sub_process_may_have_one_itself():
    play = Play(
        """
        start begin
        user work
        guard help
          start asked message=m beside
          user act
          guard urgent
            start hurried message=n
            script hurry
            hurried -> hurry
          asked -> act
        begin -> work
        """
    ).start()
    play.tell("m").tell("n")
    assert play.log == ["hurry"]
    assert play.left("act") == ["cancelled"]
    assert play.open == ["work"]


def test_the_first_of_two_errors_in_parallel_counts_and_the_other_branch_is_cancelled():
    play = Play(
        """
        start begin
        sub work
          start in
          service a service=s.a
          service b service=s.b
          in -> a
          in -> b
        boundary ea on=work error=A
        boundary eb on=work error=B
        script from_a
        script from_b
        begin -> work
        ea -> from_a
        eb -> from_b
        """
    ).start()
    play.failed("b", "B")
    assert play.log == ["from_b"]
    assert (play.left("a"), play.left("b")) == (["cancelled"], ["failed"])
    assert play.waiting(effects.CallService) == []
    assert play.ended == "completed"


def test_the_guard_of_a_process_catches_the_error_that_its_main_flow_ends_with():
    play = Play(
        """
        start begin
        user work
        guard help
          start failed error=E
          script helped
          failed -> helped
        end wrong error=E
        begin -> work -> wrong
        """
    ).start()
    play.done("work")
    assert play.log == ["helped"]
    assert play.ended == "completed"


def test_a_process_of_guards_alone_has_nothing_to_do():
    play = Play(
        """
        guard help
          start asked message=m
          script helped
          asked -> helped
        """
    ).start()
    assert play.ended == "completed"
    assert play.waiting(effects.Await) == []


def test_an_end_event_with_several_triggers_undoes_before_it_fails():
    play = Play(
        """
        start begin
        sub work
          start in
          task book
          boundary undoable on=book compensate undone_by=unbook
          user unbook undoes
          end wrong error=E compensate
          in -> book -> wrong
        boundary caught on=work error=E
        script helped
        begin -> work
        caught -> helped
        """
    ).start()
    assert (play.log, play.open) == ([], ["unbook"])
    play.done("unbook")
    assert play.log == ["helped"]


# -- compensation and transactions within others -----------------------------------------------------------


def test_rounds_of_nested_sub_processes_are_undone_from_the_last_to_the_first():
    play = Play(
        """
        start begin
        sub rounds sequential over="items item"
          start in
          sub inner
            start inner_in
            task book
            boundary undoable on=book compensate undone_by=unbook
            script unbook undoes run="log(item)"
            inner_in -> book
          in -> inner
        throw back compensate
        begin -> rounds -> back
        """
    ).start(items=["a", "b", "c"])
    assert play.log == ["c", "b", "a"]
    assert play.ended == "completed"


def test_the_way_from_an_error_at_a_border_may_undo_what_was_done_before():
    play = Play(
        """
        start begin
        task book
        boundary undoable on=book compensate undone_by=unbook
        script unbook undoes
        service pay service=s.pay
        boundary refused on=pay error=E
        throw back compensate
        script told
        begin -> book -> pay
        refused -> back -> told
        """
    ).start()
    play.failed("pay", "E")
    assert play.log == ["unbook", "told"]
    assert play.ended == "completed"


def test_a_cancel_end_within_a_sub_process_of_a_transaction_undoes_the_whole_transaction():
    play = Play(
        """
        start begin
        transaction deal
          start in
          task book
          boundary undoable on=book compensate undone_by=unbook
          script unbook undoes
          sub inner
            start inner_in
            task pay
            boundary payable on=pay compensate undone_by=repay
            script repay undoes
            user other
            end giving_up cancel
            inner_in -> other
            inner_in -> pay -> giving_up
          in -> book -> inner
        boundary cancelled on=deal cancel
        script told
        begin -> deal
        cancelled -> told
        """
    ).start()
    assert play.log == ["repay", "unbook", "told"]
    assert (play.left("other"), play.left("inner"), play.left("deal")) == (["cancelled"],) * 3
    assert play.ended == "completed"


# -- quantities and defaults ------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", ["", "parallel=2", "sequential=2"])
def test_quantities_count_the_whole_activity_whatever_it_is(rounds):
    play = Play(
        f"""
        start begin
        and parts
        xor merge
        sub work {rounds} startQuantity=2 completionQuantity=2
          start in
          script inside
          in -> inside
        script after
        begin -> parts
        parts -> merge
        parts -> merge
        merge -> work -> after
        """
    ).start()
    assert play.log == ["inside"] * (2 if rounds else 1) + ["after"] * 2
    assert play.ended == "completed"


@pytest.mark.parametrize(("x", "told"), [(1, ["a"]), (2, ["a", "b"]), (3, ["c"])])
def test_an_activity_takes_its_default_flow_where_no_condition_is_true(x, told):
    play = Play(
        """
        start begin
        task work
        script a
        script b
        script c
        begin -> work
        work -> a [x < 3]
        work -> b [x = 2]
        work -> c *
        """
    ).start(x=x)
    assert play.log == told


def test_a_guard_that_an_error_begins_always_interrupts():
    with pytest.raises(DefinitionError) as caught:
        Play(
            """
            start begin
            guard help
              start failed error=E beside
              task helped
              failed -> helped
            """
        )
    assert [problem.path for problem in caught.value.problems] == ["p.bpmn#help"]
