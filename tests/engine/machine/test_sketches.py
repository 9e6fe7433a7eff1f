"""Drawings of other tools: what is not marked as executable is imported with warnings.

It runs as far as it has meaning.
"""
# ruff: noqa: E501  (XML reads better unbroken)

import pytest

from engine.errors import DefinitionError
from engine.machine import parse
from engine.testing.sketch import sketch
from engine.testing.stage import Play

_HEAD = (
    '<m:definitions xmlns:m="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:t="urn:t" targetNamespace="urn:t">'
)


def file(body, *, executable="false", roots=""):
    """Write a file whose elements have a prefix, as other tools do."""
    process = f'<process id="p" isExecutable="{executable}">{body}</process>'
    text = f"{roots}{process}".replace("</", "\0").replace("<", "<m:").replace("\0", "</m:")
    return f"{_HEAD}{text}</m:definitions>".encode()


def warned(xml):
    (path, *_rest) = [parse("p.bpmn", xml).warnings]
    return {problem.path.removeprefix("p.bpmn#") for problem in path}


@pytest.mark.parametrize(
    ("body", "about"),
    [
        ('<exclusiveGateway id="g"/><task id="a"/><task id="b"/>'
         '<sequenceFlow id="f" sourceRef="g" targetRef="a"/><sequenceFlow id="h" sourceRef="g" targetRef="b"/>', {"g"}),
        ('<serviceTask id="a"/><businessRuleTask id="c"/><callActivity id="d"/>', set("acd")),
        ('<intermediateCatchEvent id="a"/>', {"a"}),
        ('<dataObjectReference id="a" dataObjectRef="nothing"/><task id="t"/>', {"a"}),
        ('<task id="a"><multiInstanceLoopCharacteristics/></task>', {"a"}),
        ('<task id="a"><standardLoopCharacteristics/></task>', {"a"}),
        ('<intermediateCatchEvent id="a"><timerEventDefinition/></intermediateCatchEvent>', {"a"}),
        ('<intermediateThrowEvent id="a"><linkEventDefinition name="x"/></intermediateThrowEvent>', {"a"}),
        ('<task id="t"/><boundaryEvent id="a" attachedToRef="t"><compensateEventDefinition/></boundaryEvent>', {"a"}),
        ('<endEvent id="a"><errorEventDefinition/></endEvent>', {"a"}),
        ('<exclusiveGateway id="g"/><task id="a"/><sequenceFlow id="f" sourceRef="g" targetRef="a">'
         "<conditionExpression>${x}</conditionExpression></sequenceFlow>", {"f"}),
    ],
)  # fmt: skip
def test_what_a_sketch_lacks_is_a_warning_and_what_an_executable_process_lacks_a_problem(body, about):
    assert warned(file(body)) == about
    with pytest.raises(DefinitionError) as refused:
        parse("p.bpmn", file(body, executable="true"))
    assert {problem.path.removeprefix("p.bpmn#") for problem in refused.value.problems} == about


def test_references_may_have_a_prefix():
    xml = file(
        '<startEvent id="a"/><task id="b"/><sequenceFlow id="f" sourceRef="t:a" targetRef="t:b"/>'
        '<receiveTask id="c" messageRef="t:m"/><sequenceFlow id="g" sourceRef="b" targetRef="c"/>',
        executable="true",
        roots='<message id="m" name="hello"/>',
    )
    play = Play(xml).start()
    assert play.awaited == ["c"]
    assert play.tell("hello").ended == "completed"


def test_data_associations_copy_and_assign_between_variables():
    xml = file(
        '<dataObject id="o1" name="order"/><dataObjectReference id="r1" dataObjectRef="o1"/>'
        '<dataObjectReference id="r2" name="The Bill"/>'
        '<scriptTask id="a"><ioSpecification><dataInput id="in" name="given"/><dataOutput id="out" name="made"/>'
        "</ioSpecification>"
        '<dataInputAssociation id="x"><sourceRef>r1</sourceRef><targetRef>in</targetRef></dataInputAssociation>'
        '<dataOutputAssociation id="y"><sourceRef>out</sourceRef><targetRef>r2</targetRef></dataOutputAssociation>'
        "<script>made = given * 2</script></scriptTask>",
        executable="true",
    )
    play = Play(xml).start(order=21)
    assert play["The_Bill"] == 42
    assert play["given"] is None
    assert play["made"] is None


def test_a_multi_instance_reads_and_writes_the_standards_own_collections():
    xml = file(
        '<dataObject id="people" isCollection="true"/><dataObject id="greetings" isCollection="true"/>'
        '<scriptTask id="a"><multiInstanceLoopCharacteristics isSequential="true">'
        "<loopDataInputRef>people</loopDataInputRef><loopDataOutputRef>greetings</loopDataOutputRef>"
        '<inputDataItem id="person"/><outputDataItem id="greeting"/></multiInstanceLoopCharacteristics>'
        '<script>greeting = "hello " + person</script></scriptTask>',
        executable="true",
    )
    play = Play(xml).start(people=["ann", "bob"])
    assert play["greetings"] == ["hello ann", "hello bob"]


def test_an_event_definition_may_stand_beside_the_processes():
    xml = file(
        '<intermediateCatchEvent id="a"><eventDefinitionRef>soon</eventDefinitionRef></intermediateCatchEvent>',
        executable="true",
        roots='<timerEventDefinition id="soon"><timeDuration>PT1H</timeDuration></timerEventDefinition>',
    )
    assert Play(xml).start().tick("a").ended == "completed"


@pytest.mark.parametrize("body", ['<scriptTask id="a"/>', '<subProcess id="a"/>'])
def test_what_is_empty_is_passed_with_a_warning(body):
    assert warned(file(body, executable="true")) == {"a"}
    assert Play(file(body, executable="true")).start().ended == "completed"


@pytest.mark.parametrize(
    "body",
    [
        '<startEvent id="a"/><task id="b"/><sequenceFlow id="f" sourceRef="b" targetRef="a"/>',
        '<endEvent id="a"/><task id="b"/><sequenceFlow id="f" sourceRef="a" targetRef="b"/>',
        '<subProcess id="s"><task id="a"/></subProcess><task id="b"/><sequenceFlow id="f" sourceRef="a" targetRef="b"/>',
        '<startEvent id="a"><errorEventDefinition/></startEvent>',
        '<subProcess id="s"><startEvent id="a"><signalEventDefinition signalRef="x"/></startEvent></subProcess>',
        '<boundaryEvent id="a" attachedToRef="nothing"/>',
        '<choreographyTask id="a"/>',
    ],
)  # fmt: skip
def test_what_contradicts_the_standard_is_refused_in_a_sketch_too(body):
    with pytest.raises(DefinitionError):
        parse("p.bpmn", file(body))


def test_sub_processes_that_are_too_deep_are_refused():
    deep = (
        "".join(f'<subProcess id="s{level}">' for level in range(30))
        + '<task id="t"/>'
        + "</subProcess>" * 30
    )
    with pytest.raises(DefinitionError):
        parse("p.bpmn", file(deep))


def test_settings_of_other_products_are_named_once_for_each_and_each_kind_of_element():
    camunda = "http://camunda.org/schema/1.0/bpmn"
    parsed = parse(
        "p.bpmn",
        sketch("start begin\nuser a\nuser b\nservice c service=s.c\nbegin -> a -> b -> c")
        .replace(b"<definitions ", f'<definitions xmlns:camunda="{camunda}" '.encode())
        .replace(b'<userTask id="a"', b'<userTask id="a" camunda:assignee="ann"')
        .replace(
            b'<userTask id="b">',
            b'<userTask id="b"><extensionElements><camunda:formData/></extensionElements>',
        )
        .replace(b'<serviceTask id="c"', b'<serviceTask id="c" camunda:class="org.x.Y"'),
    )
    assert [(one.path, one.params["names"]) for one in parsed.warnings] == [
        ("p.bpmn#a", "assignee, formData"),
        ("p.bpmn#c", "class"),
    ]
    assert {one.params["namespace"] for one in parsed.warnings} == {camunda}


def test_a_condition_behind_a_gateway_that_asks_none_is_told_and_not_asked():
    drawn = sketch(
        """
        start begin
        and parts
        task a
        task b
        begin -> parts
        parts -> a [false]
        parts -> b *
        """
    )
    assert [one.path for one in parse("p.bpmn", drawn).warnings] == ["p.bpmn#parts", "p.bpmn#parts"]
    play = Play(drawn).start()
    assert play.path[-2:] == ["a", "b"]
    assert play.ended == "completed"


def test_who_does_a_task_by_the_standards_own_words_is_told_not_to_be_read():
    drawn = sketch("start begin\nuser a\nbegin -> a").replace(
        b'<userTask id="a">', b'<userTask id="a"><potentialOwner id="o"/>'
    )
    assert [one.path for one in parse("p.bpmn", drawn).warnings] == ["p.bpmn#a"]
