"""An approval that asks everybody who has a role."""

import pytest
from sqlalchemy import select

from admin.identity.logins import sync_login
from engine.definition import deploy
from engine.definition.notices import put_rule
from engine.jobs import list_incidents
from engine.notify import Notification
from engine.people import close_person, get_person
from engine.runtime import preview_start, start_process
from engine.testing import person
from engine.testing.sketch import sketch
from engine.work import list_tasks

DRAWN = """
    start begin
    user check name="Check" approval="inTurn=true" asks='role:{role}'
    end over
    begin -> check -> over
"""


@pytest.fixture
def centre_with_roles(ctx, make_person):
    for key, name, role in (
        ("zoe", "Ann", "hr"), ("ann", "Zoe", "hr"), ("ben", "Ben", "agent"), ("cy", "Cy", "hr"),
    ):  # fmt: skip
        make_person(key, role, name=name)
    return ctx


def put(ctx, role):
    deploy(ctx, files={"p.bpmn": sketch(DRAWN.format(role=role))})


def previewed(ctx):
    with ctx.read():
        return [step.people for step in preview_start(ctx, process_key="p", variables={}).steps]


def test_everybody_whose_login_has_it_is_asked_in_order_of_name(centre_with_roles):
    put(centre_with_roles, '"hr"')
    assert previewed(centre_with_roles) == [("zoe", "cy", "ann")]


def test_who_has_left_or_lost_the_role_is_not_asked(centre_with_roles):
    ctx = centre_with_roles
    put(ctx, '["hr", "agent"]')
    with ctx.write():
        close_person(ctx, key="ben")
        sync_login(ctx, person=get_person(ctx, "cy"), roles=["agent"])
    assert previewed(ctx) == [("zoe", "ann", "cy")]


def test_a_role_that_is_not_there_is_an_incident_that_says_so(centre_with_roles, centre):
    ctx = centre_with_roles
    put(ctx, '"ghosts"')
    start_process(person(centre, "ben"), process_key="p")
    with ctx.read():
        assert list_tasks(ctx)[0] == 0
        (incident,) = list_incidents(ctx)[1]
    assert (incident["code"], incident["params"]["name"]) == ("not_found", "ghosts")


def test_a_rule_tells_everybody_who_has_a_role(centre_with_roles, centre):
    ctx = centre_with_roles
    put(ctx, '"agent"')
    put_rule(ctx, process_key="p", event="created", element_id="check", notices=[{"to": "role:hr"}])
    start_process(person(centre, "ben"), process_key="p")
    with ctx.read():
        told = ctx.connection.scalars(select(Notification.person_key).distinct())
        assert sorted(told) == ["ann", "cy", "zoe"]
