"""One ticket from the first word to the last: what people and the SMS provider do, and what is seen of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from engine.testing.twilio_standin import TwilioStandIn
from tests.stories.furnishing import REACHED
from tests.stories.product import Product, Rest, until

DESK = "+85230001234"
REPORTER = "+85251237777"
HANDLER = REACHED["handler_water"]


def now() -> datetime:
    """Tell the provider's time."""
    return datetime.now(UTC)


def account(twilio: TwilioStandIn) -> dict[str, str]:
    """Return the settings of a product whose SMS go through a stand-in."""
    return {
        "CALLWRIGHT_TWILIO_ACCOUNT_SID": twilio.account_sid,
        "CALLWRIGHT_TWILIO_AUTH_TOKEN": twilio.auth_token,
        "CALLWRIGHT_TWILIO_FROM": DESK,
        "CALLWRIGHT_TWILIO_API_URL": twilio.url,
    }


class Story:
    """A burst pipe, reported, dispatched, handled, reviewed, answered, rated.

    Args:
        product: Where.
        twilio: Who carries the SMS.
        reporter: The reporter's number.
    """

    def __init__(self, product: Product, twilio: TwilioStandIn, *, reporter: str = REPORTER) -> None:
        self.product = product
        self.twilio = twilio
        self.reporter = reporter
        self.agent = Rest(product, "agent")
        self.qa = Rest(product, "qa")
        self.supervisor = Rest(product, "supervisor")
        self.instance: dict[str, Any] = {}

    @property
    def number(self) -> str:
        """The ticket's number."""
        return str(self.instance["business_key"])

    # What people do.

    def report(self) -> None:
        """An agent takes the report down."""
        self.instance = self.agent.post(
            "process-definitions/ticket_routing/start",
            {
                "variables": {
                    "category": "water",
                    "summary": "Burst pipe",
                    "description": "Water shoots out of the pavement.",
                    "address": "12 Shanghai Street",
                    "reporter_name": "Chan Tai Man",
                    "reporter_phone": self.reporter,
                    "reporter_locale": "zh_Hant",
                }
            },
        )

    def write(self, sender: str, body: str) -> None:
        """Somebody writes an SMS to the desk."""
        url = f"{self.product.url}/webhooks/twilio/sms"
        assert self.twilio.say(url, sender=sender, recipient=DESK, body=body) == 200

    def acknowledge(self) -> None:
        """The handler says to be on it."""
        self.write(HANDLER, "1")

    def finish(self) -> None:
        """The handler says what was done."""
        self.write(HANDLER, "2 valve replaced")

    def review(self) -> None:
        """The reviewer lets the answer go out."""
        self.qa.post(f"tasks/{self.open_task('review')['id']}/complete", {"outcome": "approved"})

    def rate(self) -> None:
        """The reporter is pleased."""
        self.write(self.reporter, "5")

    # What is seen of it.

    def is_dispatched(self) -> bool:
        """Whether every handler whom an SMS reaches has got it."""
        return all(self.texts_to(number, f"{self.number}") for number in REACHED.values())

    def is_acknowledged(self) -> bool:
        """Whether the task shows it, and the handler was told."""
        task = self.task("handle")
        return task["acknowledged_by"] == "handler_water" and bool(self.texts_to(HANDLER, "it is yours"))

    def is_done(self) -> bool:
        """Whether the task ended by SMS, and the reviewer has the next one."""
        return self.task("handle")["state"] == "completed" and self.task("review")["state"] == "open"

    def is_reviewed(self) -> bool:
        """Whether the review is over."""
        return bool(self.task("review")["state"] == "completed")

    def is_answered(self) -> bool:
        """Whether the reporter has heard the result, and was asked for a rating."""
        asked = self.texts_to(self.reporter, f"{self.number}：你對回覆滿意嗎？")
        return bool(self.texts_to(self.reporter, "valve replaced") and asked)

    def is_over(self) -> bool:
        """Whether the process is over."""
        return bool(self.read()["state"] == "completed")

    def wait_for(self, seen: Callable[[], bool]) -> None:
        """Wait until something is seen."""
        until(seen, f"{seen.__name__}\n{self.product.said()}")

    def read(self) -> dict[str, Any]:
        """Read the ticket's process."""
        found: dict[str, Any] = self.supervisor.get(f"process-instances/{self.instance['id']}")
        return found

    def variables(self) -> dict[str, Any]:
        """Read the ticket's variables."""
        found: dict[str, Any] = self.supervisor.get(f"process-instances/{self.instance['id']}/variables")
        return found

    def task(self, element: str) -> dict[str, Any]:
        """Read the newest task of a step; what it is while there is none has no state."""
        tasks = self.supervisor.get(f"process-instances/{self.instance['id']}/tasks")["result"]
        nothing: dict[str, Any] = {"state": None, "acknowledged_by": None}
        return next((task for task in reversed(tasks) if task["element_id"] == element), nothing)

    def open_task(self, element: str) -> dict[str, Any]:
        """Wait for the task of a step and read it."""
        until(lambda: self.task(element)["state"] == "open", f"{element} is open")
        return self.task(element)

    def path(self) -> list[str]:
        """Return the steps that the ticket went through."""
        history = self.supervisor.get(f"process-instances/{self.instance['id']}/history", page_size=100)
        return [visit["element_id"] for visit in history["result"]]

    def notifications(self, **wanted: str) -> list[dict[str, Any]]:
        """Read what was said about the ticket, and by what it called."""
        called = self.supervisor.get("process-instances", root=self.instance["id"])["result"]
        return [
            said
            for instance in called
            for said in self.supervisor.get(
                "notifications", instance_id=instance["id"], page_size=100, **wanted
            )["result"]
        ]

    def texts_to(self, number: str, part: str) -> list[str]:
        """Return the texts that the provider took for a number."""
        return texts_to(self.twilio, number, part)


def texts_to(twilio: TwilioStandIn, number: str, part: str) -> list[str]:
    """Return the texts with something in them that a provider took for a number."""
    messages = list(twilio.messages.values())
    return [message["body"] for message in messages if message["to"] == number and part in message["body"]]


def check_nobody_got_it_twice(twilio: TwilioStandIn) -> None:
    """Count what the provider took, by our key and by what people see."""
    assert twilio.accepted_count, "nothing was sent at all"
    assert twilio.accepted_count["?"] == 0
    twice = {key: count for key, count in twilio.accepted_count.items() if count > 1}
    assert not twice, f"accepted more than once: {twice}"
    seen = Counter((message["to"], message["body"]) for message in twilio.messages.values())
    assert not {text for text, count in seen.items() if count > 1}


def steps(story: Story) -> Sequence[tuple[Callable[[], None], Callable[[], bool]]]:
    """Return what happens in order: an act, and how it is seen that it was taken in."""
    return (
        (story.report, story.is_dispatched),
        (story.acknowledge, story.is_acknowledged),
        (story.finish, story.is_done),
        (story.review, story.is_answered),
        (story.rate, story.is_over),
    )
