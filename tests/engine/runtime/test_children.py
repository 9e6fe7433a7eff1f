"""Parent and child: a process that calls others, all of it drawn."""

import pytest

from engine import runtime
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks

CHILD = """
    start in
    user check approval="ifRejected={if_rejected}" asks='person:"ann"'
    xor which
    end agreed
    end refused error=rejected
    in -> check -> which
    which -> refused [decisions.check.outcome = "rejected"]
    which -> agreed *
"""
PARENT = """
    start begin
    user apply task="assignee=initiator startCounts=true"
    call part calls=child output=said:decisions.check.outcome
    boundary no on=part error=rejected
    end over
    end stopped
    begin -> apply -> part -> over
    no -> {to}
"""


@pytest.fixture
def drawn(put):
    def draw(parent, child=CHILD, **said):
        said = {"to": "stopped", "if_rejected": "goOn"} | said
        put(
            p=sketch(parent.format(**said)),
            child=sketch(child.format(**said), key="child"),
        )

    return draw


def started(centre, **variables):
    begun = runtime.start_process(person(centre, "eve"), process_key="p", variables=variables).id
    work_off(centre)
    return begun


def tasks(centre, instance=None):
    with system(centre).read() as ctx:
        return list_tasks(ctx, sort="created_at", **({"instance_id": instance} if instance else {}))[1]


def decide(centre, task, outcome="approved", **said):
    who = person(centre, task.assignee)
    runtime.complete_task(who, task_id=task.id, outcome=outcome, opinion="so", **said)
    work_off(centre)


def state(centre, instance):
    with system(centre).read() as ctx:
        return runtime.get_instance(ctx, instance)["state"]


def path(centre, instance):
    with system(centre).read() as ctx:
        return [visit["element_id"] for visit in runtime.history_of(ctx, instance)]


def children(centre, key="child"):
    with system(centre).read() as ctx:
        return runtime.list_instances(ctx, key=key)[1]


def test_a_child_that_is_approved_lets_its_parent_go_on(centre, drawn):
    drawn(PARENT)
    begun = started(centre)
    (task,) = tasks(centre)
    decide(centre, task)
    assert (state(centre, begun), path(centre, begun)[-1]) == ("completed", "over")
    assert [one["state"] for one in children(centre)] == ["completed"]


def test_a_child_that_is_rejected_ends_its_parent(centre, drawn):
    drawn(PARENT)
    begun = started(centre)
    decide(centre, tasks(centre)[0], "rejected")
    assert (state(centre, begun), path(centre, begun)[-1]) == ("completed", "stopped")


def test_a_child_that_is_rejected_sends_its_parent_back_to_the_initiator(centre, drawn):
    drawn(PARENT, to="apply")
    begun = started(centre, days=9)
    decide(centre, tasks(centre)[0], "rejected")
    (again,) = tasks(centre, begun)
    assert (again.element_id, again.assignee) == ("apply", "eve")
    decide(centre, again, None, data={"days": 1})
    decide(centre, tasks(centre)[0])
    assert (state(centre, begun), path(centre, begun)[-1]) == ("completed", "over")
    assert sorted(one["state"] for one in children(centre)) == ["completed", "failed"]


def test_a_child_that_ends_by_its_rejection_tells_its_parent_what_it_came_to(centre, drawn):
    drawn(PARENT, if_rejected="end")
    begun = started(centre)
    decide(centre, tasks(centre)[0], "rejected")
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, begun)["said"] == "rejected"
    assert path(centre, begun)[-1] == "over"


def test_a_rejected_child_tells_its_parent_and_both_go_on(centre, drawn):
    child = CHILD.replace(
        "end refused error=rejected", "throw refused escalation=rejected\n    user explain\n"
    )
    child += "    refused -> explain -> agreed\n"
    parent = PARENT.replace("error=rejected", "escalation=rejected beside").replace(
        "end stopped", "user hear\n    end stopped\n    hear -> stopped"
    )
    drawn(parent, child, to="hear")
    begun = started(centre)
    decide(centre, tasks(centre)[0], "rejected")
    assert sorted(task.element_id for task in tasks(centre)) == ["explain", "hear"]
    assert state(centre, begun) == "active"


LINES = """
    start begin
    call part calls=child parallel over="lines line" input=line:line output=said:decisions.check.outcome \
results=answers:said {until}
    boundary no on=part error=rejected
    user after
    end over
    end stopped
    begin -> part -> after -> over
    no -> stopped
"""
OF_A_LINE = CHILD.replace('person:"ann"', "person:line.who")


def test_each_line_of_a_forms_list_has_a_child_of_its_own(centre, drawn):
    drawn(LINES, OF_A_LINE, until="", if_rejected="end")
    begun = started(centre, lines=[{"who": "ann"}, {"who": "bob"}, {"who": "cy"}])
    asked = {task.assignee: task for task in tasks(centre)}
    assert sorted(asked) == ["ann", "bob", "cy"]
    assert {one["parent_id"] for one in children(centre)} == {begun}
    for who, outcome in (("cy", "approved"), ("ann", "rejected"), ("bob", "approved")):
        assert state(centre, begun) == "active"
        decide(centre, asked[who], outcome)
    assert [task.element_id for task in tasks(centre)] == ["after"]
    with system(centre).read() as ctx:
        # In the order of the list, whoever was first.
        assert runtime.variables_of(ctx, begun)["answers"] == ["rejected", "approved", "approved"]


def test_one_rejected_child_of_several_ends_the_others_with_their_parent(centre, drawn):
    drawn(LINES, OF_A_LINE, until="")
    begun = started(centre, lines=[{"who": "ann"}, {"who": "bob"}])
    decide(centre, next(task for task in tasks(centre) if task.assignee == "bob"), "rejected")
    assert (tasks(centre), state(centre, begun), path(centre, begun)[-1]) == ([], "completed", "stopped")
    assert sorted(one["state"] for one in children(centre)) == ["cancelled", "failed"]


def test_a_list_without_lines_needs_no_child(centre, drawn):
    drawn(LINES, OF_A_LINE, until="")
    begun = started(centre, lines=[])
    assert [task.element_id for task in tasks(centre, begun)] == ["after"]
    assert children(centre) == []


BESIDE = """
    start begin
    and part
    call child calls=child
    boundary no on=child error=rejected
    xor either
    user goes_on task=assignee=initiator
    and meet
    end over
    begin -> part
    part -> child -> either -> meet
    part -> goes_on -> meet
    no -> either
    meet -> over
"""


def test_a_parent_goes_on_beside_its_child_and_ends_with_it(centre, drawn):
    drawn(BESIDE)
    begun = started(centre)
    asked = {task.element_id: task for task in tasks(centre)}
    assert sorted(asked) == ["check", "goes_on"]
    decide(centre, asked["goes_on"], None)
    assert state(centre, begun) == "active"
    decide(centre, asked["check"])
    assert state(centre, begun) == "completed"


ALONE = """
    start begin
    throw sent message=order_placed input="what:what;asked_by:initiator"
    end over
    begin -> sent -> over
"""
ON_ITS_OWN = """
    start in message=order_placed output="what:what;asked_by:asked_by"
    user handle task=assignee=asked_by
    throw told message=order_done key=what input=how:decisions.handle.outcome
    end out
    in -> handle -> told -> out
"""


def test_a_child_goes_on_by_itself_when_its_parent_is_over(centre, drawn):
    drawn(ALONE, ON_ITS_OWN)
    begun = started(centre, what="chairs")
    assert state(centre, begun) == "completed"
    (task,) = tasks(centre)
    assert (task.element_id, task.assignee, task.process_key) == ("handle", "eve", "child")
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, task.instance_id)["what"] == "chairs"
        alone = runtime.get_instance(ctx, task.instance_id)
        assert (alone["initiator"], alone["parent_id"]) == (None, None)
    decide(centre, task, None)
    assert [one["state"] for one in children(centre)] == ["completed"]


def test_a_parent_that_wants_to_hear_waits_for_its_childs_message(centre, drawn):
    heard = "catch heard message=order_done key=what output=how:how"
    parent = ALONE.replace("end over", f"{heard}\n    end over").replace(
        "sent -> over", "sent -> heard -> over"
    )
    drawn(parent, ON_ITS_OWN)
    begun = started(centre, what="chairs")
    assert state(centre, begun) == "active"
    decide(centre, tasks(centre)[0], None)
    assert state(centre, begun) == "completed"
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, begun)["how"] == "completed"


def test_a_parent_that_is_cancelled_takes_its_children_with_it(centre, drawn):
    drawn(BESIDE)
    begun = started(centre)
    runtime.cancel_instance(system(centre), instance_id=begun, reason="no")
    work_off(centre)
    assert ([one["state"] for one in children(centre)], tasks(centre)) == (["cancelled"], [])
