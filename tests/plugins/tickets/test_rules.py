from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.tickets import rules

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "following"),
    [
        ("new", "dispatched"),
        ("new", "not_accepted"),
        ("dispatched", "dispatched"),
        ("dispatched", "in_progress"),
        ("in_progress", "answered"),
        ("dispatched", "withdrawn"),
        ("answered", "dispatched"),
        ("answered", "answered"),
        ("answered", "in_progress"),
        ("answered", "withdrawn"),
        ("answered", "closed"),
    ],
)
def test_a_ticket_goes_forward_or_back_to_a_department(state, following):
    assert rules.may_become(state, following)


@pytest.mark.parametrize(
    ("state", "following"),
    [("new", "closed"), ("new", "answered"), ("dispatched", "closed"), ("answered", "not_accepted")],
)
def test_a_ticket_skips_no_step(state, following):
    assert not rules.may_become(state, following)


@pytest.mark.parametrize("state", ["closed", "not_accepted", "withdrawn"])
def test_nothing_follows_on_an_ended_ticket(state):
    assert rules.is_final(state)
    assert not any(rules.may_become(state, following) for following in rules.STATES)


def test_every_state_can_be_reached_from_new():
    reached, waiting = set(), ["new"]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting += [following for following in rules.STATES if rules.may_become(state, following)]
    assert reached == set(rules.STATES)


def test_an_urgent_ticket_goes_before_a_normal_one():
    assert rules.priority("urgent", None, NOW) > rules.priority("normal", None, NOW)
    assert rules.priority(None, None, NOW) == rules.priority("normal", None, NOW)


@given(st.sampled_from(["urgent", "normal", None]), st.integers(-5000, 5000))
def test_a_ticket_never_sinks_as_its_due_time_comes_near(urgency, minutes):
    due_at = NOW + timedelta(minutes=minutes)
    now, later = (
        rules.priority(urgency, due_at, NOW),
        rules.priority(urgency, due_at - timedelta(hours=2), NOW),
    )
    assert 0 <= now <= later <= 100


@pytest.mark.parametrize(
    ("value", "good"), [(1, True), (5, True), (0, False), (6, False), (Decimal("4.5"), False)]
)
def test_a_rating_is_a_whole_number_from_one_to_five(value, good):
    assert rules.is_rating(value) is good


def test_the_first_clause_of_a_description_stands_for_a_missing_summary():
    assert rules.short_summary(None, "Pipe burst. Water everywhere!") == "Pipe burst"
    assert rules.short_summary(" ", "彩虹邨水管爆裂。水浸街") == "彩虹邨水管爆裂"
    assert rules.short_summary("Burst pipe", "anything") == "Burst pipe"
    assert rules.short_summary(None, None) == ""


@pytest.mark.parametrize("number", ["+852 5123 4567", "51234567", "5123-4567"])
def test_a_summary_holds_no_telephone_number(number):
    said = rules.short_summary(None, f"Call me at {number} about the tree at number 12")
    assert said == "Call me at … about the tree at number 12"


@given(st.text(), st.text())
def test_a_summary_fits_one_line(summary, description):
    said = rules.short_summary(summary, description)
    assert len(said) <= 60
    assert "\n" not in said


def test_a_masked_number_keeps_three_digits():
    assert rules.mask_phone("+85251234567") == "••••••••567"
    assert rules.mask_phone("12345") == "•••••"
    assert rules.mask_phone(None) == ""


def test_a_masked_name_keeps_its_first_character():
    assert rules.mask_name("Chan Tai Man") == "C•••"
    assert rules.mask_name("陳大文") == "陳•••"
    assert rules.mask_name("  ") == ""


def test_a_masked_place_shows_only_that_there_is_one():
    assert rules.mask_place("12 Nathan Road") == "•••"
    assert rules.mask_place(None) == ""
