"""An answer by SMS counts at once and can be taken back for two minutes, unless the process has gone on."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import select

from engine.context import Centre, Context
from engine.definition import deploy
from engine.errors import TechnicalFailure
from engine.history import AuditEntry
from engine.jobs import list_jobs, return_expired, run_due
from engine.machine import Budget
from engine.notify import list_notifications, sms_size, store_inbound
from engine.parameters import set_parameter
from engine.people import create_person, put_group, put_person, set_groups
from engine.plugin import Registry, service_task
from engine.runtime import cancel_instance, complete_task, history_of, start_process
from engine.testing import RecordingGateway, drawing, make_centre, person, system, work_off
from engine.testing.crash import killed_at
from engine.work import LinkGone, Task, TaskAnswer, UserTask, get_task, list_tasks, make_link, open_link
from tests.engine.runtime.texting import (
    HANDLER,
    OTHER,
    REPAIR_MANIFEST,
    Inbox,
    furnish,
    instance,
    report,
    variables,
)

FOR_NOW = 'T-260302-0001: recorded as "Done". Reply UNDO within 2 min to take it back.'
RECORDED = 'T-260302-0001: recorded as "Done". Thank you.'
WITH_YOU = "T-260302-0001: taken back. The task is with you."
PUT_BACK = "T-260302-0001: taken back. The task is open to everybody again."
TOO_LATE = "T-260302-0001: nothing was changed. There is nothing that you could take back any more."
GONE_ON = "T-260302-0001: nothing was changed. The process has gone on. Call the desk."

CHECKED = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:userTask id="handle" name="Handle"><bpmn:extensionElements>
      <callwright:task candidateGroups='"water"' title="{{ summary }}" due='"PT4H"'/>
      <callwright:outcome name="done" label="Done"/>
      <callwright:reply verb="done" outcome="done" textInto="note"/>
      <callwright:notify event="created" to="candidates" channel="sms" message="new"/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:boundaryEvent id="late" cancelActivity="false" attachedToRef="handle">
      <bpmn:timerEventDefinition><bpmn:timeDuration>PT3H</bpmn:timeDuration></bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>
    <bpmn:endEvent id="rung"/>
    <bpmn:exclusiveGateway id="which"/>
    <bpmn:serviceTask id="record"><bpmn:extensionElements>
      <callwright:service name="test.record"/></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:serviceTask id="book"><bpmn:extensionElements>
      <callwright:service name="test.book"/></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:userTask id="check" name="Check"><bpmn:extensionElements>
      <callwright:task candidateGroups='"inspectors"' title="{{ summary }}"/>
      <callwright:notify event="created" to="candidates" channel="sms" message="new"/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="over"/>
    begin -> handle
    late -> rung
    handle -> which
    which -> book [through = "book"]
    which -> record *
    book -> check
    record -> check
    check -> over
    """,
    key="checked",
)
NEW = b'title = "New"\n[sms]\ntext = "{{ business_key }} {{ task.name }}"\n'


@service_task("record", title="Record it", mode="inline", repeatable=True)
def record(ctx: Context) -> None:
    """May be done again."""


@service_task("book", title="Book it", mode="inline")
def book(ctx: Context) -> None:
    """Must not be done again."""


def offer(registry: Registry) -> None:
    for name, function in (("record", record), ("book", book)):
        registry.service_tasks[f"test.{name}"] = function.__service_task__  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, no step leaves its rest to another transaction."""
    monkeypatch.setattr("engine.definition.environment.BUDGET", Budget(step_s=3_600.0))


@pytest.fixture
def courier() -> RecordingGateway:
    return RecordingGateway()


@pytest.fixture
def centre(tmp_path: Path, database_url: str, courier: RecordingGateway) -> Iterator[Centre]:
    made = make_centre(tmp_path, database_url=database_url, gateways=[courier], floors=[offer])
    furnish(made)
    ctx = system(made)
    with ctx.write():
        put_group(ctx, key="inspectors", name="Inspectors")
        create_person(ctx, key="ho", name="Ho", phone="+85251230003")
        set_groups(ctx, person_key="ho", group_keys=["inspectors"])
    manifest = REPAIR_MANIFEST.partition(b"[[start]]")[0].replace(b'"repair"', b'"checked"')
    deploy(ctx, files={"checked.bpmn": CHECKED, "process.toml": manifest, "messages/new.toml": NEW})
    yield made
    made.database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return system(centre)


@pytest.fixture
def inbox(centre: Centre, courier: RecordingGateway) -> Inbox:
    return Inbox(centre, courier)


def begin(ctx: Context, centre: Centre, **variables: Any) -> str:
    """Start the repair that is checked, and let everybody be told."""
    given = {"summary": "burst pipe", "through": "record", **variables}
    started = start_process(ctx, process_key="checked", variables=given).id
    work_off(centre)
    return started


def tasks(ctx: Context, element: str = "handle", *states: str) -> list[Task]:
    with ctx.read():
        found = list_tasks(ctx, state=states or ("open", "claimed"), sort="created_at")[1]
    return [one for one in found if one.element_id == element]


def answers(ctx: Context) -> list[tuple[str, bool]]:
    with ctx.read():
        rows = ctx.connection.execute(select(TaskAnswer.verb, TaskAnswer.undone_at).order_by(TaskAnswer.id))
        return [(row.verb, row.undone_at is not None) for row in rows]


def test_an_answer_that_ends_a_task_ends_it_at_once(ctx: Context, centre: Centre, inbox: Inbox) -> None:
    started = begin(ctx, centre)
    assert inbox.say("2 valve replaced") == [FOR_NOW]
    assert tasks(ctx) == []
    assert len(tasks(ctx, "check")) == 1
    assert variables(ctx, started)["note"] == "valve replaced"
    with ctx.read():
        ended = ctx.connection.execute(select(UserTask.ended_through).where(UserTask.state == "completed"))
        assert ended.scalar_one() == "sms"


@pytest.mark.parametrize("word", ["undo", "UNDO", "撤銷", "撤销", "撤回", "0001 undo"])
def test_taken_back_the_task_is_theirs_again(ctx: Context, centre: Centre, inbox: Inbox, word: str) -> None:
    started = begin(ctx, centre)
    [before] = tasks(ctx)
    inbox.wait(minutes=30)
    inbox.say("2 valve replaced")
    told = len(inbox.courier.taken)
    assert inbox.say(word) == [WITH_YOU]
    assert len(inbox.courier.taken) == told + 1, "nobody else is told anything"
    [again] = tasks(ctx)
    assert (again.assignee, again.state, again.due_at) == ("wong", "claimed", before.due_at)
    assert tasks(ctx, "check") == []
    assert (inbox.last.state, inbox.last.result, inbox.last.instance_id) == ("matched", "undo", started)
    with ctx.read():
        visits = [(one["element_id"], one["state"]) for one in history_of(ctx, started)]
        actions = ctx.connection.execute(select(AuditEntry.action, AuditEntry.actor)).all()
    assert visits[-2:] == [("check", "cancelled"), ("handle", "active")]
    assert ("task.answer_undone", "wong") in [tuple(row) for row in actions]
    assert inbox.say("2 gasket replaced") == [FOR_NOW]
    assert variables(ctx, started)["note"] == "gasket replaced"
    assert answers(ctx) == [("done", True), ("done", False)]


def test_what_watched_the_task_rings_when_it_was_to(ctx: Context, centre: Centre, inbox: Inbox) -> None:
    begin(ctx, centre)
    with ctx.read():
        [timer] = list_jobs(ctx, kind="timer", state="waiting")[1]
    inbox.wait(minutes=30)
    inbox.say("2 valve replaced")
    inbox.say("undo")
    with ctx.read():
        [again] = list_jobs(ctx, kind="timer", state="waiting")[1]
    assert again["due_at"] == timer["due_at"]


def test_no_offer_is_made_where_the_answer_ended_the_process(ctx: Context, inbox: Inbox) -> None:
    started = report(ctx)
    assert inbox.say("2 valve replaced") == [RECORDED]
    assert instance(ctx, started)["state"] == "completed"
    assert inbox.say("undo") == [GONE_ON]


def test_no_offer_is_made_where_something_was_done_that_must_not_be_done_again(
    ctx: Context, centre: Centre, inbox: Inbox
) -> None:
    begin(ctx, centre, through="book")
    assert inbox.say("2 valve replaced") == [RECORDED]
    assert inbox.say("undo") == [GONE_ON]
    assert len(tasks(ctx, "check")) == 1


def test_no_offer_is_made_where_nothing_is_to_be_taken_back(
    ctx: Context, centre: Centre, inbox: Inbox
) -> None:
    set_parameter(ctx, key="sms_answer.undo_s", value="0")
    begin(ctx, centre)
    assert inbox.say("1") == ["T-260302-0001: it is yours. Reply 2 when it is done."]
    assert inbox.say("2 valve replaced") == [RECORDED]
    assert answers(ctx) == []


def test_after_its_time_nothing_is_taken_back(ctx: Context, centre: Centre, inbox: Inbox) -> None:
    begin(ctx, centre)
    inbox.say("2 valve replaced")
    inbox.wait(minutes=2)
    assert inbox.say("undo") == [TOO_LATE.replace("T-260302-0001", "undo")]
    assert len(tasks(ctx, "check")) == 1


def test_who_went_on_with_what_is_said(ctx: Context, centre: Centre, inbox: Inbox) -> None:
    started = begin(ctx, centre)
    inbox.say("2 valve replaced")
    complete_task(person(centre, "ho"), task_id=tasks(ctx, "check")[0].id)
    assert inbox.say("undo") == [
        'T-260302-0001: nothing was changed. Ho went on with "Check". Call the desk.'
    ]
    assert instance(ctx, started)["state"] == "completed"
    assert answers(ctx) == [("done", False)]


def test_what_was_stopped_meanwhile_is_not_taken_back(ctx: Context, centre: Centre, inbox: Inbox) -> None:
    started = begin(ctx, centre)
    inbox.say("2 valve replaced")
    cancel_instance(ctx, instance_id=started, reason="twice")
    assert inbox.say("undo") == [GONE_ON]


def test_what_was_not_sent_yet_is_left_unsaid(ctx: Context, centre: Centre, inbox: Inbox) -> None:
    begin(ctx, centre)
    inbox.courier.fail(TechnicalFailure("no line"))
    assert inbox.say("2 valve replaced") == [FOR_NOW]
    inbox.say("undo")
    assert inbox.wait(minutes=10) == []
    with ctx.read():
        [told] = list_notifications(ctx, person_key="ho")[1]
    assert (told["state"], told["error"]) == ("failed", "not needed any more")


def test_the_same_link_leads_to_the_task_again(ctx: Context, centre: Centre, inbox: Inbox) -> None:
    begin(ctx, centre)
    [task] = tasks(ctx)
    with ctx.write():
        token = make_link(ctx, person_key="wong", task_id=task.id, instance_id=task.instance_id)
    inbox.say("2 valve replaced")
    inbox.say("undo")
    inbox.wait(days=2)
    with ctx.read():
        opened = open_link(ctx, token)
    assert (opened.person_key, opened.task.id) == ("wong", tasks(ctx)[0].id)


def test_on_it_is_given_back_with_everybodys_links(ctx: Context, inbox: Inbox) -> None:
    report(ctx)
    [task] = tasks(ctx)
    with ctx.write():
        token = make_link(ctx, person_key="lee", task_id=task.id, instance_id=task.instance_id)
    inbox.say("1")
    with ctx.read(), pytest.raises(LinkGone):
        open_link(ctx, token)
    assert inbox.say("undo") == [PUT_BACK]
    [task] = tasks(ctx)
    assert (task.assignee, task.acknowledged_at, task.acknowledged_by) == (None, None, None)
    with ctx.read():
        assert open_link(ctx, token).person_key == "lee"
    assert inbox.say("1", sender=OTHER)
    assert tasks(ctx)[0].assignee == "lee"


def test_on_it_is_given_back_within_two_minutes_only(ctx: Context, inbox: Inbox) -> None:
    report(ctx)
    inbox.say("1")
    inbox.wait(minutes=2)
    assert inbox.say("undo") == [TOO_LATE]
    assert tasks(ctx)[0].assignee == "wong"


def test_one_thing_after_the_other_is_taken_back(ctx: Context, centre: Centre, inbox: Inbox) -> None:
    begin(ctx, centre)
    inbox.say("1")
    inbox.say("2 valve replaced")
    assert inbox.say("undo") == [WITH_YOU]
    assert (tasks(ctx)[0].assignee, tasks(ctx)[0].acknowledged_by) == ("wong", "wong")
    assert inbox.say("undo") == [PUT_BACK]
    assert inbox.say("undo") == [TOO_LATE]
    assert answers(ctx) == [("on_it", True), ("done", True)]


def test_the_named_ticket_is_taken_back(ctx: Context, centre: Centre, inbox: Inbox) -> None:
    first, second = begin(ctx, centre), begin(ctx, centre)
    inbox.say("0001 2 valve replaced")
    inbox.say("0002 2 tap replaced")
    assert inbox.say("0001 撤銷") == [WITH_YOU]
    assert [one.instance_id for one in tasks(ctx)] == [first]
    assert [one.instance_id for one in tasks(ctx, "check")] == [second]


def test_a_stranger_takes_nothing_back(ctx: Context, centre: Centre, inbox: Inbox) -> None:
    begin(ctx, centre)
    inbox.say("2 valve replaced")
    inbox.say("undo", sender="+85251239999")
    assert answers(ctx) == [("done", False)]


# Commits of reading a message: 1 the claim, 2 what it asks for, 3 the worker's own end.
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", [1, 2, 3])
def test_a_worker_killed_around_any_commit_takes_it_back_once(
    centre: Centre, ctx: Context, inbox: Inbox, when: Literal["before", "after"], commit: int
) -> None:
    begin(ctx, centre)
    inbox.say("2 valve replaced")
    for _delivery in range(2):
        store_inbound(
            ctx, gateway="recording", provider_id="undo", channel="sms", sender=HANDLER,
            recipient="+85230000000", body="undo",
        )  # fmt: skip
    with killed_at(commit, when=when):
        run_due(ctx)
    centre.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]
    return_expired(ctx)
    work_off(centre)
    [task] = tasks(ctx)
    assert task.assignee == "wong"
    assert answers(ctx) == [("done", True)]
    assert len(tasks(ctx, "handle", "completed")) == 1
    assert [sent.body for sent in inbox.courier.taken].count(WITH_YOU) == 1
    with ctx.read():
        actions = list(ctx.connection.execute(select(AuditEntry.action)).scalars())
        assert get_task(ctx, task.id).state == "claimed"
    assert actions.count("task.answer_undone") == 1


@pytest.mark.parametrize("locale", ["en", "zh_Hans", "zh_Hant"])
def test_receipts_of_one_segment_say_what_changed_and_how_to_undo_it(
    ctx: Context, centre: Centre, inbox: Inbox, locale: str
) -> None:
    undo = {"en": "UNDO", "zh_Hans": "撤销", "zh_Hant": "撤銷"}[locale]
    minutes = {"en": "2 min", "zh_Hans": "2分钟", "zh_Hant": "2分鐘"}[locale]
    with ctx.write():
        put_person(ctx, key="wong", name="Wong", locale=locale)
    begin(ctx, centre)
    [on_it], [done] = inbox.say("1"), inbox.say("2 valve replaced")
    [kept] = inbox.say(undo)
    inbox.say("2 valve replaced")
    complete_task(person(centre, "ho"), task_id=tasks(ctx, "check")[0].id)
    [gone_on] = inbox.say(undo)
    for text in (on_it, done, kept, gone_on):
        assert "T-260302-0001" in text
        assert sms_size(text).segment_count == 1, text
    assert undo in on_it
    assert undo in done
    assert minutes in done.replace("2 分", "2分")
    assert "Ho" in gone_on
