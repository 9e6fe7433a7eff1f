"""A finished task is taken back: what its step began is cancelled, the task is open again."""

from datetime import timedelta
from typing import Any

import pytest

from engine.machine import Run, dump, effects, load, stimuli
from engine.machine.reopening import GoneOn, WayBack, way_back
from engine.testing import drawing
from engine.testing.stage import NOW, Play

LINE = "start begin\nuser ask\nuser check\nend over\nbegin -> ask -> check -> over\n"
GUARDED = (
    "start begin\nuser ask\nboundary late on=ask timer=PT1H beside\n"
    "boundary call on=ask message=help beside\nuser check\nend over\nend told\nend helped\n"
    "begin -> ask -> check -> over\nlate -> told\ncall -> helped"
)


def finish(play: Play, element: str = "ask") -> WayBack | None:
    """Finish a task and say how that can be taken back."""
    visit, asked = play.visit(element), len(play.asked)
    before: Run = load(play.spec, dump(play.run), play.environment)
    play.done(element)
    passed = [one.element for one in play.asked[asked:] if isinstance(one, effects.Entered)]
    return way_back(before, play.run, visit, passed)


def reopen(play: Play, way: WayBack | None, element: str = "ask", **options: Any) -> Play:
    assert way is not None
    return play.step(stimuli.Reopen(element=element, scope=way.scope, opened=way.opened, by="ann", **options))


def task(play: Play, element: str = "ask") -> effects.OpenUserTask:
    return play.waiting(effects.OpenUserTask, element)[0]


def test_what_the_step_opened_is_cancelled_and_the_task_is_theirs_until_it_was_due():
    play = Play(LINE).start()
    due_at = NOW + timedelta(hours=3)
    reopen(play, finish(play), due_at=due_at)
    assert play.open == ["ask"]
    assert play.left("ask") == ["completed"]
    assert play.left("check") == ["cancelled"]
    assert (task(play).assignee, task(play).due_at) == ("ann", due_at)
    assert play.done("ask").done("check").ended == "completed"


def test_nobody_is_told_again_of_a_task_that_was_taken_back():
    drawn = drawing(
        """
        <bpmn:startEvent id="begin"/>
        <bpmn:userTask id="ask"><bpmn:extensionElements>
          <callwright:notify event="created" to="candidates" channel="sms" message="new"/>
        </bpmn:extensionElements></bpmn:userTask>
        <bpmn:userTask id="check"/>
        <bpmn:endEvent id="over"/>
        begin -> ask
        ask -> check
        check -> over
        """
    )
    play = Play(drawn).start()
    told = [one for one in play.asked if isinstance(one, effects.Notify)]
    assert len(told) == 1
    reopen(play, finish(play))
    assert [one for one in play.asked if isinstance(one, effects.Notify)] == told


def test_what_watched_at_its_border_watches_again_until_the_same_instant():
    play = Play(GUARDED).start()
    way = finish(play)
    assert way is not None
    assert play.awaited == []
    rings = NOW + timedelta(minutes=40)
    due = {"late": rings}
    reopen(
        play,
        way,
        border=tuple(stimuli.Watch(node=n, memory=m, due_at=due.get(n)) for _visit, n, m in way.border),
    )
    assert play.awaited == ["call", "late"]
    assert play.waiting(effects.SetTimer, "late")[0].due_at == rings
    play.tell("help").tick("late")
    assert play.path[-4:] == ["call", "helped", "late", "told"]
    assert play.open == ["ask"]


def test_a_timer_that_had_rung_before_does_not_ring_again():
    play = Play(GUARDED).start().tick("late")
    way = finish(play)
    assert way is not None
    assert [node for _visit, node, _memory in way.border] == ["call"]


def test_a_task_in_a_sub_process_is_opened_in_its_scope_again():
    drawn = "start begin\nsub work\n  user ask\n  user check\n  ask -> check\nend over\nbegin -> work -> over"
    play = Play(drawn).start()
    reopen(play, finish(play))
    assert play.open == ["ask"]
    assert play.done("ask").done("check").ended == "completed"


@pytest.mark.parametrize(
    ("why", "drawn"),
    [
        ("it ended the instance", "start begin\nuser ask\nend over\nbegin -> ask -> over"),
        (
            "it ended the scope",
            "start begin\nsub work\n  user ask\nuser after\nend over\nbegin -> work -> after -> over",
        ),
        (
            "another process was called",
            "start begin\nuser ask\ncall other calls=other\nend over\nbegin -> ask -> other -> over",
        ),
        (
            "a message left",
            "start begin\nuser ask\nthrow tell message=done\nuser check\nend over\n"
            "begin -> ask -> tell -> check -> over",
        ),
        ("one of several signed", "start begin\nuser ask parallel=2\nend over\nbegin -> ask -> over"),
    ],
)
def test_there_is_no_way_back_where(why: str, drawn: str):
    assert finish(Play(drawn).start()) is None, why


def test_there_is_no_way_back_where_a_branch_beside_it_was_ended_or_joined():
    ended = (
        "start begin\nand fork\nuser ask\nuser beside\nend all terminate\nend over\n"
        "begin -> fork\nfork -> ask -> all\nfork -> beside -> over"
    )
    assert finish(Play(ended).start()) is None
    joined = (
        "start begin\nand fork\nuser ask\nuser beside\nand join\nuser after\nend over\n"
        "begin -> fork\nfork -> ask -> join\nfork -> beside -> join\njoin -> after -> over"
    )
    assert finish(Play(joined).start().done("beside")) is None


def test_a_branch_that_waits_at_a_join_is_taken_back_from_there():
    drawn = (
        "start begin\nand fork\nuser ask\nuser beside\nand join\nuser after\nend over\n"
        "begin -> fork\nfork -> ask -> join\nfork -> beside -> join\njoin -> after -> over"
    )
    play = Play(drawn).start()
    reopen(play, finish(play))
    assert sorted(play.open) == ["ask", "beside"]
    play.done("beside")
    assert play.open == ["ask"]
    assert play.done("ask").open == ["after"]


def test_a_hand_in_that_made_approvals_count_no_more_is_taken_back_all_the_same():
    drawn = (
        'start begin\nuser check approval="" asks=\'person:"ann"\'\nuser ask task=assignee=initiator\n'
        "user again approval=ifAgain=once asks='person:\"ann\"'\nend over\n"
        "begin -> check -> ask -> again -> over"
    )
    play = Play(drawn, given={"initiator": "eve"}).start().decide("ann")
    reopen(play, finish(play))
    assert play.done("ask").people == ["ann"]


def test_what_has_gone_on_meanwhile_is_left_alone():
    play = Play(LINE).start()
    way = finish(play)
    play.skip("check")
    play = Play(LINE).start()
    with pytest.raises(GoneOn):
        reopen(play, way)
    assert play.open == ["ask"]
