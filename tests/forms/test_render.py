from collections.abc import Callable
from typing import Any

from forms.options import Option
from forms.render import render, translatable
from forms.schema import Form
from forms.validate import Filling

Make = Callable[..., Form]
Fill = Callable[..., Filling]

NAME = {"type": "textfield", "key": "name", "label": "Name"}
SALARY = {"type": "number", "key": "salary", "label": "Salary"}


def components(make: Make, filling: Fill, *raw: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
    found = render(make(*raw), filling(**given)).schema["components"]
    assert isinstance(found, list)
    return found


def data(make: Make, filling: Fill, *raw: dict[str, Any], **given: Any) -> Any:
    return render(make(*raw), filling(**given)).data


def test_texts_are_said_in_the_persons_language(make: Make, filling: Fill) -> None:
    shown = components(
        make,
        filling,
        {
            "type": "select",
            "key": "kind",
            "label": "Kind",
            "description": "Which one, {{ name }}?",
            "values": [{"label": "Water", "value": "Water"}],
            "validate": {"patternErrorMessage": "Wrong"},
            "appearance": {"prefixAdorner": "HK$"},
        },
        {"type": "text", "text": '="Water"'},
        say=lambda text: {
            "Kind": "種類",
            "Water": "食水",
            "Which one, {{ name }}?": "哪一種，{{ name }}？",
            "Wrong": "錯",
            "HK$": "港元",
            '="Water"': "never",
        }.get(text, text),
    )
    assert shown[0]["label"] == "種類"
    assert shown[0]["description"] == "哪一種，{{ name }}？"
    assert shown[0]["values"] == [{"label": "食水", "value": "Water"}]
    assert shown[0]["validate"] == {"patternErrorMessage": "錯"}
    assert shown[0]["appearance"] == {"prefixAdorner": "港元"}
    assert shown[1]["text"] == '="Water"'


def test_the_stored_form_stays_as_it_is(make: Make, filling: Fill) -> None:
    form = make(NAME)
    render(form, filling(say={"Name": "姓名"}.get, rights={"name": "read"}))
    assert form.fields["name"].label == "Name"
    assert "readonly" not in form.fields["name"].raw


def test_every_text_that_people_read_is_found_for_the_catalogue(make: Make) -> None:
    form = make(
        {"type": "datetime", "key": "at", "subtype": "datetime", "dateLabel": "Day", "timeLabel": "Time"},
        {
            "type": "group",
            "label": "Group",
            "components": [{"type": "html", "content": "<b>Hi</b>"}, {**NAME, "description": "=x"}],
        },
        {"type": "table", "label": "T", "dataSource": "=rows", "columns": [{"key": "a", "label": "A"}]},
        {"type": "radio", "key": "r", "label": "R", "values": ["x", {"label": "L", "value": 1}]},
    )
    assert [text for _name, text in translatable(form)] == [
        "Day",
        "Time",
        "Group",
        "Label",
        "<b>Hi</b>",
        "Name",
        "T",
        "A",
        "R",
        "L",
    ]


def test_what_a_person_may_not_see_is_not_sent(make: Make, filling: Fill) -> None:
    raw = (
        NAME,
        {**SALARY, "conditional": {"hide": "=name = null"}},
        {"type": "text", "text": "{{ salary }}"},
    )
    given: dict[str, Any] = {"variables": {"name": "Mei", "salary": 9}, "rights": {"salary": "hidden"}}
    assert [one.get("key") for one in components(make, filling, *raw, **given)] == ["name", None]
    assert data(make, filling, *raw, **given) == {"name": "Mei"}


def test_a_hidden_container_takes_what_it_contains_with_it(make: Make, filling: Fill) -> None:
    pay = {"type": "group", "path": "pay", "components": [SALARY]}
    given: dict[str, Any] = {
        "variables": {"name": "Mei", "pay": {"salary": 9}},
        "rights": {"pay": "hidden"},
    }
    assert len(components(make, filling, NAME, pay, **given)) == 1
    assert data(make, filling, NAME, pay, **given) == {"name": "Mei"}


def test_rights_become_what_the_browser_knows(make: Make, filling: Fill) -> None:
    rows = {"type": "dynamiclist", "path": "rows", "components": [SALARY]}
    shown = components(
        make,
        filling,
        NAME,
        {**NAME, "key": "b"},
        rows,
        rights={"name": "read", "b": "required", "rows": "read"},
    )
    assert shown[0]["readonly"] is True
    assert shown[1]["validate"] == {"required": True}
    assert shown[2]["allowAddRemove"] is False
    assert shown[2]["components"][0]["readonly"] is True


def test_the_browser_gets_the_variables_it_needs_and_no_more(make: Make, filling: Fill) -> None:
    variables = {
        "name": "Mei",
        "secret": "x",
        "decisions": {"head": {"outcome": "approved", "opinion": "fine"}, "hr": {"opinion": "no"}},
        "offered": ["a"],
        "person": {"phone": "1", "mail": "2"},
        "rows": [{"price": 1, "cost": 2, "note": "x"}],
        "lines": [{"a": 1, "b": 2}],
    }
    sent = data(
        make,
        filling,
        NAME,
        {"type": "text", "text": 'The head says {{ decisions.head.opinion }}. "secret"'},
        {"type": "select", "key": "pick", "valuesKey": "offered"},
        {"type": "textfield", "key": "person.phone"},
        {
            "type": "dynamiclist",
            "path": "rows",
            "components": [
                {"type": "number", "key": "price", "conditional": {"hide": '=this.note = "secret"'}}
            ],
        },
        {"type": "expression", "key": "total", "expression": "=sum(rows.price)"},
        {"type": "table", "dataSource": "=lines", "columns": [{"key": "a", "label": "A"}]},
        variables=variables,
    )
    assert sent == {
        "name": "Mei",
        "decisions": {"head": {"opinion": "fine"}},
        "offered": ["a"],
        "person": {"phone": "1"},
        "rows": [{"price": 1, "note": "x"}],
        "lines": [{"a": 1, "b": 2}],
    }


def test_lists_that_the_product_keeps_become_options(make: Make, filling: Fill) -> None:
    field = {"type": "select", "key": "who", "properties": {"options": "persons"}, "valuesKey": "none"}
    (shown,) = components(
        make, filling, field, lookup=lambda source: [Option(value="mei", label=f"Mei of {source}")]
    )
    assert shown["values"] == [{"value": "mei", "label": "Mei of persons"}]
    assert "valuesKey" not in shown


def test_the_forms_own_buttons_are_left_to_the_page(make: Make, filling: Fill) -> None:
    assert components(make, filling, NAME, {"type": "button", "action": "submit"})[1:] == []
