"""Activities that are done several times."""

import pytest

from engine.errors import DefinitionError
from engine.machine import Budget, parse
from engine.testing.sketch import sketch
from engine.testing.stage import Play


def one(options, kind="script", extra=""):
    return f"start begin\n{kind} work {options}\nend over\nbegin -> work -> over\n{extra}"


def test_a_loop_goes_on_while_its_condition_holds_and_asks_after_each_round():
    play = Play(one("loop='n < 3' run='n = n + 1; log(str(n))'")).start(n=0)
    assert play.log == ["1", "2", "3"]
    assert play.ended == "completed"
    assert play.path == ["begin", "work", "work", "work", "over"]


@pytest.mark.parametrize(("before", "rounds"), [("before", 0), ("", 1)])
def test_a_loop_tested_before_may_have_no_round(before, rounds):
    play = Play(one(f"loop=false {before}")).start()
    assert len(play.log) == rounds
    assert play.ended == "completed"


def test_a_loop_ends_at_its_maximum():
    assert Play(one("loop=true maximum=4")).start().log == ["work"] * 4
    assert Play(one("loop= maximum=2")).start().log == ["work"] * 2


@pytest.mark.parametrize("kind", ["parallel", "sequential"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_multi_instance_has_as_many_rounds_as_its_number_says(kind, count):
    play = Play(one(f"{kind}=n run='log(str(loopCounter))'")).start(n=count)
    assert sorted(play.log) == [str(number) for number in range(1, count + 1)]
    assert play.ended == "completed"


@pytest.mark.parametrize("kind", ["parallel", "sequential"])
def test_a_multi_instance_over_a_collection_gives_each_round_its_item_and_collects_results(kind):
    drawn = one(f"{kind}= over='people person' results=done:made run='made = person + \"!\"'")
    play = Play(drawn).start(people=["ann", "bob", "cho"])
    assert play["done"] == ["ann!", "bob!", "cho!"]
    assert play["person"] is None


def test_sequential_rounds_wait_for_each_other_and_parallel_ones_do_not():
    play = Play(one("sequential=2", "user")).start()
    assert play.open == ["work"]
    play.done("work")
    assert play.open == ["work"]
    play.done("work")
    assert play.ended == "completed"
    assert Play(one("parallel=2", "user")).start().open == ["work", "work"]


@pytest.mark.parametrize("kind", ["parallel", "sequential"])
def test_a_completion_condition_ends_the_activity_and_withdraws_the_other_rounds(kind):
    play = Play(one(f"{kind}=5 until='numberOfCompletedInstances >= 2'", "user")).start()
    play.done("work")
    assert play.ended is None
    play.done("work")
    assert play.ended == "completed"
    assert play.open == []
    assert play.left("work").count("completed") == 2


def test_the_decisions_of_several_signers_are_kept_one_by_one():
    play = Play(one("parallel= over='people person'", "user")).start(people=["ann", "bob"])
    play.done("work", "approved", by="ann")
    play.done("work", "rejected", by="bob")
    decision = play["decisions"]["work"]
    assert decision["outcome"] == "rejected"
    assert [(made["by"], made["outcome"]) for made in decision["list"]] == [
        ("ann", "approved"),
        ("bob", "rejected"),
    ]


@pytest.mark.parametrize("kind", ["loop", "parallel", "sequential"])
def test_a_sub_process_in_rounds_has_variables_of_its_own_in_each(kind):
    rounds = "loop='loopCounter < 3'" if kind == "loop" else f"{kind}=3"
    play = Play(
        f"""
        start begin
        sub work {rounds} input=mine:loopCounter
          start in
          script says run="log(str(mine)); mine = 0"
          end out
          in -> says -> out
        end over
        begin -> work -> over
        """
    ).start()
    assert sorted(play.log) == ["1", "2", "3"]
    assert play["mine"] is None
    assert play.ended == "completed"


def test_an_event_at_the_border_watches_all_rounds_together():
    play = Play(
        one("parallel=3", "user", "boundary late on=work timer=PT1H\nscript after\nlate -> after")
    ).start()
    play.tick("late")
    assert play.open == []
    assert play.left("work") == ["cancelled"] * 3
    assert play.log == ["after"]
    assert play.ended == "completed"


def test_an_error_in_one_round_ends_them_all_at_the_border():
    play = Play(
        """
        start begin
        sub work parallel=3
          start in
          xor which
          user waits
          end fails error=E
          in -> which
          which -> fails [loopCounter = 2]
          which -> waits *
        boundary caught on=work error=E
        script after
        begin -> work
        caught -> after
        """
    ).start()
    assert play.log == ["after"]
    assert play.open == []
    assert play.ended == "completed"


@pytest.mark.parametrize("kind", ["service service=a.b", "call calls=other", "receive message=m"])
def test_every_kind_of_activity_can_have_rounds(kind):
    tag, option = kind.split()
    play = Play(one(f"sequential=2 {option}", tag)).start()
    for _round in range(2):
        if tag == "receive":
            play.tell("m")
        elif tag == "call":
            play.returned("work")
        else:
            play.served("work")
    assert play.ended == "completed"


@pytest.mark.parametrize("count", [-3, 1.5, "many", None])
def test_a_number_of_rounds_that_is_none_stops_at_the_activity_until_it_is_corrected(count):
    play = Play(one("parallel=n")).start(n=count)
    assert play.stopped_at == ["work"]
    play.retry("work", n=2)
    assert play.log == ["work", "work"]
    assert play.ended == "completed"


def test_more_rounds_than_the_budget_allows_stop_with_an_incident():
    play = Play(one("parallel=n"), budget=Budget(loop_count=10)).start(n=11)
    assert play.stopped_at == ["work"]


def test_a_completion_condition_that_cannot_be_told_stops_after_the_round_and_goes_on_corrected():
    play = Play(one("sequential=3 until='enough'", "user")).start()
    play.done("work")
    assert play.stopped_at == ["work"]
    play.retry("work", enough=False)
    play.done("work", enough=True)
    assert play.ended == "completed"


def several(behaviour, events=""):
    """A multi-instance that throws a signal when rounds end, caught at its border."""
    text = sketch(
        one("sequential=3", extra="boundary heard on=work signal=s beside\nscript after\nheard -> after")
    ).decode()
    text = text.replace("<process ", '<signalEventDefinition id="thrown" signalRef="signal_s"/><process ', 1)
    text = text.replace('isSequential="true">', f'isSequential="true" {behaviour}>', 1)
    return text.replace(
        "</multiInstanceLoopCharacteristics>", f"{events}</multiInstanceLoopCharacteristics>"
    ).encode()


@pytest.mark.parametrize(
    ("behaviour", "events", "times"),
    [
        ('behavior="All"', "", 0),
        ('behavior="One" oneBehaviorEventRef="thrown"', "", 1),
        ('behavior="None" noneBehaviorEventRef="thrown"', "", 3),
        (
            'behavior="Complex"',
            '<complexBehaviorDefinition id="c"><condition>numberOfCompletedInstances = 2</condition>'
            "<event><eventDefinitionRef>thrown</eventDefinitionRef></event></complexBehaviorDefinition>",
            1,
        ),
        (
            'behavior="Complex"',
            '<complexBehaviorDefinition id="c"><condition>numberOfCompletedInstances &gt; 1</condition>'
            '<event id="e"><signalEventDefinition signalRef="signal_s"/></event></complexBehaviorDefinition>',
            2,
        ),
        # What is thrown without a name nobody hears.
        ('behavior="None"', "", 0),
        ('behavior="One"', "", 0),
    ],
)
def test_a_multi_instance_throws_what_it_is_drawn_to_throw_when_rounds_end(behaviour, events, times):
    play = Play(several(behaviour, events)).start()
    assert play.log.count("after") == times
    assert play.log.count("work") == 3
    assert play.ended == "completed"


@pytest.mark.parametrize(
    "options",
    ["parallel=-1", "sequential=-5", "loop=true maximum=0", "loop=true maximum=-1", "loop=", "parallel="],
)
def test_rounds_that_cannot_be_are_refused_when_the_drawing_is_deployed(options):
    with pytest.raises(DefinitionError) as refused:
        parse("p.bpmn", sketch(one(options)))
    assert [problem.path for problem in refused.value.problems] == ["p.bpmn#work"]


@pytest.mark.parametrize("options", ["startQuantity=0", "completionQuantity=-1", "startQuantity=x"])
def test_quantities_that_cannot_be_are_refused(options):
    with pytest.raises(DefinitionError):
        parse("p.bpmn", sketch(one(options)))


def test_a_start_quantity_waits_for_so_many_tokens_and_a_completion_quantity_sends_so_many():
    play = Play(
        """
        start begin
        script many completionQuantity=3
        script once startQuantity=3
        end over
        begin -> many -> once -> over
        """
    ).start()
    assert play.log == ["many", "once"]
    assert play.path.count("over") == 1
    assert play.ended == "completed"


def test_tokens_that_can_never_be_enough_are_told():
    play = Play("start a\nscript b startQuantity=2\nend c\na -> b -> c").start()
    assert play.stopped_at == ["b"]
