"""The ticket's story with real HTTP at both ends: Twilio's client, a stand-in of its API, signed webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from engine.testing.twilio_standin import TwilioStandIn
from tests.stories import pages
from tests.stories.furnishing import PEOPLE, REACHED
from tests.stories.product import Product, copy_of, until
from tests.stories.story import (
    DESK,
    HANDLER,
    REPORTER,
    Story,
    account,
    check_nobody_got_it_twice,
    now,
    texts_to,
)

STRANGER = "+85251239999"
_REPLY = {"en": "Reply 1 on it, 2 done", "zh_Hant": "回1接2妥3援4退", "zh_Hans": "回1接2结3援4退"}


@pytest.fixture(scope="module")
def desk(
    furnished: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Product, TwilioStandIn]]:
    """A running product whose SMS go through the stand-in, for all tests of this page."""
    with TwilioStandIn(now=now, callbacks=True) as twilio:
        product = copy_of(furnished, tmp_path_factory.mktemp("desk"), **account(twilio))
        try:
            product.up()
            yield product, twilio
            product.stop()
        finally:
            product.abandon()


def test_a_burst_pipe_is_handled_by_sms_and_its_reporter_hears_the_result(
    desk: tuple[Product, TwilioStandIn],
) -> None:
    product, twilio = desk
    story = Story(product, twilio)
    pages.report(story)
    story.wait_for(story.is_dispatched)
    check_dispatched_in_their_languages(story)

    story.acknowledge()
    story.wait_for(story.is_acknowledged)
    story.finish()
    story.wait_for(story.is_done)
    handled = story.task("handle")
    assert (handled["ended_by"], handled["ended_through"]) == ("handler_water", "sms")
    assert handled["outcome"] == "done"
    assert story.variables()["note"] == "valve replaced"

    story.review()
    story.wait_for(story.is_answered)
    assert story.texts_to(REPORTER, f"你反映的個案{story.number}已處理。valve replaced")
    story.rate()
    story.wait_for(story.is_over)
    assert story.variables()["rating"] == 5
    ticket = product.rows(
        "SELECT state, rating FROM tickets_ticket WHERE number = :number", number=story.number
    )
    assert [tuple(row) for row in ticket] == [("closed", 5)]
    assert story.path()[-2:] == ["close", "closed"]

    def is_delivered() -> bool:
        said = story.notifications(gateway="twilio")
        return len(said) >= 7 and {one["state"] for one in said} == {"delivered"}

    story.wait_for(is_delivered)
    assert {status for _sid, _state, status in twilio.answered_callbacks} == {200}
    check_nobody_got_it_twice(twilio)
    assert product.counts("incident") == {"incident": 0}


def check_dispatched_in_their_languages(story: Story) -> None:
    for person in PEOPLE:
        if person.key in REACHED:
            assert person.phone is not None
            (text,) = story.texts_to(person.phone, story.number)
            assert _REPLY[person.locale] in text
            assert f"{story.product.url}/t/" in text
    told = {
        said["person_key"]: (said["channel"], said["gateway"])
        for said in story.notifications()
        if said["event"] == "created" and said["message_key"] == "dispatch"
    }
    assert told == {
        **dict.fromkeys(REACHED, ("sms", "twilio")),
        "handler_mail": ("email", "console"),
        "handler_desk": ("in_app", "in_app"),
    }
    assert not texts_to(story.twilio, "+85251230009", "")


def test_a_webhook_that_comes_five_times_acts_once(desk: tuple[Product, TwilioStandIn]) -> None:
    product, twilio = desk
    story = Story(product, twilio, reporter="+85251237778")
    story.report()
    story.wait_for(story.is_dispatched)
    url = f"{product.url}/webhooks/twilio/sms"
    form = twilio.inbound_form(sender=HANDLER, recipient=DESK, body=f"{story.number} 5 looked at it")
    answers = [requests.post(url, form, headers=twilio.sign(url, form), timeout=10) for _time in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    until(lambda: story.texts_to(HANDLER, f"{story.number}: your note was added"), "the handler is told")
    comments = story.supervisor.get(f"process-instances/{story.instance['id']}/comments")
    assert [comment["text"] for comment in comments["result"]] == ["looked at it"]
    stored = product.rows(
        "SELECT state FROM inbound_message WHERE provider_id = :sid", sid=form["MessageSid"]
    )
    assert [row[0] for row in stored] == ["matched"]
    check_nobody_got_it_twice(twilio)


def test_a_forged_webhook_is_refused_and_changes_nothing(desk: tuple[Product, TwilioStandIn]) -> None:
    product, twilio = desk
    before = product.counts("inbound_message", "receipt_event", "job")
    url = f"{product.url}/webhooks/twilio/sms"
    form = twilio.inbound_form(sender=HANDLER, recipient=DESK, body="2 done")
    forged = [
        {},
        {"X-Twilio-Signature": "Zm9yZ2Vk"},
        twilio.sign(f"{product.url}/webhooks/twilio/status", form),
        twilio.sign(url, {**form, "Body": "1"}),
    ]
    for headers in forged:
        answer = requests.post(url, form, headers=headers, timeout=10)
        assert answer.status_code == 403, headers
        assert answer.json()["error"]["code"] == "forbidden"
        assert "CALLWRIGHT_PUBLIC_URL" in answer.json()["error"]["message"]
    assert product.counts("inbound_message", "receipt_event", "job") == before


def test_a_strangers_answer_is_kept_as_unmatched_and_reaches_no_process(
    desk: tuple[Product, TwilioStandIn],
) -> None:
    product, twilio = desk
    story = Story(product, twilio, reporter="+85251237779")
    story.report()
    story.wait_for(story.is_dispatched)
    story.write(STRANGER, "2 valve replaced")
    until(lambda: story.texts_to(STRANGER, ""), "the stranger is told that it was not understood")
    kept = product.rows("SELECT state, body FROM inbound_message WHERE sender = :sender", sender=STRANGER)
    assert [tuple(row) for row in kept] == [("unmatched", "2 valve replaced")]
    assert story.task("handle")["state"] == "open"
    check_nobody_got_it_twice(twilio)


def test_a_handler_cannot_answer_for_a_ticket_of_another_department(
    desk: tuple[Product, TwilioStandIn],
) -> None:
    product, twilio = desk
    story = Story(product, twilio, reporter="+85251237780")
    story.report()
    story.wait_for(story.is_dispatched)
    roads = next(one.phone for one in PEOPLE if one.key == "handler_roads")
    assert roads is not None
    story.write(roads, f"{story.number} 2 not mine at all")
    until(lambda: story.texts_to(roads, "Nothing of yours is open"), "the other department's handler is told")
    assert story.task("handle")["state"] == "open"
