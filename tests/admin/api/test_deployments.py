"""Deployments and definitions."""

from __future__ import annotations

import io
import zipfile

import pytest

from engine.testing.drawing import chain, drawing, end, start, task

from .conftest import letter, zipped


def test_a_zip_with_a_manifest_is_a_process_folder(boss, deploy):
    made = deploy({"letter.zip": zipped(letter())})
    assert made["new"]
    assert [(one["key"], one["version"], one["title"]) for one in made["definitions"]] == [
        ("letter", 1, "A letter")
    ]
    assert boss.get("/groups/writers")["name"] == "Writers"


def zipped_small(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return packed.getvalue()


def test_the_files_of_a_folder_may_come_one_by_one(boss, deploy):
    made = deploy(letter())
    assert made["definitions"][0]["key"] == "letter"


def test_the_same_content_makes_no_new_version(deploy):
    first = deploy({"letter.zip": zipped(letter())})
    again = deploy({"letter.zip": zipped(letter())})
    assert not again["new"]
    assert again["definitions"] == first["definitions"]
    changed = {**letter(), "README.md": b"Read me."}
    assert deploy({"letter.zip": zipped(changed)})["definitions"][0]["version"] == 2


def test_loose_drawings_hold_any_number_of_processes(deploy):
    def one(key):
        body = "\n".join([start(), task("look"), end(), chain(["begin", "look", "over"])])
        return drawing(body, key=key)

    second = one("two").replace(b'id="begin"', b'id="b2"').replace(b"begin", b"b2")
    second = second.replace(b'"look"', b'"l2"').replace(b'"over"', b'"o2"').replace(b"flow_", b"g_")
    inner = second[second.index(b"<bpmn:process") : second.index(b"</bpmn:definitions>")]
    both = one("one").replace(b"</bpmn:definitions>", inner + b"</bpmn:definitions>")
    made = deploy({"both.bpmn": both})
    assert [one["key"] for one in made["definitions"]] == ["one", "two"]


def plain(key, inner="look"):
    body = "\n".join([start(), task(inner), end(), chain(["begin", inner, "over"])])
    return drawing(body, key=key)


def test_very_many_loose_drawings_are_one_deployment(deploy):
    files = {f"{number}.bpmn": plain(f"a_process_of_a_long_name_{number}") for number in range(9)}
    made = deploy(files)
    assert len(made["definitions"]) == 9
    assert not deploy(files)["new"]


def test_two_processes_of_one_id_in_two_files_are_422(boss, deploy):
    error = deploy({"a.bpmn": plain("same"), "b.bpmn": plain("same", "other")}, status=422)["error"]
    assert [one["path"] for one in error["details"]] == ["b.bpmn#same"]
    assert boss.get("/process-definitions")["count"] == 0


@pytest.mark.parametrize("key", ["", "a b", "a/b", "..", "x" * 129])
def test_a_process_whose_id_is_no_part_of_an_address_is_422(deploy, key):
    (detail,) = deploy({"a.bpmn": plain(key)}, status=422)["error"]["details"]
    assert "1 to 128 letters" in detail["message"]


def test_a_process_may_have_a_chinese_id(boss, deploy):
    deploy({"流程.bpmn": plain("受理-1.0")})
    assert boss.get("/process-definitions/受理-1.0")["key"] == "受理-1.0"


def test_an_element_whose_id_is_too_long_is_422(deploy):
    (detail,) = deploy({"a.bpmn": plain("a", "x" * 256)}, status=422)["error"]["details"]
    assert "255" in detail["message"]


def test_a_zip_with_a_broken_stream_is_422(deploy):
    packed = bytearray(zipped_small({"a.bpmn": plain("a")}))
    packed[60:90] = b"\xff" * 30
    assert deploy({"a.zip": bytes(packed)}, status=422)["error"]["details"]


def test_what_cannot_run_is_422_with_every_problem_its_file_element_and_remedy(boss, deploy):
    broken = {**letter(), "letter.bpmn": letter()["letter.bpmn"].replace(b'form="read"', b'form="nothing"')}
    broken["forms/read.form"] = b"{"
    error = deploy({"letter.zip": zipped(broken)}, status=422)["error"]
    assert error["code"] == "definition_error"
    assert any(one["path"].startswith("forms/read.form") for one in error["details"])
    wrong = letter()["letter.bpmn"].replace(b'form="read"', b'form="nothing"')
    error = deploy({"letter.zip": zipped({**letter(), "letter.bpmn": wrong})}, status=422)["error"]
    (detail,) = error["details"]
    assert detail["path"] == "letter.bpmn#read"
    assert "nothing" in detail["message"]
    assert boss.get("/process-definitions")["count"] == 0


def test_what_is_no_drawing_is_422(deploy):
    for files in (
        {"a.bpmn": b"<xml"},
        {"a.txt": b"x"},
        {"a.zip": b"PK\x03\x04 broken"},
        {"../a.bpmn": b"<a/>"},
    ):
        assert deploy(files, status=422)["error"]["details"]


def test_problems_are_said_in_the_callers_language(deploy, boss):
    answer = deploy({"a.txt": b"x"}, status=422, headers={"Accept-Language": "zh-TW"})
    assert answer["error"]["code"] == "definition_error"


def test_nothing_sent_is_422(boss):
    boss.post("/deployments", status=422, data={}, content_type="multipart/form-data")
    boss.post("/deployments", {"files": []}, status=422)


def test_who_may_not_deploy_is_403(caller, deploy):
    agent = caller("mei", "agent")
    deploy(letter(), status=403, by=agent)


def test_a_deployment_is_done_once_per_key(boss):
    def send(content):
        return boss.client.post(
            "/api/v1/deployments",
            data={"files": (io.BytesIO(content), "letter.zip")},
            headers={**boss.headers, "Idempotency-Key": "k"},
        )

    packed = zipped(letter())
    first, again = send(packed), send(packed)
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    assert send(packed + b"x").status_code == 422


def test_a_definition_is_read_with_its_versions_starts_variables_and_drawing(boss, deploy):
    deploy(letter())
    deploy({**letter(), "README.md": b"Read me."})
    found = boss.get("/process-definitions/letter")
    assert found["version"] == 2
    assert found["versions"] == [2, 1]
    assert found["starts"] == [{"event": "begin", "title": "A letter", "form": None, "public": False}]
    assert {"name": "phone", "type": "string", "kind": "", "label": "Telephone", "sensitive": True} in found[
        "variables"
    ]
    assert boss.get("/process-definitions/letter", version=1)["version"] == 1
    boss.get("/process-definitions/letter", 404, version=3)
    drawn = boss.get("/process-definitions/letter/versions/1/xml")
    assert drawn.mimetype == "application/xml"
    assert drawn.data == letter()["letter.bpmn"]
    boss.get("/process-definitions/letter/versions/9/xml", 404)


def test_titles_are_said_in_the_callers_language(boss, deploy, caller):
    deploy(letter())
    chinese = caller("hua", "administrator", locale="zh_Hans")
    assert chinese.get("/process-definitions/letter")["title"] == "一封信"
    (row,) = chinese.get("/process-definitions")["result"]
    assert row["title"] == "一封信"


def test_who_may_neither_start_nor_see_a_process_does_not_find_it(letters, caller, one_task):
    writer, reader, designer = letters["writer"], letters["reader"], caller("dee", "designer")
    assert [row["key"] for row in writer.get("/process-definitions")["result"]] == ["letter"]
    assert writer.get("/process-definitions/letter")["may_start"]
    assert reader.get("/process-definitions")["count"] == 0
    reader.get("/process-definitions/letter", 404)
    reader.post("/process-definitions/letter/start", {}, 404)
    writer.get("/process-definitions/letter/versions/1/xml", 403)
    assert [row["key"] for row in designer.get("/process-definitions")["result"]] == ["letter", "one_task"]
    manager = caller("max", "manager")
    assert not manager.get("/process-definitions/letter")["may_start"]
    manager.post("/process-definitions/letter/start", {}, 403)


def test_definitions_are_filtered_by_category(boss, letters, one_task):
    assert boss.get("/process-definitions", category="Office")["count"] == 1
    assert boss.get("/process-definitions", category="Nowhere")["count"] == 0


def test_a_start_answers_after_the_first_wait_states(letters):
    writer = letters["writer"]
    started = writer.post(
        "/process-definitions/letter/start", {"variables": {"name": "Chan", "new": [1]}}, 201
    )
    assert started["state"] == "active"
    assert started["business_key"] == "L-0001"
    assert started["title"] == "Letter to Chan"
    assert started["initiator"] == "amy"
    assert started["version"] == 1
    (waiting,) = writer.get(f"/process-instances/{started['id']}/tasks")["result"]
    assert waiting["element_id"] == "read"
    assert writer.get(f"/process-instances/{started['id']}/variables")["new"] == [1]


def test_a_start_takes_a_key_of_its_own_and_a_version(boss, letters, deploy):
    deploy({**letter(), "README.md": b"Read me."})
    said = {"business_key": "MINE", "version": 1}
    started = letters["writer"].post("/process-definitions/letter/start", said, 201)
    assert (started["business_key"], started["version"]) == ("MINE", 1)
    error = letters["writer"].post("/process-definitions/letter/start", said, 409)["error"]
    assert error["code"] == "conflict"
    assert "MINE" in error["message"]
    letters["writer"].post("/process-definitions/letter/start", {"version": 7}, 404)
    boss.post("/process-definitions/nothing/start", {}, 404)


def test_nobody_says_otherwise_what_the_engine_itself_says_of_an_instance(letters):
    said = {"variables": {"initiator": "boss", "decisions": {}, "name": "Chan"}}
    error = letters["writer"].post("/process-definitions/letter/start", said, 422)["error"]
    assert {one["path"] for one in error["details"]} == {"initiator", "decisions"}


def test_a_process_that_only_a_message_starts_is_not_started_without(boss, deploy):
    rung = '<bpmn:startEvent id="rung"><bpmn:messageEventDefinition messageRef="m"/></bpmn:startEvent>'
    body = [rung, task("answer"), end(), chain(["rung", "answer", "over"])]
    roots = '<bpmn:message id="m" name="bell"/>'
    deploy({"bell.bpmn": drawing("\n".join(body), key="bell", roots=roots)})
    boss.post("/process-definitions/bell/start", {}, 422)
