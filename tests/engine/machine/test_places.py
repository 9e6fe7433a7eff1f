"""Every kind of activity, and every event where it begins a process or is thrown: the trace."""

import pytest

from engine.machine import effects, stimuli
from engine.testing.stage import Play

# How each kind of activity is drawn, and how its work is done.
ACTIVITIES = {
    "task work": lambda play: play,
    "script work": lambda play: play,
    "user work": lambda play: play.done("work"),
    "service work service=a.b": lambda play: play.served("work"),
    "send work message=m": lambda play: play,
    "receive work message=m": lambda play: play.tell("m"),
    "call work calls=other": lambda play: play.returned("work"),
    "sub work\n  user inner": lambda play: play.done("inner"),
    "transaction work\n  user inner": lambda play: play.done("inner"),
    "adhoc work\n  user inner": lambda play: play.done("inner"),
    "adhoc work ordering=Sequential\n  user inner": lambda play: play.done("inner"),
}


@pytest.mark.parametrize("drawn", ACTIVITIES)
@pytest.mark.parametrize("rounds", ["", "loop= maximum=2", "parallel=2", "sequential=2"])
def test_every_activity_is_entered_done_and_left_once_or_in_rounds(drawn, rounds):
    head, newline, inside = drawn.partition("\n")
    play = Play(f"start begin\n{head} {rounds}{newline}{inside}\nend over\nbegin -> work -> over").start()
    times = 2 if rounds else 1
    # One message reaches all rounds that wait for it at once.
    for _round in range(times):
        if play.ended is None:
            ACTIVITIES[drawn](play)
    steps = [element for element in play.path if element != "inner"]
    assert steps == ["begin", *["work"] * times, "over"]
    assert play.left("work") == ["completed"] * times
    assert play.ended == "completed"


@pytest.mark.parametrize("place", ["throw", "end"])
@pytest.mark.parametrize(
    ("kind", "thrown"),
    [
        ("", []),
        ("message=m", ["m"]),
        ("signal=s", ["s"]),
        ("escalation=x", []),
        ("compensate", []),
        ("message=m signal=s escalation=x compensate", ["m", "s"]),
    ],
)
def test_what_an_event_throws_leaves_the_process_and_the_token_goes_on_or_ends(place, kind, thrown):
    behind = "script after\nbegin -> work -> event -> after" if place == "throw" else "begin -> work -> event"
    play = Play(
        f"""
start begin
script work
boundary undoable on=work compensate undone_by=undo
script undo undoes
{place} event {kind}
{behind}
"""
    ).start()
    undone = ["undo"] if "compensate" in kind else []
    assert play.log == ["work", *undone, *(["after"] if place == "throw" else [])]
    assert play.thrown == thrown
    escalated = [one.code for one in play.asked if isinstance(one, effects.Escalate)]
    assert escalated == (["x"] if "escalation" in kind else [])
    assert play.left("event") == ["completed"]
    assert play.ended == "completed"


@pytest.mark.parametrize(
    ("kind", "ended"), [("", None), ("terminate", "completed"), ("error=E", "failed"), ("signal=s", None)]
)
def test_an_end_event_ends_its_token_its_scope_or_the_process_in_failure(kind, ended):
    play = Play(f"start a\nuser beside\nend over {kind}\na -> beside\na -> over").start()
    assert play.ended == ended
    assert play.left("beside") == ([] if ended is None else ["cancelled"])


@pytest.mark.parametrize(
    ("kind", "came"),
    [
        ("", None),
        ("message=m", ("message", "m")),
        ("signal=s", ("signal", "s")),
        ("timer=PT1H", ("timer", None)),
        ("date=2026-03-03T09:00:00Z", ("timer", None)),
        ("cycle=R3/PT1H", ("timer", None)),
        ("when=ready", ("conditional", None)),
        ("message=m signal=s", ("signal", "s")),
        ("message=m timer=PT1H", ("timer", None)),
    ],
)
def test_a_process_begins_at_the_start_event_that_came_and_at_no_other(kind, came):
    play = Play(f"start plain\nscript a\nplain -> a\nstart event {kind}\nscript b\nevent -> b")
    play.step(stimuli.Start(event="event", came=came))
    assert play.path == ["event", "b"]
    assert play.ended == "completed"
