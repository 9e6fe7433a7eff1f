"""A live run goes on in another version of its drawing."""

from datetime import timedelta

import pytest

from engine.machine import effects, parse
from engine.machine.migrate import blockers
from engine.testing.sketch import sketch
from engine.testing.stage import NOW, Play

LINE = "start begin\nuser ask\nuser check\nend over\nbegin -> ask -> check -> over"


def in_the_way(play, drawn, **mapping):
    spec = next(iter(parse("p.bpmn", sketch(drawn)).processes.values()))
    return {problem.path: str(problem) for problem in blockers(play.run, spec, mapping)}


def timers(play):
    return {one.element: one.due_at - NOW for one in play.waiting(effects.SetTimer)}


def test_a_task_goes_on_into_what_the_new_version_draws_behind_it():
    play = Play(LINE).start()
    visit = play.visit("ask")
    play.migrate("start begin\nuser ask\nuser sign\nend over\nbegin -> ask -> sign -> over")
    assert play.visit("ask") == visit
    assert play.done("ask").open == ["sign"]


def test_an_element_of_another_id_is_found_by_the_mapping():
    play = Play(LINE).start()
    renamed = LINE.replace("ask", "enquire")
    assert "no counterpart" in in_the_way(play, renamed)["ask"]
    play.migrate(renamed, ask="enquire")
    assert play.run.tasks[play.visit("enquire")].node.element_id == "enquire"


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        (LINE.replace("user ask", "script ask"), "another kind"),
        (LINE.replace("user ask", "user ask parallel=2"), "other rounds"),
        (
            "start begin\nsub work\n  user ask\nuser check\nend over\nbegin -> work -> check -> over",
            "another sub-process",
        ),
    ],
)
def test_what_has_no_counterpart_of_its_kind_rounds_and_place_is_in_the_way(drawn, reason):
    assert reason in in_the_way(Play(LINE).start(), drawn)["ask"]


def test_what_is_done_already_is_in_nobodys_way():
    play = Play(LINE).start().done("ask")
    assert in_the_way(play, "start begin\nuser check\nend over\nbegin -> check -> over") == {}


LATE = (
    "start begin\nuser ask\nboundary late on=ask timer={0}\nend over\nend gone\n"
    "begin -> ask -> over\nlate -> gone"
)


def test_a_timer_that_is_drawn_alike_keeps_its_instant():
    play = Play(LATE.format("PT4H")).start()
    asked = len(play.asked)
    play.migrate(LATE.format("PT4H"))
    assert play.asked[asked:] == []
    assert play.tick("late").ended == "completed"


def test_a_timer_that_is_drawn_anew_counts_from_when_the_wait_began():
    play = Play(LATE.format("PT4H")).start()
    began = NOW - timedelta(hours=1)
    play.migrate(LATE.format("PT6H"), since={play.visit("ask"): began})
    assert timers(play) == {"late": timedelta(hours=5)}
    assert play.tick("late").path[-2:] == ["late", "gone"]


def test_a_border_that_is_newly_drawn_watches_what_is_being_done_and_one_that_is_gone_does_not():
    play = Play(LINE).start()
    play.migrate(LATE.format("PT4H"))
    assert timers(play) == {"late": timedelta(hours=4)}
    play.migrate("start begin\nuser ask\nend over\nbegin -> ask -> over")
    assert play.awaited == []


def test_what_rang_once_does_not_ring_again():
    beside = LATE.replace("timer={0}", "timer={0} beside")
    play = Play(beside.format("PT4H")).start().tick("late")
    play.migrate(beside.format("PT5H"))
    assert play.awaited == []
    assert play.open == ["ask"]


def test_an_awaited_message_of_another_name_is_awaited_anew():
    drawn = "start begin\ncatch heard message={0}\nend over\nbegin -> heard -> over"
    play = Play(drawn.format("word")).start()
    visit = play.visit("heard")
    play.migrate(drawn.format("bell"))
    assert play.waiting(effects.Await, name="word") == []
    assert play.visit("heard") == visit
    assert (play.asked[-1].name, play.asked[-1].visit) == ("bell", visit)


def test_a_changed_service_is_asked_for_again():
    drawn = "start begin\nservice work service={0}\nend over\nbegin -> work -> over"
    play = Play(drawn.format("desk.open")).start()
    asked = len(play.asked)
    play.migrate(drawn.format("desk.open"))
    assert play.asked[asked:] == []
    play.migrate(drawn.format("desk.ask"))
    assert [type(one).__name__ for one in play.asked[asked:]] == ["StopWaiting", "CallService"]
    assert play.asked[-1].name == "desk.ask"


def test_events_behind_a_gateway_are_those_of_the_new_version():
    drawn = (
        "start begin\nevent which\ncatch paid message=paid\ncatch late timer=PT1H\nend over\nbegin -> which\n"
        "which -> paid -> over\nwhich -> late -> over"
    )
    play = Play(drawn).start()
    more = drawn.replace("end over", "catch tired timer=PT2H\nend over") + "\nwhich -> tired -> over"
    play.migrate(more)
    assert play.awaited == ["late", "paid", "tired"]
    play.tick("tired")
    assert play.ended == "completed"


def test_a_sub_process_goes_on_inside_with_its_own_variables():
    drawn = (
        "start begin\nsub work input='n:1'\n  user ask\n  script add run='n = n + 1; total = n'\n"
        "  ask -> add\nend over\nbegin -> work -> over"
    )
    play = Play(drawn).start().migrate(drawn.replace("total = n", "total = n * 10"))
    assert play.done("ask").ended == "completed"
    assert play["total"] == 20


def test_rounds_of_one_kind_go_on():
    drawn = "start begin\nuser ask parallel=2\nend over\nbegin -> ask -> over"
    longer = drawn.replace("end over", "user more\nend over").replace("ask -> over", "ask -> more -> over")
    play = Play(drawn).start().done("ask").migrate(longer)
    assert play.done("ask").open == ["more"]


FORK = (
    "start begin\nand fork\nuser one\nuser two\nand join\nend over\nbegin -> fork\n"
    "fork -> one -> join\nfork -> two -> join\njoin -> over"
)


def test_a_branch_that_came_to_a_join_still_counts_where_its_flow_leads_there():
    play = Play(FORK).start().done("one")
    play.migrate(FORK.replace("user two", "user two name=Second"))
    assert play.done("two").ended == "completed"


def test_a_branch_that_came_along_a_flow_that_is_gone_is_in_the_way():
    play = Play(FORK).start().done("one")
    flows = "begin -> fork\njoin -> over\nfork -> two -> join\nfork -> one -> over"
    without = FORK[: FORK.index("begin -> fork")] + flows
    assert "does not lead here" in in_the_way(play, without)["join"]


def test_a_failed_element_is_tried_again_as_the_new_version_draws_it():
    drawn = "start begin\nscript work run='x = 1 / {0}'\nuser ask\nend over\nbegin -> work -> ask -> over"
    play = Play(drawn.format("n")).start(n=0)
    play.migrate(drawn.format("2"))
    assert play.retry("work").open == ["ask"]


def test_what_was_done_is_undone_by_the_new_name_of_what_undoes_it():
    kept = (
        "start begin\nuser book\nboundary undo on=book compensate= undone_by={0}\n"
        "script {0} undoes run='log(\"{0}\")'\nuser ask\nthrow back compensate=\nend over\n"
        "begin -> book -> ask -> back -> over"
    )
    play = Play(kept.format("unbook")).start().done("book")
    assert "has no counterpart" in in_the_way(play, kept.format("cancel"))["unbook"]
    play.migrate(kept.format("cancel"), unbook="cancel")
    play.done("ask")
    assert play.log == ["cancel"]
    assert play.ended == "completed"
