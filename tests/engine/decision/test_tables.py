"""Decision tables: hit policies, aggregations, defaults, and the rules that matched."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import pytest

from engine import decision
from engine.errors import DefinitionError

HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="urn:m">'


def model(table: str, *inputs: str) -> Any:
    data = "".join(f'<inputData id="in{n}" name="{name}"/>' for n, name in enumerate(inputs))
    needs = "".join(
        f'<informationRequirement><requiredInput href="#in{n}"/></informationRequirement>'
        for n in range(len(inputs))
    )
    xml = f'{HEAD}{data}<decision id="d" name="Answer">{needs}{table}</decision></definitions>'
    return decision.parse(xml.encode())


def table(policy: str, rules: list[tuple[list[str], list[str]]], outputs: str = "<output/>") -> str:
    rows = "".join(
        f'<rule id="r{n}">'
        + "".join(f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in cells)
        + "".join(f"<outputEntry><text>{escape(entry)}</text></outputEntry>" for entry in entries)
        + "</rule>"
        for n, (cells, entries) in enumerate(rules, 1)
    )
    columns = "".join(
        f"<input><inputExpression><text>{name}</text></inputExpression></input>"
        for name in ("age", "risk")[: len(rules[0][0])]
    )
    return f'<decisionTable id="t" {policy}>{columns}{outputs}{rows}</decisionTable>'


RULES = [([">= 18", "-"], ['"adult"']), (["-", '"high"'], ['"careful"']), (["< 18", "-"], ['"minor"'])]
LISTED = '<output><outputValues><text>"careful", "minor", "adult"</text></outputValues></output>'


def answer(policy: str, context: dict[str, Any], outputs: str = "<output/>", rules: Any = RULES) -> Any:
    return model(table(policy, rules, outputs), "age", "risk").evaluate("d", context)


def test_a_unique_table_answers_with_its_only_rule() -> None:
    result = answer("", {"age": 20, "risk": "low"})
    assert result.value == "adult"
    assert [(match.element, match.rules, match.indexes) for match in result.matched] == [("d", ("r1",), (1,))]


def test_a_unique_table_with_two_matches_is_null_and_says_why() -> None:
    result = answer('hitPolicy="UNIQUE"', {"age": 20, "risk": "high"})
    assert result.value is None
    assert "2 rules match" in str(result.warnings[0])
    assert result.warnings[0].element == "t"
    assert result.matched[0].rules == ("r1", "r2")


def test_a_first_table_answers_with_the_first_rule_and_looks_no_further() -> None:
    result = answer('hitPolicy="FIRST"', {"age": 20, "risk": "high"})
    assert result.value == "adult"
    assert result.matched[0].rules == ("r1",)


def test_a_priority_table_answers_by_its_output_values() -> None:
    assert answer('hitPolicy="PRIORITY"', {"age": 20, "risk": "high"}, LISTED).value == "careful"


def test_an_any_table_wants_the_same_from_all() -> None:
    same = [(["> 1", "-"], ["1 + 1"]), (["> 2", "-"], ["2"])]
    assert answer('hitPolicy="ANY"', {"age": 20, "risk": ""}, rules=same).value == 2
    assert answer('hitPolicy="ANY"', {"age": 20, "risk": "high"}).value is None


def test_tables_of_several_hits_keep_their_order() -> None:
    context = {"age": 20, "risk": "high"}
    assert answer('hitPolicy="RULE ORDER"', context).value == ["adult", "careful"]
    assert answer('hitPolicy="COLLECT"', context).value == ["adult", "careful"]
    assert answer('hitPolicy="OUTPUT ORDER"', context, LISTED).value == ["careful", "adult"]


@pytest.mark.parametrize(("aggregation", "value"), [("SUM", 9), ("MIN", 2), ("MAX", 4), ("COUNT", 3)])
def test_a_collecting_table_adds_up(aggregation: str, value: int) -> None:
    rules = [(["> 1"], ["4"]), (["> 2"], ["3"]), (["> 3"], ["2"]), (["> 99"], ["100"])]
    policy = f'hitPolicy="COLLECT" aggregation="{aggregation}"'
    assert answer(policy, {"age": 20}, rules=rules).value == Decimal(value)


def test_no_match_gives_the_default_or_nothing() -> None:
    nobody = {"age": None, "risk": "low"}
    default = '<output><defaultOutputEntry><text>"unknown"</text></defaultOutputEntry></output>'
    assert answer("", nobody, default).value == "unknown"
    assert answer("", nobody).value is None
    assert answer('hitPolicy="COLLECT"', nobody).value is None
    assert answer("", nobody).matched[0].rules == ()


def test_several_outputs_make_a_context() -> None:
    outputs = '<output name="who"/><output name="in days"/>'
    rules = [([">= 18"], ['"adult"', "age * 2"])]
    assert answer("", {"age": 20}, outputs, rules).value == {"who": "adult", "in days": 40}


def test_a_dash_does_not_match_an_input_outside_of_its_allowed_values() -> None:
    columns = (
        "<decisionTable><input><inputExpression><text>risk</text></inputExpression>"
        '<inputValues><text>"low", "high"</text></inputValues></input><output/>'
        "<rule><inputEntry><text>-</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>"
        "</decisionTable>"
    )
    tables = model(columns, "risk")
    assert tables.evaluate("Answer", {"risk": "low"}).value == 1
    refused = tables.evaluate("Answer", {"risk": "purple"})
    assert refused.value is None
    assert "none of" in str(refused.warnings[0])


def test_cells_see_the_decisions_inputs() -> None:
    rules = [(["> string length(risk)", 'starts with(?, "hi")'], ["risk"])]
    assert answer("", {"age": 20, "risk": "high"}, rules=rules).value == "high"
    assert answer("", {"age": 3, "risk": "high"}, rules=rules).value is None


def test_a_model_with_mistakes_is_refused_with_all_of_them() -> None:
    rules = [(["> (", "-"], ['"a"']), (["-"], ["1 +"])]
    with pytest.raises(DefinitionError) as caught:
        model(table('hitPolicy="LAST"', rules), "age", "risk")
    says = [str(problem) for problem in caught.value.problems]
    assert len(says) == 4
    assert any("> (: line 1, column 4" in one for one in says)
    assert any(one.startswith("r2: This rule does not have a cell") for one in says)
    assert any("There is no hit policy LAST" in one for one in says)
    assert all(problem.line for problem in caught.value.problems)


def test_a_lenient_reading_lets_the_rest_of_a_model_work() -> None:
    xml = (
        f'{HEAD}<decision id="a" name="a"><literalExpression><text>1 +</text></literalExpression></decision>'
        '<decision id="b" name="b"><literalExpression><text>2</text></literalExpression></decision>'
        "</definitions>"
    )
    lenient = decision.parse(xml.encode(), strict=False)
    assert len(lenient.problems) == 1
    assert lenient.evaluate("b", {}).value == 2
    broken = lenient.evaluate("a", {})
    assert (broken.value, len(broken.warnings)) == (None, 1)
