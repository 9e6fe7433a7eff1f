"""What is done is undone, in reverse order."""

import pytest

from engine.errors import DefinitionError
from engine.machine import parse
from engine.testing.sketch import sketch
from engine.testing.stage import Play

BOOKED = """
script flight
boundary no_flight on=flight compensate= undone_by=cancel_flight
script cancel_flight undoes
script hotel
boundary no_hotel on=hotel compensate= undone_by=cancel_hotel
script cancel_hotel undoes
"""


def test_everything_that_was_done_is_undone_in_reverse_order_and_only_once():
    play = Play(
        f"""start begin
{BOOKED}
throw undo compensate=
throw again compensate=
script after
begin -> flight -> hotel -> undo -> again -> after
"""
    ).start()
    assert play.log == ["flight", "hotel", "cancel_hotel", "cancel_flight", "after"]
    assert play.ended == "completed"


def test_one_activity_can_be_undone_by_its_name():
    play = Play(
        f"start begin\n{BOOKED}\nend undo compensate=flight\nbegin -> flight -> hotel -> undo"
    ).start()
    assert play.log == ["flight", "hotel", "cancel_flight"]
    assert play.ended == "completed"


def test_what_was_not_done_is_not_undone():
    play = Play(
        f"""start begin
{BOOKED}
xor which
throw undo compensate=
end over
begin -> flight -> which
which -> undo *
which -> hotel [false]
hotel -> over
undo -> over
"""
    ).start()
    assert play.log == ["flight", "cancel_flight"]


def test_people_may_undo_and_the_event_waits_for_them():
    play = Play(
        """
        start begin
        script flight
        boundary no_flight on=flight compensate= undone_by=call_airline
        user call_airline undoes
        throw undo compensate=
        script after
        begin -> flight -> undo -> after
        """
    ).start()
    assert play.log == ["flight"]
    play.done("call_airline")
    assert play.log == ["flight", "after"]
    assert play.ended == "completed"


def test_a_finished_sub_process_is_undone_inside_with_the_variables_it_had():
    play = Play(
        """
        start begin
        sub booking input=seat:place
          start in
          script flight run="seat = seat + '!'; log(seat)"
          boundary no_flight on=flight compensate= undone_by=cancel_flight
          script cancel_flight undoes run="log('free ' + seat)"
          in -> flight
        throw undo compensate=booking
        begin -> booking -> undo
        """
    ).start(place="12A")
    assert play.log == ["12A!", "free 12A!"]
    assert play.ended == "completed"


def test_a_compensation_event_sub_process_says_how_its_scope_is_undone():
    play = Play(
        """
        start begin
        sub booking
          start in
          script flight
          boundary no_flight on=flight compensate= undone_by=cancel_flight
          script cancel_flight undoes
          in -> flight
          guard undoing
            start asked compensate=
            script first
            throw rest compensate=
            script last
            asked -> first -> rest -> last
        throw undo compensate=booking
        script after
        begin -> booking -> undo -> after
        """
    ).start()
    assert play.log == ["flight", "first", "cancel_flight", "last", "after"]
    assert play.ended == "completed"


def test_every_round_is_undone():
    play = Play(
        """
        start begin
        script flight sequential=3
        boundary no_flight on=flight compensate= undone_by=cancel_flight
        script cancel_flight undoes
        end undo compensate=
        begin -> flight -> undo
        """
    ).start()
    assert play.log == ["flight"] * 3 + ["cancel_flight"] * 3


def test_an_error_event_sub_process_can_undo_what_the_scope_has_done():
    play = Play(
        f"""start begin
{BOOKED}
script fails run="throw_error('E')"
guard on_error
  start caught error=E
  end undo compensate=
  caught -> undo
begin -> flight -> hotel -> fails
"""
    ).start()
    assert play.log == ["flight", "hotel", "cancel_hotel", "cancel_flight"]
    assert play.ended == "completed"


TRANSACTION = """
start begin
transaction booking
  start in
  and fork
  script flight
  boundary no_flight on=flight compensate= undone_by=cancel_flight
  script cancel_flight undoes
  user waits
  user decides
  xor which
  end gives_up cancel
  end booked
  in -> flight -> fork
  fork -> waits -> booked
  fork -> decides -> which
  which -> gives_up [stop]
  which -> booked *
boundary cancelled on=booking cancel
boundary broken on=booking error=
script regrets
script mourns
script thanks
begin -> booking -> thanks
cancelled -> regrets
broken -> mourns
"""


def test_a_cancelled_transaction_stops_undoes_and_leaves_by_its_cancel_event():
    play = Play(TRANSACTION).start()
    play.done("decides", stop=True)
    assert play.log == ["flight", "cancel_flight", "regrets"]
    assert play.left("waits") == ["cancelled"]
    assert play.left("booking") == ["cancelled"]
    assert play.ended == "completed"


def test_a_transaction_that_is_not_cancelled_is_a_sub_process():
    play = Play(TRANSACTION).start()
    play.done("decides", stop=False)
    play.done("waits")
    assert play.log == ["flight", "thanks"]


def test_a_transaction_that_breaks_leaves_without_undoing():
    play = Play(TRANSACTION.replace("which -> booked *", "which -> breaks *\n  end breaks error=E")).start()
    play.done("decides", stop=False)
    assert play.log == ["flight", "mourns"]


@pytest.mark.parametrize(
    "drawn",
    [
        "start a\nend b cancel\na -> b",
        "start a\nsub b\n  script c\nboundary d on=b cancel\na -> b",
        "start a\nscript b\nboundary c on=b compensate=\na -> b",
    ],
)
def test_what_has_no_meaning_is_refused(drawn):
    with pytest.raises(DefinitionError):
        parse("p.bpmn", sketch(drawn))


@pytest.mark.parametrize("place", ["throw", "end"])
def test_what_is_undone_beside_its_event_is_not_waited_for_there_but_by_its_scope(place):
    drawn = sketch(
        f"""
        start begin
        sub trip
          start in
          script flight
          boundary no_flight on=flight compensate= undone_by=call_airline
          user call_airline undoes
          {place} undo compensate=
          in -> flight -> undo
        script after
        begin -> trip -> after
        """
    ).replace(
        b"<compensateEventDefinition/></intermediate",
        b"<compensateEventDefinition waitForCompletion='false'/></intermediate",
    )
    drawn = drawn.replace(
        b"<compensateEventDefinition/></end", b"<compensateEventDefinition waitForCompletion='false'/></end"
    )
    play = Play(drawn).start()
    assert play.left("undo") == ["completed"]
    assert (play.log, play.open) == (["flight"], ["call_airline"])
    play.done("call_airline")
    assert play.log == ["flight", "after"]
    assert play.ended == "completed"


def test_what_is_undone_beside_does_not_hold_up_an_inclusive_join():
    drawn = sketch(
        """
        start begin
        script flight
        boundary no_flight on=flight compensate= undone_by=call_airline
        user call_airline undoes
        or parts
        throw undo compensate=
        task other
        or meets
        script after
        begin -> flight -> parts
        parts -> undo -> meets
        parts -> other -> meets
        meets -> after
        """
    ).replace(
        b"<compensateEventDefinition/></intermediate",
        b"<compensateEventDefinition waitForCompletion='0'/></intermediate",
    )
    play = Play(drawn).start()
    assert play.log == ["flight", "after"]
    assert play.ended is None
    assert play.done("call_airline").ended == "completed"
