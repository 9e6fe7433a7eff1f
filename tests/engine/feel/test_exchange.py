"""Values in and out, and text with holes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine import feel
from engine.errors import InvalidSubmission
from engine.feel.temporal import Date, parse_date, parse_date_time, parse_duration


def test_python_values_become_feel_values() -> None:
    scope = {
        "n": 3,
        "f": 0.1,
        "d": date(2026, 3, 2),
        "i": datetime(2026, 3, 2, 10, tzinfo=UTC),
        "t": timedelta(hours=2),
        "l": (1, {"x": 2}),
        "bad": float("nan"),
    }
    assert feel.evaluate("f + 0.2", scope).value == Decimal("0.3")
    assert feel.evaluate('d + duration("P1D")', scope).value == Date(2026, 3, 3)
    assert feel.evaluate("string(i + t)", scope).value == "2026-03-02T12:00:00Z"
    assert feel.evaluate("l[2].x + n", scope).value == 5
    assert feel.evaluate("bad", scope).value is None


def test_data_that_need_no_conversion_are_not_copied() -> None:
    data = {"rows": [{"a": Decimal(1)}]}
    assert feel.evaluate("data", {"data": data}).value == data


def test_values_become_json_with_all_their_digits() -> None:
    value = feel.evaluate('{n: 1/3, d: @"2026-03-02", p: [@"PT1H", [1..2)], f: function(x) x}', {}).value
    assert feel.to_json(value) == {
        "n": Decimal("0.3333333333333333333333333333333333"),
        "d": "2026-03-02",
        "p": ["PT1H", "[1..2)"],
        "f": None,
    }


def test_a_declared_type_makes_a_text_a_date_again() -> None:
    assert feel.from_json("2026-03-02", "date") == parse_date("2026-03-02")
    assert feel.from_json(["PT1H"], "list<days and time duration>") == [parse_duration("PT1H")]
    assert feel.from_json("2026-03-02T10:00:00Z", "date and time") == parse_date_time("2026-03-02T10:00:00Z")
    read = feel.from_json({"from": "2026-03-02", "note": "x"}, "context<from: date>")
    assert read == {"from": Date(2026, 3, 2), "note": "x"}
    assert feel.from_json(3, "number") == 3
    assert feel.from_json(None, "date") is None
    assert feel.from_json("2026-03-02") == "2026-03-02"


@pytest.mark.parametrize(
    ("value", "kind"), [("soon", "date"), ("x", "number"), (1, "string"), ([1], "list<date>")]
)
def test_a_value_of_another_type_is_refused(value: object, kind: str) -> None:
    with pytest.raises(InvalidSubmission, match="is not of the type"):
        feel.from_json(value, kind)


def test_now_and_today_are_those_of_the_centre() -> None:
    now = datetime(2026, 3, 1, 20, tzinfo=UTC).astimezone(ZoneInfo("Asia/Hong_Kong"))
    assert feel.evaluate("today()", {}, now=now).value == Date(2026, 3, 2)
    assert feel.evaluate("now().hour", {}, now=now).value == 4
    assert feel.evaluate("now()", {}).value is None


def test_holes_are_filled() -> None:
    template = '{{ name }}: {{ {a: {b: 2}}.a.b }} {{ missing }}{{ "}}" }} of {{ 1 + 1 }}'
    assert feel.render(template, {"name": "T-260302-0017"}) == "T-260302-0017: 2 }} of 2"


def test_holes_are_checked_before_they_are_used() -> None:
    used = [hole.names_used for hole in feel.holes("Dear {{ customer.name }}, {{ count(items) }} items")]
    assert used == [{"customer"}, {"items"}]
    with pytest.raises(feel.FeelSyntaxError, match="not closed"):
        feel.holes("Dear {{ customer")
    with pytest.raises(feel.FeelSyntaxError, match="Expected a value"):
        feel.holes("Dear {{ 1 + }}")


def test_holes_speak_the_readers_language() -> None:
    now = datetime(2026, 3, 2, 2, tzinfo=ZoneInfo("Asia/Hong_Kong"))
    scope = {"n": 1234567, "d": date(2026, 3, 2)}
    assert feel.render("{{ n }} {{ d }}", scope, now=now, locale="en") == "1,234,567 Mar 2, 2026"
    assert feel.render("{{ n }} {{ d }}", scope, now=now, locale="zh_Hans") == "1,234,567 2026年3月2日"
    assert feel.render("{{ n }} {{ d }}", scope, now=now) == "1234567 2026-03-02"


def test_a_large_context_costs_nothing_where_one_entry_is_read() -> None:
    class Counted(dict[str, object]):
        looks = 0

        def items(self) -> object:
            Counted.looks += 1
            return super().items()

    scope = {"case": {"number": 7, "rows": [Counted(n=n) for n in range(1000)]}}
    assert feel.evaluate("case.number + case.number", scope).value == 14
    assert Counted.looks == 0
    assert feel.evaluate("case.rows[3].n + case.number", scope).value == 9
    assert feel.evaluate("count(case.rows) + case.number", scope).value == 1007
    assert feel.evaluate('get value(case, "number") + case.number', scope).value == 14
    assert feel.evaluate("case.missing", scope).value is None
