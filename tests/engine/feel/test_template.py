"""Blocks in texts with holes: what is said under a condition, and once for each element."""

from decimal import Decimal

import pytest

from engine import feel
from engine.feel import FeelSyntaxError, template


def test_a_block_is_said_where_its_condition_is_true_and_only_then():
    text = "{{#if paid}}paid{{/if}}{{#if not(paid)}}open{{/if}}{{#if amount}}?{{/if}}"
    assert feel.render(text, {"paid": True, "amount": Decimal(3)}) == "paid"
    assert feel.render(text, {"paid": False}) == "open"
    assert feel.render(text, {}) == ""


def test_a_loop_is_said_once_for_each_element_with_its_own_names():
    text = "{{#loop rows}}{{ name }}: {{ this.price }} {{ parent.currency }}; {{/loop}}"
    rows = [{"name": "tea", "price": Decimal(3)}, {"name": "cup", "price": Decimal("12.5")}]
    assert feel.render(text, {"rows": rows, "currency": "HKD"}) == "tea: 3 HKD; cup: 12.5 HKD; "


def test_a_loop_takes_a_value_alone_for_one_element_and_null_for_none():
    assert feel.render("{{#loop a}}[{{ this }}]{{/loop}}", {"a": "x"}) == "[x]"
    assert feel.render("{{#loop a}}[{{ this }}]{{/loop}}", {}) == ""


def test_what_is_around_a_loop_is_only_named_by_parent_as_in_the_forms_of_the_browser():
    assert feel.render("{{#loop a}}{{ b }}{{ parent.b }}{{/loop}}", {"a": [1], "b": "x"}) == "x"


def test_blocks_stand_in_each_other():
    text = "{{#loop rows}}{{#loop cells}}{{#if this > 1}}{{ this }}{{/if}}{{/loop}}|{{/loop}}"
    assert feel.render(text, {"rows": [{"cells": [1, 2, 3]}, {"cells": []}]}) == "23||"


def test_only_what_comes_from_a_value_is_escaped():
    said = feel.render("<b>{{ name }}</b>", {"name": "<i>"}, escape=lambda text: text.replace("<", "&lt;"))
    assert said == "<b>&lt;i></b>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{#if a}}x", "{{/if}} is missing"),
        ("x{{/loop}}", "closes no block"),
        ("{{#loop a}}{{/if}}", "closes no block"),
        ("{{#if }}x{{/if}}", "Expected a value"),
        ("{{#if a > }}x{{/if}}", "Expected a value"),
        ("{{#loop a", "not closed"),
        ("{{#if a}}" * 30 + "{{/if}}" * 30, "Too many blocks"),
    ],
)
def test_a_block_that_is_not_whole_is_refused_before_the_text_is_used(text, reason):
    with pytest.raises(FeelSyntaxError, match=reason):
        feel.holes(text)


def test_the_expressions_of_blocks_are_checked_like_those_of_holes():
    sources = [one.source for one in feel.holes("{{ a }}{{#if b}}{{#loop c}}{{ d }}{{/loop}}{{/if}}")]
    assert sources == ["a", "b", "c", "d"]


def test_a_text_ends_where_it_would_become_too_long(monkeypatch):
    monkeypatch.setattr(template, "MAX_TEXT_LENGTH", 10)
    assert feel.render("{{#loop a}}{{ this }}{{/loop}}", {"a": ["1234"] * 9}) == "12341234…"


def test_a_loop_that_says_nothing_ends_too(monkeypatch):
    monkeypatch.setattr(template, "MAX_TEXT_LENGTH", 10)
    assert feel.render("{{#loop a}}{{#loop parent.a}}{{/loop}}{{/loop}}", {"a": ["x"] * 9}) == "…"


def test_a_sign_stands_for_each_hole_of_a_text_looked_at_without_its_values():
    assert feel.skeleton("<p>{{ a }}{{#if b}}<b>{{ c }}</b>{{/if}}</p>", "*") == "<p>*<b>*</b></p>"
