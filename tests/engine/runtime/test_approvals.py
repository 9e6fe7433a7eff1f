"""Approvals on the database: one task for each who is asked, and everything that is done with them."""

from datetime import timedelta

import pytest

from engine import runtime
from engine.errors import Conflict, Forbidden, InvalidSubmission, NotFound
from engine.jobs import list_incidents
from engine.machine.nodes.between import CannotReturn
from engine.notify import list_notifications
from engine.people import (
    add_cover,
    cover_of,
    end_cover,
    put_post,
    put_unit,
    set_groups,
    set_head,
    set_post_holders,
)
from engine.people import join_unit as works_in
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import OPERATE, actions_of, get_task, list_tasks, tasks_of_instance

BOTH = """
    start begin
    user apply
    user check approval="{said}" asks='person:["ann","bob"]'
    boundary late on=check timer=PT1H
    end nobody
    user file
    end over
    begin -> apply -> check -> file -> over
    late -> nobody
"""


@pytest.fixture
def begun(centre, put):
    def begin(said="", drawn=BOTH):
        put(sketch(drawn.format(said=said)))
        begun = runtime.start_process(person(centre, "eve"), process_key="p")
        if "user apply\n" in drawn:
            done(centre, "apply")
        return begun.id

    return begin


def tasks(centre, element=None, **asked):
    with system(centre).read() as ctx:
        return [task for task in list_tasks(ctx, **asked)[1] if element in (None, task.element_id)]


def done(centre, element):
    (task,) = tasks(centre, element)
    with system(centre).write() as ctx:
        return runtime.complete_task(ctx, task_id=task.id)


def asked(centre):
    return sorted(str(task.assignee) for task in tasks(centre, "check"))


def of(centre, who):
    return next(task.id for task in tasks(centre, "check") if task.assignee == who)


def decide(centre, who, outcome="approved", opinion="fine"):
    return runtime.complete_task(
        person(centre, who), task_id=of(centre, who), outcome=outcome, opinion=opinion
    )


def said(centre, instance_id):
    with system(centre).read() as ctx:
        return [(one.action, one.actor, one.opinion) for one in actions_of(ctx, instance_id)]


def test_each_who_is_asked_has_a_task_in_their_own_list(centre, begun):
    begun()
    assert asked(centre) == ["ann", "bob"]
    assert [task.name for task in tasks(centre, mine="ann")] == ["check"]
    decide(centre, "ann")
    assert tasks(centre, mine="ann") == []
    decide(centre, "bob")
    assert [task.element_id for task in tasks(centre)] == ["file"]


def test_the_head_of_the_initiators_unit_is_asked_in_their_place(centre, begun):
    with system(centre).write() as ctx:
        put_unit(ctx, key="house", name="House", head_key="bob")
        put_unit(ctx, key="floor", name="Floor", parent_key="house")
        put_unit(ctx, key="desk", name="Desk", parent_key="floor", head_key="ann")
        works_in(ctx, unit_key="desk", person_key="eve")
    drawn = BOTH.replace('person:["ann","bob"]', "person:initiator").replace("user apply\n", "task apply\n")
    begun("ifInitiator=head", drawn=drawn)
    assert asked(centre) == ["ann"]
    with system(centre).write() as ctx:
        set_head(ctx, key="desk", head_key="eve")
        runtime.cancel_instance(ctx, instance_id=tasks(centre)[0].instance_id, reason="again")
    # Nobody leads the unit above the one that they lead.
    begun("ifInitiator=head", drawn=drawn)
    assert asked(centre) == []
    with system(centre).write() as ctx:
        set_head(ctx, key="floor", head_key="cy")
    with system(centre).read() as ctx:
        (incident,) = list_incidents(ctx)[1]
    runtime.retry_incident(system(centre), incident_id=incident["id"])
    assert asked(centre) == ["cy"]


def test_nobody_decides_in_anothers_name(centre, begun):
    begun()
    with pytest.raises(Forbidden):
        runtime.complete_task(person(centre, "bob"), task_id=of(centre, "ann"), outcome="approved")


def test_a_rejection_needs_an_opinion(centre, begun):
    begun()
    with pytest.raises(InvalidSubmission):
        decide(centre, "ann", "rejected", opinion=" ")


def test_the_others_are_shown_as_cancelled_and_not_as_having_decided(centre, begun):
    instance_id = begun("rule=any")
    decide(centre, "ann")
    with system(centre).read() as ctx:
        ended = {task.assignee: task for task in tasks_of_instance(ctx, instance_id) if task.visit_id}
    assert (ended["ann"].state, ended["ann"].outcome) == ("completed", "approved")
    assert (ended["bob"].state, ended["bob"].outcome, ended["bob"].ended_by) == ("cancelled", None, None)


def test_a_deadline_takes_every_task_away(centre, begun):
    begun()
    centre.clock.advance(timedelta(hours=2))
    work_off(centre)
    assert tasks(centre) == []


def test_it_is_sent_back_and_everybody_is_asked_again_with_a_new_deadline(centre, begun):
    instance_id = begun()
    decide(centre, "ann", opinion="good")
    centre.clock.advance(timedelta(minutes=50))
    runtime.return_task(person(centre, "bob"), task_id=of(centre, "bob"), to="apply", opinion="dates?")
    assert [task.element_id for task in tasks(centre)] == ["apply"]
    assert ("return", "bob", "dates?") in said(centre, instance_id)
    centre.clock.advance(timedelta(minutes=50))
    work_off(centre)
    done(centre, "apply")
    assert asked(centre) == ["ann", "bob"]
    centre.clock.advance(timedelta(minutes=50))
    work_off(centre)
    assert asked(centre) == ["ann", "bob"]
    centre.clock.advance(timedelta(minutes=11))
    work_off(centre)
    assert tasks(centre) == []


@pytest.mark.parametrize(("again", "then"), [("through", ["check", "check"]), ("back", ["file"])])
def test_sent_back_it_goes_through_every_step_again_or_straight_back_to_who_sent_it(
    centre, begun, again, then
):
    begun("rule=any")
    decide(centre, "ann")
    (task,) = tasks(centre)
    runtime.return_task(system(centre), task_id=task.id, to="apply", again=again, opinion="dates?")
    done(centre, "apply")
    assert [task.element_id for task in tasks(centre)] == then


def test_who_was_picked_by_chance_and_among_whom_is_in_history(centre, begun):
    instance_id = begun("pick=random")
    (picked,) = asked(centre)
    with system(centre).read() as ctx:
        (visit,) = [one for one in runtime.history_of(ctx, instance_id) if one["element_id"] == "check"]
    assert visit["log"] == [f"{picked} (random: ann, bob)"]


def test_a_step_with_a_long_name_in_the_drawing_is_sent_back_to(centre, begun):
    name = "apply_" + "x" * 200
    begun(drawn=BOTH.replace("apply", name))
    (task,) = tasks(centre)
    with system(centre).write() as ctx:
        runtime.complete_task(ctx, task_id=task.id)
    runtime.return_task(person(centre, "bob"), task_id=of(centre, "bob"), to=name, opinion="dates?")
    assert [task.element_id for task in tasks(centre)] == [name]


def test_only_steps_that_were_passed_are_offered_for_a_return(centre, begun):
    begun()
    task_id = of(centre, "ann")
    with person(centre, "ann").read() as ctx:
        assert runtime.returns_of(ctx, task_id) == ["apply"]
    with pytest.raises(InvalidSubmission, match="never at that step"):
        runtime.return_task(person(centre, "ann"), task_id=task_id, to="file", opinion="no")
    with pytest.raises(CannotReturn):
        runtime.return_task(person(centre, "ann"), task_id=task_id, to="begin", opinion="no")
    assert asked(centre) == ["ann", "bob"]


def test_a_return_says_why(centre, begun):
    begun()
    with pytest.raises(InvalidSubmission):
        runtime.return_task(person(centre, "ann"), task_id=of(centre, "ann"), to="apply", opinion=" ")


def test_somebody_is_added_and_removed_and_the_log_says_by_whom(centre, begun):
    instance_id = begun()
    runtime.add_signer(person(centre, "ann"), task_id=of(centre, "ann"), person_key="cy", where="before")
    assert asked(centre) == ["bob", "cy"]
    decide(centre, "cy")
    assert asked(centre) == ["ann", "bob"]
    runtime.remove_signer(person(centre, "ann"), task_id=of(centre, "ann"), signer_id=of(centre, "bob"))
    assert asked(centre) == ["ann"]
    decide(centre, "ann")
    assert [task.element_id for task in tasks(centre)] == ["file"]
    assert [action for action, _actor, _opinion in said(centre, instance_id)] == [
        "add", "decide", "remove", "decide",
    ]  # fmt: skip


def test_a_task_is_handed_over_for_good(centre, begun):
    begun()
    task_id = of(centre, "ann")
    runtime.transfer_task(person(centre, "ann"), task_id=task_id, to="cy", opinion="yours")
    assert asked(centre) == ["bob", "cy"]
    with pytest.raises(Forbidden):
        runtime.complete_task(person(centre, "ann"), task_id=task_id, outcome="approved")
    decide(centre, "cy")
    decide(centre, "bob")
    with system(centre).read() as ctx:
        kept = runtime.variables_of(ctx, get_task(ctx, task_id).instance_id)["decisions"]["check"]
    assert [vote["by"] for vote in kept["list"]] == ["cy", "bob"]


def test_a_task_that_nobody_else_may_take_is_not_put_back(centre, begun):
    begun()
    with pytest.raises(Conflict, match="Hand it over"):
        runtime.unclaim_task(person(centre, "ann"), task_id=of(centre, "ann"))
    assert asked(centre) == ["ann", "bob"]


def test_a_step_of_one_person_is_handed_over_too(centre, put):
    put(sketch("start begin\nuser apply groups='\"heads\"'\nbegin -> apply"))
    runtime.start_process(person(centre, "eve"), process_key="p")
    (task,) = tasks(centre)
    assert runtime.transfer_task(person(centre, "ann"), task_id=task.id, to="cy").assignee == "cy"
    with pytest.raises(Conflict, match="One person"):
        runtime.add_signer(person(centre, "cy"), task_id=task.id, person_key="bob")


def test_a_decision_is_taken_back_while_the_step_is_open_and_what_was_said_stays(centre, begun):
    instance_id = begun()
    task_id = of(centre, "ann")
    decide(centre, "ann", opinion="yes")
    with pytest.raises(Forbidden):
        runtime.take_back_decision(person(centre, "bob"), task_id=task_id)
    runtime.take_back_decision(person(centre, "ann"), task_id=task_id)
    assert asked(centre) == ["ann", "bob"]
    with system(centre).read() as ctx:
        assert get_task(ctx, task_id).outcome is None
    assert said(centre, instance_id) == [("decide", "ann", "yes"), ("take_back", "ann", "yes")]
    decide(centre, "ann", "rejected", "no")
    assert [task.element_id for task in tasks(centre)] == ["file"]


def test_in_turn_what_is_taken_back_waits_until_it_is_ones_turn_again(centre, begun):
    begun("inTurn=true", BOTH.replace('"bob"', '"bob","cy"'))
    ann = of(centre, "ann")
    decide(centre, "ann")
    bob = of(centre, "bob")
    decide(centre, "bob")
    runtime.take_back_decision(person(centre, "ann"), task_id=ann)
    runtime.take_back_decision(person(centre, "bob"), task_id=bob)
    assert asked(centre) == ["ann"]
    with system(centre).read() as ctx:
        assert (get_task(ctx, bob).state, get_task(ctx, bob).outcome) == ("cancelled", None)
    decide(centre, "ann")
    assert of(centre, "bob") == bob


def test_what_one_decided_alone_is_taken_back_while_nobody_decided_what_follows_and_they_are_told(
    centre, begun, put
):
    begun("rule=any", BOTH.replace("user file", "user file task='assignee=\"cy\"'"))
    task_id = of(centre, "ann")
    decide(centre, "ann")
    with person(centre, "ann").read() as ctx:
        assert "take_back" in [one.name for one in runtime.offered_now(ctx, task_id)]
    runtime.take_back_decision(person(centre, "ann"), task_id=task_id)
    assert asked(centre) == ["ann", "bob"]
    assert tasks(centre, mine="cy") == []
    with system(centre).read() as ctx:
        told = [one["person_key"] for one in list_notifications(ctx)[1] if one["event"] == "taken_back"]
    assert told == ["cy"]


def test_nothing_is_taken_back_once_the_next_has_decided_or_others_decided_too(centre, begun):
    begun("rule=any")
    alone = of(centre, "ann")
    decide(centre, "ann")
    done(centre, "file")
    begun()
    together = of(centre, "bob")
    decide(centre, "ann")
    decide(centre, "bob")
    for who, task_id in (("ann", alone), ("bob", together)):
        with person(centre, who).read() as ctx:
            assert "take_back" not in [one.name for one in runtime.offered_now(ctx, task_id)]
        with pytest.raises(Conflict):
            runtime.take_back_decision(person(centre, who), task_id=task_id)


PEOPLE = """
    start begin
    user check approval="{said}" asks='{asks}'
    begin -> check
"""


@pytest.fixture
def units(centre):
    with system(centre).write() as ctx:
        put_unit(ctx, key="top", name="Top")
        put_unit(ctx, key="desk", name="Desk", parent_key="top")
        for key in ("ann", "bob", "eve"):
            works_in(ctx, unit_key="desk" if key != "ann" else "top", person_key=key)
        set_head(ctx, key="top", head_key="ann")
        set_head(ctx, key="desk", head_key="bob")
        put_post(ctx, key="officer", name="Officer")
        set_post_holders(ctx, key="officer", person_keys=["cy"])


@pytest.mark.parametrize(
    ("asks", "people"),
    [
        ('group:"heads"', ["ann", "bob"]),
        ("manager:initiator", ["bob"]),
        ("manager:initiator/2", ["ann"]),
        ("managers:initiator", ["ann", "bob"]),
        ("managers:initiator/1", ["bob"]),
        ('head:"desk"', ["bob"]),
        ('head:"desk"/2', ["ann"]),
        ('unit:"desk"', ["bob", "eve"]),
        ('post:"officer"', ["cy"]),
        ("person:form.who", ["bob"]),
        ("head:form.where", ["bob"]),
        ("manager:form.who", ["ann"]),
        ("manager:decisions.fill.by", ["bob"]),
        ("person:initiator", ["eve"]),
        ('person:people of("group:staff")', ["bob", "cy"]),
    ],
)
def test_whom_a_word_names(centre, begun, units, asks, people):
    fills = "start begin\n    user fill"
    begun(
        drawn=PEOPLE.replace("start begin", fills)
        .replace("-> check", "-> fill -> check")
        .replace("{asks}", asks)
    )
    (task,) = tasks(centre)
    said = {"form": {"who": "bob", "where": "desk"}}
    runtime.complete_task(person(centre, "eve", permissions={OPERATE}), task_id=task.id, data=said)
    assert asked(centre) == people


def test_a_cover_is_asked_while_it_holds(centre, begun):
    with system(centre).write() as ctx:
        tomorrow = ctx.now + timedelta(days=1)
        add_cover(ctx, person_key="bob", cover_key="cy", begins_at=tomorrow)
        cover = add_cover(ctx, person_key="ann", cover_key="cy", ends_at=tomorrow)
        with pytest.raises(Conflict, match="End that first"):
            add_cover(ctx, person_key="ann", cover_key="bob")
        with pytest.raises(InvalidSubmission):
            add_cover(ctx, person_key="bob", cover_key="bob", ends_at=ctx.now)
    begun()
    assert asked(centre) == ["bob", "cy"]
    centre.clock.advance(timedelta(days=2))
    with system(centre).write() as ctx:
        assert (cover_of(ctx, "ann"), cover_of(ctx, "bob")) == (None, "cy")
        with pytest.raises(NotFound):
            end_cover(ctx, cover_id=cover.id)


def test_nobody_found_is_an_incident_that_goes_once_somebody_is_there(centre, begun):
    with system(centre).write() as ctx:
        for key in ("ann", "bob"):
            set_groups(ctx, person_key=key, group_keys=[])
    begun(drawn=PEOPLE.replace("{asks}", 'group:"heads"'))
    with system(centre).read() as ctx:
        (incident,) = list_incidents(ctx)[1]
    assert incident["code"] == "nobody_to_ask"
    set_groups(system(centre), person_key="cy", group_keys=["heads"])
    runtime.retry_incident(person(centre, "ann"), incident_id=incident["id"])
    work_off(centre)
    assert asked(centre) == ["cy"]
