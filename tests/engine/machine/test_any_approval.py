"""Whatever people do at approvals: somebody is asked and has a clock, nothing is open twice or lost."""

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import Conflict
from engine.machine import effects, stimuli
from engine.machine.nodes.clocks import Clock
from engine.testing.stage import NOW, Play

PEOPLE = ("ann", "ben", "cho", "dan", "eve")
ELEMENTS = ("apply", "one", "two", "three")
RULES = ("rule=all", "rule=any", "rule=ratio percent=60", "rule=weight percent=50", "rule=count passCount=2")
BACK = ("initiator", "previous", "step:apply", "step:one")
GIVEN = {"initiator": "eve", "started_at": NOW, "instance_id": "i", "business_key": None}
# The second approval stands in a branch beside the third.
DRAWN = """
    start begin
    user apply task="assignee=initiator startCounts=true" due='duration("P1D")' limits='then=remind'
    user one approval="{0}" asks='{1}' due='duration("P1D")' limits='{6}'
    boundary late on=one timer=PT1H
    xor on
    and part
    user two approval="{2}" asks='{3}'
    user three approval="{4}" asks='{5}' due='duration("P1D")' limits='{7}'
    and meet
    xor which
    end over
    begin -> apply -> one -> on -> part
    late -> on
    part -> two -> meet
    part -> three -> meet
    meet -> which
    which -> apply [decisions.two.outcome = "rejected" and not(stop = true)]
    which -> over *
"""


@st.composite
def approvals(draw, back):
    """How an approval decides, and whom it asks."""
    people = draw(st.lists(st.sampled_from(PEOPLE), max_size=4, unique=True))
    said = {
        "veto": ["true", "false"],
        "waitForAll": ["true", "false"],
        "inTurn": ["true", "false"],
        "ifAgain": ["ask", "once", "next"],
        "ifInitiator": ["ask", "skip"],
        "ifNobody": ["reject", "approve", "problem"],
        "pick": ["all", "all", "random", "claim"],
        # What nobody decides and sends itself back would never come further.
        "ifRejected": ["goOn", "goOn", "end", *(back if people else ())],
    }
    rule = " ".join(f"{name}={draw(st.sampled_from(known))}" for name, known in said.items())
    asks = "person:[" + ",".join(f'"{person}"' for person in people) + "]"
    return f"{draw(st.sampled_from(RULES))} {rule}", asks


limits = st.lists(
    st.sampled_from(
        [
            "then=remind",
            "then=decide outcome=approved",
            "then=decide outcome=rejected",
            "then=return to=initiator",
            "then=return to=previous again=back opinion=late",
            "then=escalate",
            "then=transfer to=initiator",
        ]
    ),
    min_size=1,
    max_size=3,
    unique=True,
).map("; ".join)
actions = st.lists(
    st.tuples(
        st.sampled_from(
            ["decide"] * 8
            + ["return", "add", "remove", "hand over", "take back", "late", "finish"]
            + ["ring", "ring", "withdraw", "appoint"]
        ),
        st.integers(0, 50),
        st.integers(0, 50),
    ),
    max_size=30,
)


class Said:
    """What has been said at the steps, as whoever keeps it would hear of it."""

    def __init__(self, play: Play) -> None:
        self.play = play
        # The tasks at which somebody, or the clock, has decided, by the visit; not those taken back.
        self.said: dict[str, list[str]] = {}

    def asked(self) -> list[Any]:
        """Who is asked now."""
        return self.play.waiting(effects.OpenUserTask)

    def act(self, kind: str, first: int, second: int) -> None:
        """Do something that people may try, at one of the tasks that are open."""
        play, open_ = self.play, self.asked()
        if play.run.state != "active":
            return
        if kind == "withdraw":
            self._try(stimuli.Withdraw(by="eve"))
        elif kind == "appoint":
            people = PEOPLE[second % 5 : second % 5 + 2] if second % 3 else ()
            self._try(stimuli.Appoint(element=ELEMENTS[first % 4], people=people))
        elif kind == "ring":
            self._ring(first)
        if not open_ or kind in ("withdraw", "appoint", "ring"):
            return
        task = open_[first % len(open_)]
        who = PEOPLE[second % len(PEOPLE)]
        if kind == "decide" and task.task:
            self.decide(task, ("approved", "approved", "rejected")[second % 3])
        elif kind in ("decide", "finish") and not task.task:
            play.done(task.element, stop=second % 2 == 0)
        elif kind == "return":
            self._return(task.visit, ELEMENTS[second % 4], ("through", "back")[first % 2])
        elif kind == "add" and task.task:
            where: Any = ("before", "after", "beside")[first % 3]
            said = stimuli.AddSigner(visit=task.visit, person=who, by="boss", where=where, task=task.task)
            self._try(said)
        elif kind == "remove" and task.task:
            self._try(stimuli.RemoveSigner(visit=task.visit, task=task.task))
        elif kind == "hand over" and task.task:
            self._try(stimuli.HandOver(visit=task.visit, task=task.task, to=who))
        elif kind == "take back" and task.task:
            self._take_back(task)
        elif kind == "late" and "late" in play.awaited and play.run.tasks.get(play.visit("one")):
            play.tick("late")

    def decide(self, task: Any, outcome: str, by: str | None = None) -> None:
        """Let whoever is asked decide, or the clock."""
        who = by or task.assignee or task.candidate_users[0]
        self.said.setdefault(task.visit, []).append(task.task)
        self.play.decided.add(task.task)
        self.play.step(
            stimuli.TaskDone(
                visit=task.visit, task=task.task, outcome=outcome, by=who, at="", opinion=f"{who}: {outcome}"
            )
        )

    def _try(self, stimulus: stimuli.Stimulus) -> None:
        try:
            self.play.step(stimulus)
        except Conflict:
            return

    def _return(self, visit: str, to: str, again: Any) -> None:
        self._try(stimuli.Return(visit=visit, to=to, again=again, by="ann", at="", opinion="once more"))

    def _ring(self, first: int) -> None:
        """Let a clock ring, and do what it says as the runtime does."""
        clocks = [one for one in self.play.run.tasks.values() if isinstance(one.node, Clock)]
        clocks = sorted((one for one in clocks if one.memory["next"] is not None), key=lambda one: one.id)
        if not clocks:
            return
        before = len(self.play.asked)
        self.play.step(stimuli.TimerFired(visit=clocks[first % len(clocks)].id))
        (rung,) = [one for one in self.play.asked[before:] if isinstance(one, effects.TimeUp)]
        task = next(one for one in self.asked() if rung.task in (one.task, one.visit))
        then, said = rung.said["then"], rung.said
        if then == "decide":
            self.decide(task, said["outcome"], by=stimuli.TIMER)
        elif then == "return":
            self._return(task.visit, "apply" if said["to"] == "initiator" else "one", said["again"])
        elif then in ("transfer", "escalate"):
            to = said["whom"][0] if then == "transfer" else "boss"
            self._try(stimuli.HandOver(visit=task.visit, task=task.task, to=to))

    def _take_back(self, task: Any) -> None:
        kept = self.play.run.tasks[task.visit].memory["signers"]
        decided = [one["id"] for one in kept if one["order"]]
        if decided:
            self.said[task.visit].remove(decided[0])
            self.play.take_back(task.visit, decided[0])


def check(said: Said) -> None:
    """Look at a run between two steps."""
    play = said.play
    open_ = said.asked()
    live = {token.id: token for token in play.run.tasks.values()}
    failed = [token for token in live.values() if token.failed]
    if play.run.state == "active":
        assert open_ or failed, "nobody is asked, and nothing else is waited for"
    else:
        assert not open_
    steps = [live[visit].node.element_id for visit in {task.visit for task in open_}]
    steps += [token.node.element_id for token in failed]
    assert len(steps) == len(set(steps)), f"a step is open twice: {steps}"
    counting = sorted(
        token.memory["task"] or token.scope.id for token in live.values() if isinstance(token.node, Clock)
    )
    timed = sorted(task.task or task.visit for task in open_ if task.element != "two")
    assert counting == timed, "each who is asked has one clock, and nobody else has any"
    for token in live.values():
        kept = token.memory.get("signers")
        if not kept:
            continue
        asked = {one["id"] for one in kept if one["asked"] and not one["decision"]}
        assert asked == {task.task for task in open_ if task.visit == token.id}
        decided = {one["id"] for one in kept if one["order"]}
        assert decided == {vote["task"] for vote in token.memory["votes"] if "task" in vote}
    check_opinions(said, live)


def check_opinions(said: Said, live: Mapping[str, Any]) -> None:
    """Look whether all that was said at a step stands where the drawing can read it."""
    # What was said at a step that was taken away stands in history (tests/engine/runtime/test_any_action.py).
    for visit, tasks in said.said.items():
        if visit in live:
            votes = [vote["task"] for vote in live[visit].memory["votes"] if "task" in vote]
            assert votes == tasks, "what was said at an open step is kept in the order in which it was said"
    for element, kept in (said.play.run.read("decisions") or {}).items():
        assert kept["outcome"] in ("approved", "rejected", "returned", "done", "completed"), element
        votes = [vote for vote in kept.get("list", ()) if vote.get("task")]
        # One visit's, all of it, and none of it twice; with each the words that were said.
        whole = [one for one in said.said.values() if votes and votes[0]["task"] in one]
        assert [vote["task"] for vote in votes] == (whole[0] if whole else [])
        assert all(vote["opinion"] == f"{vote['by']}: {vote['outcome']}" for vote in votes)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(approvals(()), approvals(BACK), approvals(BACK), limits, limits, actions)
def test_whatever_people_do_somebody_is_asked_and_nothing_is_open_twice(one, two, three, soon, later, done):
    play = Play(DRAWN.format(*one, *two, *three, soon, later), given=GIVEN).start(stop=False)
    said = Said(play)
    check(said)
    for kind, first, second in done:
        said.act(kind, first, second)
        check(said)
    # Left alone, people decide, and it ends.
    for _turn in range(200):
        if play.run.state != "active":
            break
        stuck = [token for token in play.run.tasks.values() if token.failed]
        if stuck:
            # Nobody is found: an operator passes by.
            play.step(stimuli.Skip(visit=stuck[0].id))
        elif (task := said.asked()[0]).task:
            said.decide(task, "approved")
        else:
            play.done(task.element, stop=True)
        check(said)
    assert play.run.state == "completed"
