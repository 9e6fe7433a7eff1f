"""The clock finishes a task by its form only where the form would take it from a person too."""

import json
from datetime import timedelta

import pytest

import forms
from engine import runtime
from engine.definition import deploy
from engine.jobs import list_incidents
from engine.people import create_person
from engine.testing import make_centre, person, system, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks

DRAWN = """
    start begin
    user check assignee='"bob"' due='duration("P1D")' form=check outcomes=approve
        limits='then=decide outcome=approve'
    user file
    begin -> check -> file
""".replace("\n        limits", " limits")
CHECK = json.dumps(
    {
        "schemaVersion": 19,
        "type": "default",
        "components": [
            {"id": "F1", "key": "amount", "type": "number", "label": "Amount", "validate": {"required": True}}
        ],
    }
).encode()


@pytest.fixture
def begin(tmp_path):
    centre = make_centre(tmp_path, floors=(forms.register,))
    with system(centre).write() as ctx:
        create_person(ctx, key="bob", name="Bob")
    deploy(system(centre), files={"p.bpmn": sketch(DRAWN), "forms/check.form": CHECK})

    def begin_with(**variables):
        runtime.start_process(person(centre, "bob"), process_key="p", variables=variables)
        centre.clock.advance(timedelta(hours=24))
        work_off(centre)
        with system(centre).read() as ctx:
            return [one.element_id for one in list_tasks(ctx)[1]], list_incidents(ctx)[1]

    yield begin_with
    centre.database.dispose()


def test_a_form_whose_required_fields_are_empty_keeps_the_step_open_and_an_incident_names_them(begin):
    open_, (incident,) = begin()
    assert open_ == ["check"]
    assert (incident["code"], incident["element_id"]) == ("invalid_submission", "check")


def test_a_form_that_is_filled_is_handed_in_as_it_stands(begin):
    assert begin(amount=5) == (["file"], [])
