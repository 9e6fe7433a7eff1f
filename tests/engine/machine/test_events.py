"""Events that are waited for, at every place where BPMN lets them stand."""

import pytest

from engine.errors import DefinitionError
from engine.machine import stimuli
from engine.testing.stage import Play

# How each kind is drawn, and how it comes.
COMES = {
    "message=m": lambda play, element: play.tell("m"),
    "signal=s": lambda play, element: play.tell("s"),
    "timer=PT1H": lambda play, element: play.tick(element),
    "date=2026-03-03T09:00:00Z": lambda play, element: play.tick(element),
    "cycle=R3/PT1H": lambda play, element: play.tick(element),
    "when='ready = true'": lambda play, element: play.done("sets", ready=True),
}
# A person who writes a variable stands beside, for conditions to become true.
SETS = """
user sets
end set
sets -> set
"""


@pytest.mark.parametrize("kind", COMES)
def test_an_intermediate_event_lets_the_token_go_on_when_it_comes(kind):
    play = Play(
        f"""
        start begin
        and fork
        catch waits {kind}
        script after
        begin -> fork
        fork -> waits -> after
        fork -> sets
        {SETS.replace(chr(10), chr(10) + "        ")}
        """
    ).start(ready=False)
    assert play.log == []
    COMES[kind](play, "waits")
    assert play.log == ["after"]


@pytest.mark.parametrize("kind", COMES)
@pytest.mark.parametrize("beside", ["beside", ""])
@pytest.mark.parametrize("host", ["user", "sub", "call", "service", "receive"])
def test_a_boundary_event_interrupts_its_activity_or_goes_beside_it(kind, beside, host):
    inside = {
        "user": "user host",
        "sub": "sub host\n          start in\n          user inner\n          in -> inner",
        "call": "call host calls=other",
        "service": "service host service=a.b",
        "receive": "receive host message=other",
    }[host]
    play = Play(
        f"""
        start begin
        and fork
        {inside}
        boundary comes on=host {kind} {beside}
        script after
        begin -> fork
        fork -> host
        fork -> sets
        comes -> after
        {SETS.replace(chr(10), chr(10) + "        ")}
        """
    ).start(ready=False)
    COMES[kind](play, "comes")
    assert play.log == ["after"]
    assert play.left("host") == ([] if beside else ["cancelled"])


@pytest.mark.parametrize("kind", COMES)
@pytest.mark.parametrize("beside", ["beside", ""])
@pytest.mark.parametrize("place", ["process", "sub-process"])
def test_an_event_sub_process_begins_beside_its_scope_or_in_its_place(kind, beside, place):
    body = f"""
start begin
and fork
user waits
end over
guard when_it_comes
  start comes {kind} {beside}
  script after
  end handled
  comes -> after -> handled
begin -> fork
fork -> waits -> over
fork -> sets
{SETS}
"""
    if place == "sub-process":
        inner = "\n".join(f"  {line}" for line in body.splitlines())
        body = f"start first\nsub all\n{inner}\nend last\nfirst -> all -> last"
    play = Play(body).start(ready=False)
    COMES[kind](play, "comes")
    assert play.log == ["after"]
    assert ("waits" in play.open) == bool(beside)
    if beside:
        play.done("waits")
        if "sets" in play.open:
            play.done("sets")
    assert play.ended == "completed"
    assert play.awaited == []


def test_what_guards_a_scope_does_not_keep_it_alive():
    play = Play(
        """
        start begin
        end over
        guard ever
          start comes message=m
          end handled
          comes -> handled
        begin -> over
        """
    ).start()
    assert play.ended == "completed"
    assert play.awaited == []


def test_an_event_sub_process_beside_its_scope_begins_as_often_as_it_comes():
    play = Play(
        """
        start begin
        user waits
        end over
        guard each_time
          start comes message=m beside output=said:text
          script notes run="log(said)"
          comes -> notes
        begin -> waits -> over
        """
    ).start()
    play.tell("m", text="one")
    play.tell("m", text="two")
    assert play.log == ["one", "two"]
    play.done("waits")
    assert play.ended == "completed"


def test_a_scope_ends_only_when_what_was_begun_beside_it_has_ended():
    play = Play(
        """
        start begin
        user waits
        end over
        guard each_time
          start comes message=m beside
          user handles
          comes -> handles
        begin -> waits -> over
        """
    ).start()
    play.tell("m")
    play.done("waits")
    assert play.ended is None
    play.done("handles")
    assert play.ended == "completed"


def test_a_cycle_at_the_border_comes_as_often_as_it_says():
    play = Play(
        """
        start begin
        user waits
        boundary tick on=waits cycle=R2/PT1H beside
        script urges
        begin -> waits
        tick -> urges
        """
    ).start()
    play.tick("tick").tick("tick")
    assert play.log == ["urges", "urges"]
    assert play.awaited == []


def test_a_conditional_event_that_is_true_at_once_does_not_wait():
    play = Play("start a\ncatch b when='x > 1'\nend c\na -> b -> c").start(x=2)
    assert play.ended == "completed"


def test_a_conditional_event_beside_comes_again_only_after_it_was_false():
    play = Play(
        """
        start begin
        user again
        user waits
        and fork
        boundary high on=waits when="x > 1" beside
        script notes
        xor back
        begin -> fork
        fork -> waits
        fork -> back -> again -> back
        high -> notes
        """
    ).start(x=0)
    for x, times in ((2, 1), (3, 1), (0, 1), (5, 2)):
        play.done("again", x=x)
        assert play.log == ["notes"] * times


@pytest.mark.parametrize(
    ("all_", "comes", "done"),
    [("", ["m"], True), ("", ["s"], True), ("all", ["m"], False), ("all", ["s", "m"], True)],
)
@pytest.mark.parametrize("place", ["catch", "boundary", "guard"])
def test_an_event_with_several_triggers_comes_with_any_or_with_all(place, all_, comes, done):
    triggers = f"message=m signal=s timer=PT1H {all_}" if not all_ else f"message=m signal=s {all_}"
    drawn = {
        "catch": f"start a\ncatch b {triggers}\nscript c\na -> b -> c",
        "boundary": f"start a\nuser waits\nboundary b on=waits {triggers}\nscript c\na -> waits\nb -> c",
        "guard": f"start a\nuser waits\na -> waits\nguard g\n  start b {triggers}\n  script c\n  b -> c",
    }[place]
    play = Play(drawn).start()
    for name in comes:
        play.tell(name)
    assert play.log == (["c"] if done else [])
    assert play.ended == ("completed" if done else None)
    if done:
        assert play.awaited == []


def test_an_event_with_several_triggers_throws_all():
    play = Play("start a\nthrow b signal=s,t message=m\nend c\na -> b -> c").start()
    assert sorted(play.thrown) == ["m", "s", "t"]


def test_a_signal_reaches_every_branch_of_its_own_instance_at_once():
    play = Play(
        """
        start begin
        and fork
        catch one signal=s
        catch two signal=s
        throw tells signal=s
        script a
        script b
        begin -> fork
        fork -> tells
        fork -> one -> a
        fork -> two -> b
        """
    ).start()
    assert sorted(play.log) == ["a", "b"]
    assert play.ended == "completed"


def test_a_signal_end_event_interrupts_the_sub_process_that_listens_at_its_border():
    play = Play(
        """
        start begin
        and fork
        sub work
          start in
          user waits
          in -> waits
        boundary heard on=work signal=s
        end tells signal=s
        script after
        begin -> fork
        fork -> work
        fork -> tells
        heard -> after
        """
    ).start()
    assert play.log == ["after"]
    assert play.ended == "completed"


def test_a_signal_that_nobody_waits_for_yet_is_gone():
    play = Play("start a\nthrow b signal=s\ncatch c signal=s\nend d\na -> b -> c -> d").start()
    assert play.ended is None


def test_a_link_goes_on_where_its_name_is_caught():
    play = Play("start a\nthrow b link=l\ncatch c link=l\nscript d\na -> b\nc -> d").start()
    assert play.log == ["d"]
    assert play.ended == "completed"


def test_a_terminate_event_ends_its_scope_and_nothing_else():
    play = Play(
        """
        start begin
        sub work
          start in
          and fork
          user waits
          end stops terminate
          in -> fork
          fork -> waits
          fork -> stops
        script after
        begin -> work -> after
        """
    ).start()
    assert play.left("waits") == ["cancelled"]
    assert play.log == ["after"]


@pytest.mark.parametrize("all_", ["", "all"])
def test_an_event_gateway_may_begin_a_process_with_one_event_or_with_all(all_):
    play = Play(
        f"""
        event first begins {all_}
        catch a message=m
        catch b message=n
        script after_a
        script after_b
        first -> a -> after_a
        first -> b -> after_b
        """
    ).start("a")
    assert play.log == ["after_a"]
    assert play.ended == (None if all_ else "completed")
    if all_:
        play.tell("n")
        assert play.ended == "completed"


def test_a_receive_task_may_begin_a_process():
    play = Play("receive a message=m begins\nscript b\na -> b").start("a")
    assert play.log == ["b"]
    assert play.ended == "completed"


def test_a_receive_task_behind_an_event_gateway_is_an_event():
    play = Play(
        """
        start begin
        event first
        receive told message=m
        catch late timer=P1D
        script a
        script b
        begin -> first
        first -> told -> a
        first -> late -> b
        """
    ).start()
    play.tell("m")
    assert play.log == ["a"]
    assert play.awaited == []


def test_a_process_without_start_and_end_begins_at_what_nothing_leads_to():
    play = Play("script a\nscript b\nscript c\na -> b").start()
    assert sorted(play.log) == ["a", "b", "c"]
    assert play.ended == "completed"


@pytest.mark.parametrize("trigger", ["timer=PT1H", "when=x"])
def test_a_process_that_a_timer_or_a_condition_starts_can_be_begun_by_hand(trigger):
    play = Play(f"start a {trigger}\nscript b\na -> b").start()
    assert play.log == ["b"]


def test_a_process_that_only_a_message_starts_is_not_begun_without_one():
    with pytest.raises(DefinitionError):
        Play("start a message=m\nscript b\na -> b").start()


def test_a_start_event_that_takes_all_of_its_triggers_waits_for_the_others():
    play = Play("start a message=m signal=s all\nscript b run='log(x + y)'\na -> b")
    play.step(stimuli.Start(event="a", came=("message", "m"), variables={"x": "1"}))
    assert (play.log, play.awaited) == ([], ["a"])
    play.tell("s", y="2")
    assert play.log == ["12"]
    assert play.ended == "completed"
