"""What operators do on pages: move, skip, correct, migrate, bring and put away messages."""

import io
import re

import pytest

from engine import runtime
from engine.context import Actor
from engine.definition import deploy, get_definition
from engine.jobs import list_incidents, run_due
from engine.notify import list_inbound
from engine.runtime import publish_message, start_process
from engine.testing.sketch import sketch

LINE = "start begin\nuser ask name=Ask\nuser check name=Check\nend over\nbegin -> ask -> check -> over"


@pytest.fixture
def olu(make_person, enter):
    make_person("olu", "operator", locale="en")
    return enter("olu")


@pytest.fixture
def post(token_of):
    def send(browser, path, **said):
        return browser.post(path, data={**said, "csrf_token": token_of(browser)}, follow_redirects=True).text

    return send


@pytest.fixture
def begun(ctx):
    deploy(ctx, files={"p.bpmn": sketch(LINE)})
    return start_process(ctx, process_key="p", business_key="P-1").id


def steps(ctx, instance_id):
    with ctx.read():
        return runtime.steps_of(ctx, instance_id)


def test_a_step_is_moved_skipped_and_its_data_corrected_on_the_page_of_the_process(ctx, olu, post, begun):
    path = f"/instances/{begun}"
    page = olu.get(path).text
    assert "Move it to another step" in page
    assert '<option value="check">Check</option>' in page
    [step] = steps(ctx, begun)
    assert "Say why" in post(olu, f"{path}/move", visit_id=step.visit_id, to="check", reason=" ")
    post(olu, f"{path}/move", visit_id=step.visit_id, to="check", reason="by phone")
    [step] = steps(ctx, begun)
    assert step.element_id == "check"
    post(olu, f"{path}/correct", name="amount", value="12", reason="typed wrong")
    with ctx.read():
        assert runtime.variables_of(ctx, begun)["amount"] == 12
    post(olu, f"{path}/move", visit_id=step.visit_id, to=":skip", reason="by phone")
    with ctx.read():
        assert runtime.get_instance(ctx, begun)["state"] == "completed"


def test_who_may_not_operate_sees_no_repairs(ctx, make_person, enter, begun):
    make_person("wen", "agent", locale="en")
    mine = start_process(ctx.as_actor(Actor(key="wen", kind="person")), process_key="p").id
    page = enter("wen").get(f"/instances/{mine}").text
    assert "Where it is" in page
    assert "Move it to another step" not in page


def test_an_incident_is_skipped_on_its_page(ctx, olu, post):
    drawn = "start begin\nscript work run='x = 1 / n'\nend over\nbegin -> work -> over"
    deploy(ctx, files={"p.bpmn": sketch(drawn)})
    begun = start_process(ctx, process_key="p", variables={"n": 0}).id
    with ctx.read():
        [incident] = list_incidents(ctx)[1]
    assert "Skip the step" in olu.get("/incidents/").text
    post(olu, f"/incidents/{incident['id']}/skip", reason="known")
    with ctx.read():
        assert runtime.get_instance(ctx, begun)["state"] == "completed"


def test_the_library_counts_what_runs_and_takes_it_to_another_version_and_back(ctx, olu, post, begun):
    deploy(ctx, files={"p.bpmn": sketch(LINE.replace("user ask", "user enquire").replace("ask", "enquire"))})
    assert "/processes/p" in olu.get("/processes/").text
    assert "Version 2" in olu.get("/processes/p").text
    asked = {"from_version": "1", "to_version": "2", "reason": "new rule"}
    tried = post(olu, "/processes/p/migrate", act="try", **asked)
    assert "Cannot go on: 1" in tried
    assert "no counterpart" in tried
    asked["mapping"] = "ask = enquire"
    assert "Can go on: 1" in post(olu, "/processes/p/migrate", act="try", **asked)
    report = post(olu, "/processes/p/migrate", act="go", **asked)
    assert "Migration to version 2" in report
    run_due(ctx)
    assert [step.element_id for step in steps(ctx, begun)] == ["enquire"]
    path = re.search(r'action="(/processes/migrations/[^"]+/revert)"', olu.get(_last(ctx)).text)[1]
    post(olu, path, reason="wrong")
    run_due(ctx)
    assert [step.element_id for step in steps(ctx, begun)] == ["ask"]
    assert "Gone back" in olu.get(_last(ctx)).text


def _last(ctx):
    with ctx.read():
        return f"/processes/migrations/{runtime.list_migrations(ctx, 'p')[0]['id']}"


def test_a_wrong_pair_of_ids_is_named(olu, post, begun):
    said = post(olu, "/processes/p/migrate", act="try", to_version="1", mapping="nonsense")
    assert "Write one pair of ids a line" in said


def test_a_message_of_the_inbox_is_brought_or_put_away(ctx, make_person, enter, post):
    make_person("adi", "administrator", locale="en")
    adi = enter("adi")
    drawn = "start begin\ncatch paid message=paid key='order'\nend over\nbegin -> paid -> over"
    deploy(ctx, files={"p.bpmn": sketch(drawn)})
    begun = start_process(ctx, process_key="p", business_key="P-1", variables={"order": "A-1"}).id
    first, second = (publish_message(ctx, name="paid", correlation=key).id for key in ("B-1", "B-2"))
    page = adi.get("/messages/?view=inbound").text
    assert "Kept until" in page
    post(adi, f"/messages/inbound/{first}/deliver", number="P-1", name="")
    with ctx.read():
        assert runtime.get_instance(ctx, begun)["state"] == "completed"
    assert "does not wait" in post(adi, f"/messages/inbound/{second}/deliver", number="P-1", name="")
    post(adi, f"/messages/inbound/{second}/discard", reason="a test")
    with ctx.read():
        assert {message["state"] for message in list_inbound(ctx)[1]} == {"matched", "discarded"}


def test_a_version_pauses_and_goes_on_on_the_page_of_its_process(ctx, olu, post, begun):
    path = "/processes/p"
    assert "Say why" in post(olu, f"{path}/switch", version="1", reason=" ", act="suspend")
    page = post(olu, f"{path}/switch", version="1", reason="a fault", instances="1", act="suspend")
    assert "Processes that pause with it: 1" in page
    assert "nothing begins in it" in olu.get(path).text
    run_due(ctx)
    with ctx.read():
        assert runtime.get_instance(ctx, begun)["state"] == "suspended"
    page = post(olu, f"{path}/switch", version="1", reason="mended", act="resume")
    assert "Processes that go on with it: 1" in page
    run_due(ctx)
    with ctx.read():
        assert runtime.get_instance(ctx, begun)["state"] == "active"


@pytest.fixture
def dee(make_person, enter):
    make_person("dee", "designer", locale="en")
    return enter("dee")


def test_a_process_goes_out_comes_in_again_and_is_copied_on_the_pages_of_the_library(
    ctx, dee, post, token_of, begun
):
    out = dee.get("/processes/p/versions/1/zip")
    assert "/processes/p/versions/1/zip" in dee.get("/processes/p").text
    said = {"csrf_token": token_of(dee), "files": (io.BytesIO(out.data), "p.zip")}
    page = dee.post("/processes/deploy", data=said, follow_redirects=True).text
    assert "there is no new version" in page
    assert "Version 2" not in page
    copying = {"copy_key": "p", "copy_title": "Second", "copy_version": "1"}
    assert "There is a process p already" in post(dee, "/processes/p/copy", **copying)
    assert "Second" in post(dee, "/processes/p/copy", **{**copying, "copy_key": "q"})
    with ctx.read():
        assert get_definition(ctx, key="q").version == 1


def test_what_cannot_be_deployed_is_said_with_everything_that_is_wrong(dee, token_of, begun):
    wrong = sketch(LINE.replace("user ask", "service ask name=no.such"), key="r")
    said = {"csrf_token": token_of(dee), "files": (io.BytesIO(wrong), "r.bpmn")}
    answer = dee.post("/processes/deploy", data=said)
    assert answer.status_code == 422
    assert "It cannot be deployed" in answer.text
    assert "/processes/r" not in answer.text


def test_who_may_not_deploy_is_offered_neither_a_copy_nor_an_upload(olu, token_of, begun):
    assert "/processes/deploy" not in olu.get("/processes/").text
    assert "/processes/p/copy" not in olu.get("/processes/p").text
    said = {"csrf_token": token_of(olu), "copy_key": "q", "copy_title": "Second"}
    assert olu.post("/processes/p/copy", data=said).status_code == 403
    assert olu.post("/processes/deploy", data={"csrf_token": token_of(olu)}).status_code == 403
