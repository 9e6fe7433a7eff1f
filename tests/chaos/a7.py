"""Providers answer too late, with 500, with 429, or hang up after they took it: nothing goes out twice."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, TypeVar, get_args
from urllib.parse import parse_qs, urlsplit

from engine.context import Centre
from engine.notify import Recipient, notify
from engine.notify.templates import read_template
from engine.testing import system
from engine.testing.twilio_standin import Trouble, TwilioStandIn
from tests.chaos import drawing
from tests.chaos.mail import MailTrouble, mail_server
from tests.chaos.report import Report
from tests.chaos.site import Site, site_on_server
from tests.stories.product import until

COUNT, UNIT = 1_000, "SMS, and as many mails"
WITHIN_S = 480.0
KILLS = False
_WORKERS = 2
# How often something goes wrong at the first try and at the second; at the third nothing does.
_TROUBLE_RATES = (0.3, 0.3)
# The least that lies between two tries of one message: ten seconds, a minute; a tenth less by chance.
_WAITS_S = (9.0, 54.0)
_MESSAGE = read_template(
    "done",
    b'title = "Done"\n[sms]\ntext = "Errand {{ n }}"\n[email]\nsubject = "E"\ntext = "Errand {{ n }}"\n',
)

Kind = TypeVar("Kind", bound=str)


class Troubles:
    """Chooses what goes wrong with a try, and keeps when each was."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.seen: Counter[str] = Counter()
        self.tried_at_s: dict[str, list[float]] = defaultdict(list)

    def of(self, key: str, kinds: Iterable[Kind]) -> Kind | None:
        """Return what goes wrong with this try of a message, if anything does."""
        tries = self.tried_at_s[key]
        tries.append(time.monotonic())
        rate = dict(enumerate(_TROUBLE_RATES, 1)).get(len(tries), 0.0)
        trouble = self._chance.choice([*kinds]) if self._chance.random() < rate else None
        self.seen[trouble or "none"] += 1
        return trouble

    def hasty(self) -> int:
        """Count the tries that came before their time."""
        return sum(
            later - earlier < wait_s
            for tries in self.tried_at_s.values()
            for (earlier, later), wait_s in zip(pairwise(tries), _WAITS_S, strict=False)
        )


class Moody(TwilioStandIn):
    """A provider of SMS that is in trouble as ``troubles`` say."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.troubles = Troubles(0)

    def trouble_of(self, form: Mapping[str, str]) -> Trouble | None:
        """Choose by the key in the callback address."""
        key = parse_qs(urlsplit(form["StatusCallback"]).query)["key"][0]
        return self.troubles.of(key, get_args(Trouble))


def run(report: Report, count: int = COUNT) -> None:
    """Run it with so many SMS and as many mails."""
    mails = Troubles(report.seed)
    with (
        mail_server(lambda key: mails.of(key, get_args(MailTrouble))) as (server, address),
        site_on_server(
            provider=Moody, CALLWRIGHT_SMTP_URL=address, CALLWRIGHT_MAIL_FROM="desk@example.org"
        ) as here,
    ):
        twilio = here.twilio
        assert isinstance(twilio, Moody)
        twilio.troubles = Troubles(report.seed + 1)
        with here.centre() as centre:
            for number in range(count):
                _say(centre, number)
        begun_s = report.since_s
        for _ in range(_WORKERS):
            here.begin_worker()
        until(lambda: not _waiting(here), f"nothing waits\n{here.product.said()}", within_s=2 * WITHIN_S)
        report.most("seconds", report.since_s - begun_s, WITHIN_S)
        for channel, troubles, accepted in (
            ("sms", twilio.troubles, twilio.accepted_count),
            ("email", mails, server.accepted_count),
        ):
            _judge(report, here, channel, troubles, accepted, count)


def _say(centre: Centre, number: int) -> None:
    ctx = system(centre)
    for channel, reached in (
        ("sms", {"phone": drawing.phone(number)}),
        ("email", {"email": drawing.mailbox(number)}),
    ):
        notify(
            ctx,
            event="result",
            to=Recipient(name="Citizen", locale="en", **reached),
            channel=channel,
            message=_MESSAGE,
            scope={"n": number},
        )


def _waiting(here: Site) -> int:
    return int(
        here.product.rows(
            "SELECT count(*) FROM job WHERE kind = 'notify' AND state IN ('waiting', 'running')"
        )[0][0]
    )


def _judge(
    report: Report, here: Site, channel: str, troubles: Troubles, accepted: Counter[str], count: int
) -> None:
    rows: Callable[..., list[Any]] = here.product.rows
    report.figure(f"{channel}: tries by what went wrong", dict(troubles.seen))
    report.equal(f"{channel}: keys accepted more than once", sum(n > 1 for n in accepted.values()), 0)
    report.equal(f"{channel}: tries before their time", troubles.hasty(), 0)
    states = {
        str(key): state
        for key, state in rows("SELECT id, state FROM notification WHERE channel = :channel", channel=channel)
    }
    report.equal(f"{channel}: messages", len(states), count)
    report.figure(f"{channel}: states", dict(Counter(states.values())))
    told = {
        str(row[0])
        for row in rows(
            "SELECT n.id FROM incident i JOIN job j ON j.id = i.job_id JOIN notification n"
            " ON j.payload LIKE '%' || n.id || '%' WHERE i.state = 'open' AND n.channel = :channel",
            channel=channel,
        )
    }
    report.figure(f"{channel}: incidents", len(told))
    unsettled = [key for key, state in states.items() if state != "sent" and key not in told]
    report.equal(f"{channel}: neither sent nor an incident", len(unsettled), 0)
    mistaken = [key for key, state in states.items() if state == "sent" and not accepted[key]]
    report.equal(f"{channel}: counted as sent, never accepted", len(mistaken), 0)
