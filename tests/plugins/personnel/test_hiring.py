"""Hiring and employments, on both databases."""

from datetime import date

import pytest
from sqlalchemy import func, select

from engine.definition import deploy
from engine.errors import BpmnError, Conflict, InvalidSubmission, NotFound
from engine.ids import new_id
from engine.people import Person, close_person, get_person, groups_of, holders_of, manager_of, units_of
from engine.runtime import preview_start, start_process, variables_of
from engine.testing import work_off
from engine.testing.sketch import sketch
from plugins.personnel import services

EVE = {
    "person": "eve",
    "name": "Eve",
    "unit": "floor",
    "post": "hotline_agent",
    "groups": ["agents"],
    "phone": "5123 4567",
    "email": "eve@example.org",
    "locale": "zh_Hant",
    "hired_on": date(2026, 3, 9),
    "probation_until": date(2026, 6, 8),
}
HIRE = """
    start begin
    service hire service=personnel.hire input='person:"eve";name:"Eve";unit:"floor"' output='manager:manager'
    service look service=personnel.employment input='person:"eve"' output='state:state'
    end over
    begin -> hire -> look -> over
"""
ASKED = """
    start begin
    service look service=personnel.employment input='person:initiator' output='manager:manager'
    xor led
    user approve name="Approve" approval="" asks='person:manager'
    user name_somebody name="Name somebody" assignee=initiator
    end over
    begin -> look -> led
    led -> approve [manager != null]
    led -> name_somebody *
    approve -> over
    name_somebody -> over
"""


def call(ctx, verb, **said):
    with ctx.write():
        return ctx.registry.service_tasks[f"personnel.{verb}"].function(ctx, **said)


def refused(ctx, verb, **said):
    with pytest.raises(BpmnError) as error:
        call(ctx, verb, **said)
    return error.value.code


def test_who_is_hired_is_there_with_all_that_belongs_to_them(ctx):
    assert call(ctx, "hire", **EVE)["manager"] == "cho"
    with ctx.read():
        eve = get_person(ctx, "eve")
        assert (eve.phone, eve.email, eve.locale) == ("+85251234567", "eve@example.org", "zh_Hant")
        assert (units_of(ctx, "eve"), groups_of(ctx, "eve")) == (["floor"], ["agents"])
        assert manager_of(ctx, "eve").key == "cho"
        assert [one.key for one in holders_of(ctx, "hotline_agent")] == ["bob", "eve"]
    known = call(ctx, "employment", person="eve")
    assert (known["state"], known["hired_on"], known["probation_until"]) == (
        "probation",
        EVE["hired_on"],
        EVE["probation_until"],
    )
    assert (known["unit"], known["manager"], known["post"]) == ("floor", "cho", "hotline_agent")


def test_a_drawing_hires_within_its_step(ctx):
    deploy(ctx, files={"p.bpmn": sketch(HIRE)})
    begun = start_process(ctx, process_key="p", variables={}, initiator="ann")
    # A step that takes long goes on in a job.
    work_off(ctx.centre)
    with ctx.read():
        known = variables_of(ctx, begun.id)
    assert (known["manager"], known["state"]) == ("cho", "probation")


@pytest.mark.parametrize(("initiator", "step"), [("ann", "approve"), ("dan", "name_somebody")])
def test_a_preview_asks_how_it_stands_with_somebody(ctx, initiator, step):
    deploy(ctx, files={"p.bpmn": sketch(ASKED)})
    with ctx.read():
        found = preview_start(ctx, process_key="p", variables={}, initiator=initiator)
    assert [one.element_id for one in found.steps] == [step]


def test_a_name_that_was_given_is_an_outcome_that_a_drawing_catches(ctx):
    with ctx.write():
        close_person(ctx, key="dan")
    for taken in ("ann", "dan"):
        assert refused(ctx, "hire", **{**EVE, "person": taken}) == "name_taken"


def test_an_instance_hires_once(ctx):
    instance_id = new_id()
    first = call(ctx, "hire", **EVE, instance_id=instance_id)
    assert call(ctx, "hire", **EVE, instance_id=instance_id) == first
    with ctx.read():
        assert ctx.session.scalar(select(func.count()).select_from(Person)) == 5
    with pytest.raises(Conflict, match="hired eve already"):
        call(ctx, "hire", **{**EVE, "person": "fay"}, instance_id=instance_id)


def test_nobody_is_half_hired(ctx):
    for wrong, error in (
        ({"unit": "nowhere"}, NotFound),
        ({"groups": ["nobodys"]}, NotFound),
        ({"post": "king"}, NotFound),
        ({"phone": "12"}, InvalidSubmission),
        ({"probation_until": date(2026, 3, 8)}, InvalidSubmission),
        ({"person": "Eve Wong"}, InvalidSubmission),
    ):
        with pytest.raises(error):
            call(ctx, "hire", **{**EVE, **wrong})
        with ctx.read():
            assert ctx.session.get(Person, "eve") is None


def test_roles_that_no_process_may_give_are_withheld(ctx):
    # The centre of a test has no shell, so nobody is let in.
    answer = call(ctx, "invite", person="ann", roles=["Agent", "administrator", "handler", "agent"])
    assert answer == {"invited": False, "withheld": ["administrator"]}


def test_an_extension_is_one_persons(ctx):
    call(ctx, "set_extension", person="ann", extension="81-01")
    assert call(ctx, "employment", person="ann")["extension"] == "8101"
    call(ctx, "set_extension", person="ann", extension="8101")
    assert refused(ctx, "set_extension", person="bob", extension="8101") == "extension_taken"
    with ctx.write():
        close_person(ctx, key="ann")
    call(ctx, "set_extension", person="bob", extension="8101")
    with pytest.raises(InvalidSubmission, match="digits"):
        call(ctx, "set_extension", person="bob", extension="reception")


def test_a_probation_is_extended_and_ends_in_a_confirmation(ctx):
    call(ctx, "hire", **EVE)
    call(ctx, "extend_probation", person="eve", until=date(2026, 7, 8))
    assert call(ctx, "employment", person="eve")["probation_until"] == date(2026, 7, 8)
    with pytest.raises(InvalidSubmission, match="2026-07-08"):
        call(ctx, "extend_probation", person="eve", until=date(2026, 6, 1))
    call(ctx, "confirm", person="eve", confirmed_on=date(2026, 7, 9))
    call(ctx, "confirm", person="eve")
    known = call(ctx, "employment", person="eve")
    assert (known["state"], known["confirmed_on"]) == ("confirmed", date(2026, 7, 9))
    with pytest.raises(Conflict):
        call(ctx, "extend_probation", person="eve", until=date(2026, 8, 1))


def test_of_whom_nothing_is_kept_nothing_is_said(ctx):
    known = call(ctx, "employment", person="ann")
    assert (known["state"], known["hired_on"], known["manager"]) == ("probation", None, "cho")
    call(ctx, "confirm", person="ann")
    assert call(ctx, "employment", person="ann")["state"] == "confirmed"


def test_employments_are_found_by_how_they_stand(ctx):
    call(ctx, "hire", **EVE)
    call(ctx, "confirm", person="ann")
    call(ctx, "leave", person="bob")
    for state, expected in (("probation", ["eve"]), ("confirmed", ["ann"]), ("left", ["bob"])):
        with ctx.read():
            _count, rows = services.list_employments(ctx, state=state)
        assert [(row["person_key"], row["state"]) for row in rows] == [(key, state) for key in expected]
    with ctx.read():
        assert services.list_employments(ctx, probation_before=date(2026, 6, 8))[0] == 1
        assert services.list_employments(ctx, probation_before=date(2026, 6, 7))[0] == 0


def test_what_cannot_be_of_an_employment_is_refused(ctx):
    for wrong in ("probation_until", "confirmed_on"):
        with pytest.raises(InvalidSubmission) as error:
            services.put_employment(
                ctx, person_key="ann", hired_on=date(2026, 3, 2), **{wrong: date(2026, 3, 1)}
            )
        assert [problem.path for problem in error.value.problems] == [wrong]
    with pytest.raises(NotFound):
        services.put_employment(ctx, person_key="nobody")
