"""Whom an appeal asks, and who may see it."""

from datetime import timedelta
from pathlib import Path

import pytest

import forms
from engine import runtime
from engine.definition import deploy, read_folder
from engine.people import create_person, put_group, set_groups
from engine.testing import make_centre, person, system, work_off
from engine.work import list_tasks
from plugins.records import services

BPMN = Path(__file__).parents[2] / "bpmn"
GROUPS = {
    "ann": ["qa_reviewers"],
    "bob": ["qa_reviewers", "appeal_board"],
    "cat": ["qa_reviewers", "appeal_board"],
    "agent": ["qa_reviewers", "appeal_board", "kpi_committee"],
    "siu": ["agents"],
    "hr": ["kpi_officers"],
}


@pytest.fixture
def centre(tmp_path):
    made = make_centre(tmp_path, plugins=("plugins",), floors=(forms.register,))
    ctx = system(made)
    for key in ("qa_appeal", "kpi_appeal"):
        deploy(ctx, files=read_folder(BPMN / key))
    with ctx.write():
        for key, groups in GROUPS.items():
            create_person(ctx, key=key, name=key)
            for group in groups:
                put_group(ctx, key=group, name=group)
            set_groups(ctx, person_key=key, group_keys=groups)
    yield made
    made.database.dispose()


def publish(centre, who, kind="qa", reference="call-17"):
    with system(centre).write() as ctx:
        until = ctx.now + timedelta(days=3)
        part = {"name": "Greeting", "weight": 1, "value": 50}
        services.publish_score(
            ctx, person_key=who, kind=kind, reference=reference, parts=[part], by="ann", appeal_until=until
        )


def finish(centre, who, element, **said):
    with system(centre).read() as ctx:
        task = next(task for task in list_tasks(ctx, mine=who)[1] if task.element_id == element)
    centre.registry.port("finish_task")(
        person(centre, who), task_id=task.id, **{"data": {}, "opinion": None, **said}
    )
    work_off(centre)


def asked(centre):
    """Return who could do what is open, beside the one who appealed."""
    with system(centre).read() as ctx:
        return {who for who in GROUPS if list_tasks(ctx, mine=who)[0]}


def test_whoever_gave_the_score_or_reviewed_it_before_does_not_review_it(centre):
    publish(centre, "agent")
    runtime.start_process(
        person(centre, "agent"), process_key="qa_appeal", variables={"reference": "call-17"}
    )
    finish(centre, "agent", "contest", outcome="handed_in", data={"statement": "I did greet them"})
    assert asked(centre) == {"bob", "cat"}
    review = {"items": [{"proposed": 60}]}
    finish(centre, "bob", "first_review", outcome="partly", data=review, opinion="Late, but yes")
    assert asked(centre) == {"agent"}
    finish(centre, "agent", "answer", outcome="second", opinion="Not late")
    assert asked(centre) == {"cat"}


def test_nobody_sees_the_result_of_somebody_else_who_was_asked_in_the_same_round(centre):
    for who in ("agent", "siu"):
        publish(centre, who, "kpi", "2026-02")
    hr = person(centre, "hr")
    begun = runtime.start_process(
        hr, process_key="kpi_appeal", start_event="round", variables={"reference": "2026-02"}
    )
    work_off(centre)
    assert asked(centre) == {"agent", "siu"}
    for who in ("agent", "siu"):
        with person(centre, who).read() as ctx:
            (mine,) = list_tasks(ctx, mine=who)[1]
            seen = [row["id"] for row in runtime.list_instances(ctx, seen=True)[1]]
        assert seen == [mine.instance_id]
        assert begun.id not in seen
