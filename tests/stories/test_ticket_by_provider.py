"""The ticket's story through a provider that was only described: JSON out, signed receipts and replies in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

from engine.testing.sms_standin import SmsStandIn
from tests.stories.product import ROOT, Product
from tests.stories.story import REPORTER, Story, now

README = ROOT / "plugins" / "http_sms_gateway" / "README.md"


class ByProvider(Story):
    """The same story; the SMS are the provider's."""

    def __init__(self, product: Product, provider: SmsStandIn) -> None:
        super().__init__(product, cast(Any, None))
        self.provider = provider

    def write(self, sender: str, body: str) -> None:
        """Somebody writes an SMS to the desk."""
        reply = self.provider.reply(sender=sender.removeprefix("+"), text=body)
        assert self.provider.post(f"{self.product.url}/webhooks/http_sms/sms", reply) == 200

    def texts_to(self, number: str, part: str) -> list[str]:
        """Return what a number was told that has a part."""
        said = list(self.provider.messages.values())
        return [one["text"] for one in said if one["number"] == number and part in one["text"]]


def described(provider: SmsStandIn) -> dict[str, str]:
    """Return the settings of a product whose SMS go through a provider on this machine."""
    example = re.findall(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[0]
    profile = example.replace("https://api.sms.example.cn", f"http://{provider.place}")
    return {
        "CALLWRIGHT_HTTP_SMS_GATEWAY_PROVIDER": profile.replace('852 = "one_way"', '852 = "two_way"'),
        "CALLWRIGHT_HTTP_ALLOWED_HOSTS": provider.place,
        "CALLWRIGHT_HTTP_PRIVATE_NETWORKS": "127.0.0.0/8",
        "CALLWRIGHT_SMS_SECRET_TOKEN": provider.token,
        "CALLWRIGHT_SMS_SECRET_WEBHOOK": provider.webhook_secret,
    }


def test_a_burst_pipe_is_handled_through_a_provider_that_was_only_described(
    make_product: Callable[..., Product],
) -> None:
    with SmsStandIn(now=now) as provider:
        product = make_product(**described(provider))
        product.up()
        story = ByProvider(product, provider)
        story.report()
        story.wait_for(story.is_dispatched)
        story.acknowledge()
        story.wait_for(story.is_acknowledged)
        story.finish()
        story.wait_for(story.is_done)
        story.review()
        story.wait_for(story.is_answered)
        assert story.texts_to(REPORTER, f"你反映的個案{story.number}已處理。valve replaced")
        story.rate()
        story.wait_for(story.is_over)
        assert story.variables()["rating"] == 5
        for message_id in list(provider.messages):
            receipt = provider.receipt(message_id, "DELIVRD")
            assert provider.post(f"{product.url}/webhooks/http_sms/status", receipt) == 200
        said = product.rows("SELECT state FROM notification WHERE gateway = 'http_sms'")
        assert [row[0] for row in said] == ["delivered"] * len(provider.messages)
        assert set(provider.accepted_count.values()) == {1}
        assert product.counts("incident") == {"incident": 0}
        for secret in (provider.token, provider.webhook_secret):
            assert secret not in product.said()
        product.stop()
