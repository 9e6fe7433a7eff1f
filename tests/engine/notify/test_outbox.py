from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import select, update

from engine.clock import MovableClock
from engine.context import Context
from engine.errors import AddressRefused, Conflict, OutcomeUnknown, TechnicalFailure
from engine.jobs import Incident, Job, return_expired, run_due
from engine.notify.gateways import CONSOLE, gateway_for
from engine.notify.inbound import store_inbound
from engine.notify.models import InboundMessage, Notification
from engine.notify.outbox import list_notifications, mark_read, notify
from engine.notify.receipts import take_receipt
from engine.notify.recipients import Recipient, person_recipient
from engine.notify.sending import settle
from engine.notify.templates import MessageTemplate, MessageText
from engine.people import create_person, get_person, join_unit, put_unit
from engine.plugin import Receipt
from engine.testing.crash import Killed, killed_at
from engine.testing.recording import RecordingGateway

DISPATCH = MessageTemplate(
    key="dispatch",
    title="Dispatch",
    texts={
        "sms": MessageText(text="{{ recipient.name }}: {{ business_key }} due {{ task.due }} {{ centre }}"),
        "email": MessageText(subject="{{ business_key }}", text="Due {{ task.due }}"),
        "in_app": MessageText(text="{{ business_key }}"),
    },
)
SCOPE = {
    "business_key": "T-260302-0017",
    "task": {"due": datetime(2026, 3, 2, 8, tzinfo=UTC), "title": "Fix"},
}
CITIZEN = Recipient(name="Chan", locale="en", phone="+85251230009")


def said(ctx: Context, **given: Any) -> str | None:
    return notify(ctx, **{"event": "created", "channel": "sms", "message": DISPATCH, "scope": SCOPE} | given)


def row(ctx: Context, notification_id: str | None) -> Any:
    with ctx.read():
        return ctx.connection.execute(
            select(Notification.__table__).where(Notification.id == notification_id)
        ).one()


def rows(ctx: Context) -> list[tuple[str, str, str | None]]:
    with ctx.read():
        return [(n["channel"], n["state"], n["address"]) for n in reversed(list_notifications(ctx)[1])]


def incidents(ctx: Context) -> list[str]:
    with ctx.read():
        return list(ctx.connection.execute(select(Incident.code).where(Incident.state == "open")).scalars())


@pytest.fixture
def wong(ctx: Context, handler: str) -> Recipient:
    with ctx.read():
        return person_recipient(get_person(ctx, handler))


def later(ctx: Context, clock: MovableClock, **delta: float) -> None:
    clock.advance(timedelta(**delta))
    return_expired(ctx)
    run_due(ctx)


def test_a_notification_is_written_for_its_reader_and_sent_after_the_commit(
    ctx: Context, wong: Recipient, gateway: RecordingGateway
) -> None:
    with ctx.write():
        made = said(ctx, to=wong)
        assert not gateway.taken
    run_due(ctx)
    [message] = gateway.taken
    assert message.address == "+85251230001"
    assert message.body == "Wong: T-260302-0017 due 3月2日 16:00 City desk"
    assert message.key == made
    assert message.callback_url.endswith(f"/webhooks/recording/status?key={made}")
    sent = row(ctx, made)
    assert (sent.state, sent.provider_id, sent.gateway) == ("sent", f"R-{made}", "recording")
    assert sent.sent_at is not None


def test_what_is_rolled_back_is_never_said(ctx: Context, wong: Recipient, gateway: RecordingGateway) -> None:
    def step() -> None:
        with ctx.write():
            said(ctx, to=wong)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        step()
    run_due(ctx)
    assert not gateway.taken
    assert rows(ctx) == []


def test_the_same_thing_is_said_once(ctx: Context, wong: Recipient, gateway: RecordingGateway) -> None:
    assert said(ctx, to=wong, unique_key="visit:created:handler_water")
    assert said(ctx, to=wong, unique_key="visit:created:handler_water", channel="email") is None
    run_due(ctx)
    assert len(gateway.taken) == 1


def test_in_app_is_delivered_at_once_and_read_later(ctx: Context, wong: Recipient) -> None:
    made = said(ctx, to=wong, channel="in_app")
    assert row(ctx, made).state == "delivered"
    assert mark_read(ctx, person_key="handler_water") == 1
    assert mark_read(ctx, person_key="handler_water") == 0
    assert row(ctx, made).state == "read"


def test_without_an_account_the_console_counts_as_sent(centre_without_account: Context) -> None:
    ctx = centre_without_account
    made = said(ctx, to=CITIZEN)
    run_due(ctx)
    shown = row(ctx, made)
    assert (shown.gateway, shown.state) == ("console", "sent")
    assert shown.body.startswith("Chan: T-260302-0017")


def test_a_gateway_with_an_account_comes_before_the_console(
    centre_without_account: Context, gateway: RecordingGateway
) -> None:
    ctx = centre_without_account
    assert gateway_for(ctx, "sms") is CONSOLE
    ctx.registry.add_gateway(RecordingGateway("mail", ("email",)))
    assert gateway_for(ctx, "sms") is CONSOLE
    ctx.registry.add_gateway(gateway)
    assert gateway_for(ctx, "sms") is gateway
    assert gateway_for(ctx, "email").name == "mail"  # type: ignore[union-attr]


def test_who_left_no_address_is_told_nothing_and_nobody_is_called(ctx: Context) -> None:
    made = said(ctx, to=Recipient(name="Chan", locale="en"))
    assert (row(ctx, made).state, row(ctx, made).error) == ("failed", "no address")
    assert incidents(ctx) == []


def test_a_refused_number_is_remembered_and_the_next_channel_says_it(
    ctx: Context, wong: Recipient, gateway: RecordingGateway
) -> None:
    gateway.fail(AddressRefused("21610 opted out"))
    said(ctx, to=wong)
    run_due(ctx)
    assert rows(ctx) == [("sms", "failed", "+85251230001"), ("email", "sent", "wong@example.org")]
    [mail] = gateway.taken
    assert (mail.subject, mail.body) == ("T-260302-0017", "Due 3月2日 16:00")
    with ctx.read():
        assert get_person(ctx, "handler_water").phone_trouble == "21610 opted out"
        assert person_recipient(get_person(ctx, "handler_water")).channels("sms") == ("email", "in_app")
    assert incidents(ctx) == ["address_refused"]
    said(ctx, to=wong)
    gateway.fail(AddressRefused("21610 opted out"))
    run_due(ctx)
    assert incidents(ctx) == ["address_refused"], "told once"


def test_a_manager_hears_in_their_language_who_takes_no_sms_any_more(
    ctx: Context, wong: Recipient, gateway: RecordingGateway
) -> None:
    with ctx.write():
        create_person(ctx, key="head", name="Head", locale="zh_Hans")
        put_unit(ctx, key="water", name="Water", head_key="head")
        join_unit(ctx, person_key="handler_water", unit_key="water")
    gateway.fail(AddressRefused("21211 +85251230001 is no mobile"))
    said(ctx, to=wong)
    run_due(ctx)
    with ctx.read():
        [told] = list_notifications(ctx, person_key="head")[1]
        params = ctx.connection.execute(select(Incident.params)).scalar_one()
    assert (told["channel"], told["event"], told["state"]) == ("in_app", "unreachable", "delivered")
    assert told["body"].startswith("Wong 不再接收")
    assert "51230001" not in str(params)


def test_the_last_channel_of_a_person_is_the_product_itself(
    ctx: Context, wong: Recipient, gateway: RecordingGateway
) -> None:
    gateway.fail(AddressRefused("21211"))
    gateway.fail(AddressRefused("550"))
    said(ctx, to=wong)
    run_due(ctx)
    assert [(channel, state) for channel, state, _ in rows(ctx)] == [
        ("sms", "failed"),
        ("email", "failed"),
        ("in_app", "delivered"),
    ]
    assert incidents(ctx) == ["address_refused", "address_refused"]


def test_somebody_outside_whom_nothing_reaches_is_an_incident(
    ctx: Context, gateway: RecordingGateway
) -> None:
    gateway.fail(AddressRefused("21211 +85251230009 is not valid"))
    said(ctx, to=CITIZEN)
    run_due(ctx)
    assert incidents(ctx) == ["nobody_reached"]
    with ctx.read():
        params = ctx.connection.execute(select(Incident.params)).scalar_one()
    assert "51230009" not in str(params)


def test_a_provider_that_is_down_is_tried_again_and_then_an_incident(
    ctx: Context, wong: Recipient, gateway: RecordingGateway, clock: MovableClock
) -> None:
    for _ in range(6):
        gateway.fail(TechnicalFailure("503"))
    made = said(ctx, to=wong)
    run_due(ctx)
    assert row(ctx, made).state == "waiting"
    assert row(ctx, made).error == "503"
    for hours in (1, 1, 1, 3):
        later(ctx, clock, hours=hours)
        assert incidents(ctx) == []
    later(ctx, clock, hours=3)
    assert incidents(ctx) == ["technical_failure"]
    assert gateway.asked == [], "what was certainly not taken needs no question"


def test_an_unknown_outcome_is_asked_about_before_it_is_sent_again(
    ctx: Context, wong: Recipient, gateway: RecordingGateway, clock: MovableClock
) -> None:
    gateway.fail(OutcomeUnknown("timeout"), taken=True)
    made = said(ctx, to=wong)
    run_due(ctx)
    assert row(ctx, made).state == "unknown"
    later(ctx, clock, minutes=1)
    assert row(ctx, made).state == "sent"
    assert row(ctx, made).error is None
    assert gateway.count(str(made)) == 1

    gateway.fail(OutcomeUnknown("timeout"), taken=False)
    other = said(ctx, to=wong)
    run_due(ctx)
    later(ctx, clock, minutes=1)
    assert row(ctx, other).state == "sent"
    assert gateway.count(str(other)) == 1


def test_what_nobody_can_tell_is_an_incident_that_an_operator_settles(
    ctx: Context, wong: Recipient, gateway: RecordingGateway, clock: MovableClock
) -> None:
    gateway.tellable = False
    gateway.fail(OutcomeUnknown("late", permanent=True), taken=True)
    gateway.fail(OutcomeUnknown("late", permanent=True), taken=False)
    arrived, lost = said(ctx, to=wong), said(ctx, to=wong)
    run_due(ctx)
    assert incidents(ctx) == ["outcome_unknown", "outcome_unknown"]
    later(ctx, clock, hours=10)
    assert len(gateway.taken) == 1, "never sent again by itself"

    settle(ctx, notification_id=str(arrived), taken=True, reason="it came")
    settle(ctx, notification_id=str(lost), taken=False, reason="asked")
    run_due(ctx)
    assert (row(ctx, arrived).state, row(ctx, lost).state) == ("sent", "sent")
    assert [gateway.count(str(key)) for key in (arrived, lost)] == [1, 1]
    assert incidents(ctx) == []
    with pytest.raises(Conflict):
        settle(ctx, notification_id=str(lost), taken=False, reason="asked")


def test_a_number_that_said_stop_is_not_written_to_until_it_says_start(
    ctx: Context, gateway: RecordingGateway
) -> None:
    for number, word in enumerate(("opt_out", "opt_in")):
        message_id, _new = store_inbound(
            ctx,
            gateway="recording",
            provider_id=str(number),
            channel="sms",
            sender="+85251230009",
            recipient="+85230000000",
            body=word,
        )
        with ctx.write():
            ctx.connection.execute(
                update(InboundMessage).where(InboundMessage.id == message_id).values(result=word)
            )
        made = said(ctx, to=CITIZEN)
        run_due(ctx)
        assert row(ctx, made).state == ("failed" if word == "opt_out" else "sent")
    assert len(gateway.taken) == 1


def test_a_job_whose_notification_is_settled_ends_quietly(
    ctx: Context, wong: Recipient, gateway: RecordingGateway
) -> None:
    made = said(ctx, to=wong)
    take_receipt(ctx, gateway="recording", receipt=Receipt(provider_id="R1", state="delivered", key=made))
    run_due(ctx)
    assert gateway.taken == []
    with ctx.read():
        assert set(ctx.connection.execute(select(Job.state)).scalars()) == {"done"}


# Killed between any two steps.


# Commits of one sending: 1 claim, 2 mark sending, 3 mark sent, 4 the worker's own end.
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", [1, 2, 3, 4])
def test_a_worker_killed_around_any_commit_neither_loses_nor_doubles(
    ctx: Context,
    wong: Recipient,
    gateway: RecordingGateway,
    clock: MovableClock,
    when: Literal["before", "after"],
    commit: int,
) -> None:
    made = said(ctx, to=wong)
    with killed_at(commit, when=when):
        run_due(ctx)
    later(ctx, clock, minutes=2)
    later(ctx, clock, minutes=2)
    assert gateway.count(str(made)) == 1
    assert row(ctx, made).state == "sent"


@pytest.mark.parametrize("taken", [True, False])
def test_a_worker_killed_inside_the_gateway_neither_loses_nor_doubles(
    ctx: Context, wong: Recipient, gateway: RecordingGateway, clock: MovableClock, taken: bool
) -> None:
    gateway.fail(Killed(), taken=taken)
    made = said(ctx, to=wong)
    with pytest.raises(Killed):
        run_due(ctx)
    assert row(ctx, made).state == "sending"
    later(ctx, clock, minutes=2)
    assert gateway.count(str(made)) == 1
    assert row(ctx, made).state == "sent"
    assert row(ctx, made).provider_id == f"R-{made}"


def test_a_worker_that_comes_back_too_late_changes_nothing(
    ctx: Context, wong: Recipient, gateway: RecordingGateway, clock: MovableClock
) -> None:
    made = said(ctx, to=wong)
    send = gateway.send

    def slow(message: Any) -> Any:
        sent = send(message)
        # Meanwhile the lease ends and another worker asks, and finds it.
        clock.advance(timedelta(minutes=2))
        other = Context(centre=ctx.centre, actor=ctx.actor)
        return_expired(other)
        run_due(other, owner="other")
        return sent

    gateway.send = slow  # type: ignore[method-assign]
    run_due(ctx, owner="slow")
    assert gateway.count(str(made)) == 1
    assert row(ctx, made).state == "sent"
