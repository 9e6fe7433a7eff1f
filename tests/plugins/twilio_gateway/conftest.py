from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import MovableClock
from engine.plugin import Outgoing
from engine.settings import Settings
from engine.testing.twilio_standin import TwilioStandIn
from plugins.twilio_gateway.channel import TwilioGateway

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def standin(clock: MovableClock) -> Iterator[TwilioStandIn]:
    with TwilioStandIn(now=clock.now) as running:
        yield running


@pytest.fixture
def settings(standin: TwilioStandIn, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        public_url="https://desk.example.org",
        twilio_account_sid=standin.account_sid,
        twilio_auth_token=standin.auth_token,
        twilio_from="+85230000000",
        twilio_api_url=standin.url,
    )


@pytest.fixture
def gateway(settings: Settings) -> TwilioGateway:
    return TwilioGateway(settings, timeout_s=0.5)


@pytest.fixture
def outgoing(clock: MovableClock) -> Callable[..., Outgoing]:
    def make(
        key: str = "n1", *, to: str = "+85251230001", body: str = "T-260302-0017 burst pipe"
    ) -> Outgoing:
        return Outgoing(
            key=key,
            channel="sms",
            address=to,
            subject="",
            body=body,
            callback_url=f"http://127.0.0.1:9/webhooks/twilio/status?key={key}",
            tried_at=clock.now() - timedelta(seconds=1),
        )

    return make
