"""What a step takes away or calls otherwise: refused by the verbs, not only unseen."""

import pytest

from engine import runtime
from engine.errors import DefinitionError
from engine.testing import person, system
from engine.testing.sketch import sketch
from engine.work import NotOffered, actions_of, list_tasks

DRAWN = """
    start begin
    user apply
    user check approval="" asks='person:["ann","bob"]' {buttons}
    end over
    begin -> apply -> check -> over
"""


@pytest.fixture
def begun(centre, put):
    def begin(buttons=""):
        put(sketch(DRAWN.format(buttons=f'buttons="{buttons}"' if buttons else "")))
        begun = runtime.start_process(person(centre, "eve"), process_key="p")
        (apply,) = tasks(centre)
        with system(centre).write() as ctx:
            runtime.complete_task(ctx, task_id=apply.id)
        return begun.id

    return begin


def tasks(centre):
    with system(centre).read() as ctx:
        return list_tasks(ctx)[1]


def of(centre, who):
    return next(task.id for task in tasks(centre) if task.assignee == who)


def offered(centre, who, task_id):
    return {one.name: one.label for one in runtime.offered_now(person(centre, who), task_id)}


ACTS = {
    "return": lambda ctx, task: runtime.return_task(ctx, task_id=task, to="apply", opinion="why?"),
    "transfer": lambda ctx, task: runtime.transfer_task(ctx, task_id=task, to="cy"),
    "add": lambda ctx, task: runtime.add_signer(ctx, task_id=task, person_key="cy"),
    "delegate": lambda ctx, task: runtime.delegate_task(ctx, task_id=task, to="cy"),
    "consult": lambda ctx, task: runtime.consult(ctx, task_id=task, person_key="cy", question="why?"),
}


def test_a_step_offers_everything_where_nothing_is_said(centre, begun):
    begun()
    names = ["return", "transfer", "add", "remove", "comment", "delegate", "consult", "circulate"]
    assert list(offered(centre, "ann", of(centre, "ann"))) == names


@pytest.mark.parametrize("name", sorted(ACTS))
def test_what_is_taken_away_is_refused_and_not_offered_and_leaves_nothing_behind(centre, begun, name):
    instance_id = begun(name)
    task_id = of(centre, "ann")
    assert name not in offered(centre, "ann", task_id)
    with pytest.raises(NotOffered) as refused:
        ACTS[name](person(centre, "ann"), task_id)
    assert str(refused.value) == "The step check does not offer that."
    with system(centre).read() as ctx:
        assert actions_of(ctx, instance_id) == []
    others = set(ACTS) - {name}
    assert others <= set(offered(centre, "ann", task_id))


def test_an_operator_is_held_to_the_drawing_too(centre, begun):
    begun("transfer")
    ctx = person(centre, "eve", permissions=["instances.operate"])
    with pytest.raises(NotOffered):
        runtime.transfer_task(ctx, task_id=of(centre, "ann"), to="cy")


def test_nobody_is_removed_where_that_is_taken_away(centre, begun):
    begun("remove")
    with pytest.raises(NotOffered):
        runtime.remove_signer(person(centre, "ann"), task_id=of(centre, "ann"), signer_id=of(centre, "bob"))


def test_a_decision_stands_where_taking_it_back_is_taken_away(centre, begun):
    begun("take_back")
    task_id = of(centre, "ann")
    runtime.complete_task(person(centre, "ann"), task_id=task_id, outcome="approved")
    assert "take_back" not in offered(centre, "ann", task_id)
    with pytest.raises(NotOffered):
        runtime.take_back_decision(person(centre, "ann"), task_id=task_id)


def test_who_decided_may_take_it_back_while_others_are_asked(centre, begun):
    begun()
    task_id = of(centre, "ann")
    runtime.complete_task(person(centre, "ann"), task_id=task_id, outcome="approved")
    assert list(offered(centre, "ann", task_id)) == ["take_back", "comment", "circulate"]
    assert list(offered(centre, "bob", task_id)) == ["comment", "circulate"]


def test_a_step_without_notes_takes_none_and_the_instance_does(centre, begun):
    instance_id = begun("comment")
    ann = person(centre, "ann")
    with pytest.raises(NotOffered):
        runtime.add_comment(ann, instance_id=instance_id, task_id=of(centre, "ann"), text="a")
    runtime.add_comment(ann, instance_id=instance_id, text="a")


def test_a_button_is_called_as_the_drawing_calls_it(centre, begun):
    begun("return:Ask again;transfer")
    assert offered(centre, "ann", of(centre, "ann"))["return"] == "Ask again"


@pytest.mark.parametrize(
    ("buttons", "expected"),
    [
        ("approve", "There is no button approve. Known are: return, transfer"),
        ("return;return:Again", "callwright:button return is there twice."),
    ],
)
def test_mistakes_are_said_with_a_remedy(put, buttons, expected):
    with pytest.raises(DefinitionError) as refused:
        put(sketch(DRAWN.format(buttons=f'buttons="{buttons}"')))
    (problem,) = refused.value.problems
    assert (problem.message % problem.params).startswith(expected)


def test_a_hidden_button_has_no_label_and_says_true_or_false(put):
    for said, expected in (
        ('hidden="true" label="Go"', "leave out its label"),
        ('hidden="yes"', "Write true or false"),
    ):
        drawn = sketch(DRAWN.format(buttons='buttons="return"'))
        with pytest.raises(DefinitionError) as refused:
            put(drawn.replace(b'hidden="true"', said.encode()))
        (problem,) = refused.value.problems
        assert expected in problem.message
