"""What is done to a request as a whole: hurried, taken back, cancelled, opened again, made for others."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import runtime
from engine.definition import deploy
from engine.errors import Conflict, Forbidden, InvalidSubmission
from engine.machine.nodes.between import CannotReturn
from engine.notify import Notification
from engine.people import create_person, join_unit, put_unit
from engine.runtime.requests import TooSoon
from engine.testing import person, system
from engine.testing.sketch import sketch
from engine.work import actions_of, list_tasks

DRAWN = """
    start begin
    user apply task="assignee=initiator startCounts=true"
    user check approval="{said}" asks='{asks}'
    user file task="assignee=initiator withdraw=false"
    end over
    begin -> apply -> check -> file -> over
"""
MAY = 'initiator_may = ["urge", "withdraw", "cancel"]\nsupervisors = ["person:fay"]\n'


@pytest.fixture
def begun(centre):
    with system(centre).write() as ctx:
        for key in ("cho", "dan", "fay"):
            create_person(ctx, key=key, name=key.title())

    def begin(said="", manifest=MAY, who="eve", asks='person:["ann","bob"]', **options):
        told = f'key = "p"\ntitle = "Request"\n{manifest}'
        drawn = sketch(DRAWN.format(said=said, asks=asks))
        deploy(system(centre), files={"p.bpmn": drawn, "process.toml": told.encode()})
        return runtime.start_process(person(centre, who), process_key="p", **options).id

    return begin


def operator(centre):
    return person(centre, "boss", permissions={"instances.operate"})


def assigned(centre):
    with system(centre).read() as ctx:
        return sorted((task.element_id, task.assignee) for task in list_tasks(ctx)[1])


def of(centre, who):
    with system(centre).read() as ctx:
        return list_tasks(ctx, assignee=who)[1][0].id


def told(centre, event):
    with system(centre).read() as ctx:
        rows = ctx.connection.execute(
            select(Notification.person_key).where(Notification.event == event).order_by(Notification.id)
        )
        return list(rows.scalars())


def actions(centre, instance_id):
    with system(centre).read() as ctx:
        return [(one.action, one.actor, one.opinion) for one in actions_of(ctx, instance_id)]


def decide(centre, who, outcome="approved"):
    runtime.complete_task(person(centre, who), task_id=of(centre, who), outcome=outcome, opinion="so")


def test_everybody_who_is_waited_for_is_urged_once_in_a_while(centre, begun):
    instance_id = begun()
    assert runtime.urge(person(centre, "eve"), instance_id=instance_id, text="today?") == ["ann", "bob"]
    assert told(centre, "urged") == ["ann", "bob"]
    with pytest.raises(TooSoon):
        runtime.urge(person(centre, "fay"), instance_id=instance_id)
    centre.clock.advance(timedelta(minutes=31))
    decide(centre, "ann")
    assert runtime.urge(person(centre, "fay"), instance_id=instance_id) == ["bob"]
    assert [(action, actor) for action, actor, _text in actions(centre, instance_id)] == [
        ("urge", "eve"),
        ("decide", "ann"),
        ("urge", "fay"),
    ]


def test_only_who_may_urges(centre, begun):
    instance_id = begun(manifest="")
    for who in ("eve", "ann", "fay"):
        with pytest.raises(Forbidden):
            runtime.urge(person(centre, who), instance_id=instance_id)
    assert runtime.urge(operator(centre), instance_id=instance_id)


def test_a_request_is_taken_back_changed_and_handed_in_again(centre, begun):
    instance_id = begun()
    decide(centre, "ann")
    with pytest.raises(InvalidSubmission):
        runtime.withdraw_request(person(centre, "eve"), instance_id=instance_id, reason=" ")
    runtime.withdraw_request(person(centre, "eve"), instance_id=instance_id, reason="wrong dates")
    assert assigned(centre) == [("apply", "eve")]
    assert told(centre, "withdrawn") == ["bob"]
    runtime.complete_task(person(centre, "eve"), task_id=of(centre, "eve"))
    assert assigned(centre) == [("check", "ann"), ("check", "bob")]


def test_what_only_the_last_step_is_left_of_is_not_taken_back(centre, begun):
    instance_id = begun()
    decide(centre, "ann")
    decide(centre, "bob")
    with pytest.raises(CannotReturn):
        runtime.withdraw_request(person(centre, "eve"), instance_id=instance_id, reason="no")
    assert assigned(centre) == [("file", "eve")]


def test_a_rejection_sends_the_request_back_to_its_initiator_and_everybody_is_asked_again(centre, begun):
    instance_id = begun("ifRejected=initiator")
    decide(centre, "ann")
    decide(centre, "bob", "rejected")
    assert assigned(centre) == [("apply", "eve")]
    assert [action for action, _actor, _text in actions(centre, instance_id)] == ["decide", "decide"]
    runtime.complete_task(person(centre, "eve"), task_id=of(centre, "eve"))
    assert assigned(centre) == [("check", "ann"), ("check", "bob")]


def test_a_request_is_cancelled_by_its_initiator_and_whoever_was_asked_hears_of_it(centre, begun):
    instance_id = begun()
    with pytest.raises(Forbidden):
        runtime.cancel_request(person(centre, "ann"), instance_id=instance_id, reason="no")
    runtime.cancel_request(person(centre, "eve"), instance_id=instance_id, reason="not needed")
    assert told(centre, "cancelled") == ["ann", "bob"]
    assert ("cancel", "eve", "not needed") in actions(centre, instance_id)
    with system(centre).read() as ctx:
        assert runtime.get_instance(ctx, instance_id)["state"] == "cancelled"


def test_what_a_person_may_do_is_what_is_offered(centre, begun):
    instance_id = begun()

    def offered(ctx):
        with ctx.read():
            return runtime.allowed(ctx, runtime.get_instance(ctx, instance_id))

    assert offered(person(centre, "eve")) == ["urge", "withdraw", "cancel"]
    assert offered(person(centre, "fay")) == ["urge"]
    assert offered(person(centre, "ann")) == []
    assert offered(operator(centre)) == ["urge", "withdraw", "cancel"]
    # What the process does not let its initiators do is neither offered nor done.
    instance_id = begun(manifest='initiator_may = ["urge"]\n')
    assert offered(person(centre, "eve")) == ["urge"]
    for verb in (runtime.withdraw_request, runtime.cancel_request):
        with pytest.raises(Forbidden):
            verb(person(centre, "eve"), instance_id=instance_id, reason="no")


def test_a_cancelled_request_is_opened_again_with_all_its_data(centre, begun):
    instance_id = begun(variables={"days": 3})
    runtime.cancel_request(person(centre, "eve"), instance_id=instance_id, reason="not needed")
    runtime.reopen_request(operator(centre), instance_id=instance_id, to="check", reason="it is")
    assert assigned(centre) == [("check", "ann"), ("check", "bob")]
    with system(centre).read() as ctx:
        assert runtime.variables_of(ctx, instance_id)["days"] == 3
        row = runtime.get_instance(ctx, instance_id)
        assert (row["state"], row["ended_at"]) == ("active", None)
    assert set(told(centre, "reopened")) == {"ann", "bob", "eve"}
    for who in ("ann", "bob", "eve"):
        decide(centre, who) if who != "eve" else runtime.complete_task(
            person(centre, who), task_id=of(centre, who)
        )
    with system(centre).read() as ctx:
        assert runtime.get_instance(ctx, instance_id)["state"] == "completed"


def test_what_has_not_ended_is_not_opened_again(centre, begun):
    instance_id = begun()
    with pytest.raises(Conflict, match="has not ended"):
        runtime.reopen_request(operator(centre), instance_id=instance_id, to="check", reason="so")


def test_somebody_else_does_a_later_step_of_one_instance(centre, begun):
    instance_id = begun()
    runtime.appoint_people(
        operator(centre), instance_id=instance_id, element_id="file", people=["cho"], reason="eve is away"
    )
    decide(centre, "ann")
    decide(centre, "bob")
    assert assigned(centre) == [("file", "cho")]


def test_a_request_is_handed_in_for_somebody_by_who_stands_above_them_whose_managers_decide(centre, begun):
    with system(centre).write() as ctx:
        put_unit(ctx, key="house", name="House", head_key="dan")
        put_unit(ctx, key="floor", name="Floor", parent_key="house", head_key="cho")
        put_unit(ctx, key="other", name="Other", head_key="ann")
        join_unit(ctx, unit_key="floor", person_key="eve")
        join_unit(ctx, unit_key="other", person_key="dan")
    instance_id = begun(who="dan", initiator="eve", asks="manager:initiator")
    assert assigned(centre) == [("check", "cho")]
    with system(centre).read() as ctx:
        row = runtime.get_instance(ctx, instance_id)
        assert (row["initiator"], row["submitter"]) == ("eve", "dan")
        assert runtime.variables_of(ctx, instance_id)["decisions"]["apply"]["by"] == "dan"
    with pytest.raises(Forbidden):
        runtime.start_process(person(centre, "ann"), process_key="p", initiator="eve")


def test_the_initiator_hears_of_a_rejection_with_its_reason_and_of_the_end(centre, begun):
    begun("ifRejected=end")
    decide(centre, "ann", "rejected")
    assert (told(centre, "rejected"), told(centre, "ended")) == (["eve"], [])
    runtime.start_process(person(centre, "dan"), process_key="p")
    decide(centre, "ann")
    decide(centre, "bob")
    runtime.complete_task(person(centre, "dan"), task_id=of(centre, "dan"))
    assert told(centre, "ended") == []


def test_whoever_decides_is_told_where_the_drawing_says_nothing(centre, begun):
    begun()
    assert told(centre, "created") == ["ann", "bob"]


def test_the_first_message_names_the_request_as_it_is_called(centre):
    with system(centre).write() as ctx:
        create_person(ctx, key="dan", name="Dan")
    drawn = sketch("start begin\nuser check approval='' asks='person:[\"dan\"]'\nbegin -> check")
    told_as = 'key = "p"\ntitle = "Request"\ninstance_title = "{{ subject }}"\n'
    deploy(system(centre), files={"p.bpmn": drawn, "process.toml": told_as.encode()})
    runtime.start_process(person(centre, "eve"), process_key="p", variables={"subject": "Six lamps"})
    with system(centre).read() as ctx:
        (body,) = ctx.connection.scalars(select(Notification.body)).all()
    assert body.startswith("Six lamps: check waits for you.")
