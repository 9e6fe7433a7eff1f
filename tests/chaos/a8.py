"""Receipts come five times, in any order, before the sending's own commit, of ids that nobody knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

from engine.testing.twilio_standin import TwilioStandIn
from tests.chaos import census, drawing
from tests.chaos.people import crowd, do_errand
from tests.chaos.report import Report
from tests.chaos.site import site_on_server
from tests.stories.product import until
from tests.stories.story import DESK

COUNT, UNIT = 5_000, "events"
WITHIN_S = 480.0
KILLS = False
_TIMES = 5
# What a message's receipts say, and what it is in the end.
_STORIES: tuple[tuple[Sequence[str], str], ...] = (
    (("queued", "sent", "delivered"), "delivered"),
    (("sent", "undelivered"), "failed"),
    (("sent", "delivered", "read"), "read"),
)
_THREADS = 8


class Eager(TwilioStandIn):
    """A provider that says of every second message what became of it before it says that it took it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.chance = Random(0)
        self.ends: dict[str, str] = {}
        self.late: list[tuple[str, str]] = []

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        """Take a message, decide what is said of it, and say it at once or keep it for later."""
        message = super().take(form)
        receipts, self.ends[message["sid"]] = self.chance.choice(_STORIES)
        events = [(message["sid"], status) for status in receipts] * _TIMES
        if self.chance.random() < 0.5:
            self.chance.shuffle(events)
            for event in events:
                self.call_back(*event)
        else:
            self.late += events
        return message


def run(report: Report, count: int = COUNT) -> None:
    """Run it with about so many events."""
    receipts = sum(len(story) for story, _end in _STORIES) / len(_STORIES) * _TIMES
    errands, unknown, inbound = int(count * 0.8 / receipts), count // 10, count // 10 // _TIMES
    with site_on_server(provider=Eager) as here:
        provider = here.twilio
        assert isinstance(provider, Eager)
        provider.chance = report.chance
        here.deploy(pause="PT0.1S")
        here.begin_web()
        here.begin_worker()
        here.product.wait_ready("web")
        begun_s = report.since_s
        with (
            here.centre() as centre,
            crowd(partial(do_errand, centre, reached_by="sms"), range(errands), 2),
        ):
            until(
                lambda: census.completed(here.product) == errands and not census.under_way(here.product),
                "all messages are sent",
                within_s=WITHIN_S,
            )
        hook = f"{here.product.url}/webhooks/twilio"
        said = [
            provider.inbound_form(sender=f"+8526{number:07}", recipient=DESK, body=f"hello {number}")
            for number in range(inbound)
        ]
        acts = [partial(provider.call_back, *event) for event in provider.late]
        acts += [partial(provider.post, f"{hook}/sms", form) for form in said for _ in range(_TIMES)]
        acts += [partial(provider.post, *_unknown(hook, provider, number)) for number in range(unknown)]
        report.chance.shuffle(acts)
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(lambda act: act(), acts))
        report.most("seconds", report.since_s - begun_s, WITHIN_S)
        statuses = Counter(provider.answers)
        report.figure("events", statuses.total())
        report.figure("of them before the sending's own commit", statuses.total() - len(acts))
        report.equal("answers other than 200", statuses.total() - statuses[200], 0)
        # What came in was answered too: those messages may still be on their way.
        ends = {
            sid: end
            for sid, end in provider.ends.items()
            if provider.messages[sid]["body"].startswith("Errand")
        }
        states = "SELECT provider_id, state FROM notification WHERE provider_id IS NOT NULL"
        found = dict(here.product.rows(states))
        report.equal("messages", len(ends), errands)
        wrong = [sid for sid, end in ends.items() if found.get(sid) != end]
        report.equal("messages in another state than in order, once", len(wrong), 0)
        seen = f"SELECT count(*) FROM incident WHERE process_key = '{drawing.KEY}'"
        failed = sum(end == "failed" for end in ends.values())
        report.equal("incidents, one for each that failed", here.product.rows(seen)[0][0], failed)
        stored = here.product.rows("SELECT count(*) FROM inbound_message")[0][0]
        report.equal("messages that came in, stored", stored, inbound)
        report.equal("keys with more than one SMS", sum(n > 1 for n in provider.accepted_count.values()), 0)


def _unknown(hook: str, provider: TwilioStandIn, number: int) -> tuple[str, dict[str, str]]:
    """Return a receipt of a message that nobody sent, with a key of nobody, of nonsense, or none."""
    key = ("", "?key=nonsense", f"?key={uuid4()}")[number % 3]
    form = {
        "AccountSid": provider.account_sid,
        "MessageSid": f"SM{uuid4().hex}",
        "MessageStatus": "delivered",
    }
    return f"{hook}/status{key}", form
