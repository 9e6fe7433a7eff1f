"""What people do beside a step: lend it, ask, send copies, follow, name each other in notes."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import runtime
from engine.errors import Conflict, Forbidden, InvalidSubmission, NotFound
from engine.jobs import list_incidents
from engine.machine.nodes.approvals import LeftOut
from engine.notify import Notification
from engine.people import add_cover, close_person, create_person, put_person
from engine.runtime.asides import OverAlready, mentioned
from engine.runtime.requests import TooSoon
from engine.runtime.tasks import Lent
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import (
    actions_of,
    candidates_of,
    get_task,
    list_parts,
    list_tasks,
    mark_read,
    may_see,
    parts_of,
)

DRAWN = """
    start begin
    user check approval="{said}" asks='person:["ann","bob"]'
    user file task="assignee=initiator"
    end over
    begin -> check -> file -> over
"""


@pytest.fixture(autouse=True)
def _more_people(centre):
    with system(centre).write() as ctx:
        for key in ("cho", "dan", "fay"):
            create_person(ctx, key=key, name=key.title())


@pytest.fixture
def begun(centre, put):
    def begin(said="", drawn=DRAWN):
        put(sketch(drawn.format(said=said)))
        return runtime.start_process(person(centre, "eve"), process_key="p").id

    return begin


def of(centre, who, element="check"):
    with system(centre).read() as ctx:
        return next(
            task.id for task in list_tasks(ctx)[1] if task.element_id == element and task.assignee == who
        )


def task(centre, task_id):
    with system(centre).read() as ctx:
        return get_task(ctx, task_id)


def said(centre, instance_id):
    with system(centre).read() as ctx:
        return [(one.action, one.actor, one.person, one.opinion) for one in actions_of(ctx, instance_id)]


def told(centre, event):
    with system(centre).read() as ctx:
        rows = ctx.connection.execute(
            select(Notification.person_key, Notification.body)
            .where(Notification.event == event)
            .order_by(Notification.id)
        )
        return [tuple(row) for row in rows]


def sees(centre, who, instance_id):
    with person(centre, who).read() as ctx:
        return may_see(ctx, instance_id)


def test_a_lent_task_comes_back_and_only_its_owner_decides(centre, begun):
    instance_id = begun()
    task_id = of(centre, "ann")
    runtime.delegate_task(person(centre, "ann"), task_id=task_id, to="eve", opinion="is that so?")
    lent = task(centre, task_id)
    assert (lent.assignee, lent.owner) == ("eve", "ann")
    for who in ("ann", "eve"):
        with pytest.raises(Lent):
            runtime.complete_task(person(centre, who), task_id=task_id, outcome="approved")
    with pytest.raises(InvalidSubmission, match="what you think"):
        runtime.give_back_task(person(centre, "eve"), task_id=task_id, opinion=" ")
    runtime.give_back_task(person(centre, "eve"), task_id=task_id, opinion="it is")
    back = task(centre, task_id)
    assert (back.assignee, back.owner) == ("ann", None)
    runtime.complete_task(person(centre, "ann"), task_id=task_id, outcome="approved")
    assert said(centre, instance_id)[:2] == [
        ("delegate", "ann", "eve", "is that so?"),
        ("give_back", "eve", "ann", "it is"),
    ]


def test_who_lent_a_task_may_fetch_it_without_waiting(centre, begun):
    begun()
    task_id = of(centre, "ann")
    runtime.delegate_task(person(centre, "ann"), task_id=task_id, to="eve")
    runtime.give_back_task(person(centre, "ann"), task_id=task_id)
    assert task(centre, task_id).assignee == "ann"
    with pytest.raises(Forbidden):
        runtime.give_back_task(person(centre, "eve"), task_id=task_id, opinion="late")


def test_a_task_is_lent_once_and_never_to_oneself(centre, begun):
    begun()
    task_id = of(centre, "ann")
    with pytest.raises(Conflict, match="has it already"):
        runtime.delegate_task(person(centre, "ann"), task_id=task_id, to="ann")
    with pytest.raises(NotFound):
        runtime.delegate_task(person(centre, "ann"), task_id=task_id, to="nobody")
    runtime.delegate_task(person(centre, "ann"), task_id=task_id, to="eve")
    with pytest.raises(Lent):
        runtime.delegate_task(person(centre, "eve"), task_id=task_id, to="bob")
    with pytest.raises(Forbidden):
        runtime.delegate_task(person(centre, "bob"), task_id=task_id, to="eve")


def test_a_lent_task_is_neither_sent_back_nor_handed_over(centre, begun):
    begun()
    task_id = of(centre, "ann")
    runtime.delegate_task(person(centre, "ann"), task_id=task_id, to="eve")
    with pytest.raises(Lent):
        runtime.transfer_task(person(centre, "eve"), task_id=task_id, to="cho")
    with pytest.raises(Lent):
        runtime.return_task(person(centre, "ann"), task_id=task_id, to="check", opinion="no")


def test_whom_a_step_leaves_out_may_help_as_its_owner_decides(centre, begun):
    begun(
        drawn=DRAWN.replace(
            """asks='person:["ann","bob"]'""", """asks='person:["ann","bob"]' but='person:"cho"'"""
        )
    )
    task_id = of(centre, "ann")
    with pytest.raises(LeftOut):
        runtime.transfer_task(person(centre, "ann"), task_id=task_id, to="cho")
    runtime.delegate_task(person(centre, "ann"), task_id=task_id, to="cho")
    with pytest.raises(Lent):
        runtime.complete_task(person(centre, "cho"), task_id=task_id, outcome="approved")
    runtime.give_back_task(person(centre, "cho"), task_id=task_id, opinion="fine by me")
    with pytest.raises(Forbidden):
        runtime.complete_task(person(centre, "cho"), task_id=task_id, outcome="approved")


def test_a_question_is_answered_and_the_task_stays_where_it_is(centre, begun):
    instance_id = begun()
    task_id = of(centre, "ann")
    question = runtime.consult(
        person(centre, "ann"), task_id=task_id, person_key="cho", question="Enough people that week?"
    )
    assert task(centre, task_id).assignee == "ann"
    assert sees(centre, "cho", instance_id)
    with pytest.raises(Conflict, match="asked already"):
        runtime.consult(person(centre, "ann"), task_id=task_id, person_key="cho", question="And now?")
    with pytest.raises(Forbidden):
        runtime.answer_question(person(centre, "bob"), question_id=question, text="yes")
    runtime.answer_question(person(centre, "cho"), question_id=question, text=" Yes, enough. ")
    with pytest.raises(OverAlready):
        runtime.answer_question(person(centre, "cho"), question_id=question, text="No!")
    assert said(centre, instance_id) == [
        ("consult", "ann", "cho", "Enough people that week?"),
        ("answer", "cho", "ann", "Yes, enough."),
    ]
    assert [key for key, _body in told(centre, "consulted")] == ["cho"]
    ((key, body),) = told(centre, "answered")
    assert (key, "Yes, enough." in body) == ("ann", True)


def test_a_copy_is_sent_once_to_each_and_knows_whether_it_was_read(centre, begun):
    instance_id = begun()
    assert not sees(centre, "cho", instance_id)
    sent = runtime.circulate(person(centre, "eve"), instance_id=instance_id, to=["cho", "bob"], text="FYI")
    assert sent == ["cho", "bob"]
    assert runtime.circulate(person(centre, "eve"), instance_id=instance_id, to=["cho"]) == []
    assert sees(centre, "cho", instance_id)
    with person(centre, "cho").write() as ctx:
        (part,) = list_parts(ctx, "cho", kind=["read"], unread=True)[1]
        assert (part.by, part.text, part.read_at) == ("eve", "FYI", None)
        mark_read(ctx, instance_id, "cho")
        assert list_parts(ctx, "cho", kind=["read"], unread=True)[0] == 0
        assert list_parts(ctx, "cho", kind=["read"])[0] == 1
    assert [key for key, _body in told(centre, "circulated")] == ["cho", "bob"]


def test_whoever_got_a_copy_answers_by_a_note_and_who_sent_it_hears(centre, begun):
    instance_id = begun()
    runtime.circulate(person(centre, "ann"), instance_id=instance_id, to=["cho", "dan"])
    runtime.add_comment(person(centre, "cho"), instance_id=instance_id, text="Seen, no objection")
    ((key, body),) = told(centre, "answered")
    assert (key, "Seen, no objection" in body) == ("ann", True)
    # Named, they hear of it once; and nobody answers to what they were not sent.
    runtime.add_comment(person(centre, "dan"), instance_id=instance_id, text="@ann which week?")
    runtime.add_comment(person(centre, "eve"), instance_id=instance_id, text="The first")
    assert [key for key, _body in told(centre, "mentioned") + told(centre, "answered")] == ["ann", "ann"]


def test_who_has_not_opened_a_copy_or_not_answered_is_reminded_once_in_a_while(centre, begun):
    instance_id = begun()
    runtime.circulate(person(centre, "ann"), instance_id=instance_id, to=["cho"])
    runtime.consult(person(centre, "bob"), task_id=of(centre, "bob"), person_key="dan", question="So?")
    with system(centre).read() as ctx:
        copy, question = parts_of(ctx, instance_id)
    for who, part in (("bob", copy), ("cho", copy), ("ann", question)):
        with pytest.raises(Forbidden):
            runtime.remind(person(centre, who), part_id=part.id)
    runtime.remind(person(centre, "ann"), part_id=copy.id, text="by noon")
    runtime.remind(person(centre, "bob"), part_id=question.id)
    assert [(key, "by noon" in body) for key, body in told(centre, "urged")] == [
        ("cho", True),
        ("dan", False),
    ]
    with pytest.raises(TooSoon):
        runtime.remind(system(centre), part_id=copy.id)
    assert ("remind", "ann", "cho", "by noon") in said(centre, instance_id)
    with person(centre, "cho").write() as ctx:
        mark_read(ctx, instance_id, "cho")
    runtime.complete_task(person(centre, "bob"), task_id=of(centre, "bob"), outcome="approved")
    centre.clock.advance(timedelta(hours=1))
    for who, part in (("ann", copy), ("bob", question)):
        with pytest.raises(Conflict, match="need not be reminded"):
            runtime.remind(person(centre, who), part_id=part.id)


def test_a_copy_stays_theirs_when_the_step_is_rejected_or_sent_back(centre, begun):
    instance_id = begun("ifRejected=end")
    runtime.circulate(person(centre, "ann"), instance_id=instance_id, to=["cho"], task_id=of(centre, "ann"))
    runtime.complete_task(
        person(centre, "ann"), task_id=of(centre, "ann"), outcome="rejected", opinion="too long"
    )
    assert sees(centre, "cho", instance_id)
    assert ("circulate", "ann", "cho", None) in said(centre, instance_id)
    second = begun(
        drawn=DRAWN.replace("user check", "user apply task=assignee=initiator\n    user check").replace(
            "begin -> check", "begin -> apply -> check"
        )
    )
    runtime.complete_task(person(centre, "eve"), task_id=of(centre, "eve", "apply"))
    runtime.circulate(person(centre, "ann"), instance_id=second, to=["cho"], task_id=of(centre, "ann"))
    runtime.return_task(person(centre, "ann"), task_id=of(centre, "ann"), to="apply", opinion="too long")
    with system(centre).read() as ctx:
        assert [(part.person_key, part.ended_at) for part in parts_of(ctx, second)] == [("cho", None)]


def test_nobody_sends_copies_of_what_they_may_not_see(centre, begun):
    instance_id = begun()
    with pytest.raises(Forbidden):
        runtime.circulate(person(centre, "cho"), instance_id=instance_id, to=["cho"])
    with pytest.raises(InvalidSubmission):
        runtime.circulate(person(centre, "eve"), instance_id=instance_id, to=[])


def test_a_drawing_sends_copies_by_itself(centre, put):
    drawn = sketch(DRAWN.format(said="")).decode()
    drawn = drawn.replace(
        "<callwright:approval", '<callwright:circulate event="approved" to="person:cho"/><callwright:approval'
    )
    put(drawn.encode())
    instance_id = runtime.start_process(person(centre, "eve"), process_key="p").id
    assert not sees(centre, "cho", instance_id)
    for who in ("ann", "bob"):
        runtime.complete_task(person(centre, who), task_id=of(centre, who), outcome="approved")
    assert sees(centre, "cho", instance_id)
    assert [key for key, _body in told(centre, "approved")] == ["cho"]
    # Whoever has a copy is sent none again.
    again = runtime.start_process(person(centre, "eve"), process_key="p").id
    runtime.circulate(person(centre, "eve"), instance_id=again, to=["cho"])
    for who in ("ann", "bob"):
        runtime.complete_task(person(centre, who), task_id=of(centre, who), outcome="approved")
    assert len(parts_of(system(centre), again)) == len(told(centre, "approved")) == 1


def test_followers_hear_of_what_becomes_of_it_until_they_no_longer_want_to(centre, begun):
    instance_id = begun()
    runtime.circulate(person(centre, "eve"), instance_id=instance_id, to=["cho"])
    runtime.follow(person(centre, "cho"), instance_id=instance_id)
    runtime.follow(person(centre, "cho"), instance_id=instance_id)
    runtime.transfer_task(person(centre, "ann"), task_id=of(centre, "ann"), to="dan")
    (to, _mine), (follower, link) = told(centre, "transferred")
    assert (to, follower, f"/instances/{instance_id}" in link, "/tasks/" in link) == (
        "dan",
        "cho",
        True,
        False,
    )
    runtime.follow(person(centre, "cho"), instance_id=instance_id, follows=False)
    runtime.transfer_task(person(centre, "dan"), task_id=of(centre, "dan"), to="ann")
    assert [key for key, _body in told(centre, "transferred")] == ["dan", "cho", "ann"]
    with pytest.raises(Forbidden):
        runtime.follow(person(centre, "fay"), instance_id=instance_id)


def test_whoever_is_named_in_a_note_hears_of_it_and_may_look(centre, begun):
    instance_id = begun()
    runtime.add_comment(
        person(centre, "eve"), instance_id=instance_id, text="@cho can you look? @eve @nobody"
    )
    assert [key for key, _body in told(centre, "mentioned")] == ["cho"]
    assert sees(centre, "cho", instance_id)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@ann, please", ["ann"]),
        ("@Ann Lee please", ["ann"]),
        ("请@李敏看一下", ["li"]),
        ("@anna is somebody else", []),
        ("ann@example.com", []),
        ("@bob @ann @bob", ["bob", "ann"]),
        ("nobody", []),
    ],
)
def test_people_are_named_by_key_or_by_name(centre, text, meant):
    with system(centre).write() as ctx:
        put_person(ctx, key="ann", name="Ann Lee")
        put_person(ctx, key="li", name="李敏")
    with system(centre).read() as ctx:
        assert mentioned(ctx, text) == meant


def test_who_handed_a_task_over_still_sees_what_became_of_it(centre, begun):
    instance_id = begun()
    runtime.transfer_task(person(centre, "ann"), task_id=of(centre, "ann"), to="dan")
    assert sees(centre, "ann", instance_id)


def hand_over(centre, from_, to):
    with system(centre).write() as ctx:
        count = runtime.hand_over_work(ctx, person_key=from_, to=to, reason="left")
    work_off(centre)
    return count


def test_all_that_waits_for_a_leaver_is_somebody_elses_and_so_is_what_comes(centre, begun):
    first, _second = begun(), runtime.start_process(person(centre, "eve"), process_key="p").id
    assert hand_over(centre, "ann", "dan") == 2
    with system(centre).read() as ctx:
        assert list_tasks(ctx, assignee="ann")[0] == 0
        assert list_tasks(ctx, assignee="dan")[0] == 2
    assert ("transfer", "system", "dan", "left") in said(centre, first)
    runtime.start_process(person(centre, "eve"), process_key="p")
    assert of(centre, "dan")
    with system(centre).read() as ctx:
        assert list_tasks(ctx, assignee="ann")[0] == 0


def test_a_leavers_later_turn_at_an_open_approval_is_somebody_elses_too(centre, begun):
    begun("inTurn=true")
    hand_over(centre, "bob", "dan")
    runtime.complete_task(person(centre, "ann"), task_id=of(centre, "ann"), outcome="approved")
    assert of(centre, "dan")


def test_who_takes_over_and_is_asked_there_already_decides_once(centre, begun):
    begun()
    hand_over(centre, "ann", "bob")
    runtime.complete_task(person(centre, "bob"), task_id=of(centre, "bob"), outcome="approved")
    assert of(centre, "eve", "file")


def test_what_was_lent_to_a_leaver_is_its_owners_again(centre, begun):
    begun()
    task_id = of(centre, "ann")
    runtime.delegate_task(person(centre, "ann"), task_id=task_id, to="cho")
    hand_over(centre, "cho", "dan")
    assert (task(centre, task_id).assignee, task(centre, task_id).owner) == ("ann", None)


def test_what_a_leaver_lent_comes_back_to_who_takes_over(centre, begun):
    begun()
    task_id = of(centre, "ann")
    runtime.delegate_task(person(centre, "ann"), task_id=task_id, to="cho")
    hand_over(centre, "ann", "dan")
    runtime.give_back_task(person(centre, "cho"), task_id=task_id, opinion="fine")
    assert task(centre, task_id).assignee == "dan"


@pytest.mark.parametrize("said", ["", "pick=claim"])
def test_whom_a_step_leaves_out_does_not_get_it_by_taking_over(centre, put, said):
    put(
        sketch(f"""
            start begin
            user check approval="{said}" asks='person:["ann","bob"]' but='person:"dan"'
            begin -> check
        """)
    )
    runtime.start_process(person(centre, "eve"), process_key="p")
    hand_over(centre, "ann", "dan")
    with system(centre).read() as ctx:
        found = [one for one in list_tasks(ctx)[1] if "dan" in (one.assignee, *candidates_of(ctx, one.id))]
        assert found == []
        assert [one["code"] for one in list_incidents(ctx)[1]] == ["left_out"]


def test_nobody_hands_over_to_themselves_or_to_who_has_left(centre, begun):
    begun()
    with system(centre).write() as ctx:
        close_person(ctx, key="cho")
    for to, error in (("ann", InvalidSubmission), ("cho", Conflict), ("nobody", NotFound)):
        with pytest.raises(error), system(centre).write() as ctx:
            runtime.hand_over_work(ctx, person_key="ann", to=to, reason="left")


def test_a_leave_covered_before_is_replaced_by_the_hand_over(centre, begun):
    with system(centre).write() as ctx:
        add_cover(ctx, person_key="ann", cover_key="cho", ends_at=ctx.now + timedelta(days=3))
    begun()
    hand_over(centre, "ann", "dan")
    runtime.start_process(person(centre, "eve"), process_key="p")
    assert of(centre, "dan")


def test_everybody_has_their_parts_in_order(centre, begun):
    instance_id = begun()
    runtime.circulate(person(centre, "eve"), instance_id=instance_id, to=["cho"])
    runtime.follow(person(centre, "cho"), instance_id=instance_id)
    with system(centre).read() as ctx:
        assert [(part.person_key, part.kind) for part in parts_of(ctx, instance_id)] == [
            ("cho", "read"),
            ("cho", "follow"),
        ]
