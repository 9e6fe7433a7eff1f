from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select
from twilio.request_validator import SIGNATURE_SETTINGS_HEADER, RequestValidator
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from admin.kit.current import Web
from engine.context import Centre, Context
from engine.jobs import Job, run_due
from engine.notify import (
    InboundMessage,
    MessageTemplate,
    MessageText,
    Notification,
    ReceiptEvent,
    Recipient,
    notify,
)
from engine.plugin import Registry
from engine.settings import Settings
from engine.testing.twilio_standin import TwilioStandIn
from plugins.twilio_gateway.channel import TwilioGateway
from plugins.twilio_gateway.webhooks import blueprint

SMS = "https://desk.example.org/webhooks/twilio/sms"
STATUS = "https://desk.example.org/webhooks/twilio/status"
NOTE = MessageTemplate(key="note", title="Note", texts={"sms": MessageText(text="0017 burst pipe")})
CITIZEN = Recipient(name="Chan", locale="en", phone="+85251230009")


@pytest.fixture
def form(standin: TwilioStandIn) -> dict[str, str]:
    return standin.inbound_form(sender="+85251230001", recipient="+85230000000", body="2 閥門已更換 & sealed")


def post(app: Flask, url: str, form: dict[str, str], headers: dict[str, str]) -> TestResponse:
    return app.test_client().post(url.removeprefix("https://desk.example.org"), data=form, headers=headers)


def count(ctx: Context, table: Any) -> int:
    with ctx.read():
        return len(ctx.connection.execute(select(table.id)).all())


def state(ctx: Context, notification_id: str | None) -> str:
    with ctx.read():
        query = select(Notification.state).where(Notification.id == notification_id)
        return str(ctx.connection.execute(query).scalar_one())


def sent(ctx: Context) -> str:
    made = notify(ctx, event="result", to=CITIZEN, channel="sms", message=NOTE, scope={})
    assert made is not None
    run_due(ctx)
    return made


def test_a_signed_message_is_stored_once_however_often_it_comes(
    app: Flask, ctx: Context, standin: TwilioStandIn, form: dict[str, str]
) -> None:
    for _ in range(5):
        answer = post(app, SMS, form, standin.sign(SMS, form))
        assert answer.status_code == 200
        assert answer.mimetype == "text/xml"
        assert answer.get_data(as_text=True).endswith("<Response/>")
    with ctx.read():
        [stored] = ctx.connection.execute(select(InboundMessage.__table__)).all()
    assert (stored.gateway, stored.channel, stored.sender) == ("twilio", "sms", "+85251230001")
    assert (stored.body, stored.provider_id) == ("2 閥門已更換 & sealed", form["MessageSid"])
    assert count(ctx, Job) == 1


def wrong_signatures(
    standin: TwilioStandIn, form: dict[str, str]
) -> Iterator[tuple[str, str, dict[str, str]]]:
    right = standin.sign(SMS, form)
    yield "none", SMS, {}
    yield "empty", SMS, {"X-Twilio-Signature": ""}
    yield (
        "another token",
        SMS,
        {"X-Twilio-Signature": RequestValidator("stolen").compute_signature(SMS, form)},
    )
    yield "http for https", SMS, standin.sign(SMS.replace("https", "http"), form)
    yield "another host", SMS, standin.sign(SMS.replace("desk.", "evil."), form)
    yield "another path", SMS, standin.sign(STATUS, form)
    yield "a query that was not signed", SMS + "?key=1", right
    yield "a parameter less", SMS, standin.sign(SMS, {**form, "Extra": "1"})
    yield "another text", SMS, standin.sign(SMS, {**form, "Body": "1"})


def test_a_forged_message_is_refused_and_leaves_nothing(
    app: Flask, ctx: Context, standin: TwilioStandIn, form: dict[str, str]
) -> None:
    for what, url, headers in wrong_signatures(standin, form):
        answer = post(app, url, form, headers)
        assert answer.status_code == 403, what
        assert answer.json["error"]["code"] == "forbidden", what  # type: ignore[index]
        assert "CALLWRIGHT_PUBLIC_URL" in answer.json["error"]["message"]  # type: ignore[index]
    assert count(ctx, InboundMessage) == 0


def test_the_address_counts_with_and_without_its_port(
    app: Flask, standin: TwilioStandIn, form: dict[str, str]
) -> None:
    with_port = SMS.replace("example.org", "example.org:443")
    assert post(app, SMS, form, standin.sign(with_port, form)).status_code == 200


def test_a_signature_counts_only_under_the_algorithm_it_came_with(
    app: Flask, standin: TwilioStandIn, form: dict[str, str]
) -> None:
    validator = RequestValidator(standin.auth_token)
    old = validator.compute_signature(SMS, form)
    new = validator.compute_signature(SMS, form, "HMAC_SHA256")
    named = {SIGNATURE_SETTINGS_HEADER: "key=webhooks_1,algorithm=HMAC_SHA256"}
    unknown = {SIGNATURE_SETTINGS_HEADER: "key=webhooks_1,algorithm=HMAC_MD5"}
    for signature, settings, status in (
        (new, named, 200),
        (old, named, 403),
        (new, {}, 403),
        (old, unknown, 403),
    ):
        answer = post(app, SMS, form, {"X-Twilio-Signature": signature, **settings})
        assert answer.status_code == status


def test_both_tokens_count_while_one_replaces_the_other(
    app: Flask, centre: Centre, standin: TwilioStandIn, settings: Settings, form: dict[str, str]
) -> None:
    rotating = replace(settings, twilio_auth_token=f"new-token, {standin.auth_token}")
    app.extensions["callwright"].centre = replace(centre, settings=rotating)
    assert post(app, SMS, form, standin.sign(SMS, form)).status_code == 200
    new = {"X-Twilio-Signature": RequestValidator("new-token").compute_signature(SMS, form)}
    assert post(app, SMS, form, new).status_code == 200


def test_without_an_account_nobody_is_at_home(
    app: Flask, centre: Centre, standin: TwilioStandIn, form: dict[str, str]
) -> None:
    app.extensions["callwright"].centre = replace(centre, settings=Settings())
    answer = post(app, SMS, form, standin.sign(SMS, form))
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "not_found"  # type: ignore[index]


@pytest.mark.parametrize("path", [SMS, STATUS])
def test_a_signed_form_without_an_id_is_a_bad_request(app: Flask, standin: TwilioStandIn, path: str) -> None:
    assert post(app, path, {"Body": "x"}, standin.sign(path, {"Body": "x"})).status_code == 400
    assert app.test_client().get("/webhooks/twilio/sms").status_code == 405


def test_receipts_count_once_in_any_order(app: Flask, ctx: Context, standin: TwilioStandIn) -> None:
    made = sent(ctx)
    [sid] = standin.messages
    url = f"{STATUS}?{urlencode({'key': made})}"
    for status in ("delivered", "sent", "queued", "delivered", "sent"):
        standin.messages[sid]["status"] = status
        form = standin.status_form(sid)
        assert post(app, url, form, standin.sign(url, form)).status_code == 200
    assert state(ctx, made) == "delivered"
    assert count(ctx, ReceiptEvent) == 2


def test_a_receipt_of_an_unknown_message_or_status_is_no_error(
    app: Flask, ctx: Context, standin: TwilioStandIn
) -> None:
    for form in (
        {"MessageSid": "SM1", "MessageStatus": "failed"},
        {"MessageSid": "SM1", "MessageStatus": "new"},
    ):
        assert post(app, STATUS, form, standin.sign(STATUS, form)).status_code == 200
    assert count(ctx, ReceiptEvent) == 1


def test_a_number_without_a_handset_is_noted_as_the_reason(
    app: Flask, ctx: Context, standin: TwilioStandIn
) -> None:
    made = sent(ctx)
    [sid] = standin.messages
    standin.messages[sid].update(status="undelivered", error_code=30005)
    form = {**standin.status_form(sid), "ErrorMessage": "Unknown destination handset"}
    assert post(app, STATUS, form, standin.sign(STATUS, form)).status_code == 200
    with ctx.read():
        error = ctx.connection.execute(select(Notification.error)).scalar_one()
        refused = ctx.connection.execute(select(ReceiptEvent.address_refused)).scalar_one()
    assert (state(ctx, made), error, refused) == ("failed", "30005 Unknown destination handset", True)


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_over_real_http_a_message_goes_out_is_delivered_and_is_answered(
    ctx: Context, centre: Centre, standin: TwilioStandIn, settings: Settings
) -> None:
    app = Flask("product")
    app.register_blueprint(blueprint(), url_prefix="/webhooks/twilio")
    with serving(app) as url:
        here = replace(settings, public_url=url)
        registry = Registry(job_kinds=centre.registry.job_kinds, settings=centre.registry.settings)
        registry.add_gateway(TwilioGateway(here))
        running = replace(centre, settings=here, registry=registry)
        app.extensions["callwright"] = Web(
            centre=running, find_signed_in=lambda: None, find_locale=lambda: "en"
        )
        made = sent(replace(ctx, centre=running))
        [sid] = standin.messages
        assert standin.accepted_count == {made: 1}
        assert standin.report(sid, "sent") == 200
        assert standin.report(sid, "delivered") == 200
        assert (
            standin.say(
                f"{url}/webhooks/twilio/sms", sender="+85251230001", recipient="+85230000000", body="2"
            )
            == 200
        )
    assert state(ctx, made) == "delivered"
    assert count(ctx, InboundMessage) == 1
