import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from engine.context import Context
from engine.ids import new_id
from engine.jobs import Incident, Job, run_due
from engine.notify.models import Notification, ReceiptEvent
from engine.notify.outbox import notify
from engine.notify.receipts import take_receipt
from engine.notify.recipients import Recipient, person_recipient
from engine.notify.templates import MessageTemplate, MessageText
from engine.people import get_person
from engine.plugin import Receipt
from engine.testing.recording import RecordingGateway

NOTE = MessageTemplate(key="note", title="Note", texts={"sms": MessageText(text="note")})
CITIZEN = Recipient(name="Chan", locale="en", phone="+85251230009")


def said(ctx: Context, to: Recipient = CITIZEN) -> str:
    made = notify(ctx, event="result", to=to, channel="sms", message=NOTE, scope={})
    assert made is not None
    return made


def receipt(made: str, state: Any, *, keyed: bool = True, **more: Any) -> Receipt:
    return Receipt(provider_id=f"R-{made}", state=state, key=made if keyed else None, **more)


def state(ctx: Context, made: str) -> str:
    with ctx.read():
        found = ctx.connection.execute(select(Notification.state).where(Notification.id == made))
        return str(found.scalar_one())


@pytest.mark.parametrize("keyed", [True, False])
def test_a_receipt_moves_the_notification_forward_once(ctx: Context, keyed: bool) -> None:
    made = said(ctx)
    run_due(ctx)
    assert take_receipt(ctx, gateway="recording", receipt=receipt(made, "delivered", keyed=keyed))
    assert not take_receipt(ctx, gateway="recording", receipt=receipt(made, "delivered", keyed=keyed))
    assert take_receipt(ctx, gateway="recording", receipt=receipt(made, "sent", keyed=keyed))
    assert state(ctx, made) == "delivered"


@pytest.mark.parametrize("keyed", [True, False])
def test_a_receipt_before_the_senders_own_commit_is_not_lost(
    ctx: Context, gateway: RecordingGateway, keyed: bool
) -> None:
    made = said(ctx)
    send = gateway.send

    def send_and_hear_at_once(message: Any) -> Any:
        sent = send(message)
        other = Context(centre=ctx.centre, actor=ctx.actor)
        take_receipt(other, gateway="recording", receipt=receipt(made, "delivered", keyed=keyed))
        return sent

    gateway.send = send_and_hear_at_once  # type: ignore[method-assign]
    run_due(ctx)
    assert state(ctx, made) == "delivered"
    assert gateway.count(made) == 1


def test_a_receipt_with_our_key_settles_what_nobody_could_tell(
    ctx: Context, gateway: RecordingGateway
) -> None:
    from engine.errors import OutcomeUnknown

    made = said(ctx)
    send = gateway.send

    def heard_but_not_answered(message: Any) -> Any:
        send(message)
        other = Context(centre=ctx.centre, actor=ctx.actor)
        take_receipt(other, gateway="recording", receipt=receipt(made, "sent"))
        raise OutcomeUnknown(permanent=True)

    gateway.send = heard_but_not_answered  # type: ignore[method-assign]
    run_due(ctx)
    assert state(ctx, made) == "sent"
    with ctx.read():
        assert ctx.connection.execute(select(Incident.id)).first() is None
        assert ctx.connection.execute(select(Job.state)).scalars().all() == ["done"]


def test_what_fits_nothing_is_kept_and_no_error(ctx: Context) -> None:
    for key in (None, "no-uuid", new_id()):
        stray = Receipt(provider_id=f"R{key}", state="failed", key=key, error="30003")
        assert take_receipt(ctx, gateway="recording", receipt=stray)
    with ctx.read():
        assert len(ctx.connection.execute(select(ReceiptEvent.id)).all()) == 3


def test_another_gateways_receipt_changes_nothing(ctx: Context) -> None:
    made = said(ctx)
    run_due(ctx)
    take_receipt(ctx, gateway="other", receipt=receipt(made, "delivered"))
    assert state(ctx, made) == "sent"


def test_what_could_not_be_delivered_is_said_by_the_next_channel(
    ctx: Context, handler: str, gateway: RecordingGateway
) -> None:
    with ctx.read():
        wong = person_recipient(get_person(ctx, handler))
    made = said(ctx, wong)
    run_due(ctx)
    take_receipt(
        ctx,
        gateway="recording",
        receipt=receipt(made, "failed", error="30006 landline", address_refused=True),
    )
    run_due(ctx)
    assert [message.channel for message in gateway.taken] == ["sms", "email"]
    with ctx.read():
        assert get_person(ctx, handler).phone_trouble == "30006 landline"
    take_receipt(ctx, gateway="recording", receipt=receipt(made, "delivered"))
    assert state(ctx, made) == "delivered", "delivered after all is no failure"


STATES = ("sent", "delivered", "read", "failed")
OUTCOME = {
    frozenset({"failed"}): "failed",
    frozenset({"failed", "sent"}): "failed",
    frozenset({"sent"}): "sent",
}


def outcome(said: tuple[str, ...]) -> str:
    return "read" if "read" in said else "delivered" if "delivered" in said else OUTCOME[frozenset(said)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    receipts=st.lists(st.sampled_from(STATES), min_size=1, max_size=6),
    sent_after=st.integers(0, 6),
    keyed=st.booleans(),
)
def test_any_order_and_repetition_ends_where_the_right_order_ends(
    ctx: Context, receipts: list[str], sent_after: int, keyed: bool
) -> None:
    made = said(ctx)
    for count, one in enumerate(receipts):
        if count == sent_after:
            run_due(ctx)
        take_receipt(ctx, gateway="recording", receipt=receipt(made, one, keyed=keyed))
    run_due(ctx)
    assert state(ctx, made) == outcome(tuple(receipts))
    with ctx.write():
        ctx.connection.execute(delete(ReceiptEvent))


def test_every_order_of_all_receipts_ends_as_read(ctx: Context) -> None:
    for order in itertools.permutations(STATES):
        made = said(ctx)
        run_due(ctx)
        for one in order:
            take_receipt(ctx, gateway="recording", receipt=receipt(made, one))
        assert state(ctx, made) == "read"
