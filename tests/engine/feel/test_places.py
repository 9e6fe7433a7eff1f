"""Mistakes: where they are, what they say, and what they never do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine import feel
from engine.errors import CallwrightError, DefinitionError


@pytest.mark.parametrize(
    ("source", "line", "column", "says"),
    [
        ("1 +", 1, 4, "Expected a value, found the end."),
        ("a and\n  (b or", 2, 8, "Expected a value, found the end."),
        ("if a then b", 1, 12, "Expected else, found the end."),
        ('"open', 1, 1, "This text has no closing quotation mark."),
        ("a # b", 1, 3, "Unexpected character: #"),
        ("[1, 2", 1, 6, "Expected ], found the end."),
        ("1 2", 1, 3, "Nothing is expected here, found 2."),
        ("f(a: 1, 2)", 1, 11, "Either all arguments have a name, or none."),
    ],
)
def test_a_syntax_error_names_its_place(source: str, line: int, column: int, says: str) -> None:
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.compile(source)
    error = caught.value
    assert isinstance(error, DefinitionError)
    assert (error.line, error.column) == (line, column)
    assert str(error).endswith(says)


def test_a_warning_names_the_place_and_the_value_is_null() -> None:
    result = feel.evaluate('1 +\n  ("a" * 2)', {})
    assert result.value is None
    assert str(result.warnings[0]) == "line 2, column 4: string * number has no meaning."


def test_a_missing_variable_is_null_with_a_warning() -> None:
    result = feel.evaluate("nobody", {})
    assert result.value is None
    assert result.warnings[0].params == {"name": "nobody"}


def test_an_element_without_the_entry_a_filter_asks_for_is_no_mistake() -> None:
    result = feel.evaluate("[{x: 1}, {y: 2}][y > 1]", {})
    assert result.value == [{"y": Decimal(2)}]
    assert result.warnings == ()


def test_an_expression_tells_which_names_it_uses() -> None:
    expression = feel.compile("amount > limit and some a in list satisfies a.x = count(list)")
    assert expression.names_used == {"amount", "limit", "list"}


def test_the_same_text_is_read_once() -> None:
    assert feel.compile("a + 1") is feel.compile("a + 1")
    assert feel.compile("a - b") is not feel.compile("a - b", names=frozenset(["a-b"]))
    assert feel.evaluate("a-b", {"a-b": 7}).value == 7
    assert feel.evaluate("x.a-b", {"x": {"a-b": 7}}).value == 7
    assert feel.evaluate("a-b", {"a": 7, "b": 2}).value == 5


def test_own_functions_are_called_by_their_names_and_refuse_softly() -> None:
    def manager_of(person: str, level: Decimal = Decimal(1)) -> str:
        if person == "nobody":
            raise CallwrightError("There is no person %(key)s.", key=person)
        return f"{person}'s boss {level}"

    functions = {"manager of": manager_of, "working time.add": lambda start, hours: start + hours}
    answer = feel.evaluate('manager of(person: "li", level: 2)', {}, functions=functions)
    assert answer.value == "li's boss 2"
    assert feel.evaluate("working time.add(1, 2)", {}, functions=functions).value == 3
    assert feel.compile("working time.add(1, 2)").evaluate({}, functions=functions).value == 3
    refused = feel.evaluate('manager of("nobody")', {}, functions=functions)
    assert refused.value is None
    assert str(refused.warnings[0]).endswith("There is no person nobody.")
    assert feel.evaluate('manager of("li")', {}).value is None


def test_a_technical_failure_of_an_own_function_is_the_callers() -> None:
    class DatabaseGone(Exception):
        pass

    def fail() -> None:
        raise DatabaseGone

    with pytest.raises(DatabaseGone):
        feel.evaluate("lookup()", {}, functions={"lookup": fail})


def test_data_cannot_replace_a_built_in_function() -> None:
    assert feel.evaluate("count([1, 2])", {"count": "data"}).value == 2
    assert feel.evaluate("count + count([1, 2])", {"count": 3}).value == 5


def test_no_python_object_is_reachable() -> None:
    class Row:
        secret = "s3cret"

    scope = {"row": Row(), "module": pytest, "call": print, "text": "x"}
    for source in (
        "row",
        "row.secret",
        "module.__name__",
        "text.__class__",
        "call(1)",
        "[row][1]",
        "string(row)",
    ):
        result = feel.evaluate(source, scope)
        assert result.value is None, source
