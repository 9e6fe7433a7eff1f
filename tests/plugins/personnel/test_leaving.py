"""Leaving: the work goes over, the person is out, on both databases."""

from datetime import date

import pytest

from engine.definition import deploy
from engine.errors import BpmnError
from engine.people import add_cover, close_person, cover_of, get_person, groups_of, join_group
from engine.runtime import complete_task, start_process
from engine.testing import person, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks
from plugins.personnel import services

WORK = """
    start begin
    user write task='assignee="ann"'
    user check approval="" asks='person:["ann"]'
    end over
    begin -> write -> check -> over
"""


def call(ctx, verb, **said):
    with ctx.write():
        return ctx.registry.service_tasks[f"personnel.{verb}"].function(ctx, **said)


def refused(ctx, verb, **said):
    with pytest.raises(BpmnError) as error:
        call(ctx, verb, **said)
    return error.value.code


def whose(ctx):
    with ctx.read():
        return sorted((task.element_id, task.assignee) for task in list_tasks(ctx)[1])


def record(ctx, key):
    with ctx.read():
        (row,) = services.list_employments(ctx, person_key=key)[1]
    return row


@pytest.fixture
def begun(ctx):
    deploy(ctx, files={"p.bpmn": sketch(WORK)})
    return lambda: start_process(ctx, process_key="p", initiator="cho").id


def test_all_that_waits_for_a_leaver_and_all_that_will_is_the_successors(centre, ctx, begun):
    begun()
    begun()
    assert call(ctx, "leave", person="ann", successor="bob", left_on=date(2026, 3, 6))["task_count"] == 2
    work_off(centre)
    assert whose(ctx) == [("write", "bob"), ("write", "bob")]
    with ctx.read():
        first = list_tasks(ctx)[1][0].id
    complete_task(person(centre, "bob"), task_id=first)
    assert whose(ctx) == [("check", "bob"), ("write", "bob")]
    begun()
    assert whose(ctx) == [("check", "bob"), ("write", "bob"), ("write", "bob")]


def test_where_the_successor_leaves_too_it_is_their_successors(centre, ctx, begun):
    call(ctx, "leave", person="ann", successor="bob")
    call(ctx, "leave", person="bob", successor="dan")
    begun()
    assert whose(ctx) == [("write", "dan")]
    with ctx.read():
        task_id = list_tasks(ctx)[1][0].id
    complete_task(person(centre, "dan"), task_id=task_id)
    assert whose(ctx) == [("check", "dan")]


def test_a_leaver_is_out_everywhere_and_their_employment_is_over(ctx):
    with ctx.write():
        join_group(ctx, group_key="agents", person_key="ann")
        add_cover(ctx, person_key="dan", cover_key="ann")
    call(ctx, "note_leaving", person="ann", reason="pay", by="employee")
    call(ctx, "leave", person="ann", successor="bob", left_on=date(2026, 3, 6))
    with ctx.read():
        assert get_person(ctx, "ann").closed_at is not None
        assert groups_of(ctx, "ann") == []
        assert cover_of(ctx, "dan") is None
    row = record(ctx, "ann")
    assert (row["left_on"], row["leaving_reason"], row["leaving_by"]) == (
        date(2026, 3, 6),
        "pay",
        "employee",
    )
    assert call(ctx, "employment", person="ann")["state"] == "left"


def test_who_has_left_leaves_once_and_may_be_asked_why_later(ctx):
    call(ctx, "leave", person="ann", left_on=date(2026, 3, 6))
    assert call(ctx, "leave", person="ann", left_on=date(2026, 3, 7)) == {"task_count": 0}
    call(ctx, "note_leaving", person="ann", reason="health")
    row = record(ctx, "ann")
    assert (row["left_on"], row["leaving_reason"]) == (date(2026, 3, 6), "health")


def test_without_a_name_the_manager_takes_over(ctx):
    assert call(ctx, "check_successor", person="ann") == {"successor": "cho"}
    assert call(ctx, "check_successor", person="ann", successor="bob") == {"successor": "bob"}


def test_nobody_takes_over_from_themselves_or_after_they_have_left(ctx):
    with ctx.write():
        close_person(ctx, key="bob")
    for verb in ("check_successor", "leave"):
        for successor in ("ann", "bob", "nobody"):
            assert refused(ctx, verb, person="ann", successor=successor) == "no_successor"
        # Nobody stands above Dan.
        assert refused(ctx, verb, person="dan") == "no_successor"
    with ctx.read():
        assert get_person(ctx, "ann").closed_at is None
