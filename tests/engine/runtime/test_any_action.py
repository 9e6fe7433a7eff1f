"""Whatever people do with a request, and whatever their time does: nothing they said is ever lost."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine import runtime
from engine.definition import deploy
from engine.errors import CallwrightError
from engine.jobs import Job, list_incidents
from engine.people import create_person, join_unit, put_unit
from engine.testing import make_centre, person, system, work_off
from engine.testing.sketch import sketch
from engine.work import actions_of, list_tasks, tasks_of_instance

PEOPLE = ("ann", "bob", "cy", "eve")
ELEMENTS = ("apply", "one", "two", "three")
MANIFEST = b'key = "p"\ntitle = "Request"\ninitiator_may = ["withdraw"]\n'
DRAWN = """
    start begin
    user apply task="assignee=initiator startCounts=true"
    user one approval="{0}" asks='{1}' due='duration("P1D")' limits='{4}'
    and part
    user two approval="{2}" asks='{3}' due='duration("P2D")' limits='{5}'
    user three task=assignee="initiator"
    and meet
    end over
    begin -> apply -> one -> part
    part -> two -> meet
    part -> three -> meet
    meet -> over
"""
rules = st.builds(
    " ".join,
    st.tuples(
        st.sampled_from(
            ["rule=all", "rule=any", "rule=ratio percent=60", "rule=count passCount=2 veto=true"]
        ),
        st.sampled_from(["inTurn=false", "inTurn=true", "waitForAll=true"]),
        st.sampled_from(["ifInitiator=ask", "ifInitiator=head", "ifInitiator=manager", "ifInitiator=skip"]),
        st.sampled_from(["ifAgain=ask", "ifAgain=once"]),
        st.sampled_from(["ifRejected=goOn", "ifRejected=end", "ifRejected=initiator", "ifRejected=previous"]),
        st.sampled_from(["ifNobody=problem", "ifNobody=refuse"]),
    ),
)
asks = st.sampled_from(
    ['person:["ann","bob","cy"]', 'person:["cy","eve"]', "managers:initiator", 'person:"eve"', 'unit:"floor"']
)
limits = st.sampled_from(
    [
        "then=remind",
        "then=decide outcome=rejected opinion=late",
        "then=decide outcome=approved",
        "then=return to=initiator",
        "then=return to=previous again=back",
        "then=escalate; then=decide outcome=approved after=P1D",
        "then=transfer to=initiator; then=escalate after=P1D how=tell",
    ]
)
actions = st.lists(
    st.tuples(
        st.sampled_from(
            ["decide"] * 6
            + ["return", "return", "add", "remove", "transfer", "take back", "withdraw", "appoint", "wait"]
        ),
        st.integers(0, 20),
        st.integers(0, 20),
    ),
    min_size=2,
    max_size=14,
)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    centre = make_centre(tmp_path_factory.mktemp("office"))
    with system(centre).write() as ctx:
        for key in PEOPLE:
            create_person(ctx, key=key, name=key.title())
        put_unit(ctx, key="house", name="House", head_key="bob")
        put_unit(ctx, key="floor", name="Floor", parent_key="house", head_key="ann")
        for key in ("eve", "cy"):
            join_unit(ctx, unit_key="floor", person_key=key)
    yield centre
    centre.database.dispose()


class Request:
    """One request, and what people said about it."""

    def __init__(self, centre: Any) -> None:
        self.centre = centre
        self.id = runtime.start_process(person(centre, "eve"), process_key="p").id
        self.said: list[tuple[str, str, str]] = []

    def act(self, kind: str, first: int, second: int) -> None:
        """Do something that people may try; what cannot be done changes nothing."""
        if kind == "wait":
            self.centre.clock.advance(timedelta(hours=7 + second))
            work_off(self.centre)
            return
        try:
            self._try(kind, first, second)
        except CallwrightError:
            return

    def _try(self, kind: str, first: int, second: int) -> None:
        open_, who = self.open(), PEOPLE[second % 4]
        if kind == "withdraw":
            runtime.withdraw_request(person(self.centre, "eve"), instance_id=self.id, reason="No")
        elif kind == "appoint":
            people = [who] if second % 3 else []
            at = ELEMENTS[first % 4]
            said = {"element_id": at, "people": people, "reason": "Ill"}
            runtime.appoint_people(system(self.centre), instance_id=self.id, **said)
        elif kind == "take back":
            with system(self.centre).read() as ctx:
                over = [task for task in tasks_of_instance(ctx, self.id) if task.outcome and task.visit_id]
            if over:
                task = over[first % len(over)]
                runtime.take_back_decision(person(self.centre, task.ended_by), task_id=task.id)
        if not open_ or kind in ("withdraw", "appoint", "take back"):
            return
        task = open_[first % len(open_)]
        mine = person(self.centre, task.assignee)
        words = f"{len(self.said)} {task.assignee}"
        if kind == "decide":
            outcome = ("approved", "approved", "rejected")[second % 3] if task.visit_id else None
            runtime.complete_task(mine, task_id=task.id, outcome=outcome, opinion=words)
            self.said.append(("decide" if task.visit_id else "done", task.assignee, words))
        elif kind == "return":
            to, again = ELEMENTS[second % 4], ("through", "back")[first % 2]
            runtime.return_task(mine, task_id=task.id, to=to, again=again, opinion=words)
            self.said.append(("return", task.assignee, words))
        elif kind == "add":
            where = ("before", "after", "beside")[first % 3]
            runtime.add_signer(mine, task_id=task.id, person_key=who, where=where)
        elif kind == "remove" and task.visit_id:
            with system(self.centre).read() as ctx:
                signers = runtime.signers_of(ctx, task.id)
            runtime.remove_signer(mine, task_id=task.id, signer_id=signers[second % len(signers)].id)
        elif kind == "transfer":
            runtime.transfer_task(mine, task_id=task.id, to=who)

    def open(self) -> list[Any]:
        """Return the tasks that are open, in order."""
        with system(self.centre).read() as ctx:
            return list_tasks(ctx, instance_id=self.id, sort="created_at", page_size=100)[1]

    def check(self) -> str:
        """Look at the request between two things that happen; return its state."""
        open_ = self.open()
        with system(self.centre).read() as ctx:
            state = str(runtime.get_instance(ctx, self.id)["state"])
            incidents = [one for one in list_incidents(ctx)[1] if one["instance_id"] == self.id]
            jobs = select(Job.id).where(Job.instance_id == self.id, Job.state == "waiting")
            later = ctx.connection.execute(jobs).all()
            kept = [(one.action, one.actor, one.opinion) for one in actions_of(ctx, self.id)]
            kept += [
                ("done", task.ended_by, task.opinion)
                for task in tasks_of_instance(ctx, self.id)
                if task.ended_by and not task.visit_id
            ]
        if state == "active":
            assert open_ or incidents or later, "nothing is left that it could wait for"
        else:
            assert not open_
            assert not incidents
        visits = {(task.element_id, task.visit) for task in open_}
        assert len(visits) == len({element for element, _visit in visits}), "a step is open twice"
        names = {self.name(who): who for who in PEOPLE}
        heard = [(action, names.get(actor, actor), opinion) for action, actor, opinion in kept]
        assert [one for one in self.said if one not in heard] == [], "something that was said is lost"
        return state

    def name(self, who: str) -> str:
        """Return the name under which history names somebody."""
        return person(self.centre, who).actor.name


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(rules, asks, rules, asks, limits, limits, actions)
def test_nothing_that_people_said_is_lost_and_somebody_or_something_is_waited_for(
    office, one, first, two, second, soon, later, done
):
    drawn = sketch(DRAWN.format(one, first, two, second, soon, later))
    deploy(system(office), files={"p.bpmn": drawn, "process.toml": MANIFEST})
    try:
        request = Request(office)
    except CallwrightError:
        # Nobody would decide on it, and that is said at once.
        assert "refuse" in one + two
        return
    request.check()
    for kind, at, how in done:
        request.act(kind, at, how)
        request.check()
