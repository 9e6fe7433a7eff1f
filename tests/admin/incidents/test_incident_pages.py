"""Jobs and incidents, as operators read them."""

import re
from pathlib import Path

import pytest

import bpmn
from engine.definition import deploy, read_folder
from engine.errors import NotFound
from engine.i18n import say
from engine.ids import new_id
from engine.jobs import enqueue, list_incidents, list_jobs
from engine.jobs.incidents import open_incident
from engine.runtime import start_process, variables_of
from engine.testing.drawing import chain, drawing, end, gateway, start
from engine.testing.sketch import sketch

BPMN = Path(next(iter(bpmn.__path__)))
SAID = {
    "category": "water",
    "summary": "Burst pipe",
    "description": "-",
    "reporter_phone": "+85251230001",
    "department": "water",
}

STOPPED = """
    start begin
    script count run="total = amount + 1"
    user look
    end over
    begin -> count -> look -> over
"""


@pytest.fixture
def olu(make_person, enter):
    make_person("olu", "operator", locale="zh_Hans")
    return enter("olu")


@pytest.fixture
def begun(ctx):
    """A public report that waits for its handlers."""
    for folder in ("follow_up", "ticket_routing"):
        deploy(ctx, files=read_folder(BPMN / folder), source="folder")
    return start_process(ctx, process_key="ticket_routing", variables=SAID)


def words(browser, path):
    """The text of a page, without what only its tags say."""
    main = browser.get(path).text.split("<main", 1)[1].split("</main>", 1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", main))


def elements_of(ctx, instance_id):
    with ctx.read():
        return {job["kind"]: job["element_id"] for job in list_jobs(ctx, instance_id=instance_id)[1]}


def test_a_job_is_said_by_what_it_does_and_where(ctx, olu, begun):
    assert elements_of(ctx, begun.id)["timer"] == "overdue"
    text = words(olu, "/incidents/jobs")
    assert "定时器到时" in text
    assert "市民反映" in text
    assert re.search(r"到期 +overdue ", text)
    assert " timer " not in text
    assert "ticket_routing" not in text


def test_a_nameless_element_is_called_by_its_kind(ctx, olu):
    body = [start(), gateway("which"), end(), chain(["begin", "which", "over"])]
    deploy(ctx, files={"p.bpmn": drawing("\n".join(body), key="p")}, source="upload")
    with ctx.write():
        enqueue(ctx, kind="step", process_key="p", element_id="which")
    assert re.search(r"排他网关 +which ", words(olu, "/incidents/jobs"))


def test_a_job_of_a_plug_in_that_is_gone_keeps_its_own_name(ctx, olu):
    with ctx.write():
        enqueue(ctx, kind="gone.sweep")
    assert "gone.sweep" in words(olu, "/incidents/jobs")


def test_an_incident_says_its_step_on_both_pages(ctx, olu, begun):
    with ctx.write():
        for number in ("1", "2"):
            open_incident(
                ctx,
                code="technical_failure",
                message="%(function)s: %(reason)s",
                params={"function": number, "reason": NotFound().phrase},
                instance_id=begun.id,
                process_key="ticket_routing",
                element_id="handle",
                visit_id=new_id(),
            )
    text = words(olu, "/incidents/")
    assert "市民反映" in text
    assert say("zh_Hans", NotFound()) in text
    assert "%(" not in text
    assert "…：…" in text
    assert "ticket_routing" not in text


def test_an_operator_corrects_what_was_missing_and_tries_again(ctx, make_person, enter, token_of):
    make_person("ann", "operator")
    ann = enter("ann")
    deploy(ctx, files={"p.bpmn": sketch(STOPPED)})
    begun = start_process(ctx, process_key="p")
    page = ann.get("/incidents/").text
    retry = re.search(r'action="(/incidents/[\w-]+/retry)"', page)[1]
    said = {"csrf_token": token_of(ann), "name": "amount", "value": "2"}
    assert ann.post(retry, data=said).status_code == 303
    with ctx.read():
        assert variables_of(ctx, begun.id) == {"amount": 2, "total": 3}
        assert list_incidents(ctx)[0] == 0


def test_a_name_that_nobody_may_write_to_is_refused_and_said(ctx, make_person, enter, token_of):
    make_person("ann", "operator")
    ann = enter("ann")
    deploy(ctx, files={"p.bpmn": sketch(STOPPED)})
    start_process(ctx, process_key="p")
    retry = re.search(r'action="(/incidents/[\w-]+/retry)"', ann.get("/incidents/").text)[1]
    ann.post(retry, data={"csrf_token": token_of(ann), "name": "not a name!", "value": "2"})
    assert "A variable&#39;s name is letters" in ann.get("/incidents/").text
    with ctx.read():
        assert list_incidents(ctx)[0] == 1
