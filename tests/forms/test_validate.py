import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import NotFound
from forms.options import Option
from forms.schema import Form
from forms.validate import Accepted, Filling, validate

Accept = Callable[..., Accepted]
Refused = Callable[..., dict[str, str]]

TEXT = {"type": "textfield", "key": "x"}
AREA = {"type": "textarea", "key": "x"}
NUMBER = {"type": "number", "key": "x"}
TICK = {"type": "checkbox", "key": "x"}
COLOURS = [{"label": "Red", "value": "red"}, {"label": "Blue", "value": "blue"}]
ONE = {"type": "select", "key": "x", "values": COLOURS}
MANY = {"type": "checklist", "key": "x", "values": COLOURS}
DAY = {"type": "datetime", "key": "x", "subtype": "date"}
CLOCK = {"type": "datetime", "key": "x", "subtype": "time", "timeLabel": "Time"}
MOMENT = {"type": "datetime", "key": "x", "subtype": "datetime"}
FILE = {"type": "filepicker", "key": "x"}


def rule(component: dict[str, Any], **rules: Any) -> dict[str, Any]:
    return {**component, "validate": rules}


# What the browser's own validation refuses, and what its inputs could never send.
BROWSER_REFUSES = [
    (rule(TEXT, required=True), None),
    (rule(TEXT, required=True), ""),
    (rule(AREA, required=True), ""),
    (rule(NUMBER, required=True), None),
    (rule(TICK, required=True), False),
    (rule(ONE, required=True), None),
    (rule(MANY, required=True), []),
    (rule(DAY, required=True), None),
    (rule(FILE, required=True), None),
    (rule(TEXT, minLength=3), "ab"),
    (rule(TEXT, minLength=3), " ab   "),
    (rule(TEXT, maxLength=3), "abcd"),
    (rule(TEXT, maxLength=3), "水🎉🎉"),
    (rule(TEXT, minLength="=2+1"), "ab"),
    (rule(TEXT, pattern=r"^\d{4}$"), "12a4"),
    (rule(TEXT, pattern=r"^\d{4}$"), "１２３４"),
    (rule(TEXT, validationType="email"), "mei@"),
    (rule(TEXT, validationType="email"), "mei example.org"),
    (rule(TEXT, validationType="phone"), "51230000"),
    (rule(TEXT, validationType="phone"), "+852 5123 abcd"),
    (rule(TEXT, validationType="phone"), "+852"),
    (rule(NUMBER, min=1), 0),
    (rule(NUMBER, min="=y", max="=y + 1"), -1),
    (rule(NUMBER, max=10), 11),
    (rule(NUMBER, max="10"), Decimal("10.1")),
    ({**NUMBER, "decimalDigits": 0}, Decimal("1.5")),
    ({**NUMBER, "decimalDigits": 2}, Decimal("1.555")),
    ({**NUMBER, "increment": "0.25"}, Decimal("0.3")),
    (NUMBER, "NaN"),
    (NUMBER, "abc"),
    (NUMBER, True),
    (NUMBER, "Infinity"),
    (TEXT, 5),
    (TEXT, ["a"]),
    (TICK, "true"),
    (TICK, 1),
    (ONE, "green"),
    (ONE, ["red"]),
    ({"type": "radio", "key": "x", "values": [{"label": "One", "value": 1}]}, True),
    ({"type": "radio", "key": "x", "values": [{"label": "One", "value": 1}]}, "1"),
    (MANY, "red"),
    (MANY, ["red", "green"]),
    (MANY, ["red", "red"]),
    ({"type": "taglist", "key": "x", "valuesExpression": "=[1, 2]"}, [3]),
    ({"type": "select", "key": "x", "valuesKey": "offered"}, "red"),
    (DAY, "2026-02-30"),
    (DAY, "02/03/2026"),
    (DAY, "2026-03-02T10:00"),
    (DAY, "1899-12-31"),
    (DAY, "２０２６-03-02"),
    ({**DAY, "disallowPassedDates": True}, "2026-03-01"),
    (CLOCK, "25:00"),
    (CLOCK, "2026-03-02"),
    (MOMENT, "2026-03-02"),
    (MOMENT, "2026-03-02T10:00+99:00"),
    (FILE, "files::abc"),
    (FILE, {"$file": "unknown"}),
]


@pytest.mark.parametrize(("component", "value"), BROWSER_REFUSES)
def test_the_server_refuses_what_the_browser_refuses(
    refused: Refused, component: dict[str, Any], value: Any
) -> None:
    said = refused(component, sent={"x": value}, variables={"offered": ["blue"], "y": 3})
    assert list(said) == ["x"]
    assert said["x"].endswith((".", "?"))
    assert "%(" not in said["x"]


SERVER_REFUSES = [
    (TEXT, "a\x00b"),
    (AREA, "a\ud800b"),
    (TEXT, "x" * 10_001),
    (AREA, "x" * 100_001),
    (rule(TEXT, required=True), " \u3000 "),
    (rule(TEXT, validationType="phone"), "+999999999999999"),
    (rule(TEXT, pattern=r"^(a|aa|a?a)*(a|aa|a?a)*(a|aa|a?a)*$"), "a" * 5000 + "!"),
    (NUMBER, Decimal("1e999")),
    (NUMBER, "1e-999"),
    (NUMBER, "1" * 35),
    (NUMBER, 10**500),
    (NUMBER, float("nan")),
    (MANY, [[]]),
    (MANY, ["red"] * 1000),
    (FILE, [{"$file": "a"}] * 21),
    ({"type": "dynamiclist", "path": "x", "components": [{"type": "textfield", "key": "a"}]}, "a"),
    ({"type": "dynamiclist", "path": "x", "components": [{"type": "textfield", "key": "a"}]}, [{}] * 501),
    ({"type": "group", "path": "x", "components": [{"type": "textfield", "key": "a"}]}, "a"),
]


@pytest.mark.parametrize(("component", "value"), SERVER_REFUSES)
def test_the_server_refuses_what_no_browser_sends(
    refused: Refused, component: dict[str, Any], value: Any
) -> None:
    assert list(refused(component, sent={"x": value})) == ["x"]


ACCEPTED = [
    (TEXT, "水管爆裂", "水管爆裂"),
    (TEXT, "a\r\nb\tc", "a  b c"),
    (TEXT, None, ""),
    (AREA, "a\r\nb", "a\nb"),
    (rule(TEXT, minLength=3), "", ""),
    (rule(TEXT, maxLength=4), " ab🎉 ", " ab🎉 "),
    (rule(TEXT, pattern=r"\d"), "", ""),
    (rule(TEXT, validationType="email"), "mei.chan+hotline@example.org", "mei.chan+hotline@example.org"),
    (rule(TEXT, validationType="phone"), "0085251230000", "+85251230000"),
    (rule(TEXT, validationType="phone"), "+852 5123-0000", "+85251230000"),
    (rule(TEXT, validationType="phone"), "＋８５２ ５１２３００００", "+85251230000"),
    (rule(TEXT, validationType="phone"), "  ", ""),
    (NUMBER, 7, Decimal(7)),
    (NUMBER, 0.1, Decimal("0.1")),
    (NUMBER, "12.50", Decimal("12.50")),
    (NUMBER, "-0", Decimal(0)),
    (NUMBER, "", None),
    (NUMBER, "0.1234567890123456789012345678", Decimal("0.1234567890123456789012345678")),
    ({**NUMBER, "serializeToString": True}, 5, "5"),
    ({**NUMBER, "decimalDigits": 2}, Decimal("1.500"), Decimal("1.500")),
    ({**NUMBER, "increment": "0.1"}, Decimal("0.3"), Decimal("0.3")),
    (rule(NUMBER, min="=nothing"), -5, Decimal(-5)),
    (TICK, True, True),
    (TICK, None, False),
    (ONE, "red", "red"),
    (ONE, "", None),
    ({"type": "radio", "key": "x", "values": [1, 2]}, 1.0, Decimal(1)),
    ({"type": "select", "key": "x", "valuesKey": "offered"}, "blue", "blue"),
    ({"type": "taglist", "key": "x", "valuesExpression": "=[1, 2]"}, [2, 1], [Decimal(2), Decimal(1)]),
    ({"type": "select", "key": "x", "properties": {"options": "persons"}}, "mei", "mei"),
    (MANY, ["blue", "red"], ["blue", "red"]),
    (DAY, "2028-02-29", "2028-02-29"),
    ({**DAY, "disallowPassedDates": True}, "2026-03-02", "2026-03-02"),
    (CLOCK, "09:30", "09:30:00"),
    (CLOCK, "09:30:15.5", "09:30:15.5"),
    (CLOCK, "09:30+08:00", "09:30:00+08:00"),
    (MOMENT, "2026-03-02T09:30Z", "2026-03-02T09:30:00Z"),
    (MOMENT, "2026-03-02T09:30:00-05:00", "2026-03-02T09:30:00-05:00"),
    (FILE, None, None),
]


@pytest.mark.parametrize(("component", "value", "kept"), ACCEPTED)
def test_a_good_answer_is_kept_in_one_way(
    accept: Accept, component: dict[str, Any], value: Any, kept: Any
) -> None:
    values = accept(
        component,
        sent={"x": value},
        variables={"offered": ["blue"]},
        lookup=lambda source: [Option(value="mei", label="Mei")] if source == "persons" else [],
    ).values
    assert values == {"x": kept}
    assert type(values["x"]) is type(kept)


def test_a_field_that_the_form_does_not_have_is_refused(refused: Refused) -> None:
    said = refused(TEXT, sent={"x": "a", "decisions": {}, "y\x00\ud800": 1})
    assert said == {"decisions": "The form has no such field.", "y\\0\\ud800": "The form has no such field."}


@pytest.mark.parametrize("sent", [None, [], "x", 5])
def test_answers_are_fields_with_values(refused: Refused, sent: Any) -> None:
    assert list(refused(TEXT, sent=sent)) == [""]


def test_every_problem_is_told_at_once_in_the_order_of_the_form(refused: Refused) -> None:
    said = refused(
        {"type": "textfield", "key": "a", "validate": {"required": True}},
        {"type": "number", "key": "b"},
        {"type": "textfield", "key": "c", "validate": {"required": True}},
        sent={"zzz": 1, "b": "many", "c": ""},
    )
    assert list(said) == ["a", "b", "c", "zzz"]


def test_a_hidden_field_is_neither_required_nor_taken(accept: Accept, refused: Refused) -> None:
    components = (
        {"type": "select", "key": "kind", "values": ["water", "roads"]},
        {
            "type": "textfield",
            "key": "meter",
            "conditional": {"hide": '=kind != "water"'},
            "validate": {"required": True, "pattern": r"^\d+$"},
        },
    )
    assert accept(*components, sent={"kind": "roads"}).values == {"kind": "roads"}
    assert accept(*components, sent={"kind": "roads", "meter": "not a number"}).values == {"kind": "roads"}
    assert list(refused(*components, sent={"kind": "water"})) == ["meter"]
    assert accept(*components, sent={"kind": "water", "meter": "77"}).values == {
        "kind": "water",
        "meter": "77",
    }


def test_what_stands_in_a_hidden_group_is_hidden(accept: Accept) -> None:
    group = {
        "type": "group",
        "conditional": {"hide": "=not(other)"},
        "components": [rule({"type": "textfield", "key": "why"}, required=True)],
    }
    assert accept({"type": "checkbox", "key": "other"}, group, sent={"other": False, "why": "x"}).values == {
        "other": False
    }


def test_a_condition_on_a_hidden_field_sees_what_the_form_began_with(accept: Accept) -> None:
    components = (
        {"type": "checkbox", "key": "a"},
        {"type": "textfield", "key": "b", "conditional": {"hide": "=a"}},
        {"type": "textfield", "key": "c", "conditional": {"hide": '=b = "go"'}},
    )
    assert accept(*components, sent={"a": True, "b": "go", "c": "kept"}).values == {"a": True, "c": "kept"}


def test_a_read_only_field_is_never_taken_and_its_answer_decides_nothing(
    accept: Accept, refused: Refused
) -> None:
    components = (
        {"type": "number", "key": "amount", "readonly": True},
        rule({"type": "textfield", "key": "why", "conditional": {"hide": "=amount < 100"}}, required=True),
    )
    given = {"variables": {"amount": 500}}
    assert list(refused(*components, sent={"amount": 5, "why": ""}, **given)) == ["why"]
    assert accept(*components, sent={"amount": 5, "why": "big"}, **given).values == {"why": "big"}


def test_a_field_that_a_condition_makes_read_only_is_not_taken(accept: Accept, refused: Refused) -> None:
    components = (
        {"type": "checkbox", "key": "locked"},
        {"type": "number", "key": "amount", "readonly": "=locked"},
        rule({"type": "textfield", "key": "why", "conditional": {"hide": "=amount < 100"}}, required=True),
    )
    given = {"variables": {"amount": 500}}
    assert list(refused(*components, sent={"locked": True, "amount": 5}, **given)) == ["why"]
    assert accept(*components, sent={"locked": False, "amount": 5}, **given).values == {
        "locked": False,
        "amount": 5,
    }


def test_a_disabled_field_is_never_taken(accept: Accept) -> None:
    assert accept(rule({**TEXT, "disabled": True}, required=True), sent={"x": "a"}).values == {}


@pytest.mark.parametrize("right", ["hidden", "read"])
def test_a_right_keeps_a_field_from_being_written(accept: Accept, right: str) -> None:
    assert accept(rule(TEXT, required=True), sent={"x": "a"}, rights={"x": right}).values == {}


def test_a_right_can_require_a_field(refused: Refused) -> None:
    assert list(refused(TEXT, sent={}, rights={"x": "required"})) == ["x"]


def test_the_right_of_a_container_holds_for_what_it_contains(accept: Accept) -> None:
    group = {"type": "group", "path": "pay", "components": [TEXT]}
    assert accept(group, sent={"pay": {"x": "a"}}, rights={"pay": "read"}).values == {}


def test_what_a_person_may_not_see_plays_no_part_in_a_condition(accept: Accept) -> None:
    components = (
        {"type": "number", "key": "salary"},
        {"type": "textfield", "key": "note", "conditional": {"hide": "=salary != null and salary > 100"}},
    )
    accepted = accept(*components, sent={"note": "a"}, variables={"salary": 500}, rights={"salary": "hidden"})
    assert accepted.values == {"note": "a"}


def test_a_field_that_was_not_sent_keeps_what_it_has(accept: Accept, refused: Refused) -> None:
    needed = rule(TEXT, required=True)
    assert accept(needed, sent={}, variables={"x": "there"}).values == {}
    assert list(refused(needed, sent={}, variables={"x": ""})) == ["x"]
    assert list(refused(needed, sent={"x": None}, variables={"x": "there"})) == ["x"]


def test_a_default_is_written_where_nothing_stands_yet(accept: Accept) -> None:
    colour = {**ONE, "defaultValue": "red"}
    assert accept(colour, sent={}).values == {"x": "red"}
    assert accept(colour, sent={}, variables={"x": "blue"}).values == {}


def test_a_variable_that_its_field_cannot_hold_counts_as_none(refused: Refused) -> None:
    assert list(refused(rule(ONE, required=True), sent={}, variables={"x": "green"})) == ["x"]


def test_paths_nest_and_leave_what_lies_beside_them(accept: Accept) -> None:
    values = accept(
        {"type": "group", "path": "reporter", "components": [{"type": "textfield", "key": "name"}]},
        {"type": "textfield", "key": "reporter.address.street"},
        sent={"reporter": {"name": "Mei", "address": {"street": "Fuk Wing"}}},
        variables={"reporter": {"id": 7, "address": {"city": "Kowloon"}}},
    ).values
    assert values == {
        "reporter": {"id": 7, "name": "Mei", "address": {"city": "Kowloon", "street": "Fuk Wing"}}
    }


ITEMS = {
    "type": "dynamiclist",
    "path": "items",
    "components": [
        rule({"type": "textfield", "key": "name"}, required=True),
        {"type": "number", "key": "amount", "defaultValue": 1},
        rule(
            {"type": "textfield", "key": "why", "conditional": {"hide": "=this.amount < 10"}}, required=True
        ),
    ],
}


def test_rows_are_checked_each_with_its_own_conditions(accept: Accept, refused: Refused) -> None:
    rows = [{"name": "pipe", "amount": 2}, {"name": "valve", "amount": 20}]
    assert list(refused(ITEMS, sent={"items": [*rows, {"amount": 1, "size": 3}, 5]})) == [
        "items.1.why",
        "items.2.name",
        "items.2.size",
        "items.3",
    ]
    rows[1]["why"] = "flood"
    assert accept(ITEMS, sent={"items": rows}).values == {"items": rows}
    assert accept(ITEMS, sent={"items": [{"name": "pipe"}]}).values == {
        "items": [{"name": "pipe", "amount": 1}]
    }
    assert accept(ITEMS, sent={"items": []}).values == {"items": []}


def test_rows_that_are_fixed_can_be_neither_added_nor_removed(accept: Accept, refused: Refused) -> None:
    prices = {
        "type": "dynamiclist",
        "path": "prices",
        "allowAddRemove": False,
        "components": [
            {"type": "textfield", "key": "name", "readonly": True},
            {"type": "number", "key": "price"},
        ],
    }
    given = {"variables": {"prices": [{"id": 1, "name": "pipe"}, {"id": 2, "name": "valve"}]}}
    assert list(refused(prices, sent={"prices": [{"price": 1}]}, **given)) == ["prices"]
    sent = {"prices": [{"price": 1, "name": "forged"}, {"price": 2}]}
    assert accept(prices, sent=sent, **given).values == {
        "prices": [{"id": 1, "name": "pipe", "price": 1}, {"id": 2, "name": "valve", "price": 2}]
    }


def test_rows_within_rows_that_are_too_many_are_refused(refused: Refused) -> None:
    inner = {"type": "dynamiclist", "path": "b", "components": [TEXT, {**TEXT, "key": "y"}]}
    outer = {"type": "dynamiclist", "path": "a", "components": [inner]}
    assert list(refused(outer, sent={"a": [{"b": [{}] * 400}] * 400})) == [""]


def test_computed_fields_are_computed_here(accept: Accept) -> None:
    total = {"type": "expression", "key": "total", "expression": "=price * amount"}
    taxed = {"type": "expression", "key": "taxed", "expression": "=total * 1.1"}
    accepted = accept(
        {"type": "number", "key": "amount"},
        taxed,
        total,
        sent={"amount": 3, "total": 1},
        variables={"price": 5},
    )
    assert accepted.values == {"amount": 3, "total": 15, "taxed": Decimal("16.5")}


def test_a_computed_field_uses_what_the_person_may_not_see(accept: Accept) -> None:
    accepted = accept(
        {"type": "number", "key": "price"},
        {"type": "expression", "key": "double", "expression": "=price * 2"},
        sent={},
        variables={"price": 5},
        rights={"price": "hidden"},
    )
    assert accepted.values == {"double": 10}


def test_rows_may_compute(accept: Accept) -> None:
    lines = {
        "type": "dynamiclist",
        "path": "lines",
        "components": [
            {"type": "number", "key": "n"},
            {"type": "expression", "key": "double", "expression": "=this.n * 2 + i[1]"},
        ],
    }
    total = {"type": "expression", "key": "total", "expression": "=sum(lines.double)"}
    values = accept(lines, total, sent={"lines": [{"n": 1}, {"n": 2}]}).values
    assert values == {"lines": [{"n": 1, "double": 3}, {"n": 2, "double": 6}], "total": 9}


def file_of(value: Any) -> dict[str, Any]:
    if value["$file"] != "mine":
        raise NotFound("There is no such file.")
    return {"$file": "mine", "name": "leak.JPG", "type": "image/jpeg", "size": 5}


def test_of_a_file_the_stored_facts_count(accept: Accept) -> None:
    sent = {"x": {"$file": "mine", "name": "evil.exe", "size": 0}}
    accepted = accept({**FILE, "accept": ".jpg, application/pdf"}, sent=sent, file=file_of)
    assert accepted.values == {"x": file_of({"$file": "mine"})}
    assert accepted.files == ("mine",)


def test_several_files_need_a_field_for_several(accept: Accept, refused: Refused) -> None:
    sent = {"x": [{"$file": "mine"}, {"$file": "mine"}]}
    assert list(refused(FILE, sent=sent, file=file_of)) == ["x"]
    assert len(accept({**FILE, "multiple": "=true"}, sent=sent, file=file_of).values["x"]) == 2


def test_a_file_of_another_kind_is_refused(refused: Refused) -> None:
    sent = {"x": {"$file": "mine"}}
    assert list(refused({**FILE, "accept": "application/pdf,.docx,video/*"}, sent=sent, file=file_of)) == [
        "x"
    ]


def test_a_file_of_somebody_else_is_refused(refused: Refused) -> None:
    assert refused(FILE, sent={"x": {"$file": "theirs"}}, file=file_of) == {"x": "There is no such file."}


def test_the_designers_own_words_are_said_in_the_persons_language(refused: Refused) -> None:
    component = rule(TEXT, pattern="^a$", patternErrorMessage="100% wrong")
    assert refused(component, sent={"x": "b"}, say={"100% wrong": "全錯"}.__getitem__) == {"x": "全錯"}


def test_a_form_of_200_fields_is_checked_in_a_few_milliseconds(
    make: Callable[..., Form], filling: Callable[..., Filling]
) -> None:
    form = make(
        *(
            {
                "type": "textfield",
                "key": f"f{n}",
                "validate": {"required": True, "maxLength": 50},
                "conditional": {"hide": f'=f{max(0, n - 1)} = "stop"'},
            }
            for n in range(200)
        )
    )
    sent = {f"f{n}": "answer" for n in range(200)}
    validate(form, sent, filling())
    took_s = []
    for _ in range(7):
        began = time.process_time()
        assert len(validate(form, sent, filling()).values) == 200
        took_s.append(time.process_time() - began)
    assert min(took_s) < 0.02


def test_a_telephone_number_without_a_country_code_is_one_of_the_centres_country(
    accept: Callable[..., Accepted], refused: Callable[..., dict[str, str]]
) -> None:
    phone = rule(TEXT, validationType="phone")
    assert accept(phone, sent={"x": "5123 0000"}, region="HK").values == {"x": "+85251230000"}
    assert accept(phone, sent={"x": "138 0013 8000"}, region="CN").values == {"x": "+8613800138000"}
    assert "5123 4567" in refused(phone, sent={"x": "12"}, region="HK")["x"]
    assert "+852 5123 4567" in refused(phone, sent={"x": "5123 0000"})["x"]


def test_a_telephone_number_in_a_row_is_read_in_the_same_way(accept: Callable[..., Accepted]) -> None:
    rows = {"type": "dynamiclist", "path": "rows", "components": [rule(TEXT, validationType="phone")]}
    sent = {"rows": [{"x": "5123 0000"}]}
    assert accept(rows, sent=sent, region="HK").values == {"rows": [{"x": "+85251230000"}]}


SPAN = (
    {"type": "datetime", "subtype": "date", "key": "first"},
    {
        "type": "datetime",
        "subtype": "date",
        "key": "last",
        "properties": {"refuse": "=last < first", "refuseMessage": "It ends before it begins."},
    },
)


def test_an_answer_is_refused_by_a_condition_over_all_answers(accept: Accept, refused: Refused) -> None:
    assert refused(*SPAN, sent={"first": "2026-03-02", "last": "2026-03-01"}) == {
        "last": "It ends before it begins."
    }
    for last in ("2026-03-02", "2026-03-03", None):
        assert accept(*SPAN, sent={"first": "2026-03-02", "last": last}).values["last"] == last
    assert accept(*SPAN, sent={"first": None, "last": "2026-03-01"})


def test_a_field_that_is_only_read_is_not_refused(accept: Accept) -> None:
    variables = {"first": "2026-03-02", "last": "2026-03-01"}
    assert accept(*SPAN, sent=variables, variables=variables, rights={"last": "read"})
