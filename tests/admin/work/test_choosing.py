"""The page of an ad-hoc sub-process in which people choose what is done next."""

import pytest

from engine.definition import deploy
from engine.people import join_group, put_group
from engine.runtime import start_process
from engine.testing.sketch import sketch
from engine.work import list_tasks


@pytest.fixture
def ben(ctx, make_person, enter):
    make_person("ben", "handler", locale="zh_Hant")
    with ctx.write():
        put_group(ctx, key="readers", name="Readers")
        join_group(ctx, group_key="readers", person_key="ben")
    return enter("ben")


def begin(ctx, options=""):
    drawn = f"""
    adhoc work name="Whatever is needed" groups='["readers"]' {options}
      user call name="Call the guest"
      user note name="Write it down"
    """
    deploy(ctx, files={"p.bpmn": sketch(drawn)})
    begun = start_process(ctx, process_key="p", variables={"enough": False})
    return begun, open_tasks(ctx, begun)["work"]


def open_tasks(ctx, begun):
    with ctx.read():
        return {task.element_id: task.id for task in list_tasks(ctx, instance_id=begun.id)[1]}


def test_whoever_may_chooses_and_sees_what_was_begun(ctx, ben, token_of):
    begun, task = begin(ctx)
    text = ben.get(f"/tasks/{task}").text
    assert "接下來做什麼" in text
    assert "Call the guest" in text
    token = token_of(ben, f"/tasks/{task}")
    answer = ben.post(f"/tasks/{task}/choose", data={"activity": "note", "csrf_token": token})
    assert answer.status_code == 303
    assert set(open_tasks(ctx, begun)) == {"work", "note"}
    assert f"/tasks/{open_tasks(ctx, begun)['note']}" in ben.get(f"/tasks/{task}").text
    answer = ben.post(f"/tasks/{task}/complete", data={"data": "{}", "csrf_token": token})
    assert answer.status_code == 303
    assert open_tasks(ctx, begun) == {}


def test_where_a_condition_ends_it_there_is_no_button_to_end_it(ctx, ben):
    _begun, task = begin(ctx, "complete=enough")
    text = ben.get(f"/tasks/{task}").text
    assert f"/tasks/{task}/choose" in text
    assert f"/tasks/{task}/complete" not in text


def test_one_after_the_other_a_second_choice_is_refused_with_the_reason(ctx, ben, token_of):
    begun, task = begin(ctx, "ordering=Sequential")
    token = token_of(ben, f"/tasks/{task}")
    for _twice in range(2):
        answer = ben.post(
            f"/tasks/{task}/choose", data={"activity": "note", "csrf_token": token}, follow_redirects=True
        )
    assert "請先完成" in answer.text
    assert set(open_tasks(ctx, begun)) == {"work", "note"}
