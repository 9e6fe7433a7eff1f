"""What operators do through the interface: repair, move, correct; versions and what runs in them."""

from __future__ import annotations

import pytest

from engine.testing.sketch import sketch

BREAKS = (
    "start begin\nscript work run='x = 1 / n'\nuser ask\nuser check\nend over\n"
    "begin -> work -> ask -> check -> over"
)


@pytest.fixture
def broken(boss, deploy):
    """Two instances that one cause stopped."""
    deploy({"p.bpmn": sketch(BREAKS)})
    return [
        boss.post("/process-definitions/p/start", {"variables": {"n": 0}}, 201)["id"] for _number in range(2)
    ]


@pytest.fixture
def olu(caller):
    return caller("olu", "operator")


def incident_of(olu, instance_id):
    return olu.get("/incidents", instance_id=instance_id, state="open")["result"][0]


def steps(olu, instance_id):
    return olu.get(f"/process-instances/{instance_id}/steps")["result"]


def test_incidents_are_listed_by_cause_and_all_of_a_cause_are_tried_again(olu, broken, work_off):
    [cause] = olu.get("/incidents/causes")["result"]
    assert (cause["process_key"], cause["element_id"], cause["count"]) == ("p", "work", 2)
    for instance_id in broken:
        olu.post(
            f"/process-instances/{instance_id}/variables", {"variables": {"n": 1}, "reason": "typed wrong"}
        )
    assert olu.post(f"/incidents/{cause['incident_id']}/retry-all") == {"count": 2}
    work_off()
    assert olu.get("/incidents", state="open")["count"] == 0
    assert [steps(olu, instance_id)[0]["element_id"] for instance_id in broken] == ["ask", "ask"]


def test_an_incident_is_skipped_with_what_the_element_would_have_brought(olu, broken):
    incident = incident_of(olu, broken[0])
    error = olu.post(f"/incidents/{incident['id']}/skip", {"variables": {"x": 1}}, 422)["error"]
    assert error["details"][0]["path"] == "reason"
    skipped = olu.post(f"/incidents/{incident['id']}/skip", {"variables": {"x": 1}, "reason": "known"})
    assert (skipped["state"], skipped["resolved_by"]) == ("resolved", "olu")
    assert olu.get(f"/process-instances/{broken[0]}/variables")["x"] == 1
    olu.post(f"/incidents/{incident['id']}/skip", {"reason": "again"}, 409)


def test_an_incident_is_closed_without_another_try(olu, broken):
    incident = incident_of(olu, broken[0])
    assert olu.post(f"/incidents/{incident['id']}/resolve", {"reason": "seen"})["state"] == "resolved"
    assert olu.get(f"/process-instances/{broken[0]}")["incident_count"] == 0


def test_an_instance_is_moved_from_one_step_to_another(olu, broken):
    [step] = steps(olu, broken[0])
    assert step["failed"]
    assert "check" in step["to"]
    path = f"/process-instances/{broken[0]}/move"
    olu.post(path, {"visit_id": step["visit_id"], "to": "nowhere", "reason": "try"}, 409)
    olu.post(path, {"visit_id": step["visit_id"], "to": "check", "reason": "done by phone"})
    assert [one["element_id"] for one in steps(olu, broken[0])] == ["check"]
    assert olu.get(f"/process-instances/{broken[0]}")["incident_count"] == 0


def test_a_step_that_waits_is_skipped(olu, broken):
    olu.post(f"/incidents/{incident_of(olu, broken[0])['id']}/skip", {"reason": "known"})
    [step] = steps(olu, broken[0])
    olu.post(f"/process-instances/{broken[0]}/skip", {"visit_id": step["visit_id"], "reason": "by phone"})
    assert [one["element_id"] for one in steps(olu, broken[0])] == ["check"]


@pytest.mark.parametrize("verb", ["move", "skip", "variables"])
def test_who_may_not_operate_moves_skips_and_corrects_nothing(caller, broken, verb):
    caller("wen", "handler").post(f"/process-instances/{broken[0]}/{verb}", {"reason": "mine"}, 403)


def test_versions_tell_what_runs_in_each(boss, olu, deploy, broken):
    deploy({"p.bpmn": sketch(BREAKS.replace("user check\n", "user check name=Again\n"))})
    olu.post(f"/process-instances/{broken[0]}/suspend")
    newer, older = boss.get("/process-definitions/p/versions")["result"]
    assert (newer["version"], newer["active_count"], newer["incident_count"]) == (2, 0, 0)
    counts = [older[f"{state}_count"] for state in ("active", "suspended", "incident")]
    assert (older["version"], counts) == (1, [1, 1, 2])
    boss.get("/process-definitions/nothing/versions", 404)


def test_a_version_pauses_with_what_runs_in_it_and_goes_on(boss, olu, broken, work_off):
    path = "/process-definitions/p/versions/1"
    assert olu.post(path + "/suspend", {}, 422)["error"]["details"][0]["path"] == "reason"
    paused = olu.post(path + "/suspend", {"reason": "a wrong text", "instances": True})
    assert paused["suspended_at"]
    work_off()
    [version] = boss.get("/process-definitions/p/versions")["result"]
    assert (version["active_count"], version["suspended_count"]) == (0, 2)
    assert olu.post(path + "/suspend", {"reason": "again"}, 409)["error"]["code"] == "conflict"
    refused = boss.post("/process-definitions/p/start", {}, 409)["error"]
    assert "Version 1 of p is paused" in refused["message"]
    resumed = olu.post(path + "/resume", {"reason": "corrected"})
    assert resumed["suspended_at"] is None
    work_off()
    [version] = boss.get("/process-definitions/p/versions")["result"]
    assert (version["active_count"], version["suspended_count"]) == (2, 0)
    boss.post("/process-definitions/p/start", {}, 201)
    olu.post("/process-definitions/p/versions/9/suspend", {"reason": "try"}, 404)


def test_who_may_not_operate_pauses_no_version(caller, broken):
    wen = caller("wen", "handler")
    for verb in ("suspend", "resume"):
        wen.post(f"/process-definitions/p/versions/1/{verb}", {"reason": "mine"}, 403)


def test_a_dry_run_lists_what_stands_in_the_way_and_changes_nothing(olu, deploy, broken):
    deploy({"p.bpmn": sketch(BREAKS.replace("script work run='x = 1 / n'", "user work"))})
    path = f"/process-instances/{broken[0]}/migrate"
    tried = olu.post(path, {"to_version": 2, "dry_run": True})
    assert (tried["version"], tried["to_version"], tried["migrated"]) == (1, 2, False)
    assert [blocker["element_id"] for blocker in tried["blockers"]] == ["work"]
    error = olu.post(path, {"to_version": 2}, 409)["error"]
    assert (error["code"], [one["path"] for one in error["details"]]) == ("not_migratable", ["work"])
    checked = olu.post("/process-definitions/p/migrations/check", {"to_version": 2})
    assert (checked["count"], checked["blocked_count"]) == (2, 2)
    assert olu.get(f"/process-instances/{broken[0]}")["version"] == 1


def test_one_instance_goes_to_another_version_and_back(olu, deploy, broken):
    deploy({"p.bpmn": sketch(BREAKS.replace("1 / n", "2"))})
    path = f"/process-instances/{broken[0]}"
    olu.post(f"{path}/migrate", {"to_version": 3}, 404)
    assert olu.post(f"{path}/migrate", {"to_version": 2, "mapping": {"work": "no"}}, 422)["error"]["details"]
    assert olu.post(f"{path}/migrate", {"to_version": 2})["migrated"]
    assert olu.get(path)["version"] == 2
    assert olu.post(f"{path}/revert", {"reason": "wrong"})["version"] == 1
    olu.post(f"{path}/revert", {"reason": "again"}, 404)


def test_all_of_a_version_go_to_another_one_with_a_report(olu, deploy, broken, work_off):
    deploy({"p.bpmn": sketch(BREAKS.replace("1 / n", "2"))})
    body = {"to_version": 2, "from_version": 1, "reason": "a fault"}
    migration = olu.post("/process-definitions/p/migrations", body, 201)
    assert (migration["waiting_count"], migration["asked_by"]) == (2, "olu")
    work_off()
    path = f"/migrations/{migration['id']}"
    assert olu.get(path)["migrated_count"] == 2
    report = olu.get(f"{path}/instances", state="migrated")
    assert {row["instance_id"] for row in report["result"]} == set(broken)
    assert olu.get("/process-definitions/p/migrations")["count"] == 1
    assert olu.post(f"{path}/revert", {"reason": "no fault"}) == {"count": 2}
    work_off()
    assert olu.get(path)["reverted_count"] == 2


@pytest.mark.parametrize("path", ["process-instances/{id}/migrate", "process-definitions/p/migrations"])
def test_who_may_not_operate_migrates_nothing(caller, broken, path):
    body = {"to_version": 1, "reason": "mine"}
    caller("wen", "handler").post("/" + path.format(id=broken[0]), body, 403)


def test_a_message_is_kept_until_somebody_waits_and_told_in_the_inbox(boss, olu, deploy, work_off):
    drawn = (
        "start begin\nuser ask\ncatch paid message=paid key='order'\nend over\nbegin -> ask -> paid -> over"
    )
    deploy({"p.bpmn": sketch(drawn)})
    begun = boss.post("/process-definitions/p/start", {"variables": {"order": "A-1"}}, 201)["id"]
    said = {"name": "paid", "correlation": "A-1", "time_to_live": "P2D"}
    kept = boss.post("/messages/publish", said)
    assert kept["instance_id"] is None
    assert boss.get("/messages", state="waiting")["result"][0]["id"] == kept["id"]
    [step] = steps(boss, begun)
    boss.post(f"/process-instances/{begun}/skip", {"visit_id": step["visit_id"], "reason": "on"})
    work_off()
    assert boss.get(f"/process-instances/{begun}")["state"] == "completed"
    assert boss.get("/messages", state="matched")["count"] == 1


def test_a_message_is_brought_by_hand_or_put_away(boss, deploy):
    drawn = "start begin\ncatch paid message=paid key='order'\nend over\nbegin -> paid -> over"
    deploy({"p.bpmn": sketch(drawn)})
    begun = boss.post("/process-definitions/p/start", {"variables": {"order": "A-1"}}, 201)["id"]
    first, second = (
        boss.post("/messages/publish", {"name": "paid", "correlation": key})["id"] for key in ("B-1", "B-2")
    )
    assert boss.post(f"/messages/{first}/deliver", {"instance_id": begun})["state"] == "completed"
    boss.post(f"/messages/{second}/deliver", {"instance_id": begun}, 404)
    assert boss.post(f"/messages/{second}/discard", {"reason": "a test"})["state"] == "discarded"
    boss.post(f"/messages/{second}/discard", {"reason": "again"}, 409)


@pytest.mark.parametrize("time_to_live", ["soon", "PT0S", "P31D", "P1Y"])
def test_a_time_to_live_that_is_none_is_refused_by_name(boss, time_to_live):
    said = {"name": "paid", "time_to_live": time_to_live}
    error = boss.post("/messages/publish", said, 422)["error"]
    assert [one["path"] for one in error["details"]] == ["time_to_live"]
