import json
from pathlib import Path
from typing import Any

import pytest

from engine.plugin import Registry, ResourceKind
from engine.testing.centre import make_centre
from forms import register
from forms.check import check_form
from forms.schema import parse_form

TEXT = {"type": "textfield", "id": "f", "key": "x", "label": "X"}


def problems(*components: Any, version: Any = 19, **more: Any) -> list[str]:
    form = json.dumps({"schemaVersion": version, "type": "default", "components": list(components), **more})
    return [str(problem) for problem in check_form("forms/a.form", form.encode(), None)]  # type: ignore[arg-type]


def test_a_good_form_has_no_problems() -> None:
    assert (
        problems(
            {
                **TEXT,
                "validate": {"pattern": r"^\d+$", "maxLength": "=limit"},
                "conditional": {"hide": "=a > 1"},
            },
            {"type": "text", "id": "t", "text": "Hi {{ name }}{{#if a}} and {{ a.b }}{{/if}}"},
            {"type": "datetime", "id": "d", "key": "d", "dateLabel": "Day"},
            {"type": "expression", "id": "e", "key": "e", "expression": "=count(x)"},
            {"type": "textfield", "id": "k", "key": "business_key", "label": "Number", "readonly": True},
        )
        == []
    )


@pytest.mark.parametrize(
    ("component", "part"),
    [
        ({**TEXT, "type": "signature"}, "signature is no component"),
        ({**TEXT, "type": "iframe"}, "iframe is no component"),
        ({**TEXT, "type": ""}, "is no component"),
        ({**TEXT, "key": "two words"}, "cannot be the name of a variable"),
        ({**TEXT, "key": "if"}, "cannot be the name of a variable"),
        ({**TEXT, "key": "count"}, "cannot be the name of a variable"),
        ({**TEXT, "key": "a..b"}, "cannot be the name of a variable"),
        ({**TEXT, "key": None}, "cannot be the name of a variable"),
        ({**TEXT, "key": "decisions"}, "is given by the process"),
        ({**TEXT, "key": "initiator.name"}, "is given by the process"),
        ({**TEXT, "label": " "}, "has no label"),
        ({"type": "datetime", "id": "d", "key": "d", "label": "Day"}, "has no label"),
        ({**TEXT, "conditional": {"hide": "a > 1"}}, "Begin it with ="),
        ({**TEXT, "conditional": {"hide": "=a >"}}, "conditional.hide cannot be read"),
        ({**TEXT, "conditional": {"hide": "=not(a, b)"}}, "conditional.hide cannot be read"),
        ({**TEXT, "conditional": {"hide": "=bogus(a)"}}, "calls bogus"),
        ({**TEXT, "readonly": "=a and"}, "readonly cannot be read"),
        ({**TEXT, "properties": {"refuse": "x < a", "refuseMessage": "No."}}, "Begin it with ="),
        (
            {**TEXT, "properties": {"refuse": "=x <", "refuseMessage": "No."}},
            "properties.refuse cannot be read",
        ),
        ({**TEXT, "properties": {"refuse": "=x < a"}}, "Write it into refuseMessage"),
        ({**TEXT, "validate": {"maxLength": "=1 +"}}, "validate.maxLength cannot be read"),
        ({**TEXT, "validate": {"maxLength": "ten"}}, "validate.maxLength is no number"),
        ({**TEXT, "validate": {"pattern": "("}}, "The pattern ( cannot be checked"),
        ({**TEXT, "validate": {"pattern": r"\p{Han}"}}, "cannot be checked"),
        ({**TEXT, "validate": {"required": "yes"}}, "validate.required is not what"),
        ({**TEXT, "validate": []}, "validate is not what"),
        ({**TEXT, "label": 5}, "label is not what"),
        ({**TEXT, "description": "Dear {{ a + }}"}, "description cannot be read"),
        (
            {"type": "number", "id": "n", "key": "n", "label": "N", "defaultValue": "many"},
            "The default value",
        ),
        (
            {"type": "number", "id": "n", "key": "n", "label": "N", "increment": "big"},
            "increment is no number",
        ),
        ({"type": "select", "id": "s", "key": "s", "label": "S"}, "nothing to choose from"),
        ({"type": "select", "id": "s", "key": "s", "label": "S", "values": [{"label": "A"}]}, "no value"),
        (
            {"type": "select", "id": "s", "key": "s", "label": "S", "properties": {"options": "planets"}},
            "There is no list planets",
        ),
        ({"type": "dynamiclist", "id": "l", "components": []}, "cannot be the name"),
        ({"type": "group", "id": "g", "readonly": True, "components": []}, "Only fields can be read-only"),
        (
            {"type": "group", "id": "g", "components": [{**TEXT, "type": "filepicker", "key": "a.b"}]},
            "at the top only",
        ),
        (
            {"type": "dynamiclist", "id": "l", "path": "l", "components": [{**TEXT, "readonly": True}]},
            "read-only in rows that can be added",
        ),
        (5, "has no type"),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(component: Any, part: str) -> None:
    (said,) = problems(component)
    assert part in said
    assert said.startswith("forms/a.form")
    assert said.endswith(".")


@pytest.mark.parametrize(
    "others",
    [
        [{**TEXT, "id": "g"}],
        [{"type": "group", "id": "g", "path": "x", "components": [{**TEXT, "id": "h", "key": "y"}]}],
        [{"type": "dynamiclist", "id": "g", "path": "x", "components": []}],
        [{**TEXT, "id": "g", "key": "x.y"}],
    ],
)
def test_no_value_stands_where_another_stands(others: list[Any]) -> None:
    assert len(problems(TEXT, *others)) == 1
    assert len(problems(*others, TEXT)) == 1


def test_groups_may_share_a_path() -> None:
    one = {"type": "group", "id": "g", "path": "p", "components": [TEXT]}
    other = {"type": "group", "id": "h", "path": "p", "components": [{**TEXT, "id": "i", "key": "y"}]}
    assert problems(one, other) == []


def test_an_id_is_there_once() -> None:
    assert "The id f is there twice" in problems(TEXT, {**TEXT, "key": "y"})[0]


@pytest.mark.parametrize("version", [None, 17, "19", True])
def test_an_old_form_is_to_be_saved_again(version: Any) -> None:
    assert "schemaVersion" in problems(TEXT, version=version)[0]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"components": 5}', b"[" * 100_000])
def test_what_is_no_form_is_told(content: bytes) -> None:
    assert parse_form(content, "a")[0] is None
    assert len(check_form("a.form", content, None)) == 1  # type: ignore[arg-type]


def test_a_form_that_is_too_deep_or_too_large_is_told() -> None:
    deep: dict[str, Any] = TEXT
    for level in range(12):
        deep = {"type": "group", "id": f"g{level}", "components": [deep]}
    assert "too large" in problems(deep)[0]
    assert "too large" in problems(*[{"type": "spacer", "id": f"s{n}"} for n in range(1001)])[0]


def test_the_forms_that_are_shipped_have_no_problems() -> None:
    root = Path(__file__).parents[2]
    shipped = [*root.glob("bpmn/*/forms/*.form"), *root.glob("plugins/*/forms/*.form")]
    assert shipped
    for path in shipped:
        assert check_form(path.name, path.read_bytes(), None) == [], path  # type: ignore[arg-type]


def test_forms_are_a_kind_of_file_that_deployment_knows(tmp_path: Path) -> None:
    registry = Registry()
    register(registry)
    assert isinstance(registry.resource_kinds["form"], ResourceKind)
    centre = make_centre(tmp_path, floors=[register])
    assert "finish_task" in centre.registry.ports
    centre.database.dispose()
