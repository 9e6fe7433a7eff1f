"""Instances: who sees them, what is told of them, what operators do."""

from __future__ import annotations

import pytest

from engine.testing.drawing import chain, drawing, end, start, task

from .conftest import upload, written


def test_an_instance_is_seen_by_who_started_it_who_may_act_and_who_sees_all(letters, caller):
    instance = written(letters["writer"])
    path = f"/process-instances/{instance['id']}"
    stranger, manager = caller("eve", "handler"), caller("max", "manager")
    for one in (*letters.values(), manager):
        assert one.get(path)["id"] == instance["id"]
        assert one.get("/process-instances")["count"] == 1
    assert stranger.get("/process-instances")["count"] == 0
    for inner in ("", "/history", "/variables", "/tasks", "/comments"):
        stranger.get(path + inner, 404)
    stranger.post(path + "/comments", {"text": "Hello"}, 404)


def test_instances_are_filtered(letters, boss, one_task):
    letter, other = written(letters["writer"]), boss.post(f"/process-definitions/{one_task}/start", {}, 201)

    def found(**query):
        return {row["id"] for row in boss.get("/process-instances", **query)["result"]}

    assert found(key="letter") == {letter["id"]}
    assert found(business_key="L-0001") == {letter["id"]}
    assert found(root=other["id"]) == {other["id"]}
    assert found(state="active") == {letter["id"], other["id"]}
    assert found(state="completed") == set()
    assert found(initiator="me") == {other["id"]}
    assert found(initiator="amy") == {letter["id"]}
    error = boss.get("/process-instances", 400, state="sleeping")["error"]
    assert "active, suspended, completed, cancelled, failed" in error["details"][0]["message"]
    boss.get("/process-instances", 400, root="x")


def test_personal_variables_are_masked_for_those_without_the_right(letters, caller):
    instance = written(
        letters["writer"], deep={"street": "Nathan Road 1", "floors": [{"phone": "+85251230001"}]}
    )
    path = f"/process-instances/{instance['id']}/variables"
    seen = letters["reader"].get(path)
    assert seen["name"] == "Chan"
    assert seen["phone"] == "+*********01"
    assert seen["street"] == "***"
    assert seen["deep"] == {"street": "***", "floors": [{"phone": "+*********01"}]}
    open_to = caller("sue", "supervisor").get(path)
    assert (open_to["phone"], open_to["street"]) == ("+85251230001", "Nathan Road 1")


def test_history_tells_where_an_instance_was_page_by_page(letters):
    reader = letters["reader"]
    instance = written(letters["writer"])
    (task_row,) = reader.get("/tasks", candidate="me")["result"]
    said = {"outcome": "good", "data": {"stars": 5}}
    reader.post(f"/tasks/{task_row['id']}/complete", said)
    path = f"/process-instances/{instance['id']}/history"
    rows = reader.get(path)["result"]
    assert [row["element_id"] for row in rows] == ["begin", "read", "over"]
    assert [row["state"] for row in rows] == ["completed"] * 3
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    assert rows[1]["actor"] == "ben"
    assert rows[1]["started_at"].endswith("Z")
    assert reader.get(path, page=2, page_size=2)["result"] == rows[2:]
    assert reader.get(path, sort="-seq")["result"] == rows[::-1]


def test_history_and_the_list_tell_of_called_instances_too(boss, deploy, work_off):
    inner = [start(), task("look"), end(), chain(["begin", "look", "over"])]
    deploy({"inner.bpmn": drawing("\n".join(inner), key="inner")})
    for key, called, element in (("middle", "inner", "ask"), ("outer", "middle", "order")):
        call = f'<bpmn:callActivity id="{element}" calledElement="{called}"/>'
        body = [start(), call, end(), chain(["begin", element, "over"])]
        deploy({f"{key}.bpmn": drawing("\n".join(body), key=key)})
    instance = boss.post("/process-definitions/outer/start", {}, 201)
    work_off()
    rows = boss.get("/process-instances", root=instance["id"], sort="started_at")["result"]
    assert [row["process_key"] for row in rows] == ["outer", "middle", "inner"]
    assert rows[1]["parent_id"] == instance["id"]

    def elements(one, **query):
        return {
            row["element_id"]
            for row in boss.get(f"/process-instances/{one['id']}/history", **query)["result"]
        }

    assert elements(instance) == {"begin", "order"}
    assert elements(instance, called="true") == {"begin", "order", "ask", "look"}
    assert elements(rows[1], called="true") == {"begin", "ask", "look"}
    assert elements(rows[2], called="true") == {"begin", "look"}


def test_an_operator_cancels_suspends_and_resumes(letters, caller):
    operator = caller("olu", "operator")
    instance = written(letters["writer"])
    path = f"/process-instances/{instance['id']}"
    assert operator.post(path + "/suspend", {"reason": "wait"})["state"] == "suspended"
    assert operator.post(path + "/suspend", status=409)["error"]["code"] == "conflict"
    assert operator.post(path + "/resume")["state"] == "active"
    details = operator.post(path + "/cancel", {}, 422)["error"]["details"]
    assert details == [{"path": "reason", "message": "This is missing."}]
    details = operator.post(path + "/cancel", {"reason": " "}, 422)["error"]["details"]
    assert details[0]["path"] == "reason"
    ended = operator.post(path + "/cancel", {"reason": "sent twice"})
    assert ended["state"] == "cancelled"
    assert ended["ended_at"].endswith("Z")
    assert operator.post(path + "/cancel", {"reason": "again"}, 409)["error"]["code"] == "instance_ended"


@pytest.mark.parametrize("verb", ["cancel", "suspend", "resume"])
def test_who_may_not_operate_is_403(letters, verb):
    instance = written(letters["writer"])
    letters["writer"].post(f"/process-instances/{instance['id']}/{verb}", {"reason": "mine"}, 403)


def test_notes_carry_text_and_files_and_their_readers_get_the_files(letters, caller):
    writer, reader, stranger = letters["writer"], letters["reader"], caller("eve", "handler")
    path = f"/process-instances/{written(writer)['id']}/comments"
    held = upload(writer, b"a map", "map.txt")
    assert held == {"$file": held["$file"], "name": "map.txt", "type": "text/plain", "size": 5}
    reader.get(f"/files/{held['$file']}", 404)
    note = writer.post(path, {"text": "Call +85251230001", "files": [{"$file": held["$file"]}]}, 201)
    assert note["author"] == "amy"
    assert note["through"] == "rest"
    assert note["files"] == [held]
    (seen,) = reader.get(path)["result"]
    assert seen["text"] == "Call +*********01"
    got = reader.get(f"/files/{held['$file']}")
    assert got.data == b"a map"
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''map.txt"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    stranger.get(f"/files/{held['$file']}", 404)


def test_a_note_with_somebody_elses_file_or_nothing_in_it_is_refused(letters):
    writer, reader = letters["writer"], letters["reader"]
    path = f"/process-instances/{written(writer)['id']}/comments"
    held = upload(reader, b"mine", "a.txt")
    writer.post(path, {"text": "look", "files": [{"$file": held["$file"]}]}, 404)
    writer.post(path, {"files": [{}]}, 404)
    writer.post(path, {}, 422)
    writer.post(path, {"text": "x", "task_id": "01890000-0000-7000-8000-000000000000"}, 404)
    assert writer.get(path)["count"] == 0


def test_who_gets_a_file_is_written_down(letters, ctx):
    from sqlalchemy import select

    from engine.history import AuditEntry

    writer = letters["writer"]
    held = upload(writer, b"a map", "map.txt")
    writer.get(f"/files/{held['$file']}")
    with ctx.read():
        found = ctx.connection.execute(select(AuditEntry.actor).where(AuditEntry.action == "file.read")).all()
    assert [row.actor for row in found] == ["amy"]


def test_an_upload_that_cannot_be_is_refused(boss, monkeypatch):
    monkeypatch.setattr("admin.api.files.LIMIT_BYTES", 1000)
    boss.post("/files", status=422, data={}, content_type="multipart/form-data")
    upload(boss, b"", "a.txt", 422)
    error = upload(boss, b"x" * 1001, "a.txt", 422)["error"]
    assert error["code"] == "too_large"
    assert "1 MB" in error["message"]


def test_a_declared_variable_of_another_type_is_422_and_nothing_begins(letters):
    writer = letters["writer"]
    said = {"variables": {"phone": 5, "name": None, "other": 5}}
    (detail,) = writer.post("/process-definitions/letter/start", said, 422)["error"]["details"]
    assert detail == {"path": "phone", "message": "5 is not of the type string."}
    assert writer.get("/process-instances")["count"] == 0
