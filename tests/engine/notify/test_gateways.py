"""Which gateway carries an SMS to which country, when one says where it carries to."""

from typing import Any

import pytest
from sqlalchemy import select

from engine.context import Context
from engine.errors import AddressRefused
from engine.jobs import Incident, run_due
from engine.notify import MessageTemplate, MessageText, gateway_for, notify, sms_mode
from engine.notify.outbox import list_notifications
from engine.notify.recipients import Recipient
from engine.plugin import Gateway, SmsMode
from engine.testing.recording import RecordingGateway

HONG_KONG, CHINA, JAPAN = "+85251230001", "+8613800138000", "+819012345678"
DISPATCH = MessageTemplate(
    key="dispatch",
    title="Dispatch",
    texts={
        "sms": MessageText(text="T-1. Reply 1 or 2.", text_link="T-1: answer at the link"),
        "email": MessageText(text="T-1"),
    },
)


class Domestic(RecordingGateway):
    """Carries to some countries, as its parameters stand."""

    def __init__(self) -> None:
        super().__init__("domestic", ("sms",))
        self.countries: dict[str, SmsMode] = {"+86": "link"}

    def within(self, ctx: Context) -> Gateway:
        return self

    def mode(self, address: str) -> SmsMode | None:
        return next((mode for code, mode in self.countries.items() if address.startswith(code)), None)


@pytest.fixture
def domestic() -> Domestic:
    return Domestic()


@pytest.fixture
def both(centre_without_account: Context, gateway: RecordingGateway, domestic: Domestic) -> Context:
    """Two gateways; the one that carries everywhere was installed first."""
    centre_without_account.registry.add_gateway(gateway)
    centre_without_account.registry.add_gateway(domestic)
    return centre_without_account


@pytest.fixture
def alone(centre_without_account: Context, domestic: Domestic) -> Context:
    centre_without_account.registry.add_gateway(domestic)
    return centre_without_account


def told(ctx: Context, phone: str, **who: Any) -> list[tuple[str, str, str]]:
    to = Recipient(name="Ho", locale="en", phone=phone, **who)
    notify(ctx, event="created", to=to, channel="sms", message=DISPATCH, scope={})
    run_due(ctx)
    with ctx.read():
        return [(row["channel"], row["gateway"], row["body"]) for row in list_notifications(ctx)[1]]


def test_a_gateway_carries_the_countries_it_names_and_the_other_the_rest(both: Context) -> None:
    assert told(both, CHINA) == [("sms", "domestic", "T-1: answer at the link")]
    assert told(both, HONG_KONG)[0] == ("sms", "recording", "T-1. Reply 1 or 2.")


def test_what_a_gateway_says_of_its_country_goes_before_the_parameter(
    both: Context, domestic: Domestic
) -> None:
    assert sms_mode(both, CHINA) == "link"
    domestic.countries = {}
    assert sms_mode(both, CHINA) == "code only"


def test_where_no_gateway_carries_the_next_channel_says_it_and_not_the_console(alone: Context) -> None:
    assert gateway_for(alone, "sms", JAPAN) is None
    assert told(alone, JAPAN, email="ho@example.org") == [("email", "console", "T-1")]


def test_whom_no_gateway_reaches_is_an_incident_that_says_so(alone: Context) -> None:
    assert told(alone, JAPAN)[0][:2] == ("sms", "")
    with alone.read():
        [incident] = alone.connection.execute(select(Incident.code, Incident.params)).all()
    assert incident.code == "nobody_reached"
    assert incident.params["reason"] == "no gateway carries SMS to their country"


def test_a_next_channel_that_nothing_carries_any_more_is_passed_over(
    both: Context, gateway: RecordingGateway, domestic: Domestic
) -> None:
    gateway.channels = ("email",)
    to = Recipient(name="Ho", locale="en", phone=CHINA, email="ho@example.org")
    notify(both, event="created", to=to, channel="email", message=DISPATCH, scope={})
    domestic.countries = {}
    gateway.fail(AddressRefused("no such mailbox"))
    run_due(both)
    with both.read():
        [row] = list_notifications(both)[1]
        assert (row["channel"], row["state"]) == ("email", "failed")
        assert list(both.connection.execute(select(Incident.code)).scalars()) == ["nobody_reached"]
