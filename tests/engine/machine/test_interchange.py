"""The many ways in which tools write the same drawing."""
# ruff: noqa: E501  (XML reads better unbroken)

import pytest

from engine.machine import parse
from engine.machine.extensions import BPMN
from engine.testing.stage import Play


def file(body, roots="", head=""):
    process = f'<process id="p" isExecutable="true">{body}</process>'
    return (
        f'<definitions xmlns="{BPMN}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:other="{BPMN}" '
        f'targetNamespace="urn:t" {head}>{roots}{process}</definitions>'
    ).encode()


def script(name):
    return f'<scriptTask id="{name}"><script>log("{name}")</script></scriptTask>'


def flow(source, target, condition="", attributes="", id_=""):
    said = f"<conditionExpression {attributes}>{condition}</conditionExpression>" if condition else ""
    return f'<sequenceFlow id="{id_ or f"{source}_{target}"}" sourceRef="{source}" targetRef="{target}">{said}</sequenceFlow>'


MESSAGES = '<message id="M" name="m"/><message id="N" name="n"/>'


@pytest.mark.parametrize(
    ("condition", "attributes"),
    [
        ("x = 1", ""),
        ("= x = 1", ""),
        ("\n   x\n   = 1\n", 'xsi:type="tFormalExpression"'),
        ("x = 1", 'xsi:type="other:tFormalExpression" language="http://www.w3.org/1999/XPath"'),
        ("<![CDATA[x < 2 and x > 0]]>", 'language="FEEL"'),
        ("x <!-- the number -->= 1", ""),
        ('x == 1 and "a" != "b"', 'language="python"'),
    ],
)
def test_a_condition_may_be_written_in_many_ways(condition, attributes):
    body = (
        f'<exclusiveGateway id="g" default="g_b"/>{script("a")}{script("b")}'
        f"{flow('g', 'a', condition, attributes)}{flow('g', 'b')}"
    )
    assert Play(file(body)).start(x=1).log == ["a"]
    assert Play(file(body)).start(x=3).log == ["b"]


def test_a_file_may_say_in_which_language_its_expressions_are():
    body = f"{script('a')}{script('b')}{flow('a', 'b', 'x == 1 and not x == 2')}"
    assert Play(file(body, head='expressionLanguage="urn:python"')).start(x=1).log == ["a", "b"]


def test_yes_and_no_may_be_one_and_zero():
    xml = file(
        f'<userTask id="u"/><boundaryEvent id="b" attachedToRef="u" cancelActivity="0">'
        f'<messageEventDefinition messageRef="M"/></boundaryEvent>{script("a")}{flow("b", "a")}',
        MESSAGES,
    ).replace(b'isExecutable="true"', b'isExecutable="1"')
    assert not parse("p.bpmn", xml).warnings
    play = Play(xml).start().tell("m")
    assert (play.log, play.open) == (["a"], ["u"])


def test_the_ways_of_an_element_are_looked_at_in_the_order_in_which_it_names_them():
    body = (
        f'<exclusiveGateway id="g"><outgoing>g_b</outgoing><outgoing>g_a</outgoing></exclusiveGateway>'
        f"{script('a')}{script('b')}{flow('g', 'a', 'true')}{flow('g', 'b', 'true')}"
    )
    assert Play(file(body)).start().log == ["b"]


def test_flows_without_an_id_are_told_apart():
    nameless = '<sequenceFlow sourceRef="{}" targetRef="{}"/>'
    body = (
        f'<parallelGateway id="g"/><parallelGateway id="h"/>{script("a")}'
        f"{nameless.format('g', 'h') * 2}{nameless.format('h', 'a')}"
    )
    assert Play(file(body)).start().log == ["a"]


def test_an_element_may_be_named_by_its_type_alone():
    play = Play(
        file(
            '<flowElement xsi:type="tScriptTask" id="a"><loopCharacteristics xsi:type="tStandardLoopCharacteristics" loopMaximum="2"/>'
            '<script>log("a")</script></flowElement><flowElement xsi:type="other:tIntermediateCatchEvent" id="c">'
            f'<eventDefinition xsi:type="tMessageEventDefinition" messageRef="M"/></flowElement>{flow("a", "c")}',
            '<rootElement xsi:type="tMessage" id="M" name="m"/>',
        )
    ).start()
    assert play.log == ["a", "a"]
    assert play.tell("m").ended == "completed"


@pytest.mark.parametrize(
    "drawn",
    [
        '<receiveTask id="a" operationRef="t:op"/>',
        '<intermediateCatchEvent id="a"><messageEventDefinition><operationRef>op</operationRef></messageEventDefinition></intermediateCatchEvent>',
    ],
)
def test_a_message_may_be_that_of_an_operation(drawn):
    operation = '<interface id="i" name="i"><operation id="op" name="op"><inMessageRef>t:M</inMessageRef></operation></interface>'
    assert Play(file(drawn, MESSAGES + operation)).start().tell("m").ended == "completed"


@pytest.mark.parametrize(
    ("named", "message"), [('messageRef="t:N"', "n"), ('name="order"', "order"), ("", "mf")]
)
def test_a_message_may_be_that_of_a_message_flow(named, message):
    pools = (
        '<collaboration id="c"><participant id="one" processRef="p"/><participant id="two" processRef="q"/>'
        f'<messageFlow id="mf" sourceRef="t:asks" targetRef="t:a" {named}/></collaboration>'
    )
    asking = '<process id="q" isExecutable="true"><sendTask id="asks"/></process>'
    xml = file('<receiveTask id="a"/>', MESSAGES + pools)
    assert Play(xml).start().tell(message).ended == "completed"
    assert Play(
        xml.replace(b"</definitions>", b"").replace(pools.encode(), pools.encode() + asking.encode())
        + b"</definitions>"
    ).start().thrown == [message]


def test_a_message_flow_from_a_black_box_leaves_an_event_its_own_name():
    pools = (
        '<collaboration id="c"><participant id="customer"/>'
        '<messageFlow id="mf" sourceRef="customer" targetRef="a"/></collaboration>'
    )
    xml = file('<receiveTask id="a" name="ordered"/>', pools).replace(b'isExecutable="true"', b"")
    assert Play(xml).start().tell("ordered").ended == "completed"


@pytest.mark.parametrize(
    ("throws", "catches"),
    [
        ('name="to b"><target>t:ld2</target', 'name="from a"'),
        ('name="to b"', 'name="from a"><source>ld1</source'),
        ('name="l"', 'name="l"'),
    ],
)
def test_links_meet_by_name_or_by_reference(throws, catches):
    def link(id_, said):
        return f'<linkEventDefinition id="{id_}" {said}{"></linkEventDefinition>" if "<" in said else "/>"}'

    body = (
        f'<intermediateThrowEvent id="t">{link("ld1", throws)}</intermediateThrowEvent>'
        f'<intermediateCatchEvent id="c">{link("ld2", catches)}</intermediateCatchEvent>{script("a")}{flow("c", "a")}'
    )
    assert Play(file(body)).start().log == ["a"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_a_file_may_have_any_encoding(encoding):
    text = file('<task id="a" name="Größe"/>').decode()
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    play = Play(f'<?xml version="1.0" encoding="{declared}"?>{text}'.encode(encoding)).start()
    assert play.spec.node("a").element_name == "Größe"


def test_what_belongs_to_collaborations_and_choreographies_is_passed_over():
    roots = (
        '<collaboration id="c"><participant id="p1" name="Black box"/><conversation id="v"/></collaboration>'
        '<choreography id="ch"><choreographyTask id="ct" initiatingParticipantRef="p1"/></choreography>'
        '<category id="k"><categoryValue id="kv"/></category><resource id="r" name="r"/><endPoint id="e"/>'
        '<partnerRole id="pr"/><globalConversation id="gc"/><itemDefinition id="it"/>'
    )
    body = (
        f'<group id="gr" categoryValueRef="kv"/><textAnnotation id="ta"><text>why</text></textAnnotation>'
        f'<association id="as" sourceRef="a" targetRef="ta" associationDirection="None"/>{script("a")}'
        f'<laneSet id="ls"><lane id="l" name="Outer"><flowNodeRef>t:u</flowNodeRef><childLaneSet id="cs">'
        f'<lane id="l2" name="Inner"><flowNodeRef>t:u</flowNodeRef></lane></childLaneSet></lane></laneSet>'
        f'<userTask id="u"/>'
    )
    play = Play(file(body, roots)).start()
    assert (play.log, play.open) == (["a"], ["u"])
    assert play.spec.node("u").settings.task.lane == "Inner"
