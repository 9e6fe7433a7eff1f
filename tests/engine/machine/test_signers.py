"""What people do to the list of those who are asked: add, remove, hand over, take back."""

import pytest

from engine.machine import effects, stimuli
from engine.machine.nodes.approvals import AskedAlready, LastSigner, NotAsked
from engine.testing.stage import Play

DRAWN = """
    start begin
    user check approval="{said}" asks='person:["ann","ben"]'
    xor which
    end yes
    end no
    begin -> check -> which
    which -> yes [decisions.check.outcome = "approved"]
    which -> no *
"""


def approval(said=""):
    return Play(DRAWN.format(said=said)).start()


def added(play, where, beside="ann"):
    return play.add("check", "cho", where, play.signer(beside)["id"])


def remove(play, person):
    return play.step(stimuli.RemoveSigner(visit=play.visit("check"), task=play.signer(person)["id"]))


def take_back(play, person):
    return play.take_back(play.visit("check"), play.signer(person)["id"])


def test_who_is_added_beside_is_asked_at_once_and_counts():
    play = approval().add("check", "cho")
    assert play.people == ["ann", "ben", "cho"]
    assert play.decide("ann").decide("ben").run.state == "active"
    assert play.decide("cho").path[-1] == "yes"


def test_who_is_added_before_somebody_decides_first_and_that_one_waits():
    play = added(approval(), "before")
    assert sorted(play.people) == ["ben", "cho"]
    assert sorted(play.decide("cho").people) == ["ann", "ben"]


def test_who_is_added_after_somebody_is_asked_when_that_one_has_decided():
    play = added(approval(), "after")
    assert play.people == ["ann", "ben"]
    assert sorted(play.decide("ann").people) == ["ben", "cho"]


@pytest.mark.parametrize("where", ["after", "beside"])
def test_who_was_added_is_heard_though_one_approval_would_do(where):
    play = added(approval("rule=any"), where).decide("ann")
    assert (play.run.state, "cho" in play.people) == ("active", True)
    assert play.decide("cho").path[-1] == "yes"


def test_whoever_an_added_one_comes_after_is_still_asked_though_another_has_decided_for_all():
    play = added(approval("rule=any"), "after").decide("ben")
    assert play.people == ["ann"]
    assert play.decide("ann").people == ["cho"]
    assert play.decide("cho").path[-1] == "yes"


def test_a_rejection_ends_it_though_somebody_was_added():
    assert added(approval(), "after").decide("ann", "rejected").path[-1] == "no"


def test_in_turn_who_is_added_keeps_their_place():
    play = added(approval("inTurn=true"), "after")
    assert play.people == ["ann"]
    assert play.decide("ann").people == ["cho"]
    assert play.decide("cho").people == ["ben"]


def test_somebody_who_is_asked_is_not_asked_twice():
    with pytest.raises(AskedAlready):
        approval().add("check", "ben")


def test_who_is_removed_is_waited_for_no_more_and_the_rest_decides():
    play = remove(approval().decide("ann"), "ben")
    assert play.path[-1] == "yes"
    assert [vote["by"] for vote in play.run.read("decisions")["check"]["list"]] == ["ann"]


def test_who_was_added_before_somebody_can_be_removed_and_that_one_goes_on():
    play = remove(added(approval(), "before"), "cho")
    assert sorted(play.people) == ["ann", "ben"]


def test_the_last_one_cannot_be_removed():
    with pytest.raises(LastSigner):
        remove(remove(approval(), "ann"), "ben")


def test_who_has_decided_cannot_be_removed():
    with pytest.raises(NotAsked):
        remove(approval().decide("ann"), "ann")


def test_somebody_else_decides_in_ones_place():
    play = approval()
    task = play.signer("ann")["id"]
    play.step(stimuli.HandOver(visit=play.visit("check"), task=task, to="dan"))
    assert play.signer("dan")["id"] == task
    with pytest.raises(AskedAlready):
        play.step(stimuli.HandOver(visit=play.visit("check"), task=task, to="ben"))


def test_a_decision_is_taken_back_and_asked_for_again():
    play = take_back(approval().decide("ann"), "ann")
    assert sorted(play.people) == ["ann", "ben"]
    play.decide("ann", "rejected")
    assert [vote["outcome"] for vote in play.run.read("decisions")["check"]["list"]] == ["rejected"]


def test_in_turn_whoever_came_next_is_asked_no_more_when_a_decision_is_taken_back():
    play = approval("inTurn=true").decide("ann")
    assert take_back(play, "ann").people == ["ann"]
    assert any(isinstance(one, effects.CloseUserTasks) for one in play.asked)
    assert play.decide("ann").people == ["ben"]


def test_who_has_not_decided_has_nothing_to_take_back():
    with pytest.raises(NotAsked):
        take_back(approval(), "ann")
