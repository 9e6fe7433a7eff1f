from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import InvalidSubmission, Problem
from engine.values import dumps
from forms.schema import Form
from forms.validate import Filling, validate

COMPONENTS: tuple[dict[str, Any], ...] = (
    {
        "type": "textfield",
        "key": "text",
        "validate": {"minLength": 2, "maxLength": "=limit", "pattern": r"^\w*$"},
    },
    {"type": "textfield", "key": "phone", "validate": {"validationType": "phone"}},
    {"type": "textfield", "key": "mail", "validate": {"validationType": "email"}},
    {"type": "textarea", "key": "area", "conditional": {"hide": "=tick"}},
    {
        "type": "number",
        "key": "limit",
        "decimalDigits": 2,
        "increment": "0.5",
        "validate": {"min": 0, "max": "=9"},
    },
    {"type": "checkbox", "key": "tick"},
    {"type": "select", "key": "one", "values": ["a", 1, True, {"label": "L", "value": {"deep": [1]}}]},
    {
        "type": "taglist",
        "key": "many",
        "valuesExpression": '=if tick then ["a"] else [1]',
        "readonly": "=one = 1",
    },
    {"type": "datetime", "key": "moment", "subtype": "datetime", "disallowPassedDates": True},
    {"type": "filepicker", "key": "file", "accept": ".pdf", "multiple": "=tick"},
    {"type": "expression", "key": "total", "expression": "=sum(rows.n) + limit"},
    {
        "type": "group",
        "path": "g",
        "components": [{"type": "textfield", "key": "text", "conditional": {"hide": "=g.text = text"}}],
    },
    {
        "type": "dynamiclist",
        "path": "rows",
        "components": [
            {"type": "number", "key": "n", "conditional": {"hide": "=parent.tick"}},
            {"type": "dynamiclist", "path": "inner", "components": [{"type": "datetime", "key": "d"}]},
        ],
    },
)
KEYS = [
    "text",
    "phone",
    "mail",
    "area",
    "limit",
    "tick",
    "one",
    "many",
    "moment",
    "file",
    "total",
    "g",
    "rows",
]
KEYS += ["n", "inner", "d", "$file", "other", "_schema", ""]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.text(),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "Lo", "Nd"])),
    st.sampled_from(
        ["a", 1, "2026-03-02T10:00", "+85251230000", "1e400", "files::x", {"deep": [1]}, Decimal("0.5")]
    ),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text()), inner, max_size=6),
    ),
    max_leaves=20,
)
answers = st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=3)), anything, max_size=10)
rights = st.dictionaries(
    st.sampled_from(KEYS), st.sampled_from(["hidden", "read", "write", "required"]), max_size=3
)


@settings(max_examples=150, deadline=None)
@example(sent={}, variables={"many": [0, Decimal("sNaN")]}, allowed={})
@given(sent=st.one_of(answers, anything), variables=answers, allowed=rights)
def test_whatever_is_sent_is_taken_or_refused(
    make: Callable[..., Form],
    filling: Callable[..., Filling],
    sent: Any,
    variables: dict[str, Any],
    allowed: dict[str, str],
) -> None:
    form = make(*COMPONENTS)
    taken: Mapping[str, Any] = {}
    problems: Sequence[Problem] = [Problem(path="", message="none")]
    try:
        taken = validate(form, sent, filling(variables=variables, rights=allowed)).values
    except InvalidSubmission as error:
        problems = error.problems
    assert problems, "a refusal says why"
    for problem in problems:
        assert "\0" not in problem.path
        str(problem).encode()
    assert set(taken) <= form.variables
    assert not [key for key, right in allowed.items() if right in ("hidden", "read") and key in taken]


@settings(max_examples=80, deadline=None)
@given(
    sent=st.fixed_dictionaries(
        {},
        optional={
            "text": st.sampled_from(["", "ab", "水管"]),
            "area": st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])),
            "limit": st.sampled_from([0, 2, Decimal("4.5"), "7", None]),
            "tick": st.booleans(),
            "one": st.sampled_from(["a", 1, True, {"deep": [1]}, None]),
            "rows": st.lists(st.fixed_dictionaries({}, optional={"n": st.integers(0, 9)}), max_size=3),
        },
    )
)
def test_what_is_taken_is_taken_again(
    make: Callable[..., Form], filling: Callable[..., Filling], sent: dict[str, Any]
) -> None:
    form = make(*COMPONENTS)
    try:
        once = validate(form, sent, filling()).values
    except InvalidSubmission:
        return
    again = validate(
        form, {key: value for key, value in once.items() if key != "total"}, filling(variables=once)
    )
    assert dumps(again.values) == dumps(once)
