"""What people find in their lists: what they asked for, supervise, have done, lent, and decide for others."""

from datetime import timedelta

import pytest

from engine import runtime
from engine.definition import deploy
from engine.people import add_cover, create_person, put_group, set_groups
from engine.testing import person, system
from engine.testing.sketch import sketch
from engine.work import (
    NotOffered,
    get_task,
    list_handled,
    list_tasks,
    may_see,
    supervised_processes,
    waiting_at,
)

DRAWN = """
    start begin
    user apply task="assignee=initiator startCounts=true"
    user check approval="" asks='person:["ann","bob"]'
    end over
    begin -> apply -> check -> over
"""
MANIFEST = 'key = "p"\ntitle = "Request"\ninitiator_may = ["urge"]\n'


@pytest.fixture
def begun(centre):
    with system(centre).write() as ctx:
        put_group(ctx, key="watch", name="Watch")
        for key in ("cho", "dan", "fay"):
            create_person(ctx, key=key, name=key.title())
        set_groups(ctx, person_key="fay", group_keys=["watch"])

    def begin(who="eve", manifest='supervisors = ["group:watch"]\n', **options):
        files = {"p.bpmn": sketch(DRAWN), "process.toml": (MANIFEST + manifest).encode()}
        deploy(system(centre), files=files)
        return runtime.start_process(person(centre, who), process_key="p", **options).id

    return begin


def of(centre, who):
    with system(centre).read() as ctx:
        return list_tasks(ctx, assignee=who)[1][0].id


def found(centre, who, **asked):
    with person(centre, who).read() as ctx:
        return {row["id"] for row in runtime.list_instances(ctx, **asked)[1]}


def seen_by(centre, instance_id):
    people = ("eve", "ann", "cho", "dan", "fay")

    def sees(key):
        with person(centre, key).read() as ctx:
            return may_see(ctx, instance_id)

    return [key for key in people if sees(key)]


def test_a_supervisor_sees_lists_and_urges_what_they_supervise_and_a_stranger_nothing(centre, begun):
    first = begun()
    assert seen_by(centre, first) == ["eve", "ann", "fay"]
    assert found(centre, "fay", supervised=True) == found(centre, "fay", seen=True) == {first}
    assert found(centre, "dan", supervised=True) == found(centre, "dan", seen=True) == set()
    with person(centre, "fay").read() as ctx:
        assert supervised_processes(ctx) == ["p"]
        assert runtime.allowed(ctx, runtime.get_instance(ctx, first)) == ["urge"]
        assert {task.instance_id for task in list_tasks(ctx, seen=True)[1]} == {first}
    assert runtime.urge(person(centre, "fay"), instance_id=first) == ["ann", "bob"]


def test_the_newest_version_says_who_supervises_the_older_ones_too(centre, begun):
    first = begun()
    second = begun(manifest='supervisors = ["person:dan"]\n')
    for instance_id in (first, second):
        assert seen_by(centre, instance_id) == ["eve", "ann", "dan"]
    assert found(centre, "dan", supervised=True) == {first, second}
    assert found(centre, "fay", supervised=True) == set()


def test_a_request_is_found_by_whose_it_is_and_by_who_handed_it_in(centre, begun):
    own = begun()
    clerk = person(centre, "cho", permissions={runtime.START_FOR_OTHERS})
    handed_in = runtime.start_process(clerk, process_key="p", initiator="eve").id
    assert found(centre, "eve", mine="eve", called=False) == {own, handed_in}
    assert found(centre, "cho", mine="cho", called=False) == {handed_in}
    assert seen_by(centre, handed_in) == ["eve", "ann", "cho", "fay"]
    assert seen_by(centre, own) == ["eve", "ann", "fay"]


def test_what_waits_is_told_for_a_whole_page_of_instances(centre, begun):
    ids = {begun(), begun()}
    with system(centre).read() as ctx:
        waiting = waiting_at(ctx, ids)
        assert waiting_at(ctx, []) == {}
    assert set(waiting) == ids
    assert all([task.assignee for task in tasks] == ["ann", "bob"] for tasks in waiting.values())


def test_what_somebody_is_done_with_is_told_with_what_they_said_and_how_it_stands(centre, begun):
    first, second, third = begun(), begun(), begun()

    def task_at(instance_id, who):
        with system(centre).read() as ctx:
            return next(one.id for one in list_tasks(ctx, assignee=who)[1] if one.instance_id == instance_id)

    ann = person(centre, "ann")
    runtime.complete_task(ann, task_id=task_at(first, "ann"), outcome="rejected", opinion="no")
    runtime.return_task(ann, task_id=task_at(second, "ann"), to="apply", opinion="which?")
    runtime.transfer_task(ann, task_id=task_at(third, "ann"), to="cho", opinion="yours")
    with ann.read() as ctx:
        count, rows = list_handled(ctx, "ann")
        assert [(row.instance_id, row.how, row.outcome, row.opinion, row.to) for row in rows] == [
            (third, "transferred", None, "yours", "cho"),
            (second, "returned", "returned", "which?", None),
            (first, "decided", "rejected", "no", None),
        ]
        assert count == 3
        assert [list_handled(ctx, "ann", how=[how])[0] for how in ("decided", "returned")] == [1, 1]
        (last,) = list_handled(ctx, "ann", page=3, page_size=1)[1]
        assert last.instance_id == first
        assert list_handled(ctx, "ann", search="nothing like it") == (0, [])
        assert list_handled(ctx, "dan") == (0, [])
    runtime.complete_task(person(centre, "cho"), task_id=task_at(third, "cho"), outcome="approved")
    runtime.complete_task(person(centre, "bob"), task_id=task_at(third, "bob"), outcome="approved")
    with ann.read() as ctx:
        assert list_handled(ctx, "ann", page_size=1)[1][0].instance_state == "completed"


def test_what_a_cover_decides_is_found_by_both(centre, begun):
    with system(centre).write() as ctx:
        add_cover(ctx, person_key="ann", cover_key="cho")
    begun()
    task_id = of(centre, "cho")
    with system(centre).read() as ctx:
        assert get_task(ctx, task_id).covers_for == "ann"
        assert [one.id for one in list_tasks(ctx, covers_for="ann")[1]] == [task_id]
        assert [one.id for one in list_tasks(ctx, assignee="cho", covered=True)[1]] == [task_id]
        assert list_tasks(ctx, assignee="bob", covered=True)[0] == 0
    runtime.complete_task(person(centre, "cho"), task_id=task_id, outcome="approved")
    with system(centre).read() as ctx:
        assert list_handled(ctx, "cho")[1][0].covers_for == "ann"


def test_what_is_lent_is_found_by_both(centre, begun):
    begun()
    task_id = of(centre, "ann")
    runtime.delegate_task(person(centre, "ann"), task_id=task_id, to="cho")
    with system(centre).read() as ctx:
        assert [one.id for one in list_tasks(ctx, owner="ann")[1]] == [task_id]
        assert [one.id for one in list_tasks(ctx, assignee="cho", lent=True)[1]] == [task_id]
        assert list_tasks(ctx, assignee="bob", lent=True)[0] == 0


BESIDE = """
    start begin
    and fork
    user loud assignee='"ann"'
    user quiet assignee='"bob"' buttons="urge"
    and join
    end over
    begin -> fork -> loud -> join -> over
    fork -> quiet -> join
"""


def test_who_stands_at_a_step_that_takes_no_urging_is_left_in_peace(centre, begun):
    begun()
    drawn = sketch(BESIDE)
    deploy(system(centre), files={"p.bpmn": drawn, "process.toml": MANIFEST.encode()})
    eve = person(centre, "eve")
    instance_id = runtime.start_process(eve, process_key="p").id

    def offered():
        with eve.read() as ctx:
            return runtime.allowed(ctx, runtime.get_instance(ctx, instance_id))

    def at(who):
        with system(centre).read() as ctx:
            return next(one.id for one in list_tasks(ctx, instance_id=instance_id)[1] if one.assignee == who)

    assert offered() == ["urge"]
    assert runtime.urge(eve, instance_id=instance_id) == ["ann"]
    runtime.complete_task(person(centre, "ann"), task_id=at("ann"))
    centre.clock.advance(timedelta(hours=1))
    assert offered() == []
    with pytest.raises(NotOffered):
        runtime.urge(eve, instance_id=instance_id)
