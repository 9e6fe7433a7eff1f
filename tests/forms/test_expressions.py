"""Conditions are told here as the browser tells them: its own FEEL is asked where it is installed."""

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.values import dumps
from forms.conditions import settle
from forms.expressions import holds, value_of
from forms.schema import Form

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
FEELIN = ROOT / "admin/assets/node_modules/@bpmn-io/feelin/dist/index.js"
ASK = """
const [, address, cases] = process.argv;
const { unaryTest, evaluate } = await import(address);
const tried = (act) => { try { return act().value ?? null } catch { return null } };
console.log(JSON.stringify(JSON.parse(cases).map(([source, data]) => [
  tried(() => unaryTest(source, data)) === true, tried(() => evaluate(source, data))])));
"""

# Each condition with data; true, false and null of each sign, and what designers write.
CASES: list[tuple[str, dict[str, Any]]] = [
    (source, data)
    for source, several in {
        "a": [{}, {"a": True}, {"a": False}, {"a": None}, {"a": 1}, {"a": "x"}, {"a": []}, {"a": [None]}],
        "not(a)": [{}, {"a": True}, {"a": False}],
        "(not(a))": [{}, {"a": True}],
        "not(a) and b": [{"a": False, "b": True}, {"a": True, "b": True}],
        "b and not(a)": [{"b": True}, {"a": True, "b": True}],
        "not(a and b)": [{"a": True}, {"a": True, "b": False}],
        "a or b": [{}, {"b": True}, {"b": False}],
        "a = null": [{}, {"a": 0}, {"a": ""}],
        "a != null": [{}, {"a": 0}],
        'a = "water"': [{}, {"a": "water"}, {"a": "roads"}, {"a": ""}],
        'a != "water"': [{}, {"a": "water"}, {"a": "roads"}],
        'not(a = "water")': [{}, {"a": "water"}],
        'a = "x" or a = "y"': [{"a": "y"}, {"a": "z"}, {}],
        'a in ("x", "y")': [{"a": "y"}, {"a": "z"}],
        "a > 5": [{}, {"a": 6}, {"a": 5}],
        "not(a > 5)": [{}, {"a": 6}, {"a": 5}],
        "a >= b": [{"a": 1, "b": 1}, {"a": 1}],
        "a between 1 and 3": [{"a": 2}, {"a": 4}, {}],
        "a in [1..3]": [{"a": 2}, {"a": 4}],
        "a.b = 1": [{"a": {"b": 1}}, {"a": {}}, {}],
        "a.b.c": [{"a": {"b": {"c": True}}}, {"a": {}}],
        "list contains(a, 1)": [{"a": [1]}, {"a": []}, {}],
        "count(a) = 0": [{"a": []}, {"a": [1]}],
        "is empty(a)": [{"a": []}, {"a": [1]}],
        "some x in a satisfies x > 1": [{"a": [2]}, {"a": []}, {}],
        "every x in a satisfies x.done": [{"a": [{"done": True}]}, {"a": []}],
        "count(a[item > 1]) > 0": [{"a": [1, 2]}, {"a": [1]}],
        "sum(a) > 2": [{"a": [1, 2]}],
        "string length(a) > 3": [{"a": "水管爆裂"}, {"a": "水"}, {}],
        'contains(a, "pipe")': [{"a": "burst pipe"}, {"a": ""}, {}],
        r'matches(a, "^\\d+$")': [{"a": "12"}, {"a": "x"}],
        'upper case(a) = "X"': [{"a": "x"}],
        "number(a) > 2": [{"a": "3"}],
        "a + b > 3": [{"a": 2, "b": 2}, {"a": 2}],
        "a * b": [{"a": 2, "b": 3}, {"a": 2}],
        "a / 0": [{"a": 1}],
        "if a then b else not(b)": [{"a": True, "b": True}, {"b": False}],
        'date(a) > date("2026-01-01")': [{"a": "2026-03-02"}, {"a": "2025-03-02"}, {}],
        "this.a = 1": [{"this": {"a": 1}}, {"this": {}}],
        "for x in a return x * 2": [{"a": [1, 2]}],
        "is defined(a)": [{"a": 1}],
        "true": [{}],
        "false": [{}],
        "null": [{}],
    }.items()
    for data in several
]


@pytest.mark.skipif(
    shutil.which("node") is None or not FEELIN.exists(), reason="the browser's FEEL is not installed"
)
def test_a_condition_is_told_as_in_the_browser() -> None:
    asked = subprocess.run(
        ["node", "--input-type=module", "-e", ASK, FEELIN.as_uri(), json.dumps(CASES)],
        capture_output=True,
        check=True,
        text=True,
    )
    browser = dict(zip([f"{source} {data}" for source, data in CASES], json.loads(asked.stdout), strict=True))
    server = {
        f"{source} {data}": [
            holds(f"={source}", data, NOW),
            json.loads(dumps(value_of(f"={source}", data, NOW))),
        ]
        for source, data in CASES
    }
    assert server == browser


@pytest.mark.parametrize(
    ("condition", "data", "expected"),
    [
        ('=a = "x"', {"a": "x"}, True),
        ("=a > 5", {}, True),  # null holds: what cannot be compared hides
        ("=a", {"a": False}, False),
        ("=not(a)", {}, False),
        ("=(not(a))", {}, True),
        ("a", {"a": True}, False),  # no expression
        ("", {}, False),
    ],
)
def test_null_holds_and_not_turns_it_round(condition: str, data: dict[str, Any], expected: bool) -> None:
    assert holds(condition, data, NOW) is expected


def test_a_setting_without_an_equals_sign_is_itself() -> None:
    assert value_of("a + 1", {"a": 1}, NOW) == "a + 1"
    assert value_of(5, {}, NOW) == 5
    assert value_of("=a + 1", {"a": 1}, NOW) == 2


def test_a_date_that_was_computed_is_kept_as_its_text() -> None:
    assert value_of('=date("2026-03-02")', {}, NOW) == "2026-03-02"


def test_an_expression_that_goes_wrong_is_null() -> None:
    assert value_of('="a" + 1', {}, NOW) is None


def test_names_of_rows_reach_the_row_its_surroundings_and_its_number(make: Callable[..., Form]) -> None:
    inner = {
        "type": "dynamiclist",
        "path": "inner",
        "components": [
            {
                "type": "expression",
                "key": "told",
                "expression": "=this.a + parent.a + parent.parent.a + a + string(i[1]) + string(i[2])",
            },
            {"type": "textfield", "key": "a"},
        ],
    }
    form = make(
        {"type": "textfield", "key": "a"},
        {"type": "dynamiclist", "path": "outer", "components": [{"type": "textfield", "key": "a"}, inner]},
    )
    sent = {"a": "r", "outer": [{"a": "x", "inner": []}, {"a": "o", "inner": [{"a": "n"}]}]}
    settled = settle(form, sent, variables={}, rights={}, now=NOW)
    assert settled.data["outer"][1]["inner"][0]["told"] == "norr21"


def test_conditions_that_chase_each_other_come_to_an_end(make: Callable[..., Form]) -> None:
    form = make(
        {"type": "expression", "key": "a", "expression": "=if b = null then 1 else b + 1"},
        {"type": "expression", "key": "b", "expression": "=if a = null then 1 else a + 1"},
    )
    assert settle(form, {}, variables={}, rights={}, now=NOW).data["a"] is not None
