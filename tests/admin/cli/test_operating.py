"""What operators do from a script: each command answers JSON, and a refusal is one clear sentence."""

import json

import pytest
from click.testing import CliRunner

from admin.centre import open_centre
from admin.cli import cli
from engine.errors import Conflict, InvalidSubmission
from engine.settings import read_settings
from engine.testing import work_off
from engine.testing.sketch import sketch

KEY = "k" * 40
DRAWN = """
    start begin
    script fail run="total = amount + 1"
    user look
    end over
    begin -> fail -> look -> over
"""

ANY_ORDER = """
    start begin
    adhoc work groups='["agents"]'
      user call
      user note
    begin -> work
"""


@pytest.fixture
def call(tmp_path):
    """Call a command and read what it answers."""
    runner = CliRunner(env={"CALLWRIGHT_SECRET_KEY": KEY})

    def call(*command):
        told = runner.invoke(cli, ["--data-dir", str(tmp_path / "var"), *command])
        if told.exception is not None and not isinstance(told.exception, SystemExit):
            raise told.exception
        assert told.exit_code == 0, told.output
        return json.loads(told.stdout) if told.stdout.strip() else None

    call("init", "--world", "none")
    return call


@pytest.fixture
def work(call, tmp_path):
    """Do what a worker would do."""

    def work():
        centre = open_centre(read_settings(None, data_dir=tmp_path / "var"))
        work_off(centre)
        centre.database.dispose()

    return work


@pytest.fixture
def deployed(call, tmp_path):
    (tmp_path / "p.bpmn").write_bytes(sketch(DRAWN))
    return call("deploy", str(tmp_path / "p.bpmn"))[0]["key"]


@pytest.fixture
def stopped(call, deployed):
    """An instance whose script found no amount, and its incident."""
    begun = call("start", deployed)
    (incident,) = call("incidents")["result"]
    assert incident["instance_id"] == begun["id"]
    assert "amount" in incident["message"]
    return begun["id"], incident["id"]


def standing(call, instance_id):
    return [step["element_id"] for step in call("instances", "show", instance_id)["steps"]]


def test_an_incident_is_tried_again_with_what_was_missing(call, stopped):
    instance_id, incident_id = stopped
    assert call("incidents", "retry", incident_id, "-v", "amount=2")["state"] == "resolved"
    shown = call("instances", "show", instance_id)
    assert shown["variables"] == {"amount": 2, "total": 3}
    assert standing(call, instance_id) == ["look"]
    assert call("incidents")["count"] == 0


def test_incidents_of_one_cause_are_told_together(call, deployed):
    for _unused in range(3):
        call("start", deployed)
    (cause,) = call("incidents", "causes")["result"]
    assert (cause["count"], cause["element_id"]) == (3, "fail")
    assert call("incidents", "retry-all", cause["incident_id"]) == {"retrying": 3}


def test_an_incident_is_skipped_or_closed_with_a_reason(call, stopped, deployed):
    instance_id, incident_id = stopped
    assert (
        call("incidents", "skip", incident_id, "-v", "total=7", "--reason", "counted by hand")["state"]
        == "resolved"
    )
    assert standing(call, instance_id) == ["look"]
    assert call("instances", "show", instance_id)["variables"] == {"total": 7}
    call("start", deployed)
    (other,) = call("incidents", "--process", deployed)["result"]
    assert call("incidents", "resolve", other["id"], "--reason", "known")["state"] == "resolved"


def test_an_instance_pauses_goes_on_and_ends(call, stopped):
    instance_id, _incident_id = stopped
    assert call("instances", "suspend", instance_id)["state"] == "suspended"
    assert call("instances", "--state", "suspended")["count"] == 1
    assert call("instances", "resume", instance_id)["state"] == "active"
    assert call("instances", "cancel", instance_id, "--reason", "a test")["state"] == "cancelled"
    assert call("instances", "history", instance_id)["count"] == 2
    with pytest.raises(Conflict):
        call("instances", "suspend", instance_id)


def test_an_instance_is_corrected_moved_and_skipped_on(call, stopped):
    instance_id, _incident_id = stopped
    call("instances", "correct", instance_id, "-v", "note=checked", "--reason", "a test")
    assert call("instances", "show", instance_id)["variables"] == {"note": "checked"}
    (step,) = call("instances", "show", instance_id)["steps"]
    call("instances", "move", instance_id, step["visit_id"], "look", "--reason", "a test")
    (step,) = call("instances", "show", instance_id)["steps"]
    assert step["element_id"] == "look"
    done = call("instances", "skip", instance_id, step["visit_id"], "-v", "seen=true", "--reason", "a test")
    assert done["state"] == "completed"


def test_without_a_reason_nothing_is_done(call, stopped):
    instance_id, _incident_id = stopped
    (step,) = call("instances", "show", instance_id)["steps"]
    with pytest.raises(InvalidSubmission):
        call("instances", "move", instance_id, step["visit_id"], "look", "--reason", " ")
    assert standing(call, instance_id) == ["fail"]


def test_instances_go_on_in_another_version_and_back(call, work, deployed, tmp_path):
    begun = call("start", deployed, "-v", "amount=1")["id"]
    (tmp_path / "p.bpmn").write_bytes(sketch(DRAWN.replace("look", "check")))
    call("deploy", str(tmp_path / "p.bpmn"))
    (blocked,) = call("migrate", deployed, "2")["result"]
    assert "look" in blocked["problems"][0]["path"]
    assert call("migrate", deployed, "2", "-m", "look=check")["result"][0]["problems"] == []
    moved = call("migrate", deployed, "2", "-m", "look=check", "--reason", "a test", "--go")["migration"]
    work()
    assert {row["version"]: row["active_count"] for row in call("versions", deployed)["result"]} == {
        1: 0,
        2: 1,
    }
    assert standing(call, begun) == ["check"]
    assert call("revert", moved, "--reason", "a test") == {"reverting": 1}
    work()
    assert standing(call, begun) == ["look"]


def test_a_message_waits_for_somebody_and_is_laid_aside(call):
    kept = call("messages", "publish", "order_paid", "-v", "amount=3", "--correlation", "A1")
    assert kept["instance_id"] is None
    (waiting,) = call("messages", "--state", "waiting")["result"]
    assert waiting["id"] == kept["id"]
    assert call("messages", "discard", kept["id"], "--reason", "a test")["state"] == "discarded"


def test_a_message_is_brought_to_the_instance_that_waits_for_it(call, tmp_path):
    (tmp_path / "w.bpmn").write_bytes(
        sketch(
            """
            start begin
            catch paid message=order_paid
            end over
            begin -> paid -> over
            """,
            key="w",
        )
    )
    call("deploy", str(tmp_path / "w.bpmn"))
    begun = call("start", "w")
    brought = call("messages", "correlate", "order_paid", "--instance", begun["id"], "-v", "amount=3")
    assert (brought["id"], brought["state"]) == (begun["id"], "completed")
    assert call("signal", "nobody_waits") == {"count": 0}


def test_nothing_begins_in_a_version_that_pauses(call, work, deployed):
    begun = call("start", deployed, "-v", "amount=1")["id"]
    paused = call("suspend-version", deployed, "1", "--instances", "--reason", "a wrong text")
    assert paused == {"process_key": deployed, "version": 1, "instance_count": 1}
    work()
    assert call("instances", "show", begun)["state"] == "suspended"
    with pytest.raises(Conflict, match="paused"):
        call("start", deployed)
    assert call("resume-version", deployed, "1", "--reason", "corrected")["instance_count"] == 1
    work()
    assert call("instances", "show", begun)["state"] == "active"
    assert call("start", deployed, "-v", "amount=1")["state"] == "active"


def test_what_is_done_next_is_chosen(call, tmp_path):
    (tmp_path / "any.bpmn").write_bytes(sketch(ANY_ORDER))
    key = call("deploy", str(tmp_path / "any.bpmn"))[0]["key"]
    begun = call("start", key)["id"]
    (task,) = call("tasks")["result"]
    assert call("choose", task["id"], "note")["id"] == begun
    assert sorted(found["element_id"] for found in call("tasks")["result"]) == ["note", "work"]
    with pytest.raises(Conflict):
        call("choose", task["id"], "nothing")
