"""Who administers a process deploys its next version and operates its instances, and no other's."""

from __future__ import annotations

import io

import pytest

from engine.people import join_group
from engine.testing.sketch import sketch

DRAWN = "start begin\nuser ask assignee='\"wen\"'\nuser check\nend over\nbegin -> ask -> check -> over"
MANIFEST = 'key = "p"\ntitle = "Request"\nadministrators = ["group:owners"]\n[groups]\nowners = "Owners"\n'


def folder(said=""):
    return {"p.bpmn": sketch(DRAWN), "process.toml": (said + MANIFEST).encode()}


@pytest.fixture
def owner(boss, deploy, caller, ctx):
    """Who administers ``p`` and has no permission; ``q`` is nobody's."""
    deploy(folder())
    deploy({"q.bpmn": sketch(DRAWN, key="q")})
    caller("wen", "handler")
    olga = caller("olga", "handler")
    with ctx.write():
        join_group(ctx, group_key="owners", person_key="olga")
    return olga


@pytest.fixture
def begun(boss, owner):
    return {key: boss.post(f"/process-definitions/{key}/start", {}, 201)["id"] for key in ("p", "q")}


def test_they_deploy_its_next_version_and_nothing_else(owner, deploy, caller):
    assert deploy(folder('summary = "New."\n'), by=owner)["definitions"][0]["version"] == 2
    other = {"q.bpmn": sketch(DRAWN, key="q")}
    assert "q" in deploy(other, status=403, by=owner)["error"]["message"]
    deploy({"new.bpmn": sketch(DRAWN, key="new")}, status=403, by=owner)
    deploy({**folder('summary = "Newer."\n'), **other}, status=403, by=owner)
    deploy({"a.form": b'{"schemaVersion": 19, "type": "default", "components": []}'}, status=403, by=owner)
    deploy(folder('summary = "Mine."\n'), status=403, by=caller("eve", "agent"))
    assert owner.get("/process-definitions/p/versions")["count"] == 2
    owner.get("/process-definitions/p/versions/2/zip")
    owner.get("/process-definitions/q/versions", 403)
    owner.post("/process-definitions/p/copy", {"key": "mine", "title": "Mine"}, 403)


def test_who_is_taken_off_deploys_no_more(boss, owner, deploy):
    others = MANIFEST.replace("group:owners", "person:boss").encode()
    deploy({**folder(), "process.toml": others})
    deploy(folder('summary = "Back."\n'), status=403, by=owner)


def test_they_see_and_operate_its_instances_and_no_others(owner, begun, work_off):
    assert [row["id"] for row in owner.get("/process-instances")["result"]] == [begun["p"]]
    mine, other = (f"/process-instances/{begun[key]}" for key in ("p", "q"))
    said = {"variables": {"n": 1}, "reason": "typed wrong"}
    owner.post(f"{mine}/variables", said)
    owner.post(f"{other}/variables", said, 403)
    owner.post(f"{mine}/suspend")
    owner.post(f"{other}/suspend", status=403)
    owner.post(f"{mine}/resume")
    [step] = owner.get(f"{mine}/steps")["result"]
    owner.post(f"{mine}/move", {"visit_id": step["visit_id"], "to": "check", "reason": "by phone"})
    assert owner.get(f"{mine}/allowed")["actions"] == ["urge", "withdraw", "cancel"]
    owner.post(f"{other}/cancel", {"reason": "mine"}, 404)
    owner.post(f"{mine}/cancel", {"reason": "not needed"})
    assert owner.get(mine)["state"] == "cancelled"
    owner.post(f"{mine}/reopen", {"to": "ask", "reason": "needed"})
    owner.post(f"{other}/reopen", {"to": "ask", "reason": "needed"}, 403)


def test_they_decide_in_the_place_of_whoever_has_a_task_of_it(owner, begun):
    tasks = owner.get("/tasks")["result"]
    assert [task["process_key"] for task in tasks] == ["p"]
    assert owner.post(f"/tasks/{tasks[0]['id']}/complete", {"data": {}})["state"] == "completed"


def test_they_pause_and_migrate_its_versions_and_no_others(owner, deploy, begun, work_off):
    deploy(folder('summary = "New."\n'), by=owner)
    why = {"reason": "a fault"}
    owner.post("/process-definitions/p/versions/1/suspend", why)
    owner.post("/process-definitions/q/versions/1/suspend", why, 403)
    body = {"to_version": 2, "reason": "a fault"}
    owner.post("/process-definitions/q/migrations", body, 403)
    migration = owner.post("/process-definitions/p/migrations", body, 201)["id"]
    work_off()
    assert owner.get(f"/migrations/{migration}")["migrated_count"] == 1
    assert owner.post(f"/migrations/{migration}/revert", why) == {"count": 1}


@pytest.mark.parametrize("role", ["administrators", "supervisors"])
def test_a_word_that_means_nobody_is_refused_when_it_is_deployed(deploy, role):
    manifest = f'key = "p"\ntitle = "Request"\n{role} = ["owners"]\n'.encode()
    error = deploy({**folder(), "process.toml": manifest}, status=422)["error"]
    assert [one["path"] for one in error["details"]] == [f"process.toml#{role}"]


def test_their_pages_offer_what_they_may_and_no_more(owner, begun, enter, token_of):
    olga = enter("olga")
    page = olga.get("/processes/").text
    assert "/processes/p" in page
    assert "/processes/q" not in page
    assert "/processes/deploy" in page
    page = olga.get("/processes/p").text
    assert "/processes/p/switch" in page
    assert "/processes/p/copy" not in page
    assert olga.get("/processes/q").status_code == 403
    assert "/processes/" in olga.get("/").text
    assert "/processes/" not in enter("wen").get("/").text
    path = f"/instances/{begun['p']}"
    assert f"{path}/move" in olga.get(path).text
    assert f"{path}/move" not in enter("wen").get(path).text
    said = {"csrf_token": token_of(olga), "reason": "a fault"}
    assert olga.post(f"{path}/suspend", data=said).status_code == 303
    assert olga.post(f"/instances/{begun['q']}/suspend", data=said).status_code == 403
    newer = folder('summary = "New."\n')
    files = [(io.BytesIO(content), name) for name, content in newer.items()]
    sent = {"csrf_token": token_of(olga), "files": files}
    assert "Deployed." in olga.post("/processes/deploy", data=sent, follow_redirects=True).text
