"""What the provider posts: only what it signed just now, and each thing once."""

import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine.clock import MovableClock
from engine.context import Centre, Context
from engine.jobs import Incident, run_due
from engine.notify import (
    InboundMessage,
    MessageTemplate,
    MessageText,
    Notification,
    ReceiptEvent,
    Recipient,
    notify,
)
from engine.people import create_person, get_person
from engine.testing import work_off
from engine.testing.sms_standin import SmsStandIn
from tests.engine.runtime.texting import HANDLER, furnish, instance, report, variables
from tests.plugins.http_sms_gateway.conftest import CHINA, FORM, JSON, Describe

NOTE = MessageTemplate(key="note", title="Note", texts={"sms": MessageText(text="0017 burst pipe")})


@pytest.fixture(autouse=True)
def described(describe: Describe) -> None:
    describe(JSON)


def sent(ctx: Context, **who: Any) -> str:
    to = Recipient(name="Chan", locale="en", phone=CHINA, **who)
    made = notify(ctx, event="result", to=to, channel="sms", message=NOTE, scope={})
    assert made is not None
    run_due(ctx)
    return made


def row(ctx: Context, notification_id: str) -> Any:
    with ctx.read():
        return ctx.connection.execute(
            select(Notification.__table__).where(Notification.id == notification_id)
        ).one()


def count(ctx: Context, table: Any) -> int:
    with ctx.read():
        return len(ctx.connection.execute(select(table.id)).all())


def inbound(ctx: Context) -> list[Any]:
    with ctx.read():
        return list(ctx.connection.execute(select(InboundMessage.__table__).order_by(InboundMessage.id)))


def test_a_signed_receipt_moves_its_message_forward_once(
    ctx: Context, standin: SmsStandIn, webhooks: str
) -> None:
    made = sent(ctx)
    [message_id] = standin.messages
    assert row(ctx, made).provider_id == message_id
    body = standin.receipt(message_id, "DELIVRD")
    assert [standin.post(f"{webhooks}/status", body) for _ in range(3)] == [200, 200, 200]
    assert row(ctx, made).state == "delivered"
    assert count(ctx, ReceiptEvent) == 1


def forged(standin: SmsStandIn, body: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    right = standin.sign(body)
    at, signature = right["X-Provider-Time"], right["X-Provider-Signature"]
    yield "none", {"Content-Type": "application/json"}
    yield "empty", {**right, "X-Provider-Signature": ""}
    yield "another secret", standin.sign(body, secret="stolen")
    yield "an empty secret", standin.sign(body, secret="")
    yield "another body", standin.sign(body + b" ")
    yield "another time", {**right, "X-Provider-Time": str(int(at) + 1)}
    yield "no time", {"X-Provider-Signature": signature}
    yield "cut short", {**right, "X-Provider-Signature": signature[:32]}
    yield (
        "no signature at all but letters",
        {**right, "X-Provider-Signature": "閥".encode().decode("latin-1")},
    )


def test_a_forged_receipt_is_refused_and_leaves_nothing(
    ctx: Context, standin: SmsStandIn, webhooks: str
) -> None:
    made = sent(ctx)
    body = standin.receipt(next(iter(standin.messages)), "UNDELIV")
    for what, headers in forged(standin, body):
        assert standin.post(f"{webhooks}/status", body, headers) == 403, what
    assert row(ctx, made).state == "sent"
    assert count(ctx, ReceiptEvent) == 0


def test_what_was_signed_too_long_ago_or_too_far_ahead_is_refused(
    ctx: Context, standin: SmsStandIn, webhooks: str, clock: MovableClock
) -> None:
    sent(ctx)
    body = standin.receipt(next(iter(standin.messages)), "DELIVRD")
    for away_s, status in ((-301, 403), (301, 403), (-299, 200), (299, 200)):
        headers = standin.sign(body, at=clock.now() + timedelta(seconds=away_s))
        assert standin.post(f"{webhooks}/status", body, headers) == status, away_s


def test_a_replay_changes_nothing_within_the_window_and_is_refused_after_it(
    ctx: Context, standin: SmsStandIn, webhooks: str, clock: MovableClock
) -> None:
    body = standin.reply(sender="13800138000", text="2 done")
    headers = standin.sign(body)
    url = f"{webhooks}/sms"
    assert [standin.post(url, body, headers) for _ in range(2)] == [200, 200]
    clock.advance(timedelta(minutes=6))
    assert standin.post(url, body, headers) == 403
    assert len(inbound(ctx)) == 1


def test_a_replay_cannot_be_turned_on_another_message_by_its_address(
    ctx: Context, describe: Describe, standin: SmsStandIn, webhooks: str
) -> None:
    describe(JSON, ('key = "receipt.ref"\n', ""))
    standin.trouble("reset")
    made = sent(ctx)
    body = json.dumps({"reports": [{"msgid": "M9", "status": "DELIVRD"}]}).encode()
    assert standin.post(f"{webhooks}/status?key={made}", body) == 200
    assert row(ctx, made).state == "unknown", "the address is not signed"


def test_our_key_in_the_address_settles_where_the_address_is_signed_too(
    ctx: Context, describe: Describe, standin: SmsStandIn, webhooks: str
) -> None:
    describe(
        JSON,
        ('key = "receipt.ref"\n', ""),
        ('content = "{{ timestamp }}', 'content = "{{ url }}{{ timestamp }}'),
    )
    standin.trouble("take_and_reset")
    made = sent(ctx)
    body = json.dumps({"reports": [{"msgid": "M9", "status": "DELIVRD"}]}).encode()

    def signed(path: str) -> dict[str, str]:
        headers = standin.sign(body)
        said = f"https://desk.example.org/webhooks/http_sms{path}{headers['X-Provider-Time']}.".encode()
        made = hmac.new(standin.webhook_secret.encode(), said + body, "sha256")
        return {**headers, "X-Provider-Signature": made.hexdigest()}

    other = f"/status?key={'0' * 32}"
    assert standin.post(f"{webhooks}/status?key={made}", body, signed(other)) == 403
    path = f"/status?key={made}"
    assert standin.post(f"{webhooks}{path}", body, signed(path)) == 200
    assert (row(ctx, made).state, row(ctx, made).provider_id) == ("delivered", "M9")


def test_both_secrets_count_while_one_replaces_the_other(
    standin: SmsStandIn, webhooks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_WEBHOOK", f"new-secret, {standin.webhook_secret}")
    body = standin.reply(sender="13800138000", text="1")
    assert standin.post(f"{webhooks}/sms", body) == 200
    assert standin.post(f"{webhooks}/sms", body, standin.sign(body, secret="new-secret")) == 200
    assert standin.post(f"{webhooks}/sms", body, standin.sign(body, secret="third")) == 403


def test_an_unknown_outcome_is_settled_by_the_receipt_with_our_key(
    ctx: Context, standin: SmsStandIn, webhooks: str, clock: MovableClock
) -> None:
    standin.trouble("take_and_reset")
    made = sent(ctx)
    assert row(ctx, made).state == "unknown"
    [message_id] = standin.messages
    assert standin.post(f"{webhooks}/status", standin.receipt(message_id, "DELIVRD")) == 200
    assert (row(ctx, made).state, row(ctx, made).provider_id) == ("delivered", message_id)
    clock.advance(timedelta(days=1))
    run_due(ctx)
    assert standin.accepted_count == {made: 1}
    assert count(ctx, Incident) == 0


def test_a_receipt_that_comes_after_the_incident_resolves_it(
    ctx: Context, standin: SmsStandIn, webhooks: str, clock: MovableClock
) -> None:
    standin.trouble("take_and_reset")
    made = sent(ctx)
    for _ in range(8):
        clock.advance(timedelta(hours=3))
        run_due(ctx)
    with ctx.read():
        assert ctx.connection.execute(select(Incident.state)).scalar_one() == "open"
    assert standin.post(f"{webhooks}/status", standin.receipt(next(iter(standin.messages)), "DELIVRD")) == 200
    with ctx.read():
        assert ctx.connection.execute(select(Incident.state)).scalar_one() == "resolved"
    assert row(ctx, made).state == "delivered"


def test_a_receipt_says_that_a_number_takes_no_messages(
    ctx: Context, standin: SmsStandIn, webhooks: str
) -> None:
    create_person(ctx, key="wong", name="Wong", phone=CHINA, locale="en")
    made = sent(ctx, key="wong")
    body = standin.receipt(next(iter(standin.messages)), "UNDELIV", code="UNKNOWN_SUBSCRIBER")
    assert standin.post(f"{webhooks}/status", body) == 200
    assert (row(ctx, made).state, row(ctx, made).error) == ("failed", "UNKNOWN_SUBSCRIBER")
    with ctx.read():
        assert get_person(ctx, "wong").phone_trouble == "UNKNOWN_SUBSCRIBER"


def test_several_receipts_come_in_one_body_and_an_unknown_one_is_no_error(
    ctx: Context, standin: SmsStandIn, webhooks: str
) -> None:
    made = [sent(ctx), sent(ctx)]
    reports = [
        {"msgid": one, "ref": key, "status": "DELIVRD"}
        for one, key in zip(standin.messages, made, strict=True)
    ]
    body = json.dumps({"reports": [*reports, {"msgid": "M404", "status": "EXPIRED"}, {}]}).encode()
    assert standin.post(f"{webhooks}/status", body) == 200
    assert [row(ctx, one).state for one in made] == ["delivered", "delivered"]
    assert count(ctx, ReceiptEvent) == 3


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"reports":{"msgid":1}}', b"[" * 9999]
)
def test_a_signed_body_that_says_nothing_is_a_bad_request(
    standin: SmsStandIn, webhooks: str, body: bytes
) -> None:
    assert standin.post(f"{webhooks}/status", body) == 400
    assert standin.post(f"{webhooks}/sms", body) == 400


def test_a_body_that_is_too_large_is_not_read(standin: SmsStandIn, webhooks: str) -> None:
    assert standin.post(f"{webhooks}/sms", b" " * 1_000_001) == 413


def test_without_a_description_or_a_signature_nobody_is_at_home(
    describe: Describe, standin: SmsStandIn, webhooks: str
) -> None:
    describe(FORM)
    assert standin.post(f"{webhooks}/sms", standin.reply(sender="13800138000", text="1")) == 404


def test_a_secret_that_is_not_set_lets_nobody_in(
    standin: SmsStandIn, webhooks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = standin.reply(sender="13800138000", text="1")
    for kept, status in ((None, 503), (" , ", 403)):
        if kept is None:
            monkeypatch.delenv("CALLWRIGHT_SMS_SECRET_WEBHOOK")
        else:
            monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_WEBHOOK", kept)
        assert standin.post(f"{webhooks}/sms", body, standin.sign(body, secret="")) == status


@pytest.mark.parametrize(
    ("sender", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("85251230001", "+85251230001"),
        ("10690000", "10690000"),
    ],
)
def test_a_number_is_kept_with_its_country_however_the_provider_writes_it(
    ctx: Context, standin: SmsStandIn, webhooks: str, sender: str, number: str
) -> None:
    assert standin.post(f"{webhooks}/sms", standin.reply(sender=sender, text="好")) == 200
    [stored] = inbound(ctx)
    assert (stored.gateway, stored.channel, stored.sender) == ("http_sms", "sms", number)


def test_a_reply_comes_as_a_form_too_and_without_an_id_it_is_kept_once_by_its_body_and_time(
    ctx: Context, describe: Describe, standin: SmsStandIn, webhooks: str, clock: MovableClock
) -> None:
    describe(JSON, ('id = "reply.id"\n', ""))
    body = b"from=13800138000&to=1069&content=2+%E9%96%A5%E9%96%80%00+%26+sealed"
    headers = {**standin.sign(body), "Content-Type": "application/x-www-form-urlencoded"}
    for _ in range(2):
        assert standin.post(f"{webhooks}/sms", body, headers) == 200
    clock.advance(timedelta(minutes=1))
    later = {**standin.sign(body), "Content-Type": "application/x-www-form-urlencoded"}
    assert standin.post(f"{webhooks}/sms", body, later) == 200
    assert [stored.body for stored in inbound(ctx)] == ["2 閥門 & sealed"] * 2, (
        "the same answer to another question"
    )


def test_a_reply_ends_the_task_it_answers_and_its_sender_is_told(
    ctx: Context, centre: Centre, describe: Describe, standin: SmsStandIn, webhooks: str
) -> None:
    describe(JSON, ('852 = "one_way"', '852 = "two_way"'))
    furnish(centre)
    started = report(ctx)
    reply = standin.reply(sender=HANDLER.removeprefix("+"), text="２ 閥門已更換")
    assert standin.post(f"{webhooks}/sms", reply) == 200
    work_off(centre)
    assert instance(ctx, started)["state"] == "completed"
    assert variables(ctx, started)["note"] == "閥門已更換"
    [answered] = standin.messages.values()
    assert answered["number"] == HANDLER
    assert "T-260302-0001" in answered["text"]
