"""A number that takes no messages: who has it reads that, as does who manages people, with what mends it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import plugins.http_sms_gateway
from engine.notify import MessageTemplate, MessageText, notify, person_recipient
from engine.parameters import set_parameter
from engine.people import get_person
from engine.testing import system, work_off
from engine.testing.sms_standin import SmsStandIn

README = Path(plugins.http_sms_gateway.__file__).with_name("README.md").read_text(encoding="utf-8")
NOTE = MessageTemplate(key="note", title="Note", texts={"sms": MessageText(text="0017 burst pipe")})


@pytest.fixture
def standin(monkeypatch):
    with SmsStandIn(now=lambda: datetime.now(UTC)) as running:
        monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_TOKEN", running.token)
        monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_PASSWORD", running.password)
        monkeypatch.setenv("CALLWRIGHT_SMS_SECRET_WEBHOOK", running.webhook_secret)
        yield running


@pytest.fixture
def dead_number(centre, ctx, client, make_person, standin):
    """The provider says that a number takes no messages, to which one was sent just now."""
    make_person("boss", "administrator", locale="en")
    make_person("mei", "agent", locale="en", phone="+8613800138000", email="mei@example.org")
    example = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)[0]
    told = re.sub(r"https://[^/]+", f"http://{standin.place}", example, count=1)
    for key, value in (
        ("http.allowed_hosts", standin.place),
        ("http.private_networks", "127.0.0.0/8"),
        ("http_sms_gateway.provider", told),
    ):
        set_parameter(ctx, key=key, value=value)
    with ctx.write():
        to = person_recipient(get_person(ctx, "mei"))
        notify(ctx, event="result", to=to, channel="sms", message=NOTE, scope={})
    work_off(centre)
    body = standin.receipt(next(iter(standin.messages)), "UNDELIV", code="UNKNOWN_SUBSCRIBER")
    answer = client.post("/webhooks/http_sms/status", data=body, headers=standin.sign(body))
    assert answer.status_code == 200


@pytest.mark.usefixtures("dead_number")
def test_whose_number_it_is_reads_that_and_a_new_one_is_used_at_once(centre, enter, token_of):
    mei = enter("mei")
    shown = mei.get("/account").text
    assert "Messages do not reach your telephone number: UNKNOWN_SUBSCRIBER" in shown
    said = {"phone": "+8613800138001", "email": "mei@example.org", "locale": "en"}
    password = {"password": "correct horse battery staple", "csrf_token": token_of(mei)}
    assert mei.post("/account", data={**said, **password}).status_code == 303
    assert "Messages do not reach" not in mei.get("/account").text
    with system(centre).read() as ctx:
        assert get_person(ctx, "mei").phone_trouble is None


@pytest.mark.usefixtures("dead_number")
def test_who_manages_people_reads_it_and_says_that_it_is_right_after_all(centre, enter, token_of):
    boss = enter("boss")
    address = "/organisation/people/mei"
    assert "Ask them for another number" in boss.get(address).text
    # The same number again changes nothing.
    token = {"csrf_token": token_of(boss)}
    same = {"name": "Mei", "phone": "+8613800138000", "email": "mei@example.org", "locale": "en", **token}
    assert boss.post(address, data=same).status_code == 303
    assert "Ask them for another number" in boss.get(address).text
    assert boss.post(f"{address}/trust_phone", data=token).status_code == 303
    assert "Ask them for another number" not in boss.get(address).text
    with system(centre).read() as ctx:
        assert get_person(ctx, "mei").phone_trouble is None


@pytest.mark.usefixtures("dead_number")
def test_one_says_oneself_that_it_is_right_and_what_is_not_urgent_can_come_together(centre, enter, token_of):
    mei = enter("mei")
    token = {"csrf_token": token_of(mei)}
    assert mei.post("/account/trust", data={"field": "phone", **token}).status_code == 303
    said = {"phone": "+8613800138000", "email": "mei@example.org", "locale": "en", "digest": "08:00"}
    assert mei.post("/account", data={**said, **token}).status_code == 303
    with system(centre).read() as ctx:
        person = get_person(ctx, "mei")
    assert (person.phone_trouble, person.digest) == (None, "08:00")
    assert '<option value="08:00" selected>' in mei.get("/account").text
    assert mei.post("/account", data={**said, **token, "digest": "often"}).status_code == 422


def test_who_asked_for_no_sms_reads_how_to_get_them_again(centre, ctx, make_person, enter):
    make_person("mei", "agent", locale="en", phone="+8613800138000")
    with ctx.write():
        get_person(ctx, "mei").phone_trouble = "opted out"
    assert "Send START" in enter("mei").get("/account").text
