"""Processes go out as a zip, come in again, and are copied."""

from __future__ import annotations

import io
import zipfile
from dataclasses import asdict
from importlib.resources import files as shipped

from engine.definition import deploy as deploy_files
from engine.definition import get_definition, read_folder
from engine.testing.sketch import sketch

from .conftest import letter, zipped

FROM_OUTSIDE = "start begin message=rung\nuser ask\nend over\nbegin -> ask -> over"


def packed(answer):
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_what_goes_out_comes_in_again_and_makes_no_new_version(boss, deploy):
    deploy({"letter.zip": zipped(letter())})
    answer = boss.get("/process-definitions/letter/versions/1/zip")
    assert answer.mimetype == "application/zip"
    assert "letter-1.zip" in answer.headers["Content-Disposition"]
    assert packed(answer) == letter()
    again = deploy({"letter.zip": answer.data})
    assert (again["new"], again["definitions"][0]["version"]) == (False, 1)
    boss.get("/process-definitions/letter/versions/2/zip", 404)


def test_an_older_version_comes_in_as_the_newest(boss, deploy):
    deploy(letter())
    deploy({**letter(), "README.md": b"Read me."})
    older = boss.get("/process-definitions/letter/versions/1/zip").data
    assert deploy({"letter.zip": older})["definitions"][0]["version"] == 3


def test_what_is_very_much_alike_goes_out_so_that_it_comes_in_again(boss, deploy):
    deploy({**letter(), "README.md": b" " * 200_000})
    answer = boss.get("/process-definitions/letter/versions/1/zip")
    assert not deploy({"letter.zip": answer.data})["new"]


def test_a_copy_is_a_process_of_its_own_with_the_same_forms_words_groups_and_rights(boss, letters, deploy):
    copied = boss.post("/process-definitions/letter/copy", {"key": "memo", "title": "A memo"}, 201)
    (made,) = copied["definitions"]
    assert (made["key"], made["version"], made["title"]) == ("memo", 1, "A memo")
    files = packed(boss.get("/process-definitions/memo/versions/1/zip"))
    assert set(files) == {path.replace("letter.bpmn", "memo.bpmn") for path in letter()}
    kept = {path: content for path, content in letter().items() if path.endswith((".form", ".po"))}
    assert kept.items() <= files.items()
    # Its starters start it, its readers have the task with the form, and it has its own numbers.
    letters["reader"].post("/process-definitions/memo/start", {}, 404)
    begun = letters["writer"].post("/process-definitions/memo/start", {"variables": {"name": "Chan"}}, 201)
    assert (begun["process_key"], begun["title"]) == ("memo", "Letter to Chan")
    (waiting,) = letters["reader"].get("/tasks", candidate="me")["result"]
    assert waiting["process_key"] == "memo"
    # The copied one is as it was.
    assert boss.get("/process-definitions/letter")["versions"] == [1]
    assert not deploy({"memo.zip": zipped(files)})["new"]


def test_a_key_that_is_taken_or_none_is_refused(boss, letters, one_task):
    path = "/process-definitions/letter/copy"
    error = boss.post(path, {"key": "one_task", "title": "Other"}, 409)["error"]
    assert "one_task" in error["message"]
    assert boss.post(path, {"key": "a b", "title": "Other"}, 422)["error"]["code"] == "definition_error"
    assert boss.post(path, {"key": "read", "title": "Other"}, 422)["error"]["details"][0]["path"] == "key"
    assert boss.post(path, {"key": "memo", "title": " "}, 422)["error"]["details"][0]["path"] == "title"
    boss.post("/process-definitions/nothing/copy", {"key": "memo", "title": "Other"}, 404)
    assert boss.get("/process-definitions/one_task")["versions"] == [1]


def test_who_may_not_deploy_copies_nothing_and_who_may_not_see_takes_nothing_out(letters, caller):
    manager = caller("max", "manager")
    manager.get("/process-definitions/letter/versions/1/zip")
    manager.post("/process-definitions/letter/copy", {"key": "memo", "title": "A memo"}, 403)
    letters["writer"].get("/process-definitions/letter/versions/1/zip", 403)


def test_what_was_deployed_together_is_not_copied_by_half(boss, deploy):
    deploy({"a.bpmn": sketch(FROM_OUTSIDE, key="a"), "b.bpmn": sketch(FROM_OUTSIDE, key="b")})
    error = boss.post("/process-definitions/a/copy", {"key": "c", "title": "C"}, 409)["error"]
    assert error["message"].startswith("It was deployed together with others: b.")


def test_a_copy_that_a_message_would_begin_leaves_it_to_the_other(boss, deploy, ctx):
    deploy({"desk.bpmn": sketch(FROM_OUTSIDE, key="desk")})
    boss.post("/process-definitions/desk/copy", {"key": "desk_two", "title": "Another desk"}, 201)
    (version,) = boss.get("/process-definitions/desk_two/versions")["result"]
    assert version["suspended_at"]
    begun = boss.post("/messages/publish", {"name": "rung"})
    assert boss.get(f"/process-instances/{begun['instance_id']}")["process_key"] == "desk"
    boss.post("/process-definitions/desk/versions/1/suspend", {"reason": "the new one takes over"})
    boss.post("/process-definitions/desk_two/versions/1/resume", {"reason": "the new one takes over"})
    begun = boss.post("/messages/publish", {"name": "rung"})
    assert boss.get(f"/process-instances/{begun['instance_id']}")["process_key"] == "desk_two"


def test_a_process_that_calls_itself_is_copied_to_one_that_calls_itself(boss, deploy):
    drawn = sketch(
        "start begin\nxor again\ncall deeper calls=loop\nend over\nbegin -> again\nagain -> deeper [more]\n"
        "again -> over *\ndeeper -> over",
        key="loop",
    )
    manifest = b'title = "Loop"\nkey = "loop" # its own\ncalls = ["loop"]\n'
    deploy({"process.toml": manifest, "loop.bpmn": drawn})
    boss.post("/process-definitions/loop/copy", {"key": "knot", "title": 'A "knot"'}, 201)
    files = packed(boss.get("/process-definitions/knot/versions/1/zip"))
    assert files["process.toml"].splitlines() == [
        b'title = "A \\"knot\\""', b'key = "knot"', b'calls = ["knot"]'
    ]  # fmt: skip
    assert b'calledElement="knot"' in files["knot.bpmn"]


def test_a_shipped_process_is_copied_whole_and_paused_where_the_public_would_begin_it(boss, ctx):
    deploy_files(ctx, files=read_folder(shipped("bpmn") / "ticket_routing"))
    boss.post("/process-definitions/ticket_routing/copy", {"key": "other", "title": "Other"}, 201)
    assert boss.get("/process-definitions/other/versions")["result"][0]["suspended_at"]
    with ctx.read():
        one, other = (get_definition(ctx, key=key) for key in ("ticket_routing", "other"))
    assert {node.element_id for node in one.spec.nodes} == {node.element_id for node in other.spec.nodes}
    changed = {"key": "other", "title": "Other"}
    assert asdict(other.manifest) == {**asdict(one.manifest), **changed}
