from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.clock import MovableClock
from engine.errors import AddressRefused, OutcomeUnknown, TechnicalFailure
from engine.plugin import Gateway, Outgoing
from engine.settings import Settings
from engine.testing.twilio_standin import TwilioStandIn
from plugins.twilio_gateway.channel import TwilioGateway
from plugins.twilio_gateway.channel import gateway as make_gateway

Make = Callable[..., Outgoing]


def test_an_account_makes_the_gateway_configured(settings: Settings) -> None:
    made: Gateway = make_gateway(settings)
    assert made.configured()
    assert not make_gateway(Settings()).configured()


def test_a_message_goes_out_once_with_its_key_in_the_callback_address(
    gateway: TwilioGateway, standin: TwilioStandIn, outgoing: Make
) -> None:
    sent = gateway.send(outgoing("n1", body="水" * 71))
    assert standin.accepted_count == {"n1": 1}
    message = standin.messages[sent.provider_id]
    assert (message["to"], message["from"], message["body"]) == ("+85251230001", "+85230000000", "水" * 71)
    assert (sent.state, sent.segments) == ("sent", 2)


def test_a_messaging_service_is_named_as_such(
    settings: Settings, standin: TwilioStandIn, outgoing: Make
) -> None:
    service = "MG" + "b" * 32
    sent = TwilioGateway(replace(settings, twilio_from=service)).send(outgoing())
    assert standin.messages[sent.provider_id]["messaging_service_sid"] == service
    assert sent.segments == 1


def test_no_callback_is_asked_for_where_twilio_cannot_reach_the_product(
    settings: Settings, outgoing: Make
) -> None:
    public = TwilioGateway(replace(settings, twilio_api_url=""))
    alone = TwilioGateway(replace(settings, twilio_api_url="", public_url="http://127.0.0.1:8080"))
    assert public._calls_back
    assert not alone._calls_back


@pytest.mark.parametrize("code", [21211, 21610, 21614])
def test_a_number_that_takes_no_messages_is_told_apart(
    gateway: TwilioGateway, standin: TwilioStandIn, outgoing: Make, code: int
) -> None:
    standin.refuse("+85251230001", code)
    with pytest.raises(AddressRefused) as refused:
        gateway.send(outgoing())
    assert refused.value.permanent
    assert str(code) in str(refused.value)


def test_another_refusal_is_permanent_and_not_the_numbers_fault(
    gateway: TwilioGateway, standin: TwilioStandIn, settings: Settings, outgoing: Make
) -> None:
    standin.refuse("+85251230001", 21408)
    with pytest.raises(TechnicalFailure) as refused:
        gateway.send(outgoing())
    assert refused.value.permanent
    assert not isinstance(refused.value, AddressRefused | OutcomeUnknown)
    with pytest.raises(TechnicalFailure, match="20003"):
        TwilioGateway(replace(settings, twilio_auth_token="wrong")).send(outgoing())


def test_too_many_requests_say_how_long_to_wait_and_are_not_repeated(
    gateway: TwilioGateway, standin: TwilioStandIn, outgoing: Make
) -> None:
    standin.trouble("429")
    with pytest.raises(TechnicalFailure) as refused:
        gateway.send(outgoing())
    assert not isinstance(refused.value, OutcomeUnknown)
    assert (refused.value.permanent, refused.value.retry_after_s) == (False, 7.0)
    assert len(standin.requests) == 1


@pytest.mark.parametrize(
    ("trouble", "taken"),
    [
        ("hang", 0),
        ("reset", 0),
        ("500", 0),
        ("take_and_hang", 1),
        ("take_and_reset", 1),
        ("take_and_500", 1),
    ],
)
def test_without_a_clear_answer_the_outcome_is_unknown_and_asking_settles_it(
    gateway: TwilioGateway, standin: TwilioStandIn, outgoing: Make, trouble: str, taken: int
) -> None:
    standin.trouble(trouble)  # type: ignore[arg-type]
    message = outgoing()
    with pytest.raises(OutcomeUnknown):
        gateway.send(message)
    assert [method for method, *_ in standin.requests] == ["POST"], "never repeated blindly"
    found = gateway.reconcile(message)
    assert len(standin.messages) == taken
    assert (found.provider_id if found else None) == next(iter(standin.messages), None)


def test_an_address_where_nobody_listens_is_no_unknown_outcome(
    settings: Settings, standin: TwilioStandIn, outgoing: Make
) -> None:
    nowhere = TwilioGateway(replace(settings, twilio_api_url="http://127.0.0.1:9"), timeout_s=0.5)
    with pytest.raises(TechnicalFailure) as failed:
        nowhere.send(outgoing())
    assert not isinstance(failed.value, OutcomeUnknown)
    assert not failed.value.permanent


def test_asking_does_not_take_another_message_for_ours(
    gateway: TwilioGateway, standin: TwilioStandIn, clock: MovableClock, outgoing: Make
) -> None:
    gateway.send(outgoing("older"))
    clock.advance(timedelta(hours=1))
    message = outgoing("n2")
    assert gateway.reconcile(message) is None, "the same text an hour ago was another message"
    other = gateway.send(outgoing("other"))
    assert gateway.reconcile(replace(message, other_ids=frozenset({other.provider_id}))) is None
    gateway.send(outgoing("n3", to="+85251230002"))
    gateway.send(outgoing("n4", body="another text"))
    found = gateway.reconcile(message)
    assert found is not None
    assert found.provider_id == other.provider_id


def test_asking_fails_where_twilio_cannot_be_asked(settings: Settings, outgoing: Make) -> None:
    with pytest.raises(TechnicalFailure):
        TwilioGateway(replace(settings, twilio_api_url="http://127.0.0.1:9")).reconcile(outgoing())
