"""Inline service tasks share the step's transaction; what fails leaves nothing of itself behind."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from sqlalchemy import select

from engine.context import Centre, Context
from engine.definition import deploy
from engine.errors import BpmnError
from engine.jobs import list_incidents
from engine.people import Group
from engine.plugin import Field, Registry, service_task
from engine.runtime import get_instance, start_process, variables_of
from engine.testing import chain, drawing, end, make_centre, start, system

CALL = """<bpmn:serviceTask id="call"><bpmn:extensionElements>
      <callwright:service name="test.keep"/>
      <callwright:input name="key" source="key"/><callwright:input name="refused" source="refused"/>
    </bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:boundaryEvent id="caught" attachedToRef="call"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>
    <bpmn:endEvent id="given_up"/>"""


@service_task("keep", title="Keep a group", mode="inline")
def keep(
    ctx: Context,
    key: Annotated[str, Field(label="Key")],
    refused: Annotated[bool, Field(label="Whether it is refused")] = False,
) -> None:
    """Keep a group, without sending it to the database by itself."""
    ctx.session.add(Group(key=key, name=key, valid_from=ctx.now))
    if refused:
        raise BpmnError("refused")


def offer(registry: Registry) -> None:
    registry.service_tasks["test.keep"] = keep.__service_task__  # type: ignore[attr-defined]


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Iterator[Centre]:
    centre = make_centre(tmp_path, database_url=database_url, floors=[offer])
    body = [start(), CALL, end(), chain(["begin", "call", "over"]), "caught -> given_up"]
    deploy(system(centre), files={"p.bpmn": drawing("\n".join(body))})
    yield centre
    centre.database.dispose()


def kept(ctx: Context) -> list[str]:
    with ctx.read():
        return list(ctx.connection.execute(select(Group.key)).scalars())


def test_what_it_keeps_is_kept_with_its_step(centre: Centre) -> None:
    ctx = system(centre)
    assert start_process(ctx, process_key="p", variables={"key": "a"}).state == "completed"
    assert kept(ctx) == ["a"]


def test_what_it_kept_goes_where_it_ends_by_an_error_that_is_drawn(centre: Centre) -> None:
    ctx = system(centre)
    begun = start_process(ctx, process_key="p", variables={"key": "a", "refused": True})
    assert begun.state == "completed"
    assert kept(ctx) == []


def test_what_the_database_cannot_keep_is_an_incident_and_the_instance_stays(centre: Centre) -> None:
    if centre.database.dialect == "sqlite":
        pytest.skip("SQLite keeps text of any length")
    ctx = system(centre)
    begun = start_process(ctx, process_key="p", variables={"key": "a" * 65})
    with ctx.read():
        assert get_instance(ctx, begun.id)["incident_count"] == 1
        assert variables_of(ctx, begun.id)["key"] == "a" * 65
        (incident,) = list_incidents(ctx)[1]
    assert incident["element_id"] == "call"
    assert incident["params"] == {"name": "test.keep"}
    assert kept(ctx) == []
