"""Which forms a print shows, and how often."""

import pytest

import forms
from engine.definition import deploy
from engine.runtime import start_process
from engine.testing import drawing, system
from engine.work import list_tasks
from forms.printing.contents import contents_of
from tests.forms.printing.conftest import form


def asks(element_id, settings):
    return (
        f'<bpmn:userTask id="{element_id}" name="{element_id.title()}"><bpmn:extensionElements>'
        f"<callwright:task {settings}/></bpmn:extensionElements></bpmn:userTask>"
    )


FILES = {
    "steps.bpmn": drawing(
        f"""
        <bpmn:startEvent id="begin"/>
        {asks("first", 'form="note"')}
        {asks("second", 'form="note"')}
        {asks("apart", 'form="note" into="review"')}
        <bpmn:subProcess id="sub"><bpmn:extensionElements>
          <callwright:input name="inner" source="null"/></bpmn:extensionElements>
          <bpmn:multiInstanceLoopCharacteristics isSequential="true">
            <bpmn:loopCardinality>2</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>
          <bpmn:startEvent id="in"/>
          {asks("inside", 'form="inner"')}
          <bpmn:endEvent id="out"/>
          <bpmn:sequenceFlow id="s1" sourceRef="in" targetRef="inside"/>
          <bpmn:sequenceFlow id="s2" sourceRef="inside" targetRef="out"/>
        </bpmn:subProcess>
        <bpmn:endEvent id="over"/>
        begin -> first
        first -> second
        second -> apart
        apart -> sub
        sub -> over
        """,
        key="steps",
    ),
    "forms/note.form": form({"type": "textfield", "key": "note", "label": "Note"}),
    "forms/inner.form": form({"type": "textfield", "key": "inner", "label": "Inner"}),
}


@pytest.fixture
def shown(centre):
    """Fill in every step in turn, and say what the forms of a print are: title and values."""
    ctx = system(centre)
    deploy(ctx, files=FILES)
    begun = start_process(ctx, process_key="steps")

    def fill(*said):
        for key, value in said:
            with ctx.read():
                (task,) = list_tasks(ctx)[1]
            forms.submit_form(ctx, task_id=task.id, data={key: value})
        with ctx.read():
            found = contents_of(ctx, begun.id).scope["forms"]
        return [(one["title"], [field["value"] for field in one["fields"]]) for one in found]

    return fill


def test_a_form_that_several_steps_share_stands_there_once_with_what_it_holds_now(shown):
    assert shown(("note", "old"), ("note", "new")) == [("First", ["new"])]


def test_the_same_form_into_a_context_of_its_own_is_another_one(shown):
    said = shown(("note", "a"), ("note", "b"), ("note", "c"))
    assert said == [("First", ["b"]), ("Apart", ["c"])]


def test_a_form_of_a_round_stands_there_each_time(shown):
    said = shown(("note", "a"), ("note", "b"), ("note", "c"), ("inner", "one"), ("inner", "two"))
    assert said[2:] == [("Inside", ["one"]), ("Inside", ["two"])]
