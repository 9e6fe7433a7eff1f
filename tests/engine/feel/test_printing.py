"""What is read, written and read again is the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feel import errors
from engine.feel.display import text_of
from engine.feel.expression import build
from engine.feel.grammar import parse
from engine.feel.printer import write
from engine.feel.runtime import Run

NAMES = st.sampled_from(["a", "b", "客户", "first name", "x1"])
KNOWN = frozenset(["a", "b", "客户", "first name", "x1", "item"])
LITERALS = st.one_of(
    st.sampled_from(["null", "true", "false", '@"2026-03-02"', '@"PT1H"', '""', '"a\\n\\"b"', '"中🐎"']),
    st.integers(-1000, 1000).map(str),
    st.decimals(-100, 100, places=3).map(str),
)


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or"])
    some = st.lists(inner, min_size=1, max_size=3).map(", ".join)
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda t: f"({t[0]}) {t[1]} {t[2]}"),
        st.tuples(inner, inner, inner).map(lambda t: f"if {t[0]} then {t[1]} else {t[2]}"),
        st.tuples(NAMES, inner, inner).map(lambda t: f"for {t[0]} in {t[1]} return {t[2]}"),
        st.tuples(st.sampled_from(["some", "every"]), inner, inner).map(
            lambda t: f"{t[0]} x1 in {t[1]} satisfies {t[2]}"
        ),
        st.tuples(inner, inner).map(lambda t: f"({t[0]})[{t[1]}]"),
        st.tuples(inner, NAMES).map(lambda t: f"({t[0]}).{t[1]}"),
        st.tuples(inner, inner).map(lambda t: f"[({t[0]})..({t[1]}))"),
        st.tuples(inner, some).map(lambda t: f"({t[0]}) in ({t[1]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]}) between ({t[1]}) and ({t[2]})"),
        some.map(lambda t: f"[{t}]"),
        some.map(lambda t: f"count({t})"),
        inner.map(lambda t: f"{{a: {t}, first name: a}}"),
        inner.map(lambda t: f"function(a, b: list<number>) {t}"),
        inner.map(lambda t: f"-({t})"),
        inner.map(lambda t: f"({t}) instance of context<a: number>"),
    )


EXPRESSIONS = st.recursive(st.one_of(LITERALS, NAMES), grow, max_leaves=12)
SETTINGS = settings(derandomize=True, deadline=None, max_examples=300)


@SETTINGS
@given(EXPRESSIONS)
def test_an_expression_is_the_same_after_it_was_written(source: str) -> None:
    once = write(parse(source, names=KNOWN))
    assert write(parse(once, names=KNOWN)) == once


@SETTINGS
@given(EXPRESSIONS)
def test_a_written_expression_has_the_same_value(source: str) -> None:
    scope = {"a": None, "b": [True, None], "客户": "金", "first name": {"a": False}, "x1": "x"}
    written = write(parse(source, names=KNOWN))
    values = []
    for text in (source, written):
        run = Run({}, None)
        try:
            values.append(text_of(run, build(text, KNOWN).run(run, scope)))
        except errors.OverBudget:
            return
    assert values[0] == values[1]
