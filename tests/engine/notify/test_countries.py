from typing import Any

import pytest

from engine.context import Context
from engine.errors import InvalidSubmission
from engine.jobs import run_due
from engine.notify import MESSAGES, read_template, sms_mode, sms_plan
from engine.notify.countries import has_address
from engine.notify.outbox import list_notifications, notify
from engine.notify.recipients import Recipient
from engine.parameters import set_parameter
from engine.testing.recording import RecordingGateway

MESSAGE = b"""
title = "Dispatch"
[sms]
text = "{{ business_key }} {{ substring(summary, 1, 30) }}. Reply 1 or 2. {{ link }}"
text_link = "{{ business_key }}: {{ link }}"
text_code = "{{ business_key }}: code {{ code }}"
[email]
text = "Open {{ link }}"
"""
BARE = MESSAGE.replace(b'text_code = "{{ business_key }}: code {{ code }}"', b"")
LINK = "https://d.example.org/t/abc"
SCOPE = {"business_key": "T-1", "summary": "Burst pipe", "link": LINK, "code": "7K3M2Q"}
HONG_KONG, CHINA, TAIWAN, JAPAN = "+85251230001", "+8613800138000", "+886912345678", "+819012345678"


def told(ctx: Context, phone: str, content: bytes = MESSAGE, **who: Any) -> list[tuple[str, str]]:
    to = Recipient(name="Ho", locale="en", phone=phone, **who)
    message = read_template("dispatch", content)
    notify(ctx, event="created", to=to, channel="sms", message=message, scope=SCOPE)
    run_due(ctx)
    with ctx.read():
        return [(row["channel"], row["body"] or row["error"]) for row in list_notifications(ctx)[1]]


@pytest.mark.parametrize(
    ("phone", "mode"),
    [
        (HONG_KONG, "link and reply"),
        (CHINA, "code only"),
        (TAIWAN, "code only"),
        (JAPAN, "link and reply"),
        (None, "link and reply"),
    ],
)
def test_the_country_of_a_number_says_what_an_sms_may_be(ctx: Context, phone: str | None, mode: str) -> None:
    assert sms_mode(ctx, phone) == mode


def test_an_administrator_says_it_otherwise(ctx: Context) -> None:
    set_parameter(ctx, key="sms_mode.tw", value="link")
    assert told(ctx, TAIWAN) == [("sms", "T-1: https://d.example.org/t/abc")]
    set_parameter(ctx, key="sms_mode.other", value="code only")
    assert sms_mode(ctx, JAPAN) == "code only"
    with pytest.raises(InvalidSubmission):
        set_parameter(ctx, key="sms_mode.cn", value="pigeon")


def test_a_message_says_what_arrives_in_its_reader_s_country(ctx: Context) -> None:
    assert told(ctx, HONG_KONG) == [("sms", "T-1 Burst pipe. Reply 1 or 2. https://d.example.org/t/abc")]
    assert told(ctx, CHINA)[0] == ("sms", "T-1: code 7K3M2Q")


def test_where_a_link_is_not_delivered_the_next_channel_carries_it(
    ctx: Context, gateway: RecordingGateway
) -> None:
    assert told(ctx, CHINA, BARE, email="ho@example.org") == [("email", "Open https://d.example.org/t/abc")]
    assert [sent.address for sent in gateway.taken] == ["ho@example.org"]


def test_an_address_in_what_somebody_wrote_counts_too(ctx: Context) -> None:
    free = b'title = "Result"\n[sms]\ntext = "{{ summary }}"\n[email]\ntext = "{{ summary }}"\n'
    to = Recipient(name="Ho", locale="en", phone=CHINA, email="ho@example.org")
    message = read_template("result", free)
    scope = {"summary": "See www.example.org"}
    notify(ctx, event="result", to=to, channel="sms", message=message, scope=scope)
    with ctx.read():
        assert [row["channel"] for row in list_notifications(ctx)[1]] == ["email"]


@pytest.mark.parametrize(
    "text", ["see https://x.org/1", "HTTP://x.org", "www.x.org", "\n\n@x.example.org #1"]
)
def test_addresses_are_found(text: str) -> None:
    assert has_address(text)


@pytest.mark.parametrize("text", ["2 of 5", "ho@example.org", "T-260302-0017 done.", "www"])
def test_other_words_are_no_addresses(text: str) -> None:
    assert not has_address(text)


class _Package:
    def __init__(self, **files: bytes) -> None:
        self.files = files


def warnings(content: bytes, **files: bytes) -> list[str]:
    assert MESSAGES.warn is not None
    return [one.message for one in MESSAGES.warn("messages/dispatch.toml", content, _Package(**files))]  # type: ignore[arg-type]


def test_a_deployment_warns_of_a_link_that_does_not_arrive_and_of_many_segments() -> None:
    assert warnings(MESSAGE) == []
    [warning] = warnings(BARE)
    assert "not delivered in mainland China and Taiwan" in warning
    [warning] = warnings(MESSAGE.replace(b"Reply 1 or 2.", b"Please " + b"do " * 150))
    assert "segments" in warning


def test_a_plan_measures_each_language_and_country_with_the_longest_values() -> None:
    translated = {"zh_Hant": {"{{ business_key }}: code {{ code }}": "{{ business_key }}：代碼{{ code }}"}}
    made = sms_plan(read_template("dispatch", MESSAGE), translated)
    plans = {(plan.locale, plan.mode): plan for plan in made}
    assert len(plans) == 9
    english = plans["en", "link and reply"].size
    assert (english.encoding, english.unit_count) == ("GSM-7", 16 + 1 + 30 + 16 + 40)
    chinese = plans["zh_Hant", "code only"].size
    assert (chinese.encoding, chinese.unit_count) == ("UCS-2", 16 + 3 + 6)
    assert all(plan.arrives for plan in plans.values())
