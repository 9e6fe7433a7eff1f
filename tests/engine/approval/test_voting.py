"""What decisions come to, for every rule: told one by one, and held against every way a vote can go on."""

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.approval import Decision, Rule, Signer, Voting

APPROVED, REJECTED, REMOVED = Decision.APPROVED, Decision.REJECTED, Decision.REMOVED
SAID = {"+": APPROVED, "-": REJECTED, "x": REMOVED, ".": None}


def vote(signs, weights=()):
    return [
        Signer(key=str(at), decision=SAID[sign], order=at, weight=weights[at] if weights else 1)
        for at, sign in enumerate(signs)
    ]


@pytest.mark.parametrize(
    ("voting", "signs", "result"),
    [
        (Voting(), "++.", None),
        (Voting(), "+++", APPROVED),
        (Voting(), "+-.", REJECTED),
        (Voting(), "++x", APPROVED),
        (Voting(rule=Rule.ANY), "..+", APPROVED),
        (Voting(rule=Rule.ANY), ".-.", REJECTED),
        (Voting(rule=Rule.RATIO, percent=60), "+++..", APPROVED),
        (Voting(rule=Rule.RATIO, percent=60), "++--.", None),
        (Voting(rule=Rule.RATIO, percent=60), "++---", REJECTED),
        (Voting(rule=Rule.RATIO, percent=60), "---..", REJECTED),
        (Voting(rule=Rule.COUNT, pass_count=2), "++...", APPROVED),
        (Voting(rule=Rule.COUNT, pass_count=2, reject_count=2), "+--..", REJECTED),
        (Voting(rule=Rule.COUNT, pass_count=2), "+----", REJECTED),
        (Voting(rule=Rule.COUNT, pass_count=9), "++", APPROVED),
        (Voting(rule=Rule.RATIO, percent=50, veto=True), "-...", REJECTED),
        (Voting(rule=Rule.RATIO, percent=50, veto=True), "++..", APPROVED),
        (Voting(wait_for_all=True), "-+.", None),
        (Voting(wait_for_all=True), "-++", REJECTED),
        (Voting(rule=Rule.ANY, wait_for_all=True), "+--", APPROVED),
        (Voting(), "xx", None),
        (Voting(), "", None),
    ],
)
def test_decisions_come_to_this(voting, signs, result):
    assert voting.result(vote(signs)) == result


def test_a_heavy_vote_outweighs_two_light_ones_and_half_is_not_more_than_half():
    weights = (3, 1, 2)
    voting = Voting(rule=Rule.WEIGHT)
    assert voting.result(vote("+..", weights)) is None
    assert voting.result(vote("++.", weights)) == APPROVED
    assert voting.result(vote("-..", weights)) == REJECTED


def test_the_first_decision_by_time_counts_where_any_is_enough():
    late, early = Signer(key="a", decision=APPROVED, order=2), Signer(key="b", decision=REJECTED, order=1)
    assert Voting(rule=Rule.ANY, wait_for_all=True).result([late, early]) == REJECTED


def test_in_turn_one_is_asked_after_the_other_and_nobody_once_it_is_settled():
    voting = Voting(in_turn=True)
    assert [signer.key for signer in voting.asked_now(vote("..."))] == ["0"]
    assert [signer.key for signer in voting.asked_now(vote("+x."))] == ["2"]
    assert voting.asked_now(vote("+-.")) == []
    assert [signer.key for signer in Voting().asked_now(vote("+.."))] == ["1", "2"]


votings = st.builds(
    Voting,
    rule=st.sampled_from(Rule),
    percent=st.sampled_from([1, 33.3, 50, 66.7, 99]),
    pass_count=st.integers(1, 5),
    reject_count=st.none() | st.integers(1, 5),
    veto=st.booleans(),
    wait_for_all=st.booleans(),
    in_turn=st.booleans(),
)
polls = st.lists(st.tuples(st.sampled_from("+-x."), st.integers(1, 5)), min_size=1, max_size=6).map(
    lambda cast: vote([sign for sign, _ in cast], [weight for _, weight in cast])
)


def endings(signers):
    """Every way in which those who have not decided can decide, later than all who have."""
    open_ = [at for at, signer in enumerate(signers) if signer.decision is None]
    for said in itertools.product((APPROVED, REJECTED), repeat=len(open_)):
        ended = list(signers)
        for turn, (at, decision) in enumerate(zip(open_, said, strict=True)):
            kept = signers[at]
            ended[at] = Signer(key=kept.key, weight=kept.weight, decision=decision, order=100 + turn)
        yield ended


@given(votings, polls)
def test_a_vote_in_which_all_have_decided_has_a_result(voting, signers):
    assume(any(signer.decision is not REMOVED for signer in signers))
    assert all(voting.result(ended) is not None for ended in endings(signers))


@given(votings, polls)
def test_whoever_is_asked_can_decide_and_somebody_is_asked_until_there_is_a_result(voting, signers):
    asked = voting.asked_now(signers)
    assert all(signer.decision is None for signer in asked)
    if any(signer.decision is None for signer in signers):
        assert bool(asked) == (voting.result(signers) is None)


@given(votings, polls)
def test_a_result_comes_as_soon_as_nothing_can_change_it_and_not_before(voting, signers):
    # A veto, and a count of rejections, are races: whoever reaches theirs first has won.
    assume(not voting.veto and voting.reject_count is None and not voting.wait_for_all)
    assume(any(signer.decision not in (None, REMOVED) for signer in signers))
    ends = {voting.result(ended) for ended in endings(signers)}
    assert voting.result(signers) == (ends.pop() if len(ends) == 1 else None)
