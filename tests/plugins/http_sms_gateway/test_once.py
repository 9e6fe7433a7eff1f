"""Whatever the provider does: nobody gets a message twice, none is lost."""

import random
from collections import Counter
from datetime import timedelta
from typing import Literal

import pytest
from sqlalchemy import select

from engine.clock import MovableClock
from engine.context import Context
from engine.jobs import Incident, return_expired, run_due
from engine.notify import MessageTemplate, MessageText, Notification, Recipient, notify
from engine.testing.crash import killed_at
from engine.testing.sms_standin import SmsStandIn, Trouble
from tests.plugins.http_sms_gateway.conftest import JSON, Describe

TROUBLES: tuple[Trouble, ...] = (
    "reset", "500", "429", "busy", "nonsense", "take_and_reset", "take_and_500",
)  # fmt: skip
NOTE = MessageTemplate(key="note", title="Note", texts={"sms": MessageText(text="burst pipe")})


def say(ctx: Context, number: int) -> str | None:
    to = Recipient(name="Chan", locale="en", phone=f"+86138001380{number:02}")
    return notify(ctx, event="created", to=to, channel="sms", message=NOTE, scope={})


@pytest.mark.parametrize("knows_keys", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_on_a_bad_day_no_message_is_taken_twice_and_each_is_sent_or_an_incident(
    ctx: Context, describe: Describe, standin: SmsStandIn, clock: MovableClock, seed: int, knows_keys: bool
) -> None:
    repeatable = 'reason = "answer.message"\nrepeatable = true' if knows_keys else 'reason = "answer.message"'
    describe(JSON, ('reason = "answer.message"', repeatable))
    standin.knows_keys = knows_keys
    made = [say(ctx, number) for number in range(12)]
    standin.trouble(*random.Random(seed).choices(TROUBLES, k=16))
    for _ in range(8):
        run_due(ctx)
        return_expired(ctx)
        clock.advance(timedelta(hours=3))
    with ctx.read():
        states = Counter(ctx.connection.execute(select(Notification.state)).scalars())
        incident_count = len(ctx.connection.execute(select(Incident.id)).all())
    assert set(standin.accepted_count.values()) == {1}
    assert states["sent"] + incident_count == len(made)
    if knows_keys:
        assert states["sent"] == len(made), "what may be repeated is repeated until it is taken"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", [1, 2, 3, 4])
def test_killed_at_any_commit_the_message_is_taken_at_most_once_and_never_silently_lost(
    ctx: Context,
    describe: Describe,
    standin: SmsStandIn,
    clock: MovableClock,
    commit: int,
    when: Literal["before", "after"],
) -> None:
    describe(JSON)
    say(ctx, 1)
    with killed_at(commit, when=when):
        run_due(ctx)
    for _ in range(8):
        clock.advance(timedelta(hours=3))
        return_expired(ctx)
        run_due(ctx)
    with ctx.read():
        state = ctx.connection.execute(select(Notification.state)).scalar_one()
        incident_count = len(ctx.connection.execute(select(Incident.id)).all())
    assert len(standin.messages) <= 1
    assert (state, incident_count) in {("sent", 0), ("unknown", 1)}
