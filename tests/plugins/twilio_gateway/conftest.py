from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

import engine.definition.models
import engine.work.models  # noqa: F401 - tables that others point to
from admin.kit.current import Web
from engine import parameters
from engine.clock import MovableClock
from engine.context import SYSTEM, Centre, Context
from engine.db import Database, metadata
from engine.notify import SEND, SETTINGS
from engine.plugin import JobKind, Outgoing, Registry
from engine.settings import Settings
from engine.testing.twilio_standin import TwilioStandIn
from plugins.twilio_gateway.channel import TwilioGateway
from plugins.twilio_gateway.webhooks import blueprint

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


@pytest.fixture
def centre(settings: Settings, gateway: TwilioGateway, clock: MovableClock) -> Iterator[Centre]:
    registry = Registry()
    parameters.register(registry)
    registry.add_gateway(gateway)
    for spec in SETTINGS:
        registry.add_setting(spec)
    registry.add_job_kind(SEND)
    registry.add_job_kind(JobKind(name="receive", title="Receive", function=lambda ctx, job: None))
    made = Centre(settings=settings, database=Database(settings.database), clock=clock, registry=registry)
    with Context(centre=made, actor=SYSTEM).write() as ctx:
        metadata.create_all(ctx.connection)
    yield made
    made.database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return Context(centre=centre, actor=SYSTEM)


@pytest.fixture
def app(centre: Centre) -> Flask:
    made = Flask("product")
    made.extensions["callwright"] = Web(centre=centre, find_signed_in=lambda: None, find_locale=lambda: "en")
    made.register_blueprint(blueprint(), url_prefix="/webhooks/twilio")
    return made
