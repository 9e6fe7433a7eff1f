"""What leaves the building, and what the provider's answers mean."""

import json
import logging
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from engine.context import Context
from engine.errors import AddressRefused, OutcomeUnknown, TechnicalFailure
from engine.jobs import Incident, run_due
from engine.notify import MessageTemplate, MessageText, Notification, Recipient, notify
from engine.parameters import set_parameter
from engine.plugin import Outgoing, Sent
from engine.testing.sms_standin import SmsStandIn
from plugins.http_sms_gateway.channel import HttpSmsGateway
from tests.plugins.http_sms_gateway.conftest import CHINA, FORM, JSON, Describe

Make = Callable[..., Outgoing]

AWKWARD = (
    'He said "off",\nthen \\ & = + % # \t{{ key }} {"code":0}\r\n閥門已更換，<b>完成</b> 😀\u2028\u00e9 ' * 2
)


def send(ctx: Context, message: Outgoing) -> Sent:
    return HttpSmsGateway(timeout_s=1.0).within(ctx).send(message)


def failure(ctx: Context, message: Outgoing) -> TechnicalFailure:
    with pytest.raises(TechnicalFailure) as failed:
        send(ctx, message)
    return failed.value


def test_a_message_goes_out_as_json_with_a_bearer_token(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make
) -> None:
    describe(JSON)
    sent = send(ctx, outgoing("水" * 71))
    [(path, headers, content)] = standin.requests
    assert path == "/v2/messages"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Authorization"] == "Bearer stand-in-token"
    assert json.loads(content) == {"to": [CHINA], "from": "City desk", "content": "水" * 71, "ref": "n1"}
    assert (sent.provider_id, sent.segments) == (next(iter(standin.messages)), 2)


def test_a_message_goes_out_as_a_form_with_a_signature_among_its_fields(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make
) -> None:
    describe(FORM)
    sent = send(ctx, outgoing("done"))
    [(path, headers, content)] = standin.requests
    assert path == "/send"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    said = parse_qs(content.decode())
    assert said["mobile"] == ["13800138000"]
    assert said["time"] == ["20260302090000"], "the centre's zone"
    assert standin.messages[sent.provider_id]["text"] == "【城市热线】done"


@pytest.mark.parametrize("example", [JSON, FORM])
def test_whatever_stands_in_a_text_arrives_as_it_was_written_and_nothing_else_changes(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make, example: str
) -> None:
    describe(example)
    sent = send(ctx, outgoing(AWKWARD))
    arrived = standin.messages[sent.provider_id]
    assert arrived["text"].removeprefix("【城市热线】") == AWKWARD
    assert arrived["key"] == "n1"


def test_a_field_that_holds_json_and_a_query_are_escaped_too(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make
) -> None:
    describe(
        JSON,
        (
            'ref = "{{ key }}"',
            'ref = "{{ key }}"\ntemplate = \'{{ json({text: text}) }}\'\n[query]\nq = "{{ text }}"',
        ),
    )
    send(ctx, outgoing(AWKWARD))
    [(_path, _headers, content)] = standin.requests
    assert json.loads(json.loads(content)["template"]) == {"text": AWKWARD}


def test_a_number_that_takes_no_messages_is_told_apart(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make
) -> None:
    describe(JSON)
    standin.refuse(CHINA, "NOT_A_MOBILE")
    refused = failure(ctx, outgoing())
    assert isinstance(refused, AddressRefused)
    assert "NOT_A_MOBILE" in str(refused)
    assert CHINA[1:] not in str(refused), "reasons hold no number"


def test_another_refusal_is_final_and_not_the_numbers_fault(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(JSON)
    standin.refuse(CHINA, "NO_CREDIT")
    refused = failure(ctx, outgoing())
    assert refused.permanent
    assert not isinstance(refused, AddressRefused | OutcomeUnknown)
    monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_TOKEN", "wrong-token")
    refused = failure(ctx, outgoing())
    assert (refused.permanent, "401" in str(refused)) == (True, True)
    assert standin.messages == {}


def test_too_many_requests_wait_as_asked_and_a_busy_provider_as_the_product_does(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make
) -> None:
    describe(JSON)
    standin.trouble("429", "busy")
    fast, busy = failure(ctx, outgoing()), failure(ctx, outgoing())
    assert (fast.permanent, fast.retry_after_s) == (False, 7.0)
    assert (busy.permanent, busy.retry_after_s) == (False, None)
    assert not isinstance(fast, OutcomeUnknown)
    assert not isinstance(busy, OutcomeUnknown)
    assert len(standin.requests) == 2, "never repeated by itself"


@pytest.mark.parametrize(
    ("trouble", "taken"),
    [
        ("hang", 0),
        ("reset", 0),
        ("500", 0),
        ("nonsense", 0),
        ("take_and_hang", 1),
        ("take_and_reset", 1),
        ("take_and_500", 1),
    ],
)
def test_without_a_clear_answer_the_outcome_is_unknown_and_nothing_is_repeated(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make, trouble: str, taken: int
) -> None:
    describe(JSON)
    standin.hang_s = 1.5
    standin.trouble(trouble)  # type: ignore[arg-type]
    message = outgoing()
    assert isinstance(failure(ctx, message), OutcomeUnknown)
    with pytest.raises(OutcomeUnknown) as unknown:
        HttpSmsGateway().within(ctx).reconcile(message)
    assert not unknown.value.permanent, "a receipt may tell"
    assert (len(standin.requests), len(standin.messages)) == (1, taken)


def test_where_no_receipt_can_tell_an_operator_decides_at_once(
    ctx: Context, describe: Describe, outgoing: Make
) -> None:
    describe(FORM)
    with pytest.raises(OutcomeUnknown) as unknown:
        HttpSmsGateway().within(ctx).reconcile(outgoing())
    assert unknown.value.permanent


def test_an_address_where_nobody_listens_is_no_unknown_outcome(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make
) -> None:
    describe(JSON, (standin.place, "127.0.0.1:9"))
    set_parameter(ctx, key="http.allowed_hosts", value="127.0.0.1:9")
    failed = failure(ctx, outgoing())
    assert not isinstance(failed, OutcomeUnknown)
    assert not failed.permanent


def test_only_an_allowed_host_is_called_and_one_inside_only_with_its_network(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make
) -> None:
    describe(JSON)
    send(ctx, outgoing())
    set_parameter(ctx, key="http.private_networks", value="")
    inside = failure(ctx, outgoing())
    set_parameter(ctx, key="http.allowed_hosts", value="")
    stranger = failure(ctx, outgoing())
    assert (inside.code, inside.permanent) == ("address_not_allowed", True)
    assert "http.private_networks" in str(inside)
    assert "http.allowed_hosts" in str(stranger)
    assert not isinstance(inside, OutcomeUnknown)
    assert len(standin.requests) == 1


def test_a_secret_that_is_not_set_is_named_and_nothing_is_sent(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(JSON)
    monkeypatch.delenv("CALLWRIGHT_SMS_SECRET_TOKEN")
    failed = failure(ctx, outgoing())
    assert failed.permanent
    assert "CALLWRIGHT_SMS_SECRET_TOKEN" in str(failed)
    assert standin.requests == []


def test_a_hole_that_gives_nothing_sends_nothing(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make
) -> None:
    describe(FORM, ('digest("md5",', 'digest("md6",'))
    failed = failure(ctx, outgoing())
    assert failed.permanent
    assert "form.sign" in str(failed)
    assert standin.password not in str(failed)
    assert standin.requests == []


def test_a_text_in_a_header_cannot_begin_another_one(
    ctx: Context, describe: Describe, standin: SmsStandIn, outgoing: Make
) -> None:
    describe(JSON, ("[headers]", '[headers]\nX-Note = "{{ text }}"'))
    assert "X-Note" in str(failure(ctx, outgoing("one\r\nX-Evil: two")))
    assert standin.requests == []


def test_no_log_no_incident_and_no_row_holds_a_secret_that_the_provider_repeats(
    ctx: Context,
    describe: Describe,
    standin: SmsStandIn,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_TOKEN", "wr0ng-but-secret")
    monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_PASSWORD", "als0-a-secret")
    note = MessageTemplate(key="note", title="Note", texts={"sms": MessageText(text="burst pipe")})
    to = Recipient(name="Chan", locale="en", phone=CHINA)
    for example in (JSON, FORM):
        describe(example)
        notify(ctx, event="created", to=to, channel="sms", message=note, scope={})
        run_due(ctx)
    with ctx.read():
        incidents = [str(dict(row)) for row in ctx.connection.execute(select(Incident.__table__)).mappings()]
        rows = [str(dict(row)) for row in ctx.connection.execute(select(Notification.__table__)).mappings()]
    assert len(incidents) == 2
    assert "•••" in "".join(incidents)
    form = parse_qs(standin.requests[-1][2].decode())
    for text in (*incidents, *rows, caplog.text):
        for secret in ("wr0ng-but-secret", "als0-a-secret", form["sign"][0]):
            assert secret not in text
