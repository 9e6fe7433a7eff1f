"""The path before it is taken is the path that is taken."""

import pytest

from engine import runtime
from engine.definition import deploy
from engine.definition.models import BusinessKeyCounter
from engine.history import AuditEntry, ElementVisit
from engine.instance import ProcessInstance
from engine.jobs import Job
from engine.notify import list_notifications
from engine.people import create_person, join_unit, put_unit
from engine.runtime.preview import preview_start, preview_task
from engine.testing import person, system
from engine.testing.sketch import sketch
from engine.work import UserTask, list_tasks

LEAVE = """
    start begin
    user apply name="Apply" task="assignee=initiator startCounts=true"
    user lead name="Manager" approval="ifInitiator=manager" asks='manager:initiator'
    xor long
    user boss name="Director" approval="ifAgain=once ifNobody=approve" asks='manager:initiator/2'
    and part
    user hr name="Record it" approval="" asks='person:picked'
    user cover name="Covers" approval="rule=any inTurn=true" asks='person:["cy","ann"]'
    and meet
    xor short
    end over
    begin -> apply -> lead -> long
    long -> boss [days > 3]
    long -> short *
    boss -> short
    short -> part
    part -> hr -> meet
    part -> cover -> meet
    meet -> over
"""


@pytest.fixture
def office(centre):
    with system(centre).write() as ctx:
        for key in ("max", "top"):
            create_person(ctx, key=key, name=key.title())
        put_unit(ctx, key="house", name="House", head_key="top")
        put_unit(ctx, key="floor", name="Floor", parent_key="house", head_key="max")
        join_unit(ctx, unit_key="floor", person_key="eve")
        join_unit(ctx, unit_key="floor", person_key="max")

    def drawn(text):
        deploy(system(centre), files={"p.bpmn": sketch(text)})

    return drawn


def previewed(centre, who="eve", **variables):
    with person(centre, who).read() as ctx:
        found = preview_start(ctx, process_key="p", variables=variables)
    return [(one.element_id, one.people) for one in found.steps if not one.given], found.unknown


def taken(centre, who="eve", **variables):
    """Take the path, everybody approving as soon as they are asked."""
    begun = runtime.start_process(person(centre, who), process_key="p", variables=variables).id
    steps, seen = [], set()
    for _turn in range(50):
        with system(centre).read() as ctx:
            tasks = list_tasks(ctx, instance_id=begun, sort="created_at")[1]
        for task in tasks:
            if task.visit not in seen:
                seen.add(task.visit)
                steps.append((task.element_id, asked(centre, begun, task, tasks)))
        if not tasks:
            break
        task = tasks[0]
        runtime.complete_task(person(centre, task.assignee), task_id=task.id, outcome="approved")
    with system(centre).read() as ctx:
        assert runtime.get_instance(ctx, begun)["state"] == "completed"
    return steps


def asked(centre, begun, task, tasks):
    with system(centre).read() as ctx:
        signers = runtime.signers_of(ctx, task.id) if task.visit_id else []
    return tuple(one.person for one in signers) or (task.assignee,)


@pytest.mark.parametrize("days", [1, 3, 4, 30])
@pytest.mark.parametrize("who", ["eve", "max"])
def test_the_steps_and_their_people_are_those_that_come(centre, office, days, who):
    office(LEAVE)
    said = {"days": days, "picked": "bob"}
    seen, unknown = previewed(centre, who, **said)
    assert unknown is None
    assert sorted(seen) == sorted(taken(centre, who, **said))
    assert dict(seen)["hr"] == ("bob",)
    assert ("boss" in dict(seen)) == (days > 3 and who == "eve")


def test_nothing_is_written_and_nobody_is_told(centre, office):
    office(LEAVE)
    before = written(centre)
    previewed(centre, days=9, picked="bob")
    assert written(centre) == before
    with system(centre).read() as ctx:
        assert list_notifications(ctx)[0] == 0


def written(centre):
    tables = (ProcessInstance, ElementVisit, UserTask, Job, BusinessKeyCounter, AuditEntry)
    with system(centre).read() as ctx:
        return {table.__tablename__: ctx.session.query(table).count() for table in tables}


def test_an_approval_that_counts_as_given_is_shown_so(centre, office):
    office(
        """
        start begin
        user one approval="" asks='person:["ann"]'
        user two approval="ifAgain=once" asks='person:["ann"]'
        end over
        begin -> one -> two -> over
        """
    )
    with person(centre, "eve").read() as ctx:
        found = preview_start(ctx, process_key="p", variables={})
    assert [(one.element_id, one.people, one.given) for one in found.steps] == [
        ("one", ("ann",), False),
        ("two", ("ann",), True),
    ]


def test_what_depends_on_something_unknown_is_said_to_be_unknown(centre, office):
    office(
        """
        start begin
        user ask
        xor which name="Which way?"
        user a
        user b
        end over
        begin -> ask -> which
        which -> a [amount > 3]
        which -> b [amount <= 3]
        a -> over
        b -> over
        """
    )
    steps, unknown = previewed(centre)
    assert ([element for element, _people in steps], unknown) == (["ask"], "Which way?")
    assert previewed(centre, amount=5)[1] is None


def test_a_drawing_that_comes_round_to_where_it_was_is_followed_once(centre, office):
    office(
        """
        start begin
        user ask
        xor again
        end over
        begin -> ask -> again
        again -> over [done = true]
        again -> ask *
        """
    )
    steps, unknown = previewed(centre, done=False)
    assert ({element for element, _people in steps}, len(steps) < 3, unknown) == ({"ask"}, True, "ask")


def test_copies_are_in_the_path(centre, office):
    drawn = sketch("start begin\nuser ask\nend over\nbegin -> ask -> over").decode()
    copies = '<extensionElements><callwright:circulate to="person:bob"/></extensionElements></userTask>'
    deploy(system(centre), files={"p.bpmn": drawn.replace("</userTask>", copies).encode()})
    with person(centre, "eve").read() as ctx:
        found = preview_start(ctx, process_key="p", variables={})
    assert [(one.kind, one.people) for one in found.steps] == [("task", ()), ("copy", ("bob",))]


def test_from_a_task_on_only_what_follows_is_told(centre, office):
    office(LEAVE)
    runtime.start_process(person(centre, "eve"), process_key="p", variables={"days": 9, "picked": "bob"})
    with system(centre).read() as ctx:
        (task,) = list_tasks(ctx)[1]
    before = written(centre)
    with person(centre, "max").read() as ctx:
        found = preview_task(ctx, task_id=task.id)
    assert [one.element_id for one in found.steps] == ["boss", "hr", "cover"]
    assert found.unknown is None
    assert written(centre) == before


def test_an_approval_from_before_the_request_was_handed_in_again_is_shown_as_asked_for(centre, office):
    office(
        """
        start begin
        user apply task="assignee=initiator startCounts=true"
        xor straight
        user one approval="" asks='person:["ann"]'
        user two approval="ifAgain=once" asks='person:["ann","bob"]'
        xor which
        end over
        begin -> apply -> straight
        straight -> two [days > 100]
        straight -> one *
        one -> two -> which
        which -> apply [decisions.two.outcome = "rejected"]
        which -> over *
        """
    )
    begun = runtime.start_process(person(centre, "eve"), process_key="p", variables={"days": 1}).id
    for who, outcome in (("ann", "approved"), ("bob", "rejected")):
        with system(centre).read() as ctx:
            (task,) = list_tasks(ctx)[1]
        opinion = "no" if outcome == "rejected" else None
        runtime.complete_task(person(centre, who), task_id=task.id, outcome=outcome, opinion=opinion)
    with person(centre, "eve").read() as ctx:
        (task,) = list_tasks(ctx)[1]
        found = preview_task(ctx, task_id=task.id, variables={"days": 300})
    assert [(one.people, one.given) for one in found.steps] == [(("ann", "bob"), False)]
    runtime.complete_task(person(centre, "eve"), task_id=task.id, data={"days": 300})
    with system(centre).read() as ctx:
        assert {one.assignee for one in list_tasks(ctx, instance_id=begun)[1]} == {"ann", "bob"}
