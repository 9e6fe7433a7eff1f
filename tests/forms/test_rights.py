"""What each step lets people do with the fields of one form, and what nobody else is shown of it."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import forms
from engine import runtime
from engine.context import Centre, Context
from engine.definition import deploy
from engine.errors import DefinitionError, Forbidden, InvalidSubmission, NotFound
from engine.files import find_file, reference, store
from engine.people import create_person
from engine.testing import drawing, make_centre, person, system
from engine.work import UserTask, may_see

APPLY = {
    "name": "Ann",
    "days": 3,
    "salary": 900,
    "person": {"phone": "+85251230001", "mail": "ann@example.org"},
    "items": [{"what": "flight", "price": 10}, {"what": "hotel", "price": 20}],
}


def field(kind: str, key: str, **said: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "label": key.title(), **said}


def form(*components: dict[str, Any]) -> bytes:
    def numbered(components: Any, at: str) -> list[dict[str, Any]]:
        return [
            {**one, "id": f"{at}_{number}"}
            | ({"components": numbered(one["components"], f"{at}_{number}")} if "components" in one else {})
            for number, one in enumerate(components)
        ]

    raw = numbered(components, "F")
    return json.dumps({"schemaVersion": 19, "type": "default", "components": raw}).encode()


MANIFEST = b"""
key = "leave"
title = "Leave"
[[start]]
event = "begin"
form = "apply"
who = ["person:eve"]
"""

APPLY_FORM = form(
    field("textfield", "name"),
    field("number", "days"),
    field("number", "salary"),
    field("textfield", "note"),
    field("filepicker", "certificate"),
    {
        "type": "group",
        "path": "person",
        "label": "Person",
        "components": [field("textfield", "phone"), field("textfield", "mail")],
    },
    {
        "type": "dynamiclist",
        "path": "items",
        "label": "Items",
        "components": [field("textfield", "what"), field("number", "price")],
    },
    field("expression", "total", expression="=sum(items.price)"),
    {"type": "text", "text": "Pay {{ salary }} of {{ application.salary }}"},
)

_STEP = """
<bpmn:userTask id="{id}" name="{id}"><bpmn:extensionElements>
  <callwright:task form="apply" {into} assignee='"{who}"' {fields}/>{said}
</bpmn:extensionElements></bpmn:userTask>
"""

_FLOW = """
<bpmn:startEvent id="begin"><bpmn:extensionElements>
  <callwright:task form="apply" {into}/>
</bpmn:extensionElements></bpmn:startEvent>
{steps}
<bpmn:endEvent id="over"/>
begin -> first
first -> second
second -> over
"""


def flow(first: str = "", second: str = "", *, fields: str = "", into: str = "") -> bytes:
    into = f'into="{into}"' if into else ""
    steps = _STEP.format(id="first", who="ann", fields=fields, said=first, into=into)
    steps += _STEP.format(id="second", who="bob", fields="", said=second, into=into)
    return drawing(_FLOW.format(steps=steps, into=into), key="leave")


def files(xml: bytes) -> dict[str, bytes]:
    return {"leave.bpmn": xml, "process.toml": MANIFEST, "forms/apply.form": APPLY_FORM}


def right(key: str, right: str) -> str:
    return f'<callwright:field key="{key}" right="{right}"/>'


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = make_centre(tmp_path, floors=[forms.register])
    ctx = system(made)
    with ctx.write():
        for key in ("ann", "bob", "eve", "sup"):
            create_person(ctx, key=key, name=key.title())
    yield made
    made.database.dispose()


Begin = Callable[..., str]


@pytest.fixture
def begin(centre: Centre) -> Begin:
    """Deploy a flow and start it as Eve; the instance's id."""

    def start(*said: str, data: Mapping[str, Any] = APPLY, **given: str) -> str:
        deploy(system(centre), files=files(flow(*said, **given)))
        return forms.start_with_form(person(centre, "eve"), process_key="leave", data=data).id

    return start


def task(centre: Centre, element: str) -> str:
    with system(centre).read() as ctx:
        query = select(UserTask.id).where(UserTask.element_id == element)
        return ctx.connection.execute(query).scalar_one()


def finish(centre: Centre, who: str, element: str, **data: Any) -> None:
    forms.submit_form(person(centre, who), task_id=task(centre, element), data=data)


def variables(centre: Centre, instance_id: str) -> dict[str, Any]:
    with system(centre).read() as ctx:
        return runtime.variables_of(ctx, instance_id)


def rendered(ctx: Context, task_id: str) -> Any:
    found = forms.render_task(ctx, task_id=task_id)
    assert found is not None
    return found


def keys(components: Any) -> list[str]:
    found = []
    for one in components:
        found += [one["key"]] if "key" in one else []
        found += keys(one.get("components", ()))
    return found


def seen(ctx: Context, instance_id: str) -> Mapping[str, Any]:
    with ctx.read():
        assert may_see(ctx, instance_id)
        values = runtime.variables_of(ctx, instance_id)
        return forms.without_places(values, forms.withheld(ctx, instance_id))


def supervisor(centre: Centre, *permissions: str) -> Context:
    return person(centre, "sup", permissions=permissions)


def problems(centre: Centre, *said: str, **given: str) -> list[str]:
    with pytest.raises(DefinitionError) as refused:
        deploy(system(centre), files=files(flow(*said, **given)))
    return [problem.message % problem.params for problem in refused.value.problems]


# -- what a step's form shows and takes --------------------------------------------------------------------


def test_a_hidden_field_never_leaves_the_server_and_is_kept(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("salary", "hidden"))
    shown = rendered(person(centre, "ann"), task(centre, "first"))
    assert "salary" not in keys(shown.schema["components"])
    assert "salary" not in shown.data
    assert "salary" not in shown.rights
    finish(centre, "ann", "first", days=4, salary=1)
    assert (variables(centre, instance_id)["days"], variables(centre, instance_id)["salary"]) == (4, 900)


def test_whoever_got_a_copy_is_not_shown_a_hidden_field(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("salary", "hidden"))
    runtime.circulate(person(centre, "eve"), instance_id=instance_id, to=["sup"])
    watching = seen(person(centre, "sup"), instance_id)
    assert "salary" not in watching
    assert watching["days"] == 3


def test_a_field_that_is_only_read_is_shown_and_what_is_sent_for_it_is_left_aside(
    centre: Centre, begin: Begin
) -> None:
    instance_id = begin(right("salary", "read"))
    shown = rendered(person(centre, "ann"), task(centre, "first"))
    assert shown.data["salary"] == 900
    (component,) = [one for one in shown.schema["components"] if one.get("key") == "salary"]
    assert component["readonly"] is True
    finish(centre, "ann", "first", salary=1, note="seen")
    assert variables(centre, instance_id)["salary"] == 900
    assert variables(centre, instance_id)["note"] == "seen"


def test_a_field_can_be_required_at_one_step_and_not_at_another(centre: Centre, begin: Begin) -> None:
    begin(right("note", "required"))
    with pytest.raises(InvalidSubmission) as refused:
        finish(centre, "ann", "first", note=" ")
    assert [problem.path for problem in refused.value.problems] == ["note"]
    finish(centre, "ann", "first", note="fine")
    finish(centre, "bob", "second", note="")


def test_the_default_of_a_step_holds_for_the_fields_that_it_does_not_name(
    centre: Centre, begin: Begin
) -> None:
    instance_id = begin(right("note", "write"), fields='fields="read"')
    sent = {"name": "x", "days": 9, "salary": 9, "person": {"phone": "", "mail": ""}, "items": []}
    finish(centre, "ann", "first", **sent, note="ok")
    held = variables(centre, instance_id)
    assert {name: held[name] for name in APPLY} == APPLY
    assert (held["note"], held["total"]) == ("ok", 30)


def test_by_default_everything_can_be_required_or_hidden_but_what_the_step_names(
    centre: Centre, begin: Begin
) -> None:
    begin(right("certificate", "write"), right("days", "write"), fields='fields="required"')
    with pytest.raises(InvalidSubmission) as refused:
        finish(centre, "ann", "first", person={"phone": "", "mail": "x@example.org"})
    assert [problem.path for problem in refused.value.problems] == ["note", "person.phone"]
    begin(right("days", "write"), fields='fields="hidden"')
    with system(centre).read() as ctx:
        newest = select(UserTask.id).where(UserTask.element_id == "first").order_by(UserTask.id.desc())
        task_id = ctx.connection.scalars(newest).first()
    assert task_id is not None
    shown = rendered(person(centre, "ann"), task_id)
    assert keys(shown.schema["components"]) == ["days"]
    assert shown.data == {"days": 3}


def test_rows_that_are_sent_for_a_list_that_is_only_read_play_no_part_in_what_is_computed(
    centre: Centre, begin: Begin
) -> None:
    instance_id = begin(right("items", "read"))
    finish(centre, "ann", "first", items=[{"what": "x", "price": 9}])
    assert variables(centre, instance_id)["total"] == 30


def test_the_right_to_a_group_holds_for_what_is_in_it(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("person", "hidden"))
    assert "person" not in rendered(person(centre, "ann"), task(centre, "first")).data
    finish(centre, "ann", "first", person={"phone": "+85251239999", "mail": "x@example.org"})
    assert variables(centre, instance_id)["person"] == APPLY["person"]


def test_one_field_of_a_group_can_be_hidden_and_is_kept_when_the_others_are_written(
    centre: Centre, begin: Begin
) -> None:
    instance_id = begin(right("person.phone", "hidden"))
    assert rendered(person(centre, "ann"), task(centre, "first")).data["person"] == {
        "mail": "ann@example.org"
    }
    finish(centre, "ann", "first", person={"mail": "new@example.org"})
    assert variables(centre, instance_id)["person"] == {"phone": "+85251230001", "mail": "new@example.org"}


def test_a_hidden_column_is_kept_row_by_row(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("items[].price", "hidden"))
    shown = rendered(person(centre, "ann"), task(centre, "first"))
    assert shown.data["items"] == [{"what": "flight"}, {"what": "hotel"}]
    finish(centre, "ann", "first", items=[{"what": "train"}, {"what": "hotel", "price": 1}])
    assert variables(centre, instance_id)["items"] == [
        {"what": "train", "price": 10},
        {"what": "hotel", "price": 20},
    ]


@pytest.mark.parametrize("said", ["hidden", "read"])
def test_where_a_column_cannot_be_written_rows_are_neither_added_nor_removed(
    centre: Centre, begin: Begin, said: str
) -> None:
    begin(right("items[].price", said))
    shown = rendered(person(centre, "ann"), task(centre, "first"))
    (items,) = [one for one in shown.schema["components"] if one["type"] == "dynamiclist"]
    assert items["allowAddRemove"] is False
    for rows in ([{"what": "flight"}], [{"what": str(number)} for number in range(3)]):
        with pytest.raises(InvalidSubmission) as refused:
            finish(centre, "ann", "first", items=rows)
        assert [problem.path for problem in refused.value.problems] == ["items"]


def test_one_column_can_be_written_where_the_rest_is_only_read(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("items[].price", "write"), fields='fields="read"')
    finish(centre, "ann", "first", items=[{"what": "x", "price": 1}, {"what": "y", "price": 2}])
    assert variables(centre, instance_id)["items"] == [
        {"what": "flight", "price": 1},
        {"what": "hotel", "price": 2},
    ]


def test_a_later_step_sees_what_was_filled_in_and_changes_it(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("days", "read"))
    finish(centre, "ann", "first", note="first")
    assert rendered(person(centre, "bob"), task(centre, "second")).data["note"] == "first"
    finish(centre, "bob", "second", note="second", days=5)
    assert (variables(centre, instance_id)["note"], variables(centre, instance_id)["days"]) == ("second", 5)


def test_what_is_hidden_is_not_shown_by_the_context_that_it_stands_in(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("salary", "hidden"), into="application")
    shown = rendered(person(centre, "ann"), task(centre, "first"))
    assert "900" not in json.dumps(shown.data, default=str)
    finish(centre, "ann", "first", days=4, salary=1)
    assert variables(centre, instance_id)["application"]["salary"] == 900
    assert variables(centre, instance_id)["application"]["days"] == 4


def test_a_draft_does_not_hide_what_another_step_wrote(centre: Centre, begin: Begin) -> None:
    begin(right("salary", "read"))
    ann = person(centre, "ann")
    forms.save_draft(ann, task_id=task(centre, "first"), data={"salary": 1, "note": "so far"})
    data = rendered(ann, task(centre, "first")).data
    assert (data["salary"], data["note"]) == (900, "so far")


def test_rights_hold_for_a_start_too(centre: Centre) -> None:
    xml = flow().replace(
        b'<callwright:task form="apply" />',
        b'<callwright:task form="apply"/>' + right("salary", "hidden").encode(),
    )
    assert b"hidden" in xml
    deploy(system(centre), files=files(xml))
    eve = person(centre, "eve")
    shown = forms.render_start(eve, process_key="leave")
    assert shown is not None
    assert "salary" not in keys(shown.schema["components"])
    begun = forms.start_with_form(eve, process_key="leave", data={"name": "Ann", "salary": 1})
    assert "salary" not in variables(centre, begun.id)


# -- several at one step -----------------------------------------------------------------------------------

BOTH = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:userTask id="check" name="Check"><bpmn:extensionElements>
      <callwright:task form="apply"/>
      <callwright:field key="salary" right="read"/>
      <callwright:approval/>
      <callwright:approver of='["ann","bob"]'/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="over"/>
    begin -> check
    check -> over
    """,
    key="both",
)


def of(centre: Centre, who: str) -> str:
    with system(centre).read() as ctx:
        return ctx.connection.execute(select(UserTask.id).where(UserTask.assignee == who)).scalar_one()


def test_at_a_countersign_the_last_who_hands_in_a_field_has_written_it(centre: Centre) -> None:
    deploy(system(centre), files={"both.bpmn": BOTH, "apply.form": APPLY_FORM})
    begun = runtime.start_process(system(centre), process_key="both", variables={"days": 1, "salary": 900})
    for who, data in (
        ("ann", {"days": 2, "note": "of ann", "salary": 1}),
        ("bob", {"days": 5, "salary": 2}),
    ):
        forms.submit_form(person(centre, who), task_id=of(centre, who), outcome="approved", data=data)
    held = variables(centre, begun.id)
    assert (held["days"], held["note"], held["salary"]) == (5, "of ann", 900)
    with system(centre).read() as ctx:
        written = [
            (row["actor"], row["value"]) for row in runtime.writes_of(ctx, begun.id) if row["name"] == "days"
        ]
    assert [(actor, int(value)) for actor, value in written[-2:]] == [("ann", 2), ("bob", 5)]


# -- who looks at the instance -----------------------------------------------------------------------------


def test_who_started_it_sees_what_they_handed_in_though_a_step_hides_it(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("salary", "hidden"))
    assert seen(person(centre, "eve"), instance_id)["salary"] == 900


def test_who_had_only_the_step_that_hides_it_does_not_see_it_elsewhere(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("salary", "hidden"))
    ann = person(centre, "ann")
    assert "salary" not in seen(ann, instance_id)
    finish(centre, "ann", "first", note="x")
    assert "salary" not in seen(ann, instance_id)
    assert seen(ann, instance_id)["note"] == "x"


def test_another_step_shows_it_to_whoever_has_that_step(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("salary", "hidden"))
    finish(centre, "ann", "first", note="x")
    assert seen(person(centre, "bob"), instance_id)["salary"] == 900
    assert rendered(person(centre, "bob"), task(centre, "second")).data["salary"] == 900


def test_nobody_reads_it_at_somebody_elses_step(centre: Centre, begin: Begin) -> None:
    begin(right("salary", "hidden"))
    finish(centre, "ann", "first", note="x")
    shown = rendered(person(centre, "ann"), task(centre, "second"))
    assert "salary" not in keys(shown.schema["components"])
    assert "900" not in json.dumps(shown.data, default=str)


def test_who_may_see_all_is_not_shown_it_and_an_operator_is(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("salary", "hidden") + right("items[].price", "hidden"))
    watching = seen(supervisor(centre, "instances.see_all"), instance_id)
    assert "salary" not in watching
    assert watching["items"] == [{"what": "flight"}, {"what": "hotel"}]
    assert watching["days"] == 3
    assert seen(supervisor(centre, "instances.operate"), instance_id)["salary"] == 900


def test_a_process_that_hides_nothing_is_shown_as_it_is(centre: Centre, begin: Begin) -> None:
    instance_id = begin(right("salary", "read"))
    watching = seen(supervisor(centre, "instances.see_all"), instance_id)
    assert watching == variables(centre, instance_id)


def test_a_file_of_a_hidden_field_is_handed_out_only_to_who_is_shown_it(centre: Centre, begin: Begin) -> None:
    eve = person(centre, "eve")
    stored = store(eve, content=b"ill", name="ill.txt", owner_kind="upload", owner_id="eve")
    begin(right("certificate", "hidden"), data={**APPLY, "certificate": [reference(stored)]})
    finish(centre, "ann", "first", note="x")
    for who in ("eve", "bob"):
        assert find_file(person(centre, who), file_id=stored.id).name == "ill.txt"
    for ctx in (person(centre, "ann"), supervisor(centre, "instances.see_all")):
        with pytest.raises(NotFound):
            find_file(ctx, file_id=stored.id)


# -- what deployment says ----------------------------------------------------------------------------------


def test_a_right_to_a_field_that_the_form_does_not_have_is_refused(centre: Centre) -> None:
    (said,) = problems(centre, right("pay", "hidden"))
    assert said.startswith("The form apply has no field pay. It has: name, days, salary")
    assert "items[].price" in said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (right("days", "secret"), "Known are: hidden, read, write, required."),
        ('<callwright:field key="days"/>', "needs key and right"),
        (right("days", "read") * 2, "there twice"),
        (right("items", "required"), "Name the fields inside"),
        (right("person", "required"), "Name the fields inside"),
        (right("person", "read") + right("person.phone", "write"), "which is read as a whole"),
        (
            right("note", "read") + '<callwright:reply verb="done" textInto="note"/>',
            "which cannot be written here",
        ),
    ],
)
def test_mistakes_are_said_with_a_remedy(centre: Centre, said: str, expected: str) -> None:
    (found,) = problems(centre, said)
    assert expected in found


def test_rights_need_a_form(centre: Centre) -> None:
    xml = flow(right("days", "read")).replace(b'form="apply"  assignee=\'"ann"\'', b"assignee='\"ann\"'")
    with pytest.raises(DefinitionError) as refused:
        deploy(system(centre), files=files(xml))
    assert "has no form" in refused.value.problems[0].message


def test_what_may_not_be_written_is_refused_to_nobody_who_cannot_act(centre: Centre, begin: Begin) -> None:
    begin(right("salary", "hidden"))
    with pytest.raises(Forbidden):
        finish(centre, "eve", "first", salary=1)


# -- conditions over fields --------------------------------------------------------------------------------

DECIDES = """
    <bpmn:startEvent id="begin"><bpmn:extensionElements>
      <callwright:task form="apply" {into}/>{asked}
    </bpmn:extensionElements></bpmn:startEvent>
    <bpmn:exclusiveGateway id="which"/>
    <bpmn:userTask id="after" name="After"><bpmn:extensionElements>
      <callwright:task form="apply" assignee="initiator" {into}/>{later}
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="over"/>
    begin -> which
    which -> over [{condition}]
    which -> after *
    after -> {back}
"""


def warned(centre: Centre, **said: str) -> list[str]:
    given = {"into": "", "asked": "", "later": "", "condition": "days > 3", "back": "over", **said}
    xml = drawing(DECIDES.format(**given), key="decides")
    done = deploy(system(centre), files={"decides.bpmn": xml, "apply.form": APPLY_FORM})
    return [problem.message % problem.params for problem in done.warnings]


def test_a_condition_over_a_field_that_nobody_must_fill_in_is_warned_of(centre: Centre) -> None:
    (said,) = warned(centre, later=right("days", "read"))
    assert said == "It decides by days, which nobody must fill in before. Require it at begin."


def test_a_condition_that_asks_whether_it_was_filled_in_at_all_is_not_warned_of(centre: Centre) -> None:
    asks = "days != null and days > 3"
    assert warned(centre, later=right("days", "read"), condition=asks) == []


def test_a_condition_over_a_field_that_can_be_changed_afterwards_is_warned_of(centre: Centre) -> None:
    (said,) = warned(centre, asked=right("days", "required"))
    assert said == "It decides by days, which after can change afterwards. Let it only be read there."


def test_a_condition_over_a_field_that_is_required_and_protected_is_not_warned_of(centre: Centre) -> None:
    sound = {"asked": right("days", "required"), "later": right("days", "read")}
    assert warned(centre, **sound) == []
    inside = {"into": 'into="application"', "condition": "application.days > 3"}
    assert warned(centre, **inside, **sound) == []
    assert len(warned(centre, **inside)) == 2
    assert warned(centre, condition="from_a_service > 3") == []


def test_a_step_from_which_it_comes_to_the_condition_again_may_change_the_field(centre: Centre) -> None:
    assert warned(centre, asked=right("days", "required"), back="which") == []


# -- lists -------------------------------------------------------------------------------------------------


def test_a_list_that_tells_what_a_step_hides_is_warned_of(centre: Centre) -> None:
    tells = b"""
instance_title = "{{ name }}, {{ salary }}"
[[fact]]
label = "Days"
text = "{{ days }}"
[[fact]]
label = "Flights"
text = "{{ count(items) }}"
[worklist]
columns = ["days", "salary"]
"""
    manifest = MANIFEST.replace(b"[[start]]", tells + b"[[start]]") + b"[variables.days]\nsensitive = true\n"
    said = right("salary", "hidden") + right("items[].price", "hidden")
    done = deploy(system(centre), files={**files(flow(said)), "process.toml": manifest})
    assert [(problem.path, problem.params["name"]) for problem in done.warnings] == [
        ("process.toml#instance_title", "salary"),
        ("process.toml#fact[1]", "days"),
        ("process.toml#fact[2]", "items[].price"),
        ("process.toml#worklist.columns", "days"),
        ("process.toml#worklist.columns", "salary"),
    ]
    assert [("personal" in problem.message) for problem in done.warnings] == [False, True, False, True, False]
