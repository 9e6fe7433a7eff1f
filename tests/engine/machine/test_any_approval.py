"""Whatever people do at approvals: somebody is asked and has a clock, nothing is open twice or lost."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import Conflict
from engine.machine import effects, stimuli
from engine.machine.nodes.clocks import Clock
from engine.testing.stage import Play

PEOPLE = ("ann", "ben", "cho", "dan", "eve")
ELEMENTS = ("apply", "one", "two", "three")
RULES = ("rule=all", "rule=any", "rule=ratio percent=60", "rule=weight percent=50", "rule=count passCount=2")
# The second approval stands in a branch beside the third.
DRAWN = """
    start begin
    user apply due='duration("P1D")' limits='then=remind'
    user one approval="{0}" asks='{1}' due='duration("P1D")' limits='then=remind'
    boundary late on=one timer=PT1H
    xor on
    and part
    user two approval="{2}" asks='{3}'
    user three approval="{4}" asks='{5}' due='duration("P1D")' limits='then=remind'
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

rules = st.builds(
    lambda rule, veto, waits, turn, again: " ".join(
        [rule, f"veto={veto}", f"waitForAll={waits}", f"inTurn={turn}", f"ifAgain={again}", "ifNobody=reject"]
    ),
    st.sampled_from(RULES),
    *[st.sampled_from(["true", "false"])] * 3,
    st.sampled_from(["ask", "once", "next"]),
)
asks = st.lists(st.sampled_from(PEOPLE), min_size=0, max_size=4, unique=True).map(
    lambda people: "person:[" + ",".join(f'"{person}"' for person in people) + "]"
)
actions = st.lists(
    st.tuples(
        st.sampled_from(
            ["decide"] * 6 + ["return", "add", "remove", "hand over", "take back", "late", "finish"]
        ),
        st.integers(0, 50),
        st.integers(0, 50),
    ),
    max_size=25,
)


class Said:
    """What has been said at the steps, as whoever keeps it would hear of it."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.count = 0

    def asked(self) -> list[Any]:
        """Who is asked now."""
        return self.play.waiting(effects.OpenUserTask)

    def act(self, kind: str, first: int, second: int) -> None:
        """Do something that people may try, at one of the tasks that are open."""
        play, open_ = self.play, self.asked()
        if not open_:
            return
        task = open_[first % len(open_)]
        who = PEOPLE[second % len(PEOPLE)]
        try:
            if kind == "decide" and task.task:
                self.count += 1
                outcome = ("approved", "approved", "rejected")[second % 3]
                play.decide(task.assignee, outcome, task.element)
            elif kind in ("decide", "finish") and not task.task:
                play.done(task.element, stop=second % 2 == 0)
            elif kind == "return":
                play.send_back(task.element, ELEMENTS[second % 4], ("through", "back")[first % 2])
            elif kind == "add" and task.task:
                where = ("before", "after", "beside")[first % 3]
                play.add(task.element, who, where, task.task)
            elif kind == "remove" and task.task:
                play.step(stimuli.RemoveSigner(visit=task.visit, task=task.task))
            elif kind == "hand over" and task.task:
                play.step(stimuli.HandOver(visit=task.visit, task=task.task, to=who))
            elif kind == "take back" and task.task:
                self._take_back(task)
            elif kind == "late" and "late" in play.awaited:
                play.tick("late")
        except Conflict:
            return

    def _take_back(self, task: Any) -> None:
        kept = self.play.run.tasks[task.visit].memory["signers"]
        decided = [one["id"] for one in kept if one["order"]]
        if decided:
            self.play.take_back(task.visit, decided[0])


def check(play: Play) -> None:
    """Look at a run between two steps."""
    open_ = play.waiting(effects.OpenUserTask)
    live = {token.id: token for token in play.run.tasks.values()}
    if play.run.state == "active":
        assert open_, "nobody is asked, and nothing else is waited for"
    else:
        assert not open_
    steps = [live[visit].node.element_id for visit in {task.visit for task in open_}]
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
    # A condition of the drawing can read what was said at a step that is over.
    for element, kept in (play.run.read("decisions") or {}).items():
        assert kept["outcome"] in ("approved", "rejected", "returned", "done"), element


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(rules, asks, rules, asks, rules, asks), actions)
def test_whatever_people_do_somebody_is_asked_and_nothing_is_open_twice(drawn, done):
    play = Play(DRAWN.format(*drawn)).start(stop=False)
    said = Said(play)
    check(play)
    for kind, first, second in done:
        said.act(kind, first, second)
        check(play)
    # Left alone, people decide, and it ends.
    for _turn in range(200):
        if play.run.state != "active":
            break
        task = said.asked()[0]
        if task.task:
            play.decide(task.assignee, "approved", task.element)
        else:
            play.done(task.element, stop=True)
        check(play)
    assert play.run.state == "completed"
