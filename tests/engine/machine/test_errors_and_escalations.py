"""What is thrown inside an instance, and who catches it."""

import pytest

from engine.testing.stage import Play


@pytest.mark.parametrize(
    ("code", "caught_by", "path"),
    [
        ("known", "named", ["begin", "work", "in", "fails", "named", "after"]),
        ("other", "any", ["begin", "work", "in", "fails", "any", "beyond"]),
    ],
)
def test_an_error_end_event_is_caught_at_the_border_by_code_before_the_open_one(code, caught_by, path):
    play = Play(
        f"""
        start begin
        sub work
          start in
          end fails error={code}
          in -> fails
        boundary any on=work error=
        boundary named on=work error=known
        end over
        end after
        end beyond
        begin -> work -> over
        named -> after
        any -> beyond
        """
    ).start()
    assert play.path == path
    assert play.ended == "completed"
    assert play.left("work") == ["cancelled"]
    assert play.left("fails") == ["completed"]


def test_an_error_from_a_script_is_caught_at_its_own_border_and_keeps_what_it_logged():
    play = Play(
        """
        start begin
        script work run="log('before'); throw_error('E', 'why')"
        boundary caught on=work error=E
        script after
        end over
        begin -> work -> over
        caught -> after -> over
        """
    ).start()
    assert play.log == ["before", "after"]
    assert play.left("work") == ["failed"]


def test_an_error_goes_outwards_through_sub_processes_and_takes_them_with_it():
    play = Play(
        """
        start begin
        sub outer
          start a
          sub inner
            start b
            user waits
            script fails run="throw_error('E')"
            and fork
            b -> fork
            fork -> waits
            fork -> fails
          a -> inner
        boundary caught on=outer error=E
        end over
        end after
        begin -> outer -> over
        caught -> after
        """
    ).start()
    assert play.ended == "completed"
    assert play.path[-2:] == ["caught", "after"]
    assert play.left("waits") == ["cancelled"]
    assert play.open == []


def test_an_error_event_sub_process_takes_the_place_of_the_scope_it_guards():
    play = Play(
        """
        start begin
        user waits
        script fails run="throw_error('E')"
        and fork
        guard on_error
          start caught error=E output=code:error.code
          script mends
          end mended
          caught -> mends -> mended
        end over
        begin -> fork
        fork -> waits
        fork -> fails -> over
        """
    ).start()
    assert play.left("waits") == ["cancelled"]
    assert play.path[-4:] == ["on_error", "caught", "mends", "mended"]
    assert play.ended == "completed"
    assert play["code"] == "E"


def test_an_event_sub_process_does_not_catch_its_own_error_but_the_border_outside_does():
    play = Play(
        """
        start begin
        sub work
          start in
          end fails error=E
          in -> fails
          guard on_error
            start caught error=
            end fails_again error=E
            caught -> fails_again
        boundary outside on=work error=E
        end after
        begin -> work
        outside -> after
        """
    ).start()
    assert play.path[-3:] == ["fails_again", "outside", "after"]


def test_an_error_of_a_called_process_is_caught_at_the_call():
    play = Play(
        """
        start begin
        call work calls=other
        boundary caught on=work error=E
        end over
        end after
        begin -> work -> over
        caught -> after
        """
    ).start()
    play.failed("work", "E")
    assert play.path[-1] == "after"


def test_an_error_that_nothing_catches_fails_the_instance():
    play = Play("start a\nend b error=E\na -> b").start()
    assert play.ended == "failed"


ESCALATION = """
start begin
sub work
  start in
  throw tells escalation=late
  script goes_on
  end out
  in -> tells -> goes_on -> out
boundary heard on=work escalation=late {beside}
script aside
end over
end after
begin -> work -> over
heard -> aside -> after
"""


def test_an_escalation_beside_the_work_lets_it_go_on():
    play = Play(ESCALATION.format(beside="beside")).start()
    assert sorted(play.log) == ["aside", "goes_on"]
    assert play.left("work") == ["completed"]
    assert sorted(play.path[-2:]) == ["after", "over"]


def test_an_escalation_that_interrupts_ends_the_work():
    play = Play(ESCALATION.format(beside="")).start()
    assert play.log == ["aside"]
    assert play.left("work") == ["cancelled"]
    assert play.left("tells") == ["completed"]
    assert "over" not in play.path


def test_an_escalation_end_event_is_heard_as_well():
    play = Play(
        """
        start begin
        sub work
          start in
          end tells escalation=late
          in -> tells
        boundary heard on=work escalation= beside
        end over
        end after
        begin -> work -> over
        heard -> after
        """
    ).start()
    assert sorted(play.path[-2:]) == ["after", "over"]


@pytest.mark.parametrize(("beside", "open_"), [("beside", ["waits"]), ("", [])])
def test_an_escalation_event_sub_process_goes_beside_its_scope_or_in_its_place(beside, open_):
    play = Play(
        f"""
        start begin
        and fork
        user waits
        throw tells escalation=late
        end over
        end told
        guard on_escalation
          start heard escalation=late {beside}
          script notes
          heard -> notes
        begin -> fork
        fork -> waits -> over
        fork -> tells -> told
        """
    ).start()
    assert play.log == ["notes"]
    assert play.open == open_
    assert play.ended == (None if open_ else "completed")


def test_an_escalation_that_nobody_hears_changes_nothing():
    play = Play("start a\nthrow b escalation=late\nend c\na -> b -> c").start()
    assert play.ended == "completed"


@pytest.mark.parametrize(("beside", "after"), [("beside", None), ("", "completed")])
def test_an_escalation_of_a_called_process_is_heard_at_the_call(beside, after):
    play = Play(
        f"""
        start begin
        call work calls=other
        boundary heard on=work escalation=late {beside}
        end over
        end told
        begin -> work -> over
        heard -> told
        """
    ).start()
    play.escalated("work", "late")
    assert play.path[-1] == "told"
    assert play.ended == after
