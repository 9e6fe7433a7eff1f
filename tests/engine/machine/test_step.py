from datetime import UTC, datetime, timedelta

import pytest

from engine.errors import DefinitionError
from engine.machine import Budget, Environment, NotWaiting, Run, dump, effects, load, parse, step, stimuli
from engine.testing.drawing import drawing, end, gateway, start, task
from engine.testing.stage import Play

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class Playing:
    """One instance, saved and loaded between all its steps."""

    def __init__(self, xml: bytes, **options):
        self.spec = next(iter(parse("p.bpmn", xml).processes.values()))
        self.environment = Environment(now=NOW, **options)
        self.run = Run(self.spec, self.environment)
        self.all = []

    def step(self, stimulus):
        asked = step(self.run, stimulus)
        self.all += asked
        self.run = load(self.spec, dump(self.run), self.environment)
        return asked

    def start(self, **variables):
        return self.step(stimuli.Start(variables=variables))

    def waits(self, kind):
        stopped = {asked.visit for asked in self.all if isinstance(asked, effects.StopWaiting)}
        done = {asked.visit for asked in self.all if isinstance(asked, effects.Left)}
        return {
            asked.element: asked.visit
            for asked in self.all
            if isinstance(asked, kind) and asked.visit not in stopped | done
        }

    def done(self, element, outcome="done", **variables):
        return self.step(
            stimuli.TaskDone(
                visit=self.waits(effects.OpenUserTask)[element],
                outcome=outcome,
                by="ann",
                at="2026-03-02T01:00:00Z",
                variables=variables,
            )
        )

    @property
    def path(self):
        return [asked.element for asked in self.all if isinstance(asked, effects.Entered)]

    @property
    def ended(self):
        return next((asked for asked in self.all if isinstance(asked, effects.End)), None)


def test_a_user_task_waits_and_the_process_goes_on_when_it_is_done():
    play = Playing(drawing(f"{start()}\n{task('ask')}\n{end()}\nbegin -> ask\nask -> over"))
    play.start()
    assert play.path == ["begin", "ask"]
    assert play.ended is None
    play.done("ask")
    assert play.path == ["begin", "ask", "over"]
    assert (play.ended.state, play.ended.element) == ("completed", "over")


def test_a_decision_is_kept_and_a_gateway_reads_it():
    xml = drawing(
        f"""{start()}
        {task("head")}
        {gateway("which")}
        {end("yes")}
        {end("no")}
        begin -> head
        head -> which
        which -> yes [decisions.head.outcome = "approved"]
        which -> no *"""
    )
    for outcome, element in (("approved", "yes"), ("rejected", "no")):
        play = Playing(xml)
        play.start()
        play.done("head", outcome)
        assert play.ended.element == element


def test_what_a_person_writes_becomes_variables_that_later_conditions_see():
    xml = drawing(
        f"""{start()}
        {task("ask")}
        {gateway("which")}
        {end("many")}
        {end("few")}
        begin -> ask
        ask -> which
        which -> many [days > 3]
        which -> few *"""
    )
    play = Playing(xml)
    play.start(days=1)
    play.done("ask", days=5)
    assert play.ended.element == "many"


def test_a_parallel_join_waits_for_every_branch_and_passes_once():
    xml = drawing(
        f"""{start()}
        {gateway("fork", "parallelGateway")}
        {task("a")}
        {task("b")}
        {gateway("join", "parallelGateway")}
        {end()}
        begin -> fork
        fork -> a
        fork -> b
        a -> join
        b -> join
        join -> over"""
    )
    play = Playing(xml)
    play.start()
    assert sorted(play.waits(effects.OpenUserTask)) == ["a", "b"]
    play.done("a")
    assert play.ended is None
    play.done("b")
    assert play.path.count("join") == 1
    assert play.ended.state == "completed"


def test_a_task_that_is_done_cannot_be_done_again():
    play = Playing(drawing(f"{start()}\n{task('a')}\n{task('b')}\n{end()}\nbegin -> a\na -> b\nb -> over"))
    play.start()
    visit = play.waits(effects.OpenUserTask)["a"]
    again = stimuli.TaskDone(visit=visit, outcome="done", by="ann", at="2026-03-02T01:00:00Z")
    play.step(again)
    with pytest.raises(NotWaiting):
        play.step(again)


BOUNDARY = """<bpmn:boundaryEvent id="late" attachedToRef="a" cancelActivity="{interrupting}">
  <bpmn:timerEventDefinition><bpmn:timeDuration>PT4H</bpmn:timeDuration></bpmn:timerEventDefinition>
</bpmn:boundaryEvent>"""


def boundary(interrupting):
    event = " ".join(BOUNDARY.format(interrupting=interrupting).split())
    return drawing(
        f"""{start()}
        {task("a")}
        {event}
        {end()}
        {end("urged")}
        begin -> a
        a -> over
        late -> urged"""
    )


def test_a_timer_at_the_border_goes_beside_the_task_and_leaves_it_open():
    play = Playing(boundary("false"))
    play.start()
    timer = next(asked for asked in play.all if isinstance(asked, effects.SetTimer))
    assert timer.due_at == NOW + timedelta(hours=4)
    play.step(stimuli.TimerFired(visit=timer.visit))
    assert "urged" in play.path
    assert play.ended is None
    play.done("a")
    assert play.ended.element == "over"


def test_a_timer_at_the_border_that_interrupts_withdraws_the_task():
    play = Playing(boundary("true"))
    play.start()
    timer = next(asked for asked in play.all if isinstance(asked, effects.SetTimer))
    play.step(stimuli.TimerFired(visit=timer.visit))
    assert play.waits(effects.OpenUserTask) == {}
    assert play.ended.element == "urged"


def test_finishing_the_task_withdraws_what_waits_at_its_border():
    play = Playing(boundary("false"))
    play.start()
    play.done("a")
    timer = next(asked for asked in play.all if isinstance(asked, effects.SetTimer))
    assert any(isinstance(asked, effects.StopWaiting) and asked.visit == timer.visit for asked in play.all)


def test_the_first_event_behind_an_event_gateway_withdraws_the_others():
    xml = drawing(
        f"""{start()}
        {gateway("first", "eventBasedGateway")}
        <bpmn:intermediateCatchEvent id="told">
        <bpmn:extensionElements>
        <callwright:correlation key="phone"/>
        <callwright:output name="rating" source="rating"/>
        </bpmn:extensionElements>
        <bpmn:messageEventDefinition messageRef="m"/>
        </bpmn:intermediateCatchEvent>
        <bpmn:intermediateCatchEvent id="waited">
        <bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition>
        </bpmn:intermediateCatchEvent>
        {end("rated")}
        {end("unrated")}
        begin -> first
        first -> told
        first -> waited
        told -> rated
        waited -> unrated""",
        roots='<bpmn:message id="m" name="rating"/>',
    )
    play = Playing(xml)
    play.start(phone="+85251230001")
    asked = next(asked for asked in play.all if isinstance(asked, effects.Await))
    assert (asked.name, asked.correlation) == ("rating", "+85251230001")
    play.step(stimuli.Arrived(visit=asked.visit, payload={"rating": 5}))
    assert play.ended.element == "rated"
    assert play.waits(effects.SetTimer) == {}
    writes = [(asked.name, asked.text) for asked in play.all if isinstance(asked, effects.Wrote)]
    assert ("rating", "5") in writes


SERVICE = """<callwright:service name="x.y"/>
<callwright:input name="n" source="n + 1"/>
<callwright:output name="made" source="id"/>"""


def service():
    return drawing(
        f"""{start()}
        {task("call", "serviceTask", inside=SERVICE)}
        <bpmn:boundaryEvent id="oops" attachedToRef="call">
        <bpmn:errorEventDefinition errorRef="e"/>
        </bpmn:boundaryEvent>
        {end()}
        {end("caught")}
        begin -> call
        call -> over
        oops -> caught""",
        roots='<bpmn:error id="e" errorCode="no_stock"/>',
    )


def test_a_service_task_gets_its_inputs_and_hands_its_outputs_over():
    play = Playing(service())
    play.start(n=1)
    call = next(asked for asked in play.all if isinstance(asked, effects.CallService))
    assert (call.name, call.inputs) == ("x.y", {"n": 2})
    play.step(stimuli.ServiceDone(visit=call.visit, result={"id": "T-1"}))
    assert play.run.read("made") == "T-1"
    assert play.ended.element == "over"


def test_a_modelled_error_goes_to_the_event_that_catches_it():
    play = Playing(service())
    play.start(n=1)
    call = next(asked for asked in play.all if isinstance(asked, effects.CallService))
    play.step(stimuli.ErrorThrown(visit=call.visit, code="no_stock"))
    assert play.ended.element == "caught"


def test_an_error_that_nothing_catches_ends_the_instance_as_failed():
    play = Playing(service())
    play.start(n=1)
    call = next(asked for asked in play.all if isinstance(asked, effects.CallService))
    play.step(stimuli.ErrorThrown(visit=call.visit, code="other", message="why"))
    assert (play.ended.state, play.ended.error_code) == ("failed", "other")


def test_a_condition_that_cannot_be_told_stops_at_its_gateway_until_the_data_are_corrected():
    xml = drawing(
        f"""{start()}
        {gateway("which")}
        {end("many")}
        {end("few")}
        begin -> which
        which -> many [days > 3]
        which -> few *"""
    )
    play = Playing(xml)
    play.start(days="three")
    failed = next(asked for asked in play.all if isinstance(asked, effects.Failed))
    assert (failed.element, failed.code) == ("which", "expression_failed")
    play.step(stimuli.Retry(visit=failed.visit, variables={"days": 5}))
    assert play.ended.element == "many"


def test_a_sub_process_has_variables_of_its_own_and_hands_out_what_it_maps():
    xml = drawing(
        f"""{start()}
        <bpmn:subProcess id="sub">
        <bpmn:extensionElements>
        <callwright:input name="x" source="n * 2"/>
        <callwright:output name="y" source="x + 1"/>
        </bpmn:extensionElements>
        {start("inner")}
        {task("in")}
        {end("inner_end")}
        <bpmn:sequenceFlow id="i1" sourceRef="inner" targetRef="in"/>
        <bpmn:sequenceFlow id="i2" sourceRef="in" targetRef="inner_end"/>
        </bpmn:subProcess>
        {end()}
        begin -> sub
        sub -> over"""
    )
    play = Playing(xml)
    play.start(n=5)
    play.done("in")
    assert play.run.read("y") == 11
    assert play.run.read("x") is None
    assert play.ended.element == "over"


def test_a_finished_element_leaves_the_state_so_that_it_does_not_grow():
    xml = drawing(
        f"""{start()}
        {task("again")}
        {gateway("more")}
        {end()}
        begin -> again
        again -> more
        more -> over [enough]
        more -> again *"""
    )
    play = Playing(xml)
    play.start(enough=False)
    sizes = []
    for _round in range(60):
        play.all = [asked for asked in play.all if not isinstance(asked, effects.Entered)][-20:]
        play.done("again")
        sizes.append(len(dump(play.run)))
    assert max(sizes[5:]) - min(sizes[5:]) < 50


def test_a_thousand_rounds_end_only_when_they_should():
    xml = drawing(
        f"""{start()}
        {task("again")}
        {gateway("more")}
        {end()}
        begin -> again
        again -> more
        more -> over [enough]
        more -> again *"""
    )
    play = Playing(xml)
    play.start(enough=False)
    for _round in range(1_000):
        play.all = play.all[-20:]
        play.done("again")
        assert play.ended is None
    play.done("again", enough=True)
    assert play.ended.state == "completed"


def test_every_problem_of_a_drawing_is_told_at_once_with_its_element():
    xml = drawing(
        f"""{start()}
        {task("call", "serviceTask", name="Call it")}
        {task("rules", "businessRuleTask")}
        {gateway("which")}
        {end("x")}
        {end("y")}
        begin -> call
        call -> which
        which -> x [1 +]
        which -> y
        which -> nowhere"""
    )
    with pytest.raises(DefinitionError) as refused:
        parse("p.bpmn", xml)
    told = {problem.path for problem in refused.value.problems}
    assert {"p.bpmn#call", "p.bpmn#rules", "p.bpmn#flow_2", "p.bpmn#flow_4", "p.bpmn#which"} <= told
    assert any(problem.element_name == "Call it" for problem in refused.value.problems)


def test_a_file_with_entities_is_refused():
    xml = b'<!DOCTYPE x [<!ENTITY e "boom">]><x>&e;</x>'
    with pytest.raises(DefinitionError):
        parse("p.bpmn", xml)


def test_a_loop_that_never_waits_is_broken_off_and_becomes_an_incident_at_last():
    play = Play("start a\nxor b\nscript c\na -> b -> c -> b", budget=Budget(step_count=10, continue_count=5))
    play.start()
    assert play.ended is None
    assert len(play.stopped_at) == 1
    assert len(play.log) < 60
    play.retry(play.stopped_at[0])
    assert len(play.stopped_at) == 2


def test_a_process_that_works_for_seconds_without_a_wait_becomes_an_incident():
    play = Play("start a\nxor b\ntask c\na -> b -> c -> b", worked_s=lambda: 1.5)
    play.start()
    assert play.stopped_at
    (failed,) = play.waiting(effects.Failed)
    assert (failed.code, failed.params["limit"]) == ("budget_exceeded", "4")


def test_five_thousand_rounds_of_a_script_end_when_they_should():
    play = Play(
        """
        start a
        xor again
        script count run="n = n + 1"
        xor more
        end over
        a -> again -> count -> more
        more -> again [n < 5000]
        more -> over *
        """,
        budget=Budget(continue_count=100),
    ).start(n=0)
    assert play["n"] == 5000
    assert play.ended == "completed"


def test_a_step_that_has_taken_long_enough_leaves_the_rest_to_the_next():
    worked_s = iter([0.0, 0.5, 1.5, 1.5])
    play = Play("script a\nscript b\nscript c\na -> b -> c", worked_s=lambda: next(worked_s, 0.0)).start()
    assert any(isinstance(one, effects.Continue) for one in play.asked)
    assert play.log == ["a", "b", "c"]
    assert play.ended == "completed"
