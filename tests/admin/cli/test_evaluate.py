"""FEEL and decisions from a script, with and without a product behind them."""

import json

import pytest
from click.testing import CliRunner

from admin.cli import cli
from engine.errors import ConfigurationError, InvalidSubmission, NotFound

TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">
  <inputData name="amount" id="i"><variable name="amount"/></inputData>
  <decision name="Level" id="level"><variable name="Level"/>
    <informationRequirement id="r"><requiredInput href="#i"/></informationRequirement>
    <decisionTable id="t" hitPolicy="UNIQUE">
      <input id="c"><inputExpression><text>amount</text></inputExpression></input><output id="o"/>
      <rule id="small">
        <inputEntry><text>&lt; 100</text></inputEntry><outputEntry><text>1</text></outputEntry>
      </rule>
      <rule id="large">
        <inputEntry><text>&gt;= 100</text></inputEntry><outputEntry><text>2</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
</definitions>
"""


@pytest.fixture
def call(tmp_path):
    def call(*command):
        told = CliRunner().invoke(cli, ["--data-dir", str(tmp_path / "var"), *command])
        if told.exception is not None and not isinstance(told.exception, SystemExit):
            raise told.exception
        assert told.exit_code == 0, told.output
        return json.loads(told.stdout)

    call.folder = tmp_path / "var"
    return call


def test_an_expression_is_evaluated_over_what_is_given(call, tmp_path):
    assert call("feel", "amount * 2 > limit", "-v", "amount=60", "-v", "limit=100")["value"] is True
    (tmp_path / "context.json").write_text('{"items": [1, 2, 3]}')
    assert call("feel", "sum(items)", "--context", str(tmp_path / "context.json"))["value"] == 6
    assert call("feel", "[1..5], 9", "--unary", "-v", "?=9")["value"] is True


def test_what_goes_wrong_is_null_and_said(call):
    answer = call("feel", "1 + missing")
    assert answer["value"] is None
    assert "missing" in answer["warnings"][0]["message"]


def test_an_expression_that_cannot_be_read_is_refused(call):
    with pytest.raises(InvalidSubmission):
        call("feel", "1 +")


def test_a_decision_of_a_file_is_evaluated_with_the_rules_that_matched(call, tmp_path):
    (tmp_path / "m.dmn").write_text(TABLE)
    answer = call("decide", str(tmp_path / "m.dmn"), "Level", "-v", "amount=150")
    assert answer["value"] == 2
    assert answer["matched"][0]["rules"] == ["large"]


def test_a_decision_of_a_deployed_process_is_evaluated(call):
    CliRunner().invoke(cli, ["--data-dir", str(call.folder), "init"], catch_exceptions=False)
    answer = call("decide", "ticket_routing", "routing", "-v", "category=water", "-v", "urgency=urgent")
    assert answer["value"]["department"] == "water"
    with pytest.raises(NotFound):
        call("decide", "ticket_routing", "no_such_decision")


def test_without_tables_a_command_says_what_to_run(call):
    with pytest.raises(ConfigurationError, match="callwright init"):
        call("decide", "ticket_routing", "routing")
