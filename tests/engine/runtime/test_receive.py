from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine import feel
from engine.context import Centre, Context
from engine.definition import deploy
from engine.jobs import Incident
from engine.notify import InboundMessage, Notification, sms_size, store_inbound
from engine.people import create_person, get_person, put_group, set_groups
from engine.runtime import answers, get_instance, list_instances, start_process, variables_of
from engine.runtime.answers import sender_of
from engine.testing import RecordingGateway, drawing, make_centre, system, work_off
from engine.work import UserTask, list_comments, list_tasks

HANDLER, OTHER, CITIZEN = "+85251230001", "+85251230002", "+85251230009"

REPAIR = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:startEvent id="reported"><bpmn:messageEventDefinition messageRef="m_report"/></bpmn:startEvent>
    <bpmn:userTask id="handle" name="Handle"><bpmn:extensionElements>
      <callwright:task candidateGroups='"water"' title="{{ summary }}"/>
      <callwright:outcome name="done" label="Done"/>
      <callwright:outcome name="not_ours" label="Not ours" opinion="required"/>
      <callwright:reply verb="done" outcome="done" textInto="note"/>
      <callwright:reply verb="not_mine" outcome="not_ours"/>
      <callwright:reply verb="support" message="support_needed"/>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:boundaryEvent id="support_asked" cancelActivity="false" attachedToRef="handle">
      <bpmn:extensionElements><callwright:output name="support_text" source="text"/></bpmn:extensionElements>
      <bpmn:messageEventDefinition messageRef="m_support"/>
    </bpmn:boundaryEvent>
    <bpmn:endEvent id="supported"/>
    <bpmn:endEvent id="over"/>
    begin -> handle
    reported -> handle
    handle -> over
    support_asked -> supported
    """,
    key="repair",
    roots='<bpmn:message id="m_report" name="report"/><bpmn:message id="m_support" name="support_needed"/>',
)
REPAIR_MANIFEST = b"""
key = "repair"
title = "Repair"
instance_title = "{{ summary }}"
[business_key]
pattern = "T-{{ yy }}{{ mm }}{{ dd }}-{{ number }}"
[[start]]
event = "reported"
inbound = "sms"
into = { summary = "body", reporter_phone = "sender", channel = "channel" }
"""
ASK = drawing(
    """
    <bpmn:startEvent id="begin"/>
    <bpmn:receiveTask id="wait" messageRef="m"><bpmn:extensionElements>
      <callwright:correlation key="phone"/>
      <callwright:output name="rating" source="rating"/>
      <callwright:output name="comment" source="text"/>
    </bpmn:extensionElements></bpmn:receiveTask>
    <bpmn:endEvent id="over"/>
    begin -> wait
    wait -> over
    """,
    key="ask",
    roots='<bpmn:message id="m" name="rating"/>',
)
DETAILS = ASK.replace(b'process id="ask"', b'process id="details"').replace(
    b'id="m" name="rating"', b'id="m" name="details"'
)


@pytest.fixture
def courier() -> RecordingGateway:
    return RecordingGateway()


@pytest.fixture
def centre(tmp_path: Path, courier: RecordingGateway) -> Iterator[Centre]:
    made = make_centre(tmp_path, gateways=[courier])
    ctx = system(made)
    with ctx.write():
        put_group(ctx, key="water", name="Water")
        for key, phone in (("wong", HANDLER), ("lee", OTHER)):
            create_person(ctx, key=key, name=key, phone=phone, email=f"{key}@example.org")
            set_groups(ctx, person_key=key, group_keys=["water"])
    deploy(ctx, files={"repair.bpmn": REPAIR, "process.toml": REPAIR_MANIFEST})
    deploy(ctx, files={"ask.bpmn": ASK})
    deploy(ctx, files={"details.bpmn": DETAILS})
    yield made
    made.database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return system(centre)


@pytest.fixture
def inbox(centre: Centre, courier: RecordingGateway) -> "Inbox":
    return Inbox(centre, courier)


class Inbox:
    """Sends as a telephone would and reads what comes back."""

    def __init__(self, centre: Centre, courier: RecordingGateway) -> None:
        self.centre, self.courier, self.count = centre, courier, 0

    def say(self, body: str, *, sender: str = HANDLER) -> list[str]:
        before = len(self.courier.taken)
        self.count += 1
        store_inbound(
            system(self.centre),
            gateway="recording",
            provider_id=f"in-{self.count}",
            channel="sms",
            sender=sender,
            recipient="+85230000000",
            body=body,
        )
        work_off(self.centre)
        return [sent.body for sent in self.courier.taken[before:] if sent.address == sender]

    @property
    def last(self) -> Any:
        with system(self.centre).read() as ctx:
            return ctx.connection.execute(
                select(InboundMessage.__table__).order_by(InboundMessage.id.desc()).limit(1)
            ).one()


def report(ctx: Context, summary: str = "burst pipe") -> str:
    return start_process(ctx, process_key="repair", start_event="begin", variables={"summary": summary}).id


def open_count(ctx: Context) -> int:
    with ctx.read():
        return list_tasks(ctx)[0]


def instance(ctx: Context, instance_id: str) -> Any:
    with ctx.read():
        return get_instance(ctx, instance_id)


def variables(ctx: Context, instance_id: str) -> Any:
    with ctx.read():
        return variables_of(ctx, instance_id)


def test_on_it_takes_the_task_and_says_so(ctx: Context, inbox: Inbox) -> None:
    report(ctx)
    assert inbox.say("１") == ["T-260302-0001: it is yours. Reply 2 when it is done."]
    with ctx.read():
        [task] = list_tasks(ctx)[1]
    assert (task.assignee, task.acknowledged_by) == ("wong", "wong")
    assert (inbox.last.state, inbox.last.result, inbox.last.person_key) == ("matched", "on_it", "wong")
    assert inbox.last.instance_id == task.instance_id


def test_done_ends_the_task_with_what_was_written(ctx: Context, inbox: Inbox) -> None:
    started = report(ctx)
    assert inbox.say("2 valve replaced") == ['T-260302-0001: recorded as "Done". Thank you.']
    assert instance(ctx, started)["state"] == "completed"
    known = variables(ctx, started)
    assert known["note"] == "valve replaced"
    assert known["decisions"]["handle"]["outcome"] == "done"
    assert known["decisions"]["handle"]["by"] == "wong"
    with ctx.read():
        assert ctx.connection.execute(select(UserTask.ended_through)).scalar_one() == "sms"


def test_an_outcome_that_needs_a_reason_asks_for_it(ctx: Context, inbox: Inbox) -> None:
    started = report(ctx)
    [asked] = inbox.say("4")
    assert "a few words more" in asked
    assert open_count(ctx) == 1
    inbox.say("轉派 belongs to roads")
    assert variables(ctx, started)["decisions"]["handle"]["opinion"] == "belongs to roads"


def test_support_brings_the_message_and_the_task_stays(ctx: Context, inbox: Inbox) -> None:
    started = report(ctx)
    assert inbox.say("3 need a digger") == ["T-260302-0001: passed on. The task stays with you."]
    assert variables(ctx, started)["support_text"] == "need a digger"
    assert open_count(ctx) == 1


def test_a_note_is_kept_on_the_instance(ctx: Context, inbox: Inbox) -> None:
    started = report(ctx)
    inbox.say("5 back tomorrow")
    [more] = inbox.say("note")
    assert "a few words more" in more
    with ctx.read():
        [comment] = list_comments(ctx, started)
    assert (comment["text"], comment["author"], comment["through"]) == ("back tomorrow", "wong", "sms")


def test_several_open_tasks_are_listed_and_nothing_is_done(ctx: Context, inbox: Inbox) -> None:
    first, second = report(ctx, "burst pipe"), report(ctx, "a long story about a dripping tap")
    [said] = inbox.say("2 valve replaced")
    assert said.splitlines()[0].endswith("such as T-260302-0001 2")
    assert said.splitlines()[1:] == [
        "T-260302-0001 burst pipe",
        "T-260302-0002 a long story about a dr.",
    ]
    assert open_count(ctx) == 2
    assert inbox.last.state == "unmatched"
    inbox.say("0002 2 valve replaced")
    assert (instance(ctx, first)["state"], instance(ctx, second)["state"]) == ("active", "completed")
    inbox.say("t-260302-0001 完成")
    assert instance(ctx, first)["state"] == "completed"


def test_an_unknown_number_changes_nothing(ctx: Context, inbox: Inbox) -> None:
    report(ctx)
    assert inbox.say("0099 2") == ["Nothing that you could answer has the number 0099."]
    assert open_count(ctx) == 1


def test_what_is_not_understood_is_answered_with_what_is_possible(ctx: Context, inbox: Inbox) -> None:
    report(ctx)
    [said] = inbox.say("I will be there at five")
    assert said == (
        "T-260302-0001: this was not understood. Reply 1 on it, 2 done, 3 help, 4 not ours, 5 note."
    )
    assert inbox.last.state == "unmatched"
    assert open_count(ctx) == 1


def test_a_task_that_somebody_took_is_not_ended_by_another(ctx: Context, inbox: Inbox) -> None:
    started = report(ctx)
    inbox.say("1", sender=OTHER)
    assert inbox.say("2 done it") == ["Nothing of yours is open. Your message was kept, nobody acts on it."]
    assert instance(ctx, started)["state"] == "active"


def test_what_cannot_be_done_is_undone_and_said(ctx: Context, inbox: Inbox) -> None:
    started = report(ctx)
    [said] = inbox.say("5 " + "x" * 10_001)
    assert said == "T-260302-0001: nothing was changed. Write between 1 and 10,000 characters."
    assert (inbox.last.state, inbox.last.result) == ("unmatched", "refused: invalid_submission")
    assert instance(ctx, started)["state"] == "active"


def ask(ctx: Context, key: str = "ask") -> str:
    return start_process(ctx, process_key=key, variables={"phone": CITIZEN}).id


def test_a_digit_answers_the_open_question_of_a_number(ctx: Context, inbox: Inbox) -> None:
    asked = ask(ctx)
    assert inbox.say("９", sender=CITIZEN) == ["Please answer with one digit, from 1 (bad) to 5 (very good)."]
    assert inbox.say("4 very quick", sender=CITIZEN) == ["Thank you. You gave 4 of 5."]
    known = variables(ctx, asked)
    assert (known["rating"], known["comment"]) == (4, "very quick")
    assert instance(ctx, asked)["state"] == "completed"


def test_another_question_takes_any_text(ctx: Context, inbox: Inbox) -> None:
    asked = ask(ctx, "details")
    assert inbox.say("opposite the station", sender=CITIZEN) == ["Thank you. Your answer was passed on."]
    assert variables(ctx, asked)["comment"] == "opposite the station"


def test_a_handler_who_is_also_asked_to_rate_says_which(ctx: Context, inbox: Inbox) -> None:
    started = report(ctx)
    asked = start_process(ctx, process_key="ask", variables={"phone": HANDLER}, business_key="R-7777").id
    [said] = inbox.say("2")
    assert said.startswith("Which one?")
    assert (instance(ctx, started)["state"], instance(ctx, asked)["state"]) == ("active", "active")
    inbox.say("7777 5")
    assert (instance(ctx, started)["state"], instance(ctx, asked)["state"]) == ("active", "completed")
    asked = start_process(ctx, process_key="ask", variables={"phone": HANDLER}).id
    inbox.say("done")
    assert (instance(ctx, started)["state"], instance(ctx, asked)["state"]) == ("completed", "active")


def test_a_new_text_starts_the_process_that_texts_start_once(ctx: Context, inbox: Inbox) -> None:
    for _ in range(2):
        assert inbox.say("水管爆裂，彌敦道 200 號", sender=CITIZEN) == []
    with ctx.read():
        count, [begun] = list_instances(ctx, key="repair")
    assert count == 1
    known = variables(ctx, begun["id"])
    assert (known["summary"], known["reporter_phone"]) == ("水管爆裂，彌敦道 200 號", CITIZEN)
    assert known["channel"] == "sms"
    assert inbox.last.result == "repeated"


@pytest.mark.parametrize("body", ["2 valve replaced", "done", "7", "👍", ""])
def test_a_strangers_answer_never_reaches_a_process(ctx: Context, inbox: Inbox, body: str) -> None:
    report(ctx)
    assert inbox.say(body, sender=CITIZEN) == [
        "We cannot tell what your message is about. To report a problem, write what it is and where."
    ]
    assert (inbox.last.state, inbox.last.result) == ("unmatched", "nothing_waits")
    with ctx.read():
        assert list_instances(ctx, key="repair")[0] == 1
    assert open_count(ctx) == 1


def test_stop_and_start_are_kept_and_answered_by_the_carrier(ctx: Context, inbox: Inbox) -> None:
    report(ctx)
    assert inbox.say("STOP") == []
    with ctx.read():
        assert get_person(ctx, "wong").phone_trouble == "opted out"
        assert ctx.connection.execute(select(Incident.code)).scalars().all() == ["opted_out"]
    assert inbox.say("START") == []
    with ctx.read():
        assert get_person(ctx, "wong").phone_trouble is None
    assert inbox.say("HELP") == []
    assert open_count(ctx) == 1


def test_a_machine_that_answers_machines_is_not_answered_for_ever(ctx: Context, inbox: Inbox) -> None:
    answered = [bool(inbox.say("7", sender=CITIZEN)) for _ in range(32)]
    assert answered == [True] * 30 + [False] * 2
    inbox.centre.clock.advance(timedelta(hours=2))  # type: ignore[attr-defined]
    assert inbox.say("7", sender=CITIZEN)


def test_who_cannot_be_written_to_is_not_answered(ctx: Context, inbox: Inbox) -> None:
    inbox.say("7", sender="BANK")
    assert inbox.last.state == "unmatched"
    with ctx.read():
        assert ctx.connection.execute(select(Notification.id)).first() is None


@pytest.mark.parametrize(
    ("body", "locale"), [("7", "en"), ("维修 7", "zh_Hans"), ("維修 7", "zh_Hant"), ("阀门 2", "zh_Hans")]
)
def test_a_stranger_is_answered_in_the_language_they_write(
    ctx: Context, inbox: Inbox, body: str, locale: str
) -> None:
    inbox.say(body, sender=CITIZEN)
    with ctx.read():
        assert sender_of(ctx, inbox.last, []).locale == locale


def test_an_answer_is_one_segment(ctx: Context, inbox: Inbox) -> None:
    scope = {
        "ticket": "T-260302-0017", "outcome": "Not ours", "rating": 5, "digit": "4",
        "example": "T-260302-0017 2", "lines": "T-260302-0017 burst pipe",
        "reason": "This task has been finished already.",
        "choices": "1 on it, 2 done, 3 help, 4 not ours, 5 note",
    }  # fmt: skip
    for name, template in vars(answers).items():
        if isinstance(template, answers.MessageTemplate):
            text = feel.render(template.texts["sms"].text, scope)
            size = sms_size(text)
            assert (size.encoding, size.segment_count) == ("GSM-7", 1), (name, text)
