"""A job that gave up is tried again over what an operator corrected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest

from engine.context import Centre, Context
from engine.definition import deploy
from engine.errors import Conflict, InvalidSubmission, TechnicalFailure
from engine.jobs import list_incidents, list_jobs, open_incident
from engine.plugin import Field, Registry, service_task
from engine.runtime import (
    cancel_instance,
    get_instance,
    history_of,
    retry_incident,
    start_process,
    variables_of,
    writes_of,
)
from engine.testing import chain, drawing, end, make_centre, start, system, work_off

POST = """<bpmn:serviceTask id="post"><bpmn:extensionElements>
      <callwright:service name="test.post" result="said"/>
      <callwright:input name="to" source="upper case(to)"/>
    </bpmn:extensionElements></bpmn:serviceTask>"""
CALL = """<bpmn:callActivity id="call" calledElement="called"><bpmn:extensionElements>
      <callwright:input name="n" source="n"/></bpmn:extensionElements></bpmn:callActivity>"""


@service_task("post", title="Post")
def post(ctx: Context, to: Annotated[str, Field(label="To")]) -> str:
    """Post to an address, if it is one."""
    if to != "MEI":
        raise TechnicalFailure("Nobody lives there.", permanent=True)
    return f"posted to {to}"


def offer(registry: Registry) -> None:
    registry.service_tasks["test.post"] = post.__service_task__  # type: ignore[attr-defined]


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Iterator[Centre]:
    centre = make_centre(tmp_path, database_url=database_url, floors=[offer])
    yield centre
    centre.database.dispose()


@pytest.fixture
def stuck(centre: Centre) -> str:
    """The id of an instance whose service task gave up."""
    body = [start(), POST, end(), chain(["begin", "post", "over"])]
    deploy(system(centre), files={"p.bpmn": drawing("\n".join(body))})
    begun = start_process(system(centre), process_key="p", variables={"to": "nobody"})
    work_off(centre)
    return begun.id


def incidents(centre: Centre) -> list[str]:
    with system(centre).read() as ctx:
        return [row["id"] for row in list_incidents(ctx)[1]]


def test_a_service_task_is_handed_the_corrected_value(centre: Centre, stuck: str) -> None:
    (incident,) = incidents(centre)
    retry_incident(system(centre), incident_id=incident, variables={"to": "mei"})
    work_off(centre)
    with system(centre).read() as ctx:
        assert (get_instance(ctx, stuck)["state"], get_instance(ctx, stuck)["incident_count"]) == (
            "completed",
            0,
        )
        assert variables_of(ctx, stuck)["said"] == {"result": "posted to MEI"}
        assert [row["element_id"] for row in history_of(ctx, stuck)].count("post") == 1
        written = [(row["name"], row["value"], row["actor"]) for row in writes_of(ctx, stuck)]
        assert ("to", '"mei"', "system") in written
        assert [row["state"] for row in list_jobs(ctx, instance_id=stuck)[1]] == ["done", "done"]
    assert incidents(centre) == []


def test_a_correction_that_cannot_be_handed_over_is_an_incident_of_its_own(
    centre: Centre, stuck: str
) -> None:
    (incident,) = incidents(centre)
    retry_incident(system(centre), incident_id=incident, variables={"to": 5})
    work_off(centre)
    (incident,) = incidents(centre)
    retry_incident(system(centre), incident_id=incident, variables={"to": "mei"})
    work_off(centre)
    with system(centre).read() as ctx:
        assert get_instance(ctx, stuck)["state"] == "completed"


def test_without_corrections_the_same_job_is_tried_again(centre: Centre, stuck: str) -> None:
    (incident,) = incidents(centre)
    retry_incident(system(centre), incident_id=incident)
    work_off(centre)
    with system(centre).read() as ctx:
        assert [row["state"] for row in list_jobs(ctx, instance_id=stuck)[1]] == ["failed"]
    assert len(incidents(centre)) == 1


def test_a_called_process_is_handed_the_corrected_value(centre: Centre) -> None:
    body = [start(), CALL, end(), chain(["begin", "call", "over"])]
    deploy(system(centre), files={"p.bpmn": drawing("\n".join(body))})
    begun = start_process(system(centre), process_key="p", variables={"n": 1})
    work_off(centre)
    (incident,) = incidents(centre)
    deploy(
        system(centre),
        files={"called.bpmn": drawing("\n".join([start(), end(), "begin -> over"]), key="called")},
    )
    retry_incident(system(centre), incident_id=incident, variables={"n": 2})
    work_off(centre)
    with system(centre).read() as ctx:
        assert get_instance(ctx, begun.id)["state"] == "completed"
        assert variables_of(ctx, begun.id)["n"] == 2


def test_nothing_is_corrected_in_a_process_that_is_over(centre: Centre, stuck: str) -> None:
    (incident,) = incidents(centre)
    cancel_instance(system(centre), instance_id=stuck, reason="over")
    with pytest.raises(Conflict):
        retry_incident(system(centre), incident_id=incident, variables={"to": "mei"})
    with system(centre).read() as ctx:
        assert variables_of(ctx, stuck)["to"] == "nobody"


def test_an_incident_of_no_process_takes_no_corrections(centre: Centre, stuck: str) -> None:
    with system(centre).read() as ctx:
        (job,) = list_jobs(ctx, instance_id=stuck)[1]
    with system(centre).write() as ctx:
        incident = open_incident(ctx, code="error", message="Broken", job_id=job["id"])
    with pytest.raises(InvalidSubmission, match="belongs to no process"):
        retry_incident(system(centre), incident_id=incident, variables={"to": "mei"})
    assert incident in incidents(centre)
