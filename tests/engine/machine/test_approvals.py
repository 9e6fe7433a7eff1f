"""A user task that several decide: who is asked, in which order, and what it comes to."""

import pytest

from engine.approval import NoDirectory, Who
from engine.errors import DefinitionError, NotFound
from engine.machine import effects, parse, stimuli
from engine.machine.nodes.approvals import LeftOut
from engine.testing.sketch import sketch
from engine.testing.stage import Play

BOTH = '["ann","ben"]'
THREE = '["ann","ben","cho"]'
GROUPS = {"board": ["cho", "dan"], "empty": []}
ABOVE = {"ann": "cho", "ben": "cho", "cho": "dan"}


class Office(NoDirectory):
    """Ann and Ben work in a unit that Cho leads; Dan stands above Cho."""

    def __init__(self, covers):
        self.covers = covers

    def find(self, who, of, level):
        if who is Who.GROUP:
            if of not in GROUPS:
                raise NotFound("There is no group.")
            return GROUPS[of]
        if who in (Who.MANAGER, Who.MANAGERS):
            chain = []
            while (of := ABOVE.get(of)) is not None:
                chain.append(of)
            return chain[: level or len(chain)] if who is Who.MANAGERS else chain[(level or 1) - 1 :][:1]
        return super().find(who, of, level)

    def manager(self, person):
        return ABOVE.get(person)

    def head(self, person):
        return "dan" if person == "ann" else None

    def cover(self, person):
        return self.covers.get(person)


def approval_of(said="", asks=f"person:{THREE}", more=""):
    return f"""
        start begin
        user check approval="{said}" asks='{asks}' {more}
        xor which
        end yes
        end no
        begin -> check -> which
        which -> yes [decisions.check.outcome = "approved"]
        which -> no *
    """


def approval(said="", asks=f"person:{THREE}", more="", initiator=None, covers=None, **others):
    drawn = approval_of(said, asks, more)
    given = {"initiator": initiator} if initiator else {}
    return Play(drawn, directory=Office(others if covers is None else covers), given=given).start()


def votes(play):
    return [vote["by"] for vote in play.run.read("decisions")["check"]["list"]]


def failure(play):
    return [one.code for one in play.asked if isinstance(one, effects.Failed)]


def test_all_are_asked_at_once_and_it_passes_when_the_last_one_approves():
    play = approval()
    assert play.people == ["ann", "ben", "cho"]
    play.decide("ben").decide("ann")
    assert play.people == ["cho"]
    play.decide("cho")
    assert (play.path[-1], play.run.state, votes(play)) == ("yes", "completed", ["ben", "ann", "cho"])


def test_one_rejection_of_a_countersign_ends_it_and_closes_what_is_open():
    play = approval().decide("ben", "rejected")
    assert play.path[-1] == "no"
    (closed,) = [one for one in play.asked if isinstance(one, effects.CloseUserTasks)]
    assert len(closed.tasks) == 2
    assert play.run.read("decisions")["check"]["opinion"] == "ben says rejected"


def test_any_one_decides_for_all_and_the_others_have_said_nothing():
    play = approval("rule=any").decide("cho")
    assert (play.path[-1], play.people, votes(play)) == ("yes", [], ["cho"])


def test_a_share_is_enough():
    play = approval("rule=ratio percent=60").decide("ann").decide("ben", "rejected")
    assert play.people == ["cho"]
    assert play.decide("cho").path[-1] == "yes"


def test_who_weighs_more_than_half_decides():
    asks = 'person:"ann"*3;person:"ben";person:"cho"'
    assert approval("rule=weight", asks=asks).decide("ann").path[-1] == "yes"


def test_a_veto_ends_what_would_have_passed():
    assert approval("rule=ratio percent=50 veto=true").decide("ann", "rejected").path[-1] == "no"


def test_everybody_is_heard_though_the_result_is_known():
    play = approval("waitForAll=true").decide("ann", "rejected").decide("ben")
    assert play.people == ["cho"]
    assert play.decide("cho").path[-1] == "no"
    assert votes(play) == ["ann", "ben", "cho"]


def test_the_result_is_the_steps_outcome_whoever_spoke_last():
    play = approval("waitForAll=true").decide("ann", "rejected").decide("ben").decide("cho")
    assert play.run.read("decisions")["check"]["outcome"] == "rejected"


def test_in_turn_one_is_asked_when_the_one_before_has_approved():
    play = approval("inTurn=true")
    assert play.people == ["ann"]
    assert play.decide("ann").people == ["ben"]
    play.decide("ben", "rejected")
    assert (play.path[-1], votes(play)) == ("no", ["ann", "ben"])


def test_one_of_several_is_picked_by_chance_and_the_history_says_among_whom():
    play = approval("pick=random")
    assert len(play.people) == 1
    assert play.people[0] in play.log[0]
    assert "ann, ben, cho" in play.log[0]


def test_whoever_takes_it_first_decides():
    play = approval("pick=claim")
    assert play.people == [None]
    play.decide("ben")
    assert (play.path[-1], votes(play)) == ("yes", ["ben"])


def test_a_chain_of_managers_is_asked_one_after_the_other():
    play = approval("inTurn=true", asks="managers:initiator", initiator="ann")
    assert play.people == ["cho"]
    assert play.decide("cho").people == ["dan"]


@pytest.mark.parametrize(("level", "person"), [("", "cho"), ("/2", "dan")])
def test_a_manager_at_a_level_is_asked(level, person):
    assert approval(asks=f"manager:initiator{level}", initiator="ann").people == [person]


def test_somebody_can_be_left_out():
    assert approval(asks='group:"board"', more="but='person:\"dan\"'").people == ["cho"]


WITHOUT_DAN = "but='person:\"dan\"'"


def test_whom_a_step_leaves_out_decides_in_nobodys_place():
    assert approval(more=WITHOUT_DAN, ben="dan").people == ["ann", "ben", "cho"]
    assert approval(more=WITHOUT_DAN, ben="eve", eve="dan").people == ["ann", "eve", "cho"]


@pytest.mark.parametrize(("chosen", "place"), [("manager", "cho"), ("head", "dan")])
def test_whom_a_step_leaves_out_is_not_asked_in_the_initiators_place(chosen, place):
    more = f"but='person:\"{place}\"'"
    assert approval(f"ifInitiator={chosen}", asks=f"person:{BOTH}", more=more, initiator="ann").people == [
        "ben"
    ]


def test_a_cover_that_begins_before_somebodys_turn_does_not_bring_in_whom_the_step_leaves_out():
    covers = {}
    play = approval("inTurn=true", more=WITHOUT_DAN, covers=covers)
    covers["ben"] = "dan"
    assert play.decide("ann").people == ["ben"]


def test_whom_a_step_leaves_out_is_neither_added_nor_handed_the_task():
    play = approval(more=WITHOUT_DAN)
    with pytest.raises(LeftOut):
        play.add("check", "dan")
    with pytest.raises(LeftOut):
        play.step(stimuli.HandOver(visit=play.visit("check"), task=play.signer("ann")["id"], to="dan"))
    assert play.people == ["ann", "ben", "cho"]


def test_the_initiators_own_approval_counts_as_given_where_the_designer_chose_so():
    play = approval("ifInitiator=skip", asks=f"person:{BOTH}", initiator="ann")
    assert play.people == ["ben"]
    assert play.decide("ben").path[-1] == "yes"
    assert play.run.read("decisions")["check"]["list"][0]["why"] == "initiator"


def test_a_step_that_only_the_initiator_would_decide_passes_where_it_is_skipped():
    play = approval("ifInitiator=skip", asks="person:initiator", initiator="ann")
    assert (play.path[-1], play.people) == ("yes", [])


def test_the_manager_decides_on_the_initiators_request_to_themselves():
    assert approval("ifInitiator=manager", asks="person:initiator", initiator="ann").people == ["cho"]


def test_the_head_of_their_unit_decides_on_the_initiators_request_to_themselves():
    play = approval("ifInitiator=head", asks="person:initiator", initiator="ann").decide("dan")
    assert play.run.read("decisions")["check"]["list"][0]["instead_of"] == "ann"


def test_an_initiator_whose_unit_nobody_leads_does_not_decide_themselves():
    said = "ifInitiator=head"
    assert approval(said, asks=f"person:{BOTH}", initiator="ben").people == ["ann"]
    assert failure(approval(said, asks="person:initiator", initiator="ben")) == ["nobody_to_ask"]


def test_a_cover_is_asked_in_somebodys_place_and_the_vote_says_for_whom():
    play = approval(asks=f"person:{BOTH}", ben="eve")
    assert play.people == ["ann", "eve"]
    play.decide("eve").decide("ann")
    assert play.run.read("decisions")["check"]["list"][0]["instead_of"] == "ben"


def test_nobody_found_calls_an_operator_and_goes_on_once_somebody_is_there():
    play = approval(asks='group:"empty"')
    assert (failure(play), play.path[-1]) == (["nobody_to_ask"], "check")
    GROUPS["empty"].append("eve")
    try:
        assert play.retry("check").people == ["eve"]
    finally:
        GROUPS["empty"].clear()


@pytest.mark.parametrize(("chosen", "end"), [("approve", "yes"), ("reject", "no")])
def test_nobody_found_decides_only_where_the_designer_chose_so(chosen, end):
    assert approval(f"ifNobody={chosen}", asks='group:"empty"').path[-1] == end


@pytest.mark.parametrize(("days", "path"), [(1, ["begin", "check", "which", "yes"]), (9, ["begin", "check"])])
def test_a_step_that_asks_nobody_under_a_condition_passes_by_itself(days, path):
    drawn = approval_of("ifNobody=approve", asks='person:if days > 3 then "ann" else null')
    assert Play(drawn).start(days=days).path == path


def test_somebody_else_is_asked_where_nobody_is_found():
    assert approval(asks='group:"empty"', more="else='person:\"dan\"'").people == ["dan"]


def test_a_group_that_is_not_there_calls_an_operator():
    assert failure(approval(asks='group:"ghosts"')) == ["not_found"]


TWICE = """
    start begin
    user first approval="" asks='person:["ann","ben"]'
    user other approval="{rule}" asks='person:"cho"'
    user last approval="ifAgain={again}" asks='person:["ann","dan"]'
    begin -> first -> other -> last
"""


@pytest.mark.parametrize(
    ("again", "people"), [("ask", ["ann", "dan"]), ("once", ["dan"]), ("next", ["ann", "dan"])]
)
def test_who_has_approved_before_is_asked_again_as_the_designer_chose(again, people):
    play = Play(TWICE.format(rule="", again=again)).start().decide("ann").decide("ben").decide("cho")
    assert play.people == people


def test_what_one_hands_in_is_kept_and_the_last_one_wins():
    play = approval(asks=f"person:{BOTH}").decide("ann", amount=1).decide("ben", amount=2)
    assert play.run.read("amount") == 2


def test_who_hands_in_what_cannot_be_kept_is_asked_again_and_what_others_said_stays():
    play = approval(asks=f"person:{BOTH}").decide("ben")
    task = play.signer("ann")["id"]
    play.decide("ann", amount="x" * 1_000_001)
    assert failure(play) == ["budget_exceeded"]
    play.decided.discard(task)
    play.retry("check")
    assert play.people == ["ann"]
    play.decide("ann", amount=1)
    assert (play.path[-1], votes(play)) == ("yes", ["ben", "ann"])


def test_nobody_decides_twice_and_nobody_who_is_not_asked_any_more():
    play = approval("rule=ratio percent=60")
    task = play.waiting(effects.OpenUserTask)[0]
    play.decide("ann")
    again = stimuli.TaskDone(visit=task.visit, task=task.task, outcome="approved", by="ann", at="")
    with pytest.raises(Exception, match="not asked"):
        play.step(again)


def test_a_deadline_takes_the_step_from_everybody():
    play = approval(more="\n        boundary late on=check timer=PT1H\n        late -> no")
    play.tick("late")
    assert (play.people, play.left("check")) == ([], ["cancelled"])


@pytest.mark.parametrize(
    ("drawn", "word"),
    [
        ('user check approval="rule=most" asks=\'person:"ann"\'', "Known are: all, any"),
        ('user check approval=""', "names nobody"),
        ('user check approval="percent=20" asks=\'person:"ann"\'', "goes with rule ratio, weight"),
        ('user check approval="rule=ratio percent=0" asks=\'person:"ann"\'', "over 0"),
        ("user check asks='person:\"ann\"'", "goes with callwright:approval"),
        ('user check approval="" asks=\'person:"ann"/2\'', "level goes with"),
        ('user check approval="" asks=\'manager:"ann"/0\'', "whole number"),
        ('user check approval="" asks=\'lookup:"ann"\'', "goes with who lookup"),
        ('user check approval="" asks=\'person(people.hrbp):"ann"\'', "goes with who lookup"),
        ('task check approval="" asks=\'person:"ann"\'', "user task"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_is_known(drawn, word):
    with pytest.raises(DefinitionError, match=word):
        parse("p.bpmn", sketch(f"start begin\n{drawn}\nbegin -> check"))


def test_whoever_could_not_be_asked_is_asked_when_it_is_tried_again():
    drawn = """
        start begin
        user check approval="" asks='person:["ann","ben"]' due=when
        end over
        begin -> check -> over
    """
    play = Play(drawn).start(when="some day")
    assert (play.stopped_at, play.people) == (["check"], [])
    play.retry("check", when="PT1H")
    assert play.people == ["ann", "ben"]
