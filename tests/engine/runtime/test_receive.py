from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import feel
from engine.context import Centre, Context
from engine.definition import deploy
from engine.errors import InvalidSubmission
from engine.jobs import Incident
from engine.notify import Notification, outside_recipient, sms_size
from engine.parameters import set_parameter
from engine.people import get_person
from engine.runtime import (
    answers,
    copy_process,
    list_instances,
    resume_version,
    start_process,
    suspend_version,
    variables_of,
)
from engine.runtime.answers import sender_of
from engine.testing import RecordingGateway, make_centre, system
from engine.work import UserTask, list_comments, list_tasks
from tests.engine.runtime.texting import (
    CITIZEN,
    HANDLER,
    OTHER,
    REPAIR,
    REPAIR_MANIFEST,
    Inbox,
    furnish,
    instance,
    open_count,
    report,
    variables,
)


@pytest.fixture
def courier() -> RecordingGateway:
    return RecordingGateway()


@pytest.fixture
def centre(tmp_path: Path, courier: RecordingGateway) -> Iterator[Centre]:
    made = make_centre(tmp_path, gateways=[courier])
    furnish(made)
    yield made
    made.database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return system(centre)


@pytest.fixture
def inbox(centre: Centre, courier: RecordingGateway) -> Inbox:
    return Inbox(centre, courier)


def test_on_it_takes_the_task_and_says_so(ctx: Context, inbox: Inbox) -> None:
    report(ctx)
    assert inbox.say("１") == [
        "T-260302-0001: it is yours. Reply 2 when it is done, or UNDO to give it back."
    ]
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


def test_a_copy_that_is_paused_leaves_new_texts_to_what_it_is_a_copy_of(ctx: Context, inbox: Inbox) -> None:
    copy_process(ctx, process_key="repair", key="mending", title="Mending")
    inbox.say("burst pipe", sender=CITIZEN)
    assert inbox.last.result == "start: repair"
    why = {"reason": "the new one takes over"}
    suspend_version(ctx, process_key="repair", version=1, **why)
    resume_version(ctx, process_key="mending", version=1, **why)
    inbox.say("dark lamp", sender=CITIZEN)
    assert inbox.last.result == "start: mending"


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


def test_a_telephone_number_that_a_process_begins_with_is_kept_as_e164(ctx: Context) -> None:
    begun = start_process(
        ctx,
        process_key="repair",
        start_event="begin",
        variables={"reporter_phone": "5123 0009", "other": "5123"},
    )
    with ctx.read():
        assert variables_of(ctx, begun.id) == {"reporter_phone": CITIZEN, "other": "5123"}


def test_a_process_does_not_begin_with_what_is_no_telephone_number(ctx: Context) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        start_process(ctx, process_key="repair", start_event="begin", variables={"reporter_phone": "call me"})
    assert [problem.path for problem in refused.value.problems] == ["reporter_phone"]
    begun = start_process(ctx, process_key="repair", start_event="begin", variables={"reporter_phone": None})
    with ctx.read():
        assert variables_of(ctx, begun.id) == {"reporter_phone": None}


def test_a_report_from_a_name_in_place_of_a_number_begins_without_one(ctx: Context, inbox: Inbox) -> None:
    inbox.say("The pipe is broken", sender="BANK")
    assert inbox.last.state == "matched"
    with ctx.read():
        assert variables_of(ctx, inbox.last.instance_id)["reporter_phone"] is None


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


@pytest.mark.parametrize(
    ("body", "sender", "locale"),
    [
        ("The pipe burst in Nathan Road", CITIZEN, "en"),
        ("彌敦道水管爆裂", CITIZEN, "zh_Hant"),
        ("水管爆裂，请派人来", CITIZEN, "zh_Hans"),
        ("漏水", CITIZEN, "zh_Hant"),
        ("漏水", "+8613800138000", "zh_Hans"),
        ("Ok sos", CITIZEN, "zh_Hant"),
    ],
)
def test_a_report_by_sms_keeps_the_language_in_which_it_is_answered(
    ctx: Context, inbox: Inbox, body: str, sender: str, locale: str
) -> None:
    set_parameter(ctx, key="centre.locale", value="zh_Hant")
    inbox.say(body, sender=sender)
    with ctx.read():
        assert variables_of(ctx, inbox.last.instance_id)["reporter_locale"] == locale


def test_a_short_answer_is_answered_in_the_language_that_was_spoken_before(
    ctx: Context, inbox: Inbox
) -> None:
    inbox.say("彌敦道水管爆裂", sender=CITIZEN)
    with ctx.write():
        outside = outside_recipient(ctx, {"phone": CITIZEN, "locale": "zh_Hant"})
        answers.answer(ctx, outside, answers.THANKS, inbound_id=inbox.last.id)
    inbox.say("7", sender=CITIZEN)
    with ctx.read():
        assert sender_of(ctx, inbox.last, []).locale == "zh_Hant"
        assert outside_recipient(ctx, {"phone": "5123 0009"}).locale == "zh_Hant"
    inbox.say("Please tell me how it stands", sender=CITIZEN)
    with ctx.read():
        assert sender_of(ctx, inbox.last, []).locale == "en"


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


def test_what_needs_a_signature_is_not_done_by_sms_and_the_answer_says_so(ctx: Context, inbox: Inbox) -> None:
    signed = REPAIR.replace(b'name="done" label="Done"', b'name="done" label="Done" signature="required"')
    deploy(ctx, files={"repair.bpmn": signed, "process.toml": REPAIR_MANIFEST})
    report(ctx)
    assert inbox.say("2 valve replaced") == [
        "T-260302-0001: nothing was changed. This needs your signature: sign in and sign on the task's page."
    ]
    assert open_count(ctx) == 1
    assert inbox.last.state == "unmatched"
    assert inbox.say("what") == [
        "T-260302-0001: this was not understood. Reply 1 on it, 3 help, 4 not ours, 5 note."
    ]


def test_words_that_go_into_a_field_are_no_opinion_where_none_is_taken(ctx: Context, inbox: Inbox) -> None:
    silent = REPAIR.replace(b'name="done" label="Done"', b'name="done" label="Done" opinion="none"')
    deploy(ctx, files={"repair.bpmn": silent, "process.toml": REPAIR_MANIFEST})
    instance_id = report(ctx)
    inbox.say("2 valve replaced")
    assert variables(ctx, instance_id)["note"] == "valve replaced"
    assert variables(ctx, instance_id)["decisions"]["handle"]["opinion"] is None


def test_no_note_is_taken_by_sms_where_the_step_takes_none(ctx: Context, inbox: Inbox) -> None:
    quiet = REPAIR.replace(
        b"<callwright:reply", b'<callwright:button name="comment" hidden="true"/><callwright:reply', 1
    )
    deploy(ctx, files={"repair.bpmn": quiet, "process.toml": REPAIR_MANIFEST})
    instance_id = report(ctx)
    assert "does not offer that" in inbox.say("5 leaking again")[0]
    with ctx.read():
        assert list_comments(ctx, instance_id) == []
