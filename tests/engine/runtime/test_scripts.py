"""Script tasks through deployment and the verbs."""

import pytest

from engine import runtime
from engine.definition import NAMES
from engine.definition.environment import functions
from engine.errors import DefinitionError
from engine.jobs import list_incidents
from engine.testing import drawing, end, start, system
from engine.testing.drawing import gateway
from engine.testing.sketch import sketch


def scripted(source, extra=""):
    return drawing(
        f"""{start()}
        <bpmn:scriptTask id="compute" name="Compute"><bpmn:script><![CDATA[
        {source}
        ]]></bpmn:script></bpmn:scriptTask>
        {extra}
        {end()}
        begin -> compute
        compute -> over""",
        roots='<bpmn:error id="e" errorCode="too_many"/>',
    )


def test_a_script_writes_what_it_assigns_and_its_lines_are_kept_in_history(centre, put):
    put(scripted('total = n * 2\nlog("doubled")'))
    begun = runtime.start_process(system(centre), process_key="p", variables={"n": 21})
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, begun.id)["total"] == 42
        (visit,) = [row for row in runtime.history_of(ctx, begun.id) if row["element_id"] == "compute"]
        assert visit["log"] == ["doubled"]


def test_an_error_thrown_in_a_script_goes_to_the_event_that_catches_it(centre, put):
    caught = (
        '<bpmn:boundaryEvent id="oops" attachedToRef="compute">'
        '<bpmn:errorEventDefinition errorRef="e"/></bpmn:boundaryEvent>\n'
        '<bpmn:endEvent id="caught"/>\noops -> caught'
    )
    put(scripted('throw_error("too_many", "no more")', caught))
    begun = runtime.start_process(system(centre), process_key="p")
    with system(centre).read() as ctx:
        assert "caught" in [row["element_id"] for row in runtime.history_of(ctx, begun.id)]


def test_a_code_that_nobody_can_draw_is_cut(centre, put):
    put(scripted('throw_error("x" * 300)'))
    begun = runtime.start_process(system(centre), process_key="p")
    with system(centre).read() as ctx:
        assert runtime.get_instance(ctx, begun.id)["error_code"] == "x" * 128


def test_a_name_longer_than_any_column_is_refused(put):
    name = "m" * 129
    for text in (
        f"start begin message={name}\nend over\nbegin -> over",
        f"start a\nend b signal={name}\na -> b",
    ):
        with pytest.raises(DefinitionError, match="has a name of more than 128"):
            put(sketch(text))


def test_a_script_that_cannot_be_read_is_refused_at_deployment_by_element_and_line(put):
    with pytest.raises(DefinitionError) as refused:
        put(scripted("total = ("))
    (problem,) = refused.value.problems
    assert (problem.path, problem.element_name) == ("p.bpmn#compute", "Compute")


PYTHON_ELSEWHERE = {
    "timer": (
        '<bpmn:intermediateCatchEvent id="there" name="There"><bpmn:timerEventDefinition>'
        '<bpmn:timeDuration language="python">{source}</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
    ),
    "condition": (
        '<bpmn:intermediateCatchEvent id="there" name="There"><bpmn:conditionalEventDefinition>'
        '<bpmn:condition language="python">{source}</bpmn:condition>'
        "</bpmn:conditionalEventDefinition></bpmn:intermediateCatchEvent>"
    ),
    "rounds": (
        '<bpmn:task id="there" name="There"><bpmn:multiInstanceLoopCharacteristics>'
        '<bpmn:loopCardinality language="python">{source}</bpmn:loopCardinality>'
        "</bpmn:multiInstanceLoopCharacteristics></bpmn:task>"
    ),
    "completion": (
        '<bpmn:task id="there" name="There"><bpmn:multiInstanceLoopCharacteristics>'
        "<bpmn:loopCardinality>2</bpmn:loopCardinality>"
        '<bpmn:completionCondition language="python">{source}</bpmn:completionCondition>'
        "</bpmn:multiInstanceLoopCharacteristics></bpmn:task>"
    ),
}


@pytest.mark.parametrize("place", PYTHON_ELSEWHERE)
def test_an_expression_in_python_is_read_at_deployment_wherever_it_stands(put, place):
    def drawn(source):
        inside = PYTHON_ELSEWHERE[place].format(source=source)
        return drawing(f"{start()}\n{inside}\n{end()}\nbegin -> there\nthere -> over")

    with pytest.raises(DefinitionError) as refused:
        put(drawn("count +"))
    (problem,) = refused.value.problems
    assert (problem.path, problem.element_name) == ("p.bpmn#there", "There")
    put(drawn("count + 1"))


def test_a_condition_in_python_that_cannot_be_read_is_refused_at_its_flow(put):
    said = '<bpmn:conditionExpression language="python">count +</bpmn:conditionExpression>'
    ends = 'sourceRef="way" targetRef="over"'
    flow = f'<bpmn:sequenceFlow id="asked" name="Enough?" {ends}>{said}</bpmn:sequenceFlow>'
    with pytest.raises(DefinitionError) as refused:
        put(
            drawing(
                f"{start()}\n{gateway('way')}\n{end()}\n{end('other')}\n{flow}\nbegin -> way\nway -> other *"
            )
        )
    (problem,) = refused.value.problems
    assert (problem.path, problem.element_name) == ("p.bpmn#asked", "Enough?")


def test_a_script_that_fails_stops_at_its_element_with_an_incident(centre, put):
    put(scripted("total = n / 0"))
    begun = runtime.start_process(system(centre), process_key="p", variables={"n": 1})
    assert begun.state == "active"
    with system(centre).read() as ctx:
        (incident,) = list_incidents(ctx)[1]
    assert incident["element_id"] == "compute"


def test_a_script_may_not_write_decisions(centre, put):
    put(scripted('decisions = {"head": {"outcome": "approved"}}'))
    runtime.start_process(system(centre), process_key="p")
    with system(centre).read() as ctx:
        assert list_incidents(ctx)[0] == 1


def test_expressions_know_the_names_of_every_function_with_blanks(centre):
    with system(centre).read() as ctx:
        assert {name for name in functions(ctx) if not name.isidentifier()} == NAMES
