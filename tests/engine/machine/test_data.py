"""BPMN's own data: objects, properties, inputs and outputs, and what is handed from one to another."""
# ruff: noqa: E501  (XML reads better unbroken)

import pytest

from engine.machine import effects
from engine.machine.extensions import BPMN
from engine.testing.stage import Play


def file(body, roots=""):
    process = f'<process id="p" isExecutable="true">{body}</process>'
    return f'<definitions xmlns="{BPMN}" targetNamespace="urn:t">{roots}{process}</definitions>'.encode()


def io(inputs="", outputs=""):
    """Name the inputs and outputs of an activity."""
    ins = "".join(f'<dataInput id="{name}_id" name="{name}"/>' for name in inputs.split())
    outs = "".join(f'<dataOutput id="{name}_id" name="{name}"/>' for name in outputs.split())
    return f"<ioSpecification>{ins}{outs}<inputSet/><outputSet/></ioSpecification>"


def brings(kind, source, target, inside=""):
    said = f"<sourceRef>{source}</sourceRef>" if source else ""
    return f"<data{kind}Association>{said}<targetRef>{target}</targetRef>{inside}</data{kind}Association>"


@pytest.mark.parametrize(
    "drawn",
    [
        '<dataObject id="o" name="order"/><dataObjectReference id="r" dataObjectRef="o" name="order [new]"/>',
        '<dataStoreReference id="r" dataStoreRef="DS" name="order"/>',
        '<property id="r" name="order"/>',
    ],
)
def test_what_an_activity_brings_out_another_gets_in(drawn):
    body = (
        f'{drawn}<scriptTask id="a">{io(outputs="made")}{brings("Output", "made_id", "r")}<script>made = 7</script></scriptTask>'
        f'<scriptTask id="b">{io("given")}{brings("Input", "r", "given_id")}<script>log(str(given))</script></scriptTask>'
        '<sequenceFlow id="f" sourceRef="a" targetRef="b"/>'
    )
    play = Play(file(body, '<dataStore id="DS" name="Orders"/>')).start()
    assert play.log == ["7"]
    assert play["made"] is None


@pytest.mark.parametrize(
    ("source", "inside"),
    [
        ("o", "<transformation>o * 10</transformation>"),
        ("", "<assignment><from>o * 10</from><to>given_id</to></assignment>"),
    ],
)
def test_what_is_brought_in_may_be_computed(source, inside):
    body = (
        f'<dataObject id="o"/><scriptTask id="a">{io("given")}{brings("Input", source, "given_id", inside)}'
        "<script>log(str(given))</script></scriptTask>"
    )
    assert Play(file(body)).start(o=2).log == ["20"]


def test_a_call_hands_its_inputs_to_the_process_and_takes_its_outputs_back():
    body = (
        f'<dataObject id="o"/><callActivity id="a" calledElement="q">{io("given", "made")}'
        f"{brings('Input', 'o', 'given_id')}{brings('Output', 'made_id', 'o')}</callActivity>"
    )
    play = Play(file(body)).start(o=4)
    (call,) = play.waiting(effects.CallProcess)
    assert call.variables == {"given": 4}
    assert play.returned("a", made=5)["o"] == 5


@pytest.mark.parametrize(("payload", "kept"), [({"body": 5}, 5), ({"n": 1, "m": 2}, {"n": 1, "m": 2})])
@pytest.mark.parametrize("place", ["intermediateCatchEvent", "boundaryEvent", "receiveTask"])
def test_a_message_brings_what_it_names_or_all_of_it(place, payload, kept):
    out = '<dataOutput id="out" name="body"/>' + brings("Output", "out", "o")
    definition = '<messageEventDefinition messageRef="M"/>'
    drawn = {
        "intermediateCatchEvent": f'<intermediateCatchEvent id="a">{out}{definition}</intermediateCatchEvent>',
        "boundaryEvent": f'<userTask id="u"/><boundaryEvent id="a" attachedToRef="u">{out}{definition}</boundaryEvent>',
        "receiveTask": f'<receiveTask id="a" messageRef="M">{io(outputs="body")}{brings("Output", "body_id", "o")}</receiveTask>',
    }[place]
    play = Play(file(f'<dataObject id="o"/>{drawn}', '<message id="M" name="m"/>')).start()
    assert play.tell("m", **payload)["o"] == kept


def test_a_start_event_hands_on_what_the_process_began_with():
    body = (
        '<dataObject id="o"/><startEvent id="s"><dataOutput id="out" name="body"/>'
        + brings("Output", "out", "o")
        + '<messageEventDefinition messageRef="M"/></startEvent>'
    )
    assert Play(file(body, '<message id="M" name="m"/>')).start("s", body=5)["o"] == 5


def test_an_event_that_throws_takes_its_inputs_along():
    body = (
        f'<dataObject id="o"/><intermediateThrowEvent id="a"><dataInput id="in" name="body"/>{brings("Input", "o", "in")}'
        '<messageEventDefinition messageRef="M"/></intermediateThrowEvent>'
    )
    play = Play(file(body, '<message id="M" name="m"/>')).start(o=8)
    assert [one.payload for one in play.asked if isinstance(one, effects.Throw)] == [{"body": 8}]


def test_a_day_that_is_thrown_leaves_as_its_text():
    body = (
        '<intermediateThrowEvent id="a"><extensionElements><c:input xmlns:c="urn:callwright:bpmn:1" name="until" '
        """source='date("2026-03-02") + duration("P1D")'/></extensionElements>"""
        '<messageEventDefinition messageRef="M"/></intermediateThrowEvent>'
    )
    play = Play(file(body, '<message id="M" name="m"/>')).start()
    assert [one.payload for one in play.asked if isinstance(one, effects.Throw)] == [{"until": "2026-03-03"}]


@pytest.mark.parametrize("drawn", ['<dataObject id="x" name="mine"/>', '<property id="x" name="mine"/>'])
def test_data_of_a_sub_process_are_nobodys_outside_of_it(drawn):
    body = f'<subProcess id="a">{drawn}<scriptTask id="b"><script>mine = 3; log(str(mine))</script></scriptTask></subProcess>'
    play = Play(file(body)).start()
    assert play.log == ["3"]
    assert play["mine"] is None


def test_a_sub_process_gets_in_and_brings_out_as_a_whole():
    body = (
        f'<dataObject id="o"/><subProcess id="a">{io("given", "made")}{brings("Input", "o", "given_id")}'
        f"{brings('Output', 'made_id', 'o')}"
        '<scriptTask id="b"><script>made = given + 1</script></scriptTask></subProcess>'
    )
    play = Play(file(body)).start(o=4)
    assert (play["o"], play["made"]) == (5, None)


@pytest.mark.parametrize("sequential", ["true", "false"])
def test_rounds_get_their_item_and_bring_out_their_results_by_associations(sequential):
    body = (
        '<dataObject id="people" isCollection="true"/><dataObject id="greetings" isCollection="true"/>'
        f'<scriptTask id="a">{io("all one", "made gathered")}'
        f"{brings('Input', 'people', 'all_id')}{brings('Input', 'item', 'one_id')}"
        f"{brings('Output', 'made_id', 'result')}{brings('Output', 'gathered_id', 'greetings')}"
        f'<multiInstanceLoopCharacteristics isSequential="{sequential}"><loopDataInputRef>all_id</loopDataInputRef>'
        '<loopDataOutputRef>gathered_id</loopDataOutputRef><inputDataItem id="item" name="Item of people"/>'
        '<outputDataItem id="result"/></multiInstanceLoopCharacteristics>'
        '<script>made = "hello " + one</script></scriptTask>'
    )
    play = Play(file(body)).start(people=["ann", "bob"])
    assert play["greetings"] == ["hello ann", "hello bob"]
    assert [play[name] for name in ("made", "result", "one", "gathered")] == [None] * 4
