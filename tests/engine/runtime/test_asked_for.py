"""What users of such products ask for, where no other room is its home."""

from datetime import timedelta

import pytest

from engine import runtime
from engine.definition import deploy
from engine.errors import InvalidSubmission
from engine.history import AuditEntry
from engine.notify import list_notifications
from engine.people import add_cover
from engine.testing import person, system
from engine.testing.sketch import sketch
from engine.work import actions_of, list_tasks, tasks_of_instance

CHECK = """
    start begin
    user check name="Check it" approval="" asks='person:["ann","bob"]'
    end over
    begin -> check -> over
"""

# Response and handling by how urgent it is and how many it concerns.
LIMITS = """
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="m" namespace="urn:m">
  <inputData id="i_urgency" name="urgency"/><inputData id="i_impact" name="impact"/>
  <decision id="limit" name="limit">
    <informationRequirement id="n1"><requiredInput href="#i_urgency"/></informationRequirement>
    <informationRequirement id="n2"><requiredInput href="#i_impact"/></informationRequirement>
    <decisionTable id="t" hitPolicy="FIRST">
      <input id="c1"><inputExpression id="e1"><text>urgency</text></inputExpression></input>
      <input id="c2"><inputExpression id="e2"><text>impact</text></inputExpression></input>
      <output id="o1" name="priority"/><output id="o2" name="handle"/>
      {rows}
    </decisionTable>
  </decision>
</definitions>"""
MATRIX = [
    ('"high"', '"many"', "90", 'duration("PT1H")'),
    ('"high"', "-", "70", 'duration("PT4H")'),
    ("-", '"many"', "70", 'duration("PT4H")'),
    ("-", "-", "30", 'duration("P1D")'),
]
LIMITED = """
    start begin
    rule look input='urgency:urgency;impact:impact'
    user handle task='due=limit.handle priority=limit.priority' assignee='"ann"'
    end over
    begin -> look -> handle -> over
"""


def tasks(centre, **asked):
    with system(centre).read() as ctx:
        return list_tasks(ctx, **asked)[1]


def begin(centre, who="eve", **variables):
    return runtime.start_process(person(centre, who), process_key="p", variables=variables).id


def of(centre, who):
    return next(task.id for task in tasks(centre) if task.assignee == who)


def told(centre, event):
    with system(centre).read() as ctx:
        return [one["person_key"] for one in list_notifications(ctx)[1] if one["event"] == event]


def test_a_handlers_step_has_nothing_to_reject(centre, put):
    put(
        sketch("start begin\nuser handle assignee='\"ann\"' outcomes=done\nend over\nbegin -> handle -> over")
    )
    begin(centre)
    with pytest.raises(InvalidSubmission):
        runtime.complete_task(
            person(centre, "ann"), task_id=of(centre, "ann"), outcome="rejected", opinion="no"
        )
    assert runtime.complete_task(person(centre, "ann"), task_id=of(centre, "ann")).state == "completed"


def test_two_tasks_of_one_person_in_one_instance_are_two(centre, put):
    put(
        sketch(
            """
            start begin
            and fork
            user left assignee='"ann"'
            user right assignee='"ann"'
            and join
            end over
            begin -> fork
            fork -> left -> join
            fork -> right -> join
            join -> over
            """
        )
    )
    begin(centre)
    right = next(task.id for task in tasks(centre) if task.element_id == "right")
    runtime.complete_task(person(centre, "ann"), task_id=right)
    assert [task.element_id for task in tasks(centre, mine="ann")] == ["left"]


def test_whoever_is_given_a_task_added_or_asked_no_more_hears_of_it(centre, put):
    put(sketch(CHECK))
    begin(centre)
    runtime.transfer_task(person(centre, "bob"), task_id=of(centre, "bob"), to="cy")
    runtime.add_signer(person(centre, "ann"), task_id=of(centre, "ann"), person_key="eve")
    runtime.remove_signer(person(centre, "ann"), task_id=of(centre, "ann"), signer_id=of(centre, "eve"))
    assert (told(centre, "transferred"), told(centre, "added"), told(centre, "removed")) == (
        ["cy"],
        ["eve"],
        ["eve"],
    )


def test_history_says_for_whom_a_cover_decided(centre, put):
    put(sketch(CHECK))
    with system(centre).write() as ctx:
        add_cover(ctx, person_key="ann", cover_key="cy")
    begun = begin(centre)
    runtime.complete_task(person(centre, "cy"), task_id=of(centre, "cy"), outcome="approved")
    runtime.complete_task(person(centre, "bob"), task_id=of(centre, "bob"), outcome="approved")
    with system(centre).read() as ctx:
        said = {(one.ended_by, one.covers_for) for one in tasks_of_instance(ctx, begun)}
    assert said == {("cy", "ann"), ("bob", None)}


def test_what_an_administrator_ends_stays_readable_with_all_that_was_said(centre, put):
    put(sketch(CHECK))
    begun = begin(centre, amount=5)
    runtime.complete_task(
        person(centre, "ann"), task_id=of(centre, "ann"), outcome="approved", opinion="Go on"
    )
    runtime.cancel_instance(person(centre, "cy"), instance_id=begun, reason="Asked for twice")
    with system(centre).read() as ctx:
        assert runtime.get_instance(ctx, begun)["state"] == "cancelled"
        assert runtime.variables_of(ctx, begun)["amount"] == 5
        assert [(one.actor, one.opinion) for one in actions_of(ctx, begun) if one.action == "decide"] == [
            ("ann", "Go on")
        ]
        assert {task.state for task in tasks_of_instance(ctx, begun)} == {"completed", "cancelled"}
        entries = ctx.session.query(AuditEntry).filter_by(object_id=begun, action="instance.cancel").all()
        assert ["Asked for twice" in str(one.detail) for one in entries] == [True]


@pytest.mark.parametrize(
    ("urgency", "impact", "priority", "within"),
    [
        ("high", "many", 90, timedelta(hours=1)),
        ("high", "one", 70, timedelta(hours=4)),
        ("low", "many", 70, timedelta(hours=4)),
        ("low", "one", 30, timedelta(days=1)),
    ],
)
def test_priority_and_time_limit_come_from_urgency_and_impact(centre, urgency, impact, priority, within):
    rows = "".join(
        f'<rule id="r{number}"><inputEntry id="a{number}"><text>{one}</text></inputEntry>'
        f'<inputEntry id="b{number}"><text>{two}</text></inputEntry>'
        f'<outputEntry id="c{number}"><text>{weight}</text></outputEntry>'
        f'<outputEntry id="d{number}"><text>{limit}</text></outputEntry></rule>'
        for number, (one, two, weight, limit) in enumerate(MATRIX)
    )
    decides = b'<callwright:decision key="limit" result="limit"/><callwright:input name="urgency"'
    drawn = sketch(LIMITED).replace(b'<callwright:input name="urgency"', decides)
    files = {"p.bpmn": drawn, "limit.dmn": LIMITS.strip().replace("{rows}", rows).encode()}
    deploy(system(centre), files=files)
    begin(centre, urgency=urgency, impact=impact)
    (task,) = tasks(centre)
    assert (task.priority, task.due_at - task.created_at) == (priority, within)
