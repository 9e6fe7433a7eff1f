"""Decisions and FEEL over a given context."""

from __future__ import annotations

import pytest

from .conftest import letter

DMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="Routing"
    namespace="urn:routing">
  <inputData id="category_input" name="category"/>
  <decision id="department" name="Department">
    <informationRequirement id="r"><requiredInput href="#category_input"/></informationRequirement>
    <decisionTable id="table" hitPolicy="FIRST">
      <input id="i"><inputExpression id="ie" typeRef="string"><text>category</text></inputExpression></input>
      <output id="o" typeRef="string"/>
      <rule id="water"><inputEntry id="a"><text>"water"</text></inputEntry>
        <outputEntry id="b"><text>"Water Department"</text></outputEntry></rule>
      <rule id="other"><inputEntry id="c"><text>-</text></inputEntry>
        <outputEntry id="e"><text>"Dispatcher"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""


def feel(caller, expression, status=200, **said):
    return caller.post("/feel/evaluate", {"expression": expression, **said}, status)


@pytest.mark.parametrize(
    ("expression", "context", "value"),
    [
        ("1 + 1", {}, 2),
        ("amount * 2", {"amount": 0.5}, 1),
        ("0.1 + 0.2", {}, 0.3),
        ("1 / 3", {}, {"$number": "0.3333333333333333333333333333333333"}),
        ("12345678901234567891", {}, {"$number": "12345678901234567891"}),
        ('date("2026-03-02") + duration("P1D")', {}, "2026-03-03"),
        ("day.year", {"day": {"$feel": 'date("2026-03-02")'}}, 2026),
        ("[x, null, true]", {"x": "a"}, ["a", None, True]),
        ("count(days)", {"days": [{"$feel": 'date("2026-03-02")'}]}, 1),
        ("deep.inner.day.month", {"deep": {"inner": {"day": {"$feel": 'date("2026-03-02")'}}}}, 3),
    ],
)  # fmt: skip
def test_an_expression_is_evaluated_over_a_context(boss, expression, context, value):
    assert feel(boss, expression, context=context) == {"value": value, "warnings": []}


def test_unary_tests_look_at_the_input(boss):
    assert feel(boss, "> 3, 1", context={"?": 5}, unary=True)["value"] is True
    assert feel(boss, "> 3, 1", context={"?": 2}, unary=True)["value"] is False


def test_what_goes_wrong_is_null_with_a_warning_that_says_where(boss):
    answer = feel(boss, '1 +\n "a"')
    assert answer["value"] is None
    assert answer["warnings"][0]["message"]
    assert answer["warnings"][0]["line"] >= 1


def test_an_expression_that_cannot_be_read_is_422_and_the_place_is_named(boss):
    error = feel(boss, "1 + ", 422)["error"]
    assert error["details"][0]["path"].startswith("expression:1:")
    error = feel(boss, "x", 422, context={"x": {"$feel": "1 +"}})["error"]
    assert error["details"][0]["path"].startswith("context.x:1:")


def test_own_functions_are_known(boss):
    nine, ten = (f'date and time("2026-03-02T{hour}:00:00+08:00")' for hour in ("09", "10"))
    answer = feel(boss, f"working time.between({nine}, {ten})")
    assert answer == {"value": "PT1H", "warnings": []}


def test_evaluating_needs_the_right_and_changes_nothing(caller):
    feel(caller("mei", "agent"), "1", 403)
    caller("max", "manager").post("/feel/evaluate", {"expression": "1"})


def test_a_decision_of_a_sent_model_is_evaluated(boss):
    said = {"dmn": DMN, "decision": "Department", "context": {"category": "water"}}
    answer = boss.post("/decisions/evaluate", said)
    assert answer["value"] == "Water Department"
    assert answer["warnings"] == []
    assert answer["matched"] == [
        {"element": "department", "table": "table", "rules": ["water"], "indexes": [1]}
    ]
    answer = boss.post(
        "/decisions/evaluate", {**said, "decision": "department", "context": {"category": "x"}}
    )
    assert (answer["value"], answer["matched"][0]["rules"]) == ("Dispatcher", ["other"])


def test_a_decision_of_a_deployed_process_is_evaluated(boss, deploy):
    deploy({**letter(), "routing.dmn": DMN.encode()})
    said = {"key": "letter", "decision": "department", "context": {"category": "water"}}
    assert boss.post("/decisions/evaluate", said)["value"] == "Water Department"
    assert boss.post("/decisions/evaluate", {**said, "version": 1})["value"] == "Water Department"
    boss.post("/decisions/evaluate", {**said, "version": 2}, 404)
    boss.post("/decisions/evaluate", {**said, "decision": "nothing"}, 404)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"dmn": "<x", "decision": "d"}, 422), ({"dmn": DMN, "decision": "nothing"}, 404),
        ({"decision": "d"}, 422), ({"dmn": DMN}, 422), ({"dmn": DMN, "key": "k", "decision": "d"}, 422),
        ({"dmn": DMN, "decision": "d", "service": "s"}, 422), ({"key": "nothing", "decision": "d"}, 404),
        ({"dmn": DMN, "decision": "d", "imports": [3]}, 422), ({"dmn": 3, "decision": "d"}, 422),
    ],
)  # fmt: skip
def test_a_decision_that_cannot_be_evaluated_is_refused(boss, said, status):
    boss.post("/decisions/evaluate", said, status)
