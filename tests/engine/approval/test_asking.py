"""Whom a step asks: the initiator, somebody who has approved before, and who stands in for whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.approval import Asked, Circumstances, IfAgain, IfInitiator, Why, stand_in, whom_to_ask

FOUND = [("ann", 1), ("ben", 2)]


def here(**said):
    covers = said.pop("covers", {})
    return Circumstances(initiator="ann", covers=covers.get, **said)


def asked(circumstances, **options):
    return {one.person: one for one in whom_to_ask(FOUND, circumstances, **options)}


def test_everybody_found_is_asked_in_order_where_the_designer_chose_nothing_else():
    assert whom_to_ask(FOUND, here()) == [Asked(person="ann"), Asked(person="ben", weight=2)]


def test_the_initiators_own_approval_counts_as_given_where_it_is_skipped():
    one = asked(here(), if_initiator=IfInitiator.SKIP)["ann"]
    assert (one.given, one.why) == (True, Why.INITIATOR)


@pytest.mark.parametrize("chosen", [IfInitiator.MANAGER, IfInitiator.HEAD])
def test_somebody_decides_in_the_initiators_place(chosen):
    one = asked(here(in_place="cho"), if_initiator=chosen)["cho"]
    assert (one.given, one.why, one.instead_of) == (False, Why.INITIATOR, "ann")


def test_after_a_return_too_somebody_decides_in_the_initiators_place():
    returned = here(in_place="cho", returned=True)
    assert set(asked(returned, if_initiator=IfInitiator.MANAGER)) == {"cho", "ben"}


def test_an_initiator_with_nobody_above_is_not_asked_and_does_not_approve():
    assert set(asked(here(), if_initiator=IfInitiator.MANAGER)) == {"ben"}
    assert whom_to_ask([("ann", 1)], here(), if_initiator=IfInitiator.MANAGER) == []


def test_who_approved_before_is_asked_once_or_twice_as_the_designer_chose():
    before = here(approved=frozenset({"ben"}))
    assert not asked(before)["ben"].given
    assert asked(before, if_again=IfAgain.ONCE)["ben"].why is Why.AGAIN
    assert not asked(before, if_again=IfAgain.NEXT)["ben"].given
    right_before = here(approved=frozenset({"ben"}), approved_last=frozenset({"ben"}))
    assert asked(right_before, if_again=IfAgain.NEXT)["ben"].given


def test_a_step_that_was_returned_to_asks_everybody_again():
    returned = here(approved=frozenset({"ben"}), returned=True)
    found = asked(returned, if_initiator=IfInitiator.SKIP, if_again=IfAgain.ONCE)
    assert [one.given for one in found.values()] == [False, False]


def test_whoever_is_found_twice_is_asked_once_and_weighs_the_most_of_it():
    assert whom_to_ask([("ben", 1), ("cho", 1), ("ben", 3)], here()) == [
        Asked(person="ben", weight=3),
        Asked(person="cho"),
    ]


def test_an_approval_that_is_still_asked_for_is_not_taken_as_given():
    twice = whom_to_ask(
        [("ann", 1), ("ben", 1)], here(covers={"ben": "cho", "cho": "ann"}), if_initiator=IfInitiator.SKIP
    )
    assert [(one.person, one.given) for one in twice] == [("ann", True), ("cho", False)]


def test_a_cover_decides_in_somebodys_place_and_their_cover_in_theirs():
    one = asked(here(covers={"ben": "cho", "cho": "dan"}))["dan"]
    assert (one.why, one.instead_of) == (Why.COVER, "ben")


def test_a_cover_never_makes_the_initiator_decide_on_their_own_request():
    assert set(asked(here(covers={"ben": "ann"}))) == {"ann", "ben"}


def test_whom_a_step_leaves_out_stands_in_for_nobody_and_who_comes_before_in_the_chain_does():
    without = frozenset({"dan"})
    assert set(asked(here(covers={"ben": "dan"}, left_out=without))) == {"ann", "ben"}
    assert set(asked(here(covers={"ben": "cho", "cho": "dan"}, left_out=without))) == {"ann", "cho"}


def test_whom_a_step_leaves_out_is_not_asked_in_the_initiators_place():
    left_out = here(in_place="cho", left_out=frozenset({"cho"}))
    assert set(asked(left_out, if_initiator=IfInitiator.MANAGER)) == {"ben"}
    assert set(asked(here(left_out=frozenset({"ben"})))) == {"ann"}


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef")), st.sampled_from("abcdef"))
def test_chains_of_covers_end_though_they_come_back(covers, person):
    assert stand_in(person, covers.get) != person
