"""A request that would find nobody to decide on it is refused when it is handed in, where that is drawn."""

import pytest

from engine import runtime
from engine.definition import deploy, get_definition
from engine.jobs import list_incidents
from engine.people import put_group, set_groups
from engine.runtime.refusing import NobodyWouldDecide
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks

REQUEST = """
    start begin
    user apply task="assignee=initiator startCounts=true"
    user check name="Look at it" approval="" asks='person:["ann"]'
    xor long
    user board name="Board" approval="ifNobody={if_nobody}" asks='group:"board"'
    end over
    begin -> apply -> check -> long
    long -> board [days > 3]
    long -> over *
    board -> over
"""


@pytest.fixture
def drawn(centre):
    def draw(text=REQUEST, **options):
        deploy(system(centre), files={"p.bpmn": sketch(text.format(**({"if_nobody": "refuse"} | options)))})

    on_board(centre)
    return draw


def on_board(centre, *members):
    """Let people, or nobody, be in the group board."""
    with system(centre).write() as ctx:
        put_group(ctx, key="board", name="Board")
        for who in ("ann", "bob", "cy", "eve"):
            set_groups(ctx, person_key=who, group_keys=["board"] if who in members else [])


def started(centre, **variables):
    return runtime.start_process(person(centre, "eve"), process_key="p", variables=variables).id


def tasks(centre):
    with system(centre).read() as ctx:
        return list_tasks(ctx)[1]


def incidents(centre):
    with system(centre).read() as ctx:
        return [one["code"] for one in list_incidents(ctx)[1]]


def decide(centre, who="ann", outcome="approved", **said):
    (task,) = tasks(centre)
    return runtime.complete_task(person(centre, who), task_id=task.id, outcome=outcome, **said)


def test_it_is_refused_at_the_start_and_names_the_step(centre, drawn):
    drawn()
    with pytest.raises(NobodyWouldDecide, match="would decide at Board"):
        started(centre, days=9)
    with system(centre).read() as ctx:
        assert runtime.list_instances(ctx)[0] == 0


def test_what_takes_another_path_is_not_refused(centre, drawn):
    drawn()
    started(centre, days=1)
    assert [task.assignee for task in tasks(centre)] == ["ann"]


def test_it_is_handed_in_where_somebody_is_found(centre, drawn):
    drawn()
    on_board(centre, "bob")
    started(centre, days=9)
    decide(centre)
    assert [task.assignee for task in tasks(centre)] == ["bob"]


def test_where_nothing_is_refused_it_is_an_incident_as_before(centre, drawn):
    drawn(if_nobody="problem")
    started(centre, days=9)
    decide(centre)
    assert incidents(centre) == ["nobody_to_ask"]


def test_who_has_left_since_it_was_handed_in_leaves_an_incident(centre, drawn):
    drawn()
    on_board(centre, "bob")
    started(centre, days=9)
    on_board(centre)
    decide(centre)
    assert incidents(centre) == ["nobody_to_ask"]


def test_the_initiator_cannot_hand_it_in_again_for_nobody(centre, drawn):
    drawn()
    started(centre, days=1)
    (task,) = tasks(centre)
    runtime.return_task(person(centre, "ann"), task_id=task.id, to="apply", opinion="longer?")
    with pytest.raises(NobodyWouldDecide, match="Board"):
        decide(centre, "eve", outcome=None, data={"days": 9})
    (task,) = tasks(centre)
    assert (task.element_id, task.open) == ("apply", True)
    decide(centre, "eve", outcome=None, data={"days": 2})
    assert [task.assignee for task in tasks(centre)] == ["ann"]


def test_an_approver_is_not_stopped_by_a_step_that_comes_later(centre, drawn):
    drawn()
    on_board(centre, "bob")
    started(centre, days=9)
    on_board(centre)
    assert decide(centre).state == "active"


LATER = """
    start begin
    user pick name="Pick"
    user board name="Board" approval="ifNobody=refuse" asks='person:{of}'
    end over
    begin -> pick -> board -> over
"""


@pytest.mark.parametrize(
    ("of", "refused"),
    [("picked", False), ("decisions.pick.by", False), ("manager of(initiator)", True), ("given", False)],
)
def test_whoever_is_named_only_on_the_way_is_not_missed_at_the_start(centre, drawn, of, refused):
    drawn(LATER, of=of)
    if refused:
        with pytest.raises(NobodyWouldDecide):
            started(centre)
        return
    started(centre)
    (task,) = tasks(centre)
    runtime.complete_task(system(centre), task_id=task.id)
    assert incidents(centre)[:1] in (["nobody_to_ask"], ["not_found"])


def test_a_branch_that_cannot_be_told_hides_no_other(centre, drawn):
    drawn(
        """
        start begin
        and part
        xor which
        user left
        user board name="Board" approval="ifNobody={if_nobody}" asks='group:"board"'
        user first
        end over
        begin -> part
        part -> which
        which -> left [amount > 3]
        which -> over [amount <= 3]
        part -> first -> board
        """
    )
    with pytest.raises(NobodyWouldDecide):
        started(centre)


def test_a_message_begins_what_nobody_could_be_told_of(centre):
    on_board(centre)
    deploy(
        system(centre),
        files={
            "p.bpmn": sketch(
                """
                start begin message=came
                user board approval="ifNobody=refuse" asks='group:"board"'
                end over
                begin -> board -> over
                """
            )
        },
    )
    runtime.publish_message(system(centre), name="came")
    assert incidents(centre) == ["nobody_to_ask"]


def test_a_called_process_leaves_an_incident(centre):
    on_board(centre)
    child = """
        start begin
        user board approval="ifNobody=refuse" asks='group:"board"'
        end over
        begin -> board -> over
    """
    deploy(
        system(centre),
        files={
            "p.bpmn": sketch("start a\ncall sub calls=child\nend z\na -> sub -> z"),
            "child.bpmn": sketch(child, key="child"),
        },
    )
    started(centre)
    work_off(centre)
    assert incidents(centre) == ["nobody_to_ask"]


def test_a_drawing_without_the_word_is_not_walked_at_its_start(centre, drawn):
    drawn(if_nobody="problem")
    with system(centre).read() as ctx:
        assert not get_definition(ctx, key="p").spec.refuses
    started(centre, days=9)
    assert [task.assignee for task in tasks(centre)] == ["ann"]
