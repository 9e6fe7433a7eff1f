"""Whatever the provider does and whenever the worker dies: nobody gets a message twice, none is lost."""

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
from engine.testing.twilio_standin import Trouble, TwilioStandIn
from plugins.twilio_gateway.channel import TwilioGateway

TROUBLES: tuple[Trouble, ...] = (
    "hang", "reset", "500", "429", "take_and_hang", "take_and_reset", "take_and_500",
)  # fmt: skip


@pytest.fixture
def gateway(settings: object) -> TwilioGateway:
    return TwilioGateway(settings, timeout_s=0.15)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["{{ nth }} burst pipe", "burst pipe"])
@pytest.mark.parametrize("seed", range(3))
def test_on_a_bad_day_every_message_is_taken_once(
    ctx: Context, standin: TwilioStandIn, clock: MovableClock, seed: int, text: str
) -> None:
    chance = random.Random(seed)
    standin.hang_s = 0.3
    note = MessageTemplate(key="note", title="Note", texts={"sms": MessageText(text=text)})
    made = [
        notify(
            ctx,
            event="created",
            to=Recipient(name="Chan", locale="en", phone=f"+8525123{number % 4:04}"),
            channel="sms",
            message=note,
            scope={"nth": 100 + number},
        )
        for number in range(12)
    ]
    standin.trouble(*chance.choices(TROUBLES, k=20))
    for _ in range(8):
        run_due(ctx)
        return_expired(ctx)
        clock.advance(timedelta(hours=3))
    with ctx.read():
        states = Counter(ctx.connection.execute(select(Notification.state)).scalars())
        incident_count = len(ctx.connection.execute(select(Incident.id)).all())
    assert states["sent"] + incident_count == len(made)
    received = Counter((message["to"], message["body"]) for message in standin.messages.values())
    if "nth" in text:
        assert set(received.values()) == {1}
    # Which of several equal messages a lost answer was about cannot be told; how many there are can.
    assert max(received.values()) == len(made) // len(received)
    assert sum(received.values()) >= states["sent"]


# Commits of one sending: 1 claim, 2 mark sending, 3 mark sent, 4 the worker's own end.
@pytest.mark.parametrize("trouble", [None, "take_and_reset", "reset"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", [1, 2, 3, 4])
def test_killed_at_any_commit_the_message_is_taken_once(
    ctx: Context,
    standin: TwilioStandIn,
    clock: MovableClock,
    commit: int,
    when: Literal["before", "after"],
    trouble: Trouble | None,
) -> None:
    note = MessageTemplate(key="note", title="Note", texts={"sms": MessageText(text="burst pipe")})
    to = Recipient(name="Chan", locale="en", phone="+85251230009")
    made = notify(ctx, event="created", to=to, channel="sms", message=note, scope={})
    standin.trouble(*([trouble] if trouble else []))
    with killed_at(commit, when=when):
        run_due(ctx)
    for _ in range(3):
        clock.advance(timedelta(minutes=5))
        return_expired(ctx)
        run_due(ctx)
    assert standin.accepted_count == {made: 1}
    with ctx.read():
        assert ctx.connection.execute(select(Notification.state)).scalar_one() == "sent"
