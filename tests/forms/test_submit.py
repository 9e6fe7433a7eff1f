import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import forms
from engine.context import PUBLIC, Centre, Context
from engine.definition import deploy
from engine.errors import Conflict, DefinitionError, Forbidden, InvalidSubmission, NotFound
from engine.files import find_file, reference, store
from engine.people import close_post, create_person, put_group, put_post, put_unit, set_groups
from engine.runtime import get_instance, list_instances, start_process, variables_of
from engine.testing import drawing, make_centre, person, system
from engine.work import UserTask, actions_of
from forms import (
    check_submission,
    load_draft,
    render_start,
    render_task,
    save_draft,
    start_with_form,
    submit_checked,
    submit_form,
)
from forms.models import Submission
from forms.options import keep_lists

BURST = {"category": "water", "summary": "Burst pipe", "phone": "+85251230001"}

REPORT = drawing(
    """
    <bpmn:startEvent id="reported"/>
    <bpmn:userTask id="handle" name="Handle"><bpmn:extensionElements>
      <callwright:task form="handle" candidateGroups='"water"'/>
      <callwright:outcome name="done" label="Done"/>
      <callwright:outcome name="not_ours" label="Not ours" opinion="required"/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:subProcess id="sub">
      <bpmn:extensionElements><callwright:input name="summary" source='"inner"'/></bpmn:extensionElements>
      <bpmn:startEvent id="sub_begin"/>
      <bpmn:userTask id="check" name="Check"><bpmn:extensionElements>
        <callwright:task form="check" into="review" candidateGroups='"water"'/>
      </bpmn:extensionElements></bpmn:userTask>
      <bpmn:endEvent id="sub_over"/>
      <bpmn:sequenceFlow id="s1" sourceRef="sub_begin" targetRef="check"/>
      <bpmn:sequenceFlow id="s2" sourceRef="check" targetRef="sub_over"/>
    </bpmn:subProcess>
    <bpmn:userTask id="free" name="Free"><bpmn:extensionElements>
      <callwright:task candidateGroups='"water"'/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="over"/>
    reported -> handle
    handle -> sub
    sub -> free
    free -> over
    """,
    key="report",
)
MANIFEST = b"""
key = "report"
title = "Report"
[[start]]
event = "reported"
form = "report"
public = true
who = ["group:agents"]
[[start]]
event = "reported"
form = "staff"
who = ["group:agents"]
"""
CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Note"
msgstr "備註"

msgid "Say it in other words"
msgstr "請換個說法"
"""


def form(*components: dict[str, Any]) -> bytes:
    raw = [{"id": f"F{number}", "label": "Label", **component} for number, component in enumerate(components)]
    return json.dumps({"schemaVersion": 19, "type": "default", "components": raw}).encode()


FORMS = {
    "forms/report.form": form(
        {"type": "select", "key": "category", "values": ["water", "roads"], "validate": {"required": True}},
        {"type": "textfield", "key": "summary", "validate": {"required": True}},
        {"type": "textfield", "key": "phone", "validate": {"validationType": "phone"}},
        {"type": "filepicker", "key": "photo", "accept": ".txt"},
    ),
    "forms/staff.form": form({"type": "textfield", "key": "summary"}),
    "forms/handle.form": form(
        {"type": "textfield", "key": "summary", "readonly": True},
        {"type": "textfield", "key": "business_key", "readonly": True},
        {
            "type": "textarea",
            "key": "note",
            "label": "Note",
            "validate": {
                "required": True,
                "pattern": "^[^<]*$",
                "patternErrorMessage": "Say it in other words",
            },
        },
        {"type": "number", "key": "hours", "conditional": {"hide": '=category = "roads"'}},
        {"type": "filepicker", "key": "photo"},
        {"type": "select", "key": "colleague", "properties": {"options": "persons"}},
    ),
    "forms/check.form": form(
        {"type": "textfield", "key": "summary"}, {"type": "checkbox", "key": "good", "defaultValue": False}
    ),
}
FILES = {
    "report.bpmn": REPORT,
    "process.toml": MANIFEST,
    "locale/zh_Hant/LC_MESSAGES/messages.po": CATALOGUE.encode(),
    **FORMS,
}


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = make_centre(tmp_path, floors=[forms.register])
    ctx = system(made)
    with ctx.write():
        for group in ("water", "agents"):
            put_group(ctx, key=group, name=group)
        for key, groups in (("wong", ["water"]), ("lee", ["water"]), ("ann", ["agents"]), ("bob", [])):
            create_person(ctx, key=key, name=key.title())
            set_groups(ctx, person_key=key, group_keys=groups)
    deploy(ctx, files=FILES)
    yield made
    made.database.dispose()


@pytest.fixture
def public(centre: Centre) -> Context:
    return Context(centre=centre, actor=PUBLIC)


@pytest.fixture
def wong(centre: Centre) -> Context:
    return person(centre, "wong")


def begin(ctx: Context, **data: Any) -> str:
    return start_with_form(ctx, process_key="report", form="report", data={**BURST, **data}).id


def task_id(ctx: Context, element: str) -> str:
    with ctx.read():
        return ctx.connection.execute(
            select(UserTask.id).where(UserTask.element_id == element, UserTask.state != "completed")
        ).scalar_one()


def variables(ctx: Context, instance_id: str) -> dict[str, Any]:
    with ctx.read():
        return variables_of(ctx, instance_id)


def submissions(ctx: Context) -> list[Mapping[str, Any]]:
    with ctx.read():
        rows = ctx.connection.execute(select(Submission.__table__).order_by(Submission.id)).mappings()
        return [dict(row) for row in rows]


def test_a_form_starts_a_process(public: Context) -> None:
    instance_id = begin(public)
    assert variables(public, instance_id) == BURST
    (kept,) = submissions(public)
    assert kept["instance_id"] == instance_id
    assert (kept["state"], kept["form_key"], kept["written_by"]) == ("submitted", "report", "public")
    assert kept["data"] == BURST


def test_a_local_telephone_number_is_kept_with_its_country_code(public: Context) -> None:
    instance_id = begin(public, phone="5123 0001")
    assert variables(public, instance_id)["phone"] == "+85251230001"


def test_a_bad_answer_starts_nothing(public: Context) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        begin(public, category="parks", phone="5123", extra=1)
    assert [problem.path for problem in refused.value.problems] == ["category", "phone", "extra"]
    with public.read():
        assert list_instances(public)[0] == 0
    assert submissions(public) == []


def test_who_may_start_is_said_by_the_manifest(centre: Centre, public: Context) -> None:
    start_with_form(person(centre, "ann"), process_key="report", form="staff", data={"summary": "x"})
    for ctx, key in ((public, "staff"), (person(centre, "bob"), "staff"), (person(centre, "bob"), "report")):
        with pytest.raises(Forbidden):
            start_with_form(ctx, process_key="report", form=key, data=BURST)
    with pytest.raises(NotFound):
        start_with_form(public, process_key="unknown", data={})


def test_a_start_without_a_form_takes_what_it_is_given(centre: Centre) -> None:
    plain = drawing("<bpmn:startEvent id='b'/><bpmn:endEvent id='e'/>\nb -> e", key="plain")
    deploy(system(centre), files={"plain.bpmn": plain})
    begun = start_with_form(system(centre), process_key="plain", data={"anything": [1]})
    assert variables(system(centre), begun.id) == {"anything": [1]}
    assert submissions(system(centre)) == []


def test_a_form_finishes_a_task(wong: Context, public: Context) -> None:
    instance_id = begin(public)
    task = task_id(wong, "handle")
    data = {"note": "valve replaced", "hours": "2.5", "summary": "forged", "colleague": "lee"}
    done = submit_form(wong, task_id=task, outcome="done", data=data)
    assert done.id == instance_id
    written = variables(wong, instance_id)
    assert {name: str(written[name]) for name in ("note", "hours", "summary", "colleague")} == {
        "note": "valve replaced",
        "hours": "2.5",
        "summary": "Burst pipe",
        "colleague": "lee",
    }
    assert written["decisions"]["handle"]["outcome"] == "done"
    kept = submissions(wong)[-1]
    assert (kept["task_id"], kept["written_by"], kept["channel"]) == (task, "wong", "web")
    assert "summary" not in kept["data"]


def test_units_and_posts_that_hold_are_offered_but_not_to_the_public(
    centre: Centre, wong: Context, public: Context
) -> None:
    ctx = system(centre)
    with ctx.write():
        put_unit(ctx, key="floor", name="Floor")
        put_post(ctx, key="duty", name="Duty manager")
        put_post(ctx, key="agent", name="Agent")
        put_post(ctx, key="typist", name="Typist")
        close_post(ctx, key="typist")
    offered = keep_lists(wong)
    assert [(one.value, one.label) for one in offered("units")] == [("floor", "Floor")]
    assert [(one.value, one.label) for one in offered("posts")] == [
        ("agent", "Agent"),
        ("duty", "Duty manager"),
    ]
    assert keep_lists(public)("posts") == ()


def test_a_condition_on_a_variable_hides_a_field(wong: Context, public: Context) -> None:
    instance_id = begin(public, category="roads")
    submit_form(wong, task_id=task_id(wong, "handle"), outcome="done", data={"note": "x", "hours": 3})
    assert "hours" not in variables(wong, instance_id)


def test_nothing_is_half_done(wong: Context, public: Context) -> None:
    begin(public)
    task = task_id(wong, "handle")
    for bad in (
        {"outcome": "done", "data": {"note": ""}},
        {"outcome": "done", "data": {"note": "x", "category": "roads"}},
        {"outcome": "done", "data": {"note": "x", "colleague": "nobody"}},
        {"outcome": "maybe", "data": {"note": "x"}},
        {"outcome": "not_ours", "data": {"note": "x"}},
        {"outcome": "done", "data": {"note": "x"}, "files": [{"$file": "unknown"}]},
    ):
        with pytest.raises(InvalidSubmission):
            submit_form(wong, task_id=task, **bad)
    assert len(submissions(wong)) == 1
    assert task_id(wong, "handle") == task


def test_problems_are_said_in_the_words_of_the_process(centre: Centre, public: Context) -> None:
    begin(public)
    ctx = person(centre, "wong", locale="zh_Hant")
    with pytest.raises(InvalidSubmission) as refused:
        submit_form(ctx, task_id=task_id(ctx, "handle"), outcome="done", data={"note": "<b>"})
    assert refused.value.problems[0].message == "請換個說法"


def test_a_stranger_learns_nothing_of_a_task(centre: Centre, wong: Context, public: Context) -> None:
    begin(public)
    task = task_id(wong, "handle")
    bob = person(centre, "bob")
    for act in (submit_form, render_task, save_draft):
        given = {"data": {}} if act is not render_task else {}
        with pytest.raises(NotFound):
            act(bob, task_id=task, **given)  # type: ignore[operator]


def test_a_colleague_may_look_and_not_finish(centre: Centre, wong: Context, public: Context) -> None:
    begin(public)
    submit_form(wong, task_id=task_id(wong, "handle"), outcome="done", data={"note": "x"})
    system_ctx = system(centre)
    with system_ctx.write():
        system_ctx.connection.execute(
            UserTask.__table__.update().where(UserTask.element_id == "check").values(assignee="wong")
        )
    lee, task = person(centre, "lee"), task_id(wong, "check")
    assert render_task(lee, task_id=task) is not None
    with pytest.raises(Forbidden):
        submit_form(lee, task_id=task, data={"summary": "x"})


def test_a_finished_task_says_who_was_faster(centre: Centre, wong: Context, public: Context) -> None:
    begin(public)
    task = task_id(wong, "handle")
    submit_form(wong, task_id=task, outcome="done", data={"note": "x"})
    with pytest.raises(Conflict, match="wong finished this"):
        submit_form(person(centre, "lee"), task_id=task, outcome="done", data={})


BESIDE = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:parallelGateway id="fork"/>
    <bpmn:userTask id="handle" name="Handle"><bpmn:extensionElements>
      <callwright:task form="handle" candidateGroups='"water"'/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:userTask id="sort" name="Sort"><bpmn:extensionElements>
      <callwright:task candidateGroups='"water"'/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:parallelGateway id="join"/>
    <bpmn:endEvent id="over"/>
    begin -> fork
    fork -> handle
    fork -> sort
    handle -> join
    sort -> join
    join -> over
    """,
    key="beside",
)


def test_what_was_checked_is_checked_again_where_the_instance_went_on(centre: Centre, wong: Context) -> None:
    deploy(system(centre), files={"beside.bpmn": BESIDE, "handle.form": FORMS["forms/handle.form"]})
    instance_id = start_process(system(centre), process_key="beside", variables={"category": "water"}).id
    handed_in = {"note": "x", "hours": 3}
    checked = check_submission(wong, task_id=task_id(wong, "handle"), data=handed_in)
    submit_form(person(centre, "lee"), task_id=task_id(wong, "sort"), data={"category": "roads"})
    submit_checked(wong, checked=checked)
    assert "hours" not in variables(wong, instance_id), "of roads the form does not ask the hours"


def test_what_was_checked_says_who_was_faster(centre: Centre, wong: Context, public: Context) -> None:
    begin(public)
    task = task_id(wong, "handle")
    lee = person(centre, "lee")
    checked = check_submission(lee, task_id=task, outcome="done", data={"note": "y"})
    submit_form(wong, task_id=task, outcome="done", data={"note": "x"})
    with pytest.raises(Conflict, match="wong finished this"):
        submit_checked(lee, checked=checked)
    assert len(submissions(wong)) == 2


def test_a_task_sees_the_variables_of_its_scope_and_fills_one_context(wong: Context, public: Context) -> None:
    instance_id = begin(public)
    submit_form(wong, task_id=task_id(wong, "handle"), outcome="done", data={"note": "x"})
    task = task_id(wong, "check")
    with wong.read():
        assert variables_of(wong, instance_id, visit=task)["summary"] == "inner"
        assert variables_of(wong, instance_id)["summary"] == "Burst pipe"
    rendered = render_task(wong, task_id=task)
    assert rendered is not None
    assert rendered.data == {}, "the context that it fills is empty so far"
    submit_form(wong, task_id=task, data={"summary": "all well"})
    assert variables(wong, instance_id)["review"] == {"summary": "all well", "good": False}
    assert variables(wong, instance_id)["summary"] == "Burst pipe"


def test_a_task_without_a_form_takes_what_it_is_given(wong: Context, public: Context) -> None:
    instance_id = begin(public)
    submit_form(wong, task_id=task_id(wong, "handle"), outcome="done", data={"note": "x"})
    submit_form(wong, task_id=task_id(wong, "check"), data={"summary": "x"})
    task = task_id(wong, "free")
    assert render_task(wong, task_id=task) is None
    assert submit_form(wong, task_id=task, data={"more": 1}).state == "completed"
    assert variables(wong, instance_id)["more"] == 1


def test_an_uploaded_file_becomes_the_instances(centre: Centre, wong: Context, public: Context) -> None:
    photo = store(public, content=b"a photo", name="leak.txt", owner_kind="upload", owner_id="public")
    instance_id = begin(public, photo={"$file": photo.id})
    assert variables(wong, instance_id)["photo"] == {**reference(photo), "size": 7}
    assert find_file(wong, file_id=photo.id).owner_id == instance_id
    # The browser hands the stored file in again, and a new one beside the form.
    extra = store(wong, content=b"after", name="after.txt", owner_kind="upload", owner_id="wong")
    submit_form(
        wong,
        task_id=task_id(wong, "handle"),
        outcome="done",
        data={"note": "x", "photo": reference(photo)},
        files=[reference(extra)],
    )
    with wong.read():
        (action,) = actions_of(wong, instance_id)
    assert (action.action, action.files) == ("decide", [reference(extra)])
    assert find_file(person(centre, "lee"), file_id=extra.id).owner_kind == "instance"


def test_somebody_elses_upload_is_refused(wong: Context, public: Context) -> None:
    secret = store(wong, content=b"secret", name="secret.txt", owner_kind="upload", owner_id="wong")
    with pytest.raises(InvalidSubmission) as refused:
        begin(public, photo={"$file": secret.id})
    assert [problem.path for problem in refused.value.problems] == ["photo"]


def test_a_form_is_shown_with_its_data_in_the_persons_language(centre: Centre, public: Context) -> None:
    begin(public)
    ctx = person(centre, "wong", locale="zh_Hant")
    rendered = render_task(ctx, task_id=task_id(ctx, "handle"))
    assert rendered is not None
    shown = rendered.schema["components"]
    assert shown[2]["label"] == "備註"
    assert {"value": "lee", "label": "Lee"} in shown[5]["values"]
    assert rendered.data == {"summary": "Burst pipe", "business_key": None, "category": "water"}
    start = render_start(public, process_key="report", form="report")
    assert start is not None
    assert len(start.schema["components"]) == 4


def test_a_draft_is_its_writers_alone_and_changes_nothing(
    centre: Centre, wong: Context, public: Context
) -> None:
    instance_id = begin(public)
    task, before = task_id(wong, "handle"), variables(wong, instance_id)
    save_draft(wong, task_id=task, data={"note": "half a sent", "unknown": 1})
    submit_form(wong, task_id=task, data={"note": "half a sentence", "hours": None}, draft=True)
    assert load_draft(wong, task_id=task) == {"note": "half a sentence", "hours": None}
    assert load_draft(person(centre, "lee"), task_id=task) is None
    rendered = render_task(wong, task_id=task)
    assert rendered is not None
    assert rendered.data["note"] == "half a sentence"
    assert rendered.data["summary"] == "Burst pipe"
    assert variables(wong, instance_id) == before
    submit_form(person(centre, "lee"), task_id=task, outcome="done", data={"note": "x"})
    assert [one["state"] for one in submissions(wong)] == ["submitted", "submitted"]
    with pytest.raises(Conflict):
        save_draft(wong, task_id=task, data={})


@pytest.mark.parametrize("bad", ["\ud800", Decimal("NaN"), "x" * 600_000])
def test_a_draft_that_cannot_be_kept_is_refused(wong: Context, public: Context, bad: Any) -> None:
    begin(public)
    with pytest.raises(InvalidSubmission):
        save_draft(wong, task_id=task_id(wong, "handle"), data={"note": bad})


def test_the_engine_refuses_a_task_with_a_form_that_was_not_checked(wong: Context, public: Context) -> None:
    from engine.runtime import complete_task

    begin(public)
    with pytest.raises(InvalidSubmission):
        complete_task(wong, task_id=task_id(wong, "handle"), outcome="done", data={"note": "x"})


def test_a_form_is_checked_before_the_write_transaction_opens(
    centre: Centre, wong: Context, public: Context
) -> None:
    begin(public)
    task = task_id(wong, "handle")
    with system(centre).write(), pytest.raises(InvalidSubmission):
        # Somebody else holds the database's only write transaction: nothing waits for it.
        submit_form(wong, task_id=task, outcome="done", data={"note": ""})


def test_a_form_that_cannot_work_is_not_deployed(centre: Centre) -> None:
    broken = {**FILES, "forms/handle.form": form({"type": "signature", "key": "x"})}
    with pytest.raises(DefinitionError) as refused:
        deploy(system(centre), files=broken)
    (problem,) = refused.value.problems
    assert problem.path == "forms/handle.form#x"


def test_a_submission_knows_its_instance(wong: Context, public: Context) -> None:
    instance_id = begin(public)
    with wong.read():
        assert get_instance(wong, instance_id)["state"] == "active"
    assert {one["instance_id"] for one in submissions(wong)} == {instance_id}
