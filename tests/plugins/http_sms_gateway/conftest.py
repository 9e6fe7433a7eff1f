"""A centre whose SMS go through a provider on this machine, described as the README describes it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

import plugins.http_sms_gateway
from admin.kit.current import Web
from engine.clock import MovableClock
from engine.context import Centre, Context
from engine.parameters import set_parameter
from engine.plugin import Outgoing
from engine.testing import make_centre, system
from engine.testing.centre import START
from engine.testing.sms_standin import SmsStandIn
from plugins.http_sms_gateway.channel import HttpSmsGateway
from plugins.http_sms_gateway.webhooks import blueprint

README = Path(plugins.http_sms_gateway.__file__).with_name("README.md").read_text(encoding="utf-8")
JSON, FORM = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
CHINA, HONG_KONG = "+8613800138000", "+85251230001"

Describe = Callable[..., None]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def standin(clock: MovableClock) -> Iterator[SmsStandIn]:
    with SmsStandIn(now=clock.now) as running:
        yield running


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, standin: SmsStandIn) -> None:
    monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_TOKEN", standin.token)
    monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_PASSWORD", standin.password)
    monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_WEBHOOK", standin.webhook_secret)


@pytest.fixture
def centre(tmp_path: Path, clock: MovableClock) -> Iterator[Centre]:
    made = make_centre(
        tmp_path,
        clock=clock,
        plugins=("plugins",),
        gateways=[HttpSmsGateway(timeout_s=1.0)],
        public_url="https://desk.example.org",
    )
    yield made
    made.database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return system(centre)


@pytest.fixture
def describe(ctx: Context, standin: SmsStandIn) -> Describe:
    """Describe the provider on this machine under Parameters: an example of the README, with changes."""

    def say(example: str = JSON, *changes: tuple[str, str]) -> None:
        set_parameter(ctx, key="http.allowed_hosts", value=standin.place)
        set_parameter(ctx, key="http.private_networks", value="127.0.0.0/8")
        text = re.sub(r"https://[^/]+", f"http://{standin.place}", example, count=1)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        set_parameter(ctx, key="http_sms_gateway.provider", value=text)

    return say


@pytest.fixture
def outgoing(clock: MovableClock) -> Callable[..., Outgoing]:
    def make(body: str = "T-260302-0017 burst pipe", *, key: str = "n1", to: str = CHINA) -> Outgoing:
        return Outgoing(
            key=key,
            channel="sms",
            address=to,
            subject="",
            body=body,
            callback_url=f"https://desk.example.org/webhooks/http_sms/status?key={key}",
            tried_at=clock.now(),
        )

    return make


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@pytest.fixture
def webhooks(centre: Centre) -> Iterator[str]:
    """Serve the product's webhooks over real HTTP; the address under which they stand."""
    app = Flask("product")
    app.extensions["callwright"] = Web(centre=centre, find_signed_in=lambda: None, find_locale=lambda: "en")
    app.register_blueprint(blueprint(), url_prefix="/webhooks/http_sms")
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks/http_sms"
    server.shutdown()
    server.server_close()
    thread.join()
