"""User tasks: the work list, the form, taking, finishing."""

from __future__ import annotations

import pytest

from engine.people import join_group, put_group
from engine.testing.sketch import sketch

from .conftest import written


def waiting(reader):
    (row,) = reader.get("/tasks", candidate="me")["result"]
    return row


def test_a_candidate_finds_takes_and_puts_back_a_task(letters, caller):
    reader = letters["reader"]
    instance = written(letters["writer"])
    task = waiting(reader)
    assert task["instance_id"] == instance["id"]
    assert task["business_key"] == "L-0001"
    assert task["state"] == "open"
    assert task["candidate_groups"] == ["readers"]
    assert [one["name"] for one in task["outcomes"]] == ["good", "bad"]
    assert task["outcomes"][1] == {
        "name": "bad",
        "label": "Bad",
        "opinion_required": True,
        "opinion": "required",
        "signature_required": False,
    }
    taken = reader.post(f"/tasks/{task['id']}/claim")
    assert (taken["state"], taken["assignee"]) == ("claimed", "ben")
    assert reader.get("/tasks", candidate="me")["count"] == 0
    assert reader.get("/tasks", assignee="me")["count"] == 1
    back = reader.post(f"/tasks/{task['id']}/unclaim")
    assert (back["state"], back["assignee"]) == ("open", None)
    assert reader.post(f"/tasks/{task['id']}/unclaim", status=409)["error"]["code"] == "conflict"


def test_tasks_are_filtered(letters, boss):
    reader = letters["reader"]
    first, second = written(letters["writer"]), written(letters["writer"], name="Wong")

    def found(**query):
        return {row["instance_id"] for row in reader.get("/tasks", **query)["result"]}

    both = {first["id"], second["id"]}
    assert found() == found(mine="me") == found(candidate="ben") == found(process_key="letter") == both
    assert found(business_key="L-0002") == found(instance_id=second["id"]) == {second["id"]}
    assert found(assignee="me") == found(state="completed") == found(ended_by="me") == set()
    assert found(state="open,claimed") == both
    assert found(search="L-0001") == {first["id"]}
    error = reader.get("/tasks", 400, state="open,sleeping")["error"]
    assert "open, claimed, completed, cancelled" in error["details"][0]["message"]


def test_nobody_sees_tasks_of_instances_that_are_not_theirs(letters, caller):
    task = written(letters["writer"]) and waiting(letters["reader"])
    stranger, manager = caller("eve", "handler"), caller("max", "manager")
    assert stranger.get("/tasks")["count"] == 0
    assert stranger.get("/tasks", candidate="ben")["count"] == 0
    for inner in ("", "/form"):
        stranger.get(f"/tasks/{task['id']}{inner}", 404)
    for verb in ("claim", "unclaim", "complete"):
        stranger.post(f"/tasks/{task['id']}/{verb}", {}, 404)
    assert manager.get("/tasks")["count"] == 1
    manager.post(f"/tasks/{task['id']}/claim", status=403)
    letters["writer"].post(f"/tasks/{task['id']}/claim", status=403)


def test_the_form_comes_with_data_in_the_readers_language(letters, caller, ctx):
    from engine.people import join_group

    written(letters["writer"])
    chinese = caller("hua", "handler", locale="zh_Hant")
    join_group(ctx, group_key="readers", person_key="hua")
    task = waiting(chinese)
    assert task["name"] == "读信"
    form = chinese.get(f"/tasks/{task['id']}/form")
    assert form["key"] == "read"
    labels = {one["key"]: one["label"] for one in form["schema"]["components"]}
    assert labels["stars"] == "星级"
    assert form["data"]["name"] == "Chan"
    assert form["data"]["phone"] == "+85251230001"
    watching = caller("max", "manager").get(f"/tasks/{task['id']}/form")
    assert watching["data"]["phone"] == "+*********01"
    assert watching["data"]["street"] == "***"


def test_a_task_with_a_form_is_finished_through_it(letters):
    reader = letters["reader"]
    instance = written(letters["writer"])
    task = waiting(reader)
    path = f"/tasks/{task['id']}/complete"
    error = reader.post(path, {"outcome": "good", "data": {"colour": "blue", "stars": 5}}, 422)["error"]
    assert [one["path"] for one in error["details"]] == ["colour"]
    error = reader.post(path, {"outcome": "good", "data": {"stars": "many"}}, 422)["error"]
    assert error["details"][0]["path"] == "stars"
    error = reader.post(path, {"outcome": "good", "data": {}}, 422)["error"]
    assert error["details"][0]["path"] == "stars"
    error = reader.post(path, {"outcome": "fine", "data": {"stars": 5}}, 422)["error"]
    assert error["details"] == [{"path": "outcome", "message": "Choose one of: good, bad."}]
    error = reader.post(path, {"outcome": "bad", "data": {"stars": 1}}, 422)["error"]
    assert error["details"][0]["path"] == "opinion"
    done = reader.post(path, {"outcome": "bad", "data": {"stars": 1}, "opinion": "Too late"})
    assert (done["state"], done["outcome"], done["opinion"]) == ("completed", "bad", "Too late")
    assert (done["ended_by"], done["ended_through"]) == ("ben", "rest")
    assert reader.get(f"/process-instances/{instance['id']}")["state"] == "completed"
    variables = reader.get(f"/process-instances/{instance['id']}/variables")
    assert variables["stars"] == 1
    assert variables["decisions"]["read"]["outcome"] == "bad"


def test_a_task_without_a_form_is_finished_with_variables(boss, caller, one_task):
    mei = caller("mei", "agent")
    instance = boss.post(f"/process-definitions/{one_task}/start", {}, 201)
    task = waiting(mei)
    mei.get(f"/tasks/{task['id']}/form", 404)
    error = mei.post(f"/tasks/{task['id']}/complete", {"data": {"decisions": {}}}, 422)["error"]
    assert error["details"][0]["path"] == "decisions"
    mei.post(f"/tasks/{task['id']}/complete", {"data": {"answer": 42}})
    assert boss.get(f"/process-instances/{instance['id']}/variables")["answer"] == 42
    assert mei.get("/tasks", ended_by="me", state="completed")["count"] == 1


def test_of_two_who_finish_the_first_wins_and_the_other_is_told_who_and_when(boss, caller, one_task):
    mei, wong = caller("mei", "agent"), caller("wong", "agent")
    boss.post(f"/process-definitions/{one_task}/start", {}, 201)
    task = waiting(mei)
    mei.post(f"/tasks/{task['id']}/complete")
    for verb in ("complete", "claim"):
        error = wong.post(f"/tasks/{task['id']}/{verb}", status=409)["error"]
        assert error["code"] == "already_ended"
        assert error["message"].startswith("mei finished this at 20")


def test_a_task_that_somebody_took_is_not_finished_by_another(boss, caller, one_task):
    mei, wong = caller("mei", "agent"), caller("wong", "agent")
    boss.post(f"/process-definitions/{one_task}/start", {}, 201)
    task = waiting(mei)
    mei.post(f"/tasks/{task['id']}/claim")
    wong.post(f"/tasks/{task['id']}/complete", status=403)
    assert mei.post(f"/tasks/{task['id']}/complete")["state"] == "completed"


def test_a_form_is_checked_before_the_write_transaction_opens(letters, ctx):
    """Somebody else writes: what cannot be accepted is refused all the same, without waiting for them."""
    written(letters["writer"])
    task = waiting(letters["reader"])
    with ctx.write():
        answer = letters["reader"].post(
            f"/tasks/{task['id']}/complete", {"outcome": "good", "data": {"stars": "many"}}, 422
        )
    assert answer["error"]["details"][0]["path"] == "stars"


def test_a_completion_sent_again_under_its_key_is_answered_again(letters):
    written(letters["writer"])
    reader, task = letters["reader"], waiting(letters["reader"])
    said = {"outcome": "good", "data": {"stars": 5}}
    first = reader.post(f"/tasks/{task['id']}/complete", said, key="once")
    assert reader.post(f"/tasks/{task['id']}/complete", said, key="once") == first
    assert reader.post(f"/tasks/{task['id']}/complete", said, 409)["error"]["code"] == "already_ended"


ANY_ORDER = """
start begin
adhoc work name="Whatever is needed" groups='["{group}"]' {options}
  user call name="Call the guest"
  user note name="Write it down"
begin -> work
"""


@pytest.fixture
def any_order(deploy, caller, ctx):
    """Begin a process in whose only step the readers choose what is done; the task, and a caller."""
    deploy({"any.bpmn": sketch(ANY_ORDER.format(group="readers", options=""), key="any")})
    with ctx.write():
        put_group(ctx, key="readers", name="Readers")
    ben = caller("ben", "handler")
    with ctx.write():
        join_group(ctx, group_key="readers", person_key="ben")
    return ben


def test_people_choose_over_the_interface_what_is_done_next_and_when_it_is_complete(boss, caller, any_order):
    instance = boss.post("/process-definitions/any/start", {}, 201)
    task = waiting(any_order)
    assert [one["element_id"] for one in task["activities"]] == ["call", "note"]
    any_order.post(f"/tasks/{task['id']}/choose", {"activity": "note"})
    any_order.post(f"/tasks/{task['id']}/choose", {"activity": "nothing"}, 409)
    any_order.post(f"/tasks/{task['id']}/choose", {}, 422)
    caller("cy", "handler").post(f"/tasks/{task['id']}/choose", {"activity": "call"}, 404)
    open_ = boss.get("/tasks", instance_id=instance["id"])["result"]
    assert sorted(one["element_id"] for one in open_) == ["note", "work"]
    any_order.post(f"/tasks/{task['id']}/complete")
    assert boss.get(f"/process-instances/{instance['id']}")["state"] == "completed"
    any_order.post(f"/tasks/{task['id']}/choose", {"activity": "call"}, 409)


def test_at_a_task_of_another_kind_there_is_nothing_to_choose(boss, caller, one_task):
    mei = caller("mei", "agent")
    boss.post(f"/process-definitions/{one_task}/start", {}, 201)
    task = waiting(mei)
    assert task["activities"] == []
    mei.post(f"/tasks/{task['id']}/choose", {"activity": "look"}, 409)
