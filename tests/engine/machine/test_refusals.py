"""What BPMN 2.0.2 forbids, and what leads nowhere, is refused when it is deployed, at the element it is about."""
# ruff: noqa: E501  (XML reads better unbroken)

import pytest

from engine.errors import DefinitionError
from engine.machine import parse
from engine.machine.extensions import BPMN
from engine.testing.sketch import sketch


def refused_at(xml):
    with pytest.raises(DefinitionError) as refused:
        parse("p.bpmn", xml)
    return {problem.path.removeprefix("p.bpmn#") for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("drawn", "at"),
    [
        # Flows and borders.
        ("start a\nsub b\n  user u\nboundary c on=u timer=PT1H\na -> b", "c"),
        ("start a\nuser b\nboundary c on=b\na -> b", "c"),
        ("start a\nuser b\nboundary c on=b terminate\na -> b", "c"),
        ("start a\nxor b\nboundary c on=b timer=PT1H\na -> b", "c"),
        ("start a\nuser b\nboundary c on=b timer=PT1H\na -> c", "c"),
        ("start a\nuser u\nguard b\n  start c message=m\n  task d\n  c -> d\na -> u\nb -> u", "b"),
        ("start a\nuser u\nguard b\n  task d\na -> u", "b"),
        # Events at places where they have no meaning.
        ("start a\nend b timer=PT1H\na -> b", "b"),
        ("start a\nend b when=x\na -> b", "b"),
        ("start a\nend b link=l\na -> b", "b"),
        ("start a\nthrow b timer=PT1H\na -> b", "b"),
        ("start a\nthrow b error=E\na -> b", "b"),
        ("start a\nthrow b terminate\na -> b", "b"),
        ("start a\ncatch b error=E\na -> b", "b"),
        ("start a\ncatch b escalation=E\na -> b", "b"),
        ("start a\ncatch b compensate\na -> b", "b"),
        ("start a\ncatch b\na -> b", "b"),
        ("start a cancel\ntask b\na -> b", "a"),
        ("start a escalation=E\ntask b\na -> b", "a"),
        # Event-based gateways.
        ("start a\nevent g\ncatch c timer=PT1H\na -> g -> c", "g"),
        ("start a\nevent g\ncatch c timer=PT1H\nuser d\na -> g -> c\ng -> d", "g"),
        ("start a\nevent g\ncatch c timer=PT1H\nthrow d signal=s\na -> g -> c\ng -> d", "g"),
        ("start a\nevent g\ncatch c timer=PT1H\nend d\na -> g -> c\ng -> d", "g"),
        ("start a\nand p\nevent g\ncatch c message=m\ncatch d timer=PT1H\na -> p -> g -> c\np -> c\ng -> d", "g"),
        ("start a\nevent g\nreceive c message=m\nboundary e on=c timer=PT1H\ncatch d timer=PT1H\na -> g -> c\ng -> d", "g"),
        ("start a\nevent g all\ncatch c message=m\ncatch d message=n\na -> g -> c\ng -> d", "g"),
        ("start a\nreceive b message=m begins\na -> b", "b"),
        # Links.
        ("start a\nthrow b link=l\ncatch c link=l\ncatch d link=l\na -> b", "d"),
        ("start a\nthrow b link=l\ncatch c link=l\ntask d\na -> b -> d", "b"),
        # Compensation.
        ("start a\nthrow b compensate=nothing\na -> b", "b"),
        ("start a\ntask b\nboundary c on=b compensate undone_by=d\nxor d\na -> b", "c"),
        ("start a\ntask b\nboundary c on=b compensate undone_by=d\ntask d undoes\ntask e\na -> b\nd -> e", "d"),
        ("start a\ntask b\nboundary c on=b compensate undone_by=d\ntask d undoes\ntask e\na -> b\nc -> e", "c"),
        # Ad-hoc sub-processes.
        ("start a\nadhoc b\n  start c\n  task d\na -> b", "b"),
        ("start a\nadhoc b\n  task d\n  end e\na -> b", "b"),
        # Times and rounds that are written out.
        ("start a\ncatch b timer=P5X\na -> b", "b"),
        ("start a\ncatch b date=2026-13-45T00:00:00Z\na -> b", "b"),
        ("start a\ncatch b cycle=R3/1H\na -> b", "b"),
        ("start a\ntask b parallel=1.5\na -> b", "b"),
        ("start a\ntask b parallel='\"many\"'\na -> b", "b"),
    ],
)  # fmt: skip
def test_what_the_standard_forbids_is_refused_at_its_element(drawn, at):
    assert refused_at(sketch(drawn)) == {at}


def file(body, roots=""):
    process = f'<process id="p" isExecutable="true">{body}</process>'
    return f'<definitions xmlns="{BPMN}" targetNamespace="urn:t">{roots}{process}</definitions>'.encode()


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ('<task id="a"/><sequenceFlow id="f" sourceRef="a" targetRef="nothing"/>', "f"),
        ('<task id="a"/><task id="b"/><sequenceFlow id="f" sourceRef="a" targetRef="b"/><sequenceFlow id="f" sourceRef="a" targetRef="b"/>', "f"),
        ('<sendTask id="a" messageRef="nothing"/>', "a"),
        ('<sendTask id="a" operationRef="nothing"/>', "a"),
        ('<intermediateCatchEvent id="a"><signalEventDefinition signalRef="nothing"/></intermediateCatchEvent>', "a"),
        ('<intermediateCatchEvent id="a"><eventDefinitionRef>nothing</eventDefinitionRef></intermediateCatchEvent>', "a"),
        ('<intermediateCatchEvent id="a"><timerEventDefinition><timeDate>2026-03-02T01:00:00Z</timeDate><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>', "a"),
        ('<task id="a"><ioSpecification><dataInput id="i"/></ioSpecification><dataInputAssociation><sourceRef>nothing</sourceRef><targetRef>i</targetRef></dataInputAssociation></task>', "a"),
        ('<dataObject id="o"/><task id="a"><dataInputAssociation><sourceRef>o</sourceRef><targetRef>nothing</targetRef></dataInputAssociation></task>', "a"),
        ('<task id="a"><multiInstanceLoopCharacteristics><loopDataInputRef>nothing</loopDataInputRef></multiInstanceLoopCharacteristics></task>', "a"),
        ('<task id="a"><multiInstanceLoopCharacteristics behavior="None" noneBehaviorEventRef="nothing"><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></task>', "a"),
        ('<task id="a"><multiInstanceLoopCharacteristics behavior="Some"><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></task>', "a"),
        ('<task id="a"><standardLoopCharacteristics loopMaximum="2"/><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></task>', "a"),
        ('<userTask id="a"/><boundaryEvent id="b" attachedToRef="a" cancelActivity="maybe"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>', "b"),
        ('<adHocSubProcess id="a" ordering="Random"><task id="b"/></adHocSubProcess>', "a"),
        ('<task id="b"/><magicTask id="a"/>', "a"),
    ],
)  # fmt: skip
def test_what_leads_nowhere_or_says_what_cannot_be_is_refused_at_its_element(body, at):
    assert refused_at(file(body)) == {at}


def test_one_of_several_pools_may_be_empty_but_not_the_only_one():
    black_box = '<process id="black_box" isExecutable="true"/>'
    assert [one.path for one in parse("p.bpmn", file('<task id="a"/>', black_box)).warnings] == [
        "p.bpmn#black_box"
    ]
    assert refused_at(file("")) == {"p"}


def test_what_was_accepted_once_is_read_again_whatever_is_refused_now():
    drawn = sketch("start a\ncatch b\nend c\na -> b -> c")
    assert refused_at(drawn) == {"b"}
    assert list(parse("p.bpmn", drawn, accepted=True).processes) == ["p"]
