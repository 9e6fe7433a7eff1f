"""Which country is carried by whom, and what a message says there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import MovableClock
from engine.context import Centre, Context
from engine.jobs import run_due
from engine.notify import MessageTemplate, MessageText, Recipient, notify, sms_mode
from engine.notify.outbox import list_notifications
from engine.parameters import set_parameter
from engine.testing import make_centre
from engine.testing.sms_standin import SmsStandIn
from engine.testing.twilio_standin import TwilioStandIn
from plugins.http_sms_gateway.channel import HttpSmsGateway
from plugins.twilio_gateway.channel import TwilioGateway
from tests.plugins.http_sms_gateway.conftest import CHINA, HONG_KONG, JSON, Describe

JAPAN = "+819012345678"
DISPATCH = MessageTemplate(
    key="dispatch",
    title="Dispatch",
    texts={"sms": MessageText(text="0017. Reply 1 or 2.", text_link="0017: link", text_code="0017: code")},
)


@pytest.fixture
def twilio(clock: MovableClock) -> Iterator[TwilioStandIn]:
    with TwilioStandIn(now=clock.now) as running:
        yield running


@pytest.fixture
def centre(tmp_path: Path, clock: MovableClock, twilio: TwilioStandIn) -> Iterator[Centre]:
    account = {
        "twilio_account_sid": twilio.account_sid,
        "twilio_auth_token": twilio.auth_token,
        "twilio_from": "+85230000000",
        "twilio_api_url": twilio.url,
    }
    made = make_centre(tmp_path, clock=clock, plugins=("plugins",), **account)
    made.registry.gateways["twilio"] = TwilioGateway(made.settings)
    made.registry.gateways["http_sms"] = HttpSmsGateway(timeout_s=1.0)
    yield made
    made.database.dispose()


def told(ctx: Context, phone: str) -> tuple[str, str, str]:
    to = Recipient(name="Ho", locale="en", phone=phone)
    notify(ctx, event="created", to=to, channel="sms", message=DISPATCH, scope={})
    run_due(ctx)
    with ctx.read():
        row = list_notifications(ctx)[1][0]
        return row["gateway"], row["body"], row["state"]


def test_each_country_has_its_gateway_and_its_words(
    ctx: Context, describe: Describe, standin: SmsStandIn, twilio: TwilioStandIn
) -> None:
    describe(JSON)
    assert told(ctx, CHINA) == ("http_sms", "0017. Reply 1 or 2.", "sent")
    assert told(ctx, HONG_KONG) == ("http_sms", "0017: link", "sent")
    assert told(ctx, JAPAN) == ("twilio", "0017. Reply 1 or 2.", "sent")
    assert (len(standin.messages), len(twilio.messages)) == (2, 1)


def test_without_a_description_twilio_carries_everything_as_before(
    ctx: Context, twilio: TwilioStandIn
) -> None:
    assert told(ctx, CHINA) == ("twilio", "0017: code", "sent")


def test_a_country_that_is_off_goes_to_the_other_gateway_with_its_own_mode(
    ctx: Context, describe: Describe
) -> None:
    describe(JSON, ('86 = "two_way"', '86 = "off"'), ('"*" = "off"', '"*" = "one_way"'))
    assert sms_mode(ctx, CHINA) == "code only"
    assert told(ctx, CHINA)[0] == "twilio"
    assert told(ctx, JAPAN) == ("http_sms", "0017: link", "sent")


def test_the_longest_code_counts_and_code_only_is_a_mode_too(ctx: Context, describe: Describe) -> None:
    describe(JSON, ('852 = "one_way"', '852 = "one_way"\n8529 = "off"\n81 = "code_only"'))
    assert told(ctx, "+85291230001")[0] == "twilio"
    assert told(ctx, JAPAN) == ("http_sms", "0017: code", "sent")


def test_a_message_that_waits_for_a_gateway_without_a_description_is_an_incident_and_is_not_lost(
    ctx: Context, describe: Describe, standin: SmsStandIn
) -> None:
    describe(JSON)
    to = Recipient(name="Ho", locale="en", phone=CHINA)
    notify(ctx, event="created", to=to, channel="sms", message=DISPATCH, scope={})
    set_parameter(ctx, key="http_sms_gateway.provider", value="")
    run_due(ctx)
    with ctx.read():
        row = list_notifications(ctx)[1][0]
    assert (row["state"], "http_sms" in row["error"]) == ("waiting", True)
    assert standin.requests == []
