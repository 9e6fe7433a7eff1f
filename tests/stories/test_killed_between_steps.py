"""The whole product is killed with -9, between steps and amid them, and goes on when it starts again."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

from engine.testing.twilio_standin import Trouble, TwilioStandIn
from tests.stories.furnishing import REACHED
from tests.stories.product import Product, until
from tests.stories.story import HANDLER, Story, account, check_nobody_got_it_twice, now, steps, texts_to

SEED = 20_261_121
ROUNDS = 3
STORIES_A_ROUND = 3


def test_the_story_goes_on_wherever_the_product_is_killed_between_its_steps(
    make_product: Callable[..., Product], twilio: TwilioStandIn
) -> None:
    product = make_product(**account(twilio))
    product.up()
    story = Story(product, twilio)
    for act, seen in steps(story):
        act()
        # At once: what the step asked for has hardly begun.
        product.kill()
        product.check_integrity()
        product.up()
        story.wait_for(seen)
    check_told_in_full(story)
    check_nobody_got_it_twice(twilio)
    assert product.counts("incident") == {"incident": 0}
    product.stop()
    product.check_integrity()


def check_told_in_full(story: Story) -> None:
    variables = story.variables()
    assert (variables["note"], variables["rating"]) == ("valve replaced", 5)
    assert [step for step in story.path() if step in ("open", "assign", "handle", "review", "close")] == [
        "open", "assign", "handle", "review", "close",
    ]  # fmt: skip
    for part in ("個案編號", "valve replaced", "你對回覆滿意嗎"):
        assert len(story.texts_to(story.reporter, part)) == 1, part
    for number in REACHED.values():
        assert len([text for text in story.texts_to(number, story.number) if "/t/" in text]) == 1


def test_nothing_is_lost_when_the_product_is_killed_while_jobs_run(
    make_product: Callable[..., Product], twilio: TwilioStandIn
) -> None:
    chance = Random(SEED)
    product = make_product(**account(twilio))
    product.up()
    stories: list[Story] = []
    for _round in range(ROUNDS):
        fresh = [
            Story(product, twilio, reporter=f"+8525123{8000 + len(stories) + number}")
            for number in range(STORIES_A_ROUND)
        ]
        for story in fresh:
            story.report()
        stories += fresh
        answered = fresh[0]
        story_number = answered.number
        answered.write(HANDLER, f"{story_number} 2 valve replaced")
        pause_s = chance.uniform(0.0, 1.5)
        time.sleep(pause_s)
        product.kill()
        print(f"seed {SEED}: killed {pause_s:.2f} s after the last report; {len(twilio.messages)} SMS taken")
        product.check_integrity()
        product.up()
    for story in stories:
        story.wait_for(story.is_dispatched)
    for story in stories[::STORIES_A_ROUND]:
        story.wait_for(story.is_done)
    until(lambda: not unfinished(product), f"nothing is under way\n{product.said()}")
    for story in stories:
        for number in (story.reporter, *REACHED.values()):
            assert (
                len([text for text in texts_to(twilio, number, story.number) if "recorded" not in text]) == 1
            )
    check_nobody_got_it_twice(twilio)
    assert product.counts("incident") == {"incident": 0}
    product.stop()
    product.check_integrity()


def test_an_sms_that_was_on_its_way_when_the_product_was_killed_goes_out_once(
    make_product: Callable[..., Product],
) -> None:
    # No callbacks: nothing but the question after the start tells what became of an SMS.
    with TwilioStandIn(now=now, hang_s=3) as twilio:
        product = make_product(**account(twilio))
        product.up()
        troubles: tuple[Trouble, ...] = ("take_and_hang", "hang")
        for number, trouble in enumerate(troubles):
            # It was taken, or was not; the product is killed before it could learn which.
            story = Story(product, twilio, reporter=f"+8525123870{number}")
            before = asked(twilio)
            twilio.trouble(trouble)
            story.report()
            until(lambda before=before: asked(twilio) > before, "an SMS is on its way")
            product.kill()
            assert product.rows("SELECT count(*) FROM notification WHERE state = 'sending'")[0][0] == 1
            product.up()
            story.wait_for(story.is_dispatched)
            until(lambda: not unfinished(product), f"nothing is under way\n{product.said()}")
            assert len(story.texts_to(story.reporter, story.number)) == 1
            said = story.notifications(gateway="twilio")
            assert [one["state"] for one in said] == ["sent"] * (1 + len(REACHED))
        check_nobody_got_it_twice(twilio)
        assert product.counts("incident") == {"incident": 0}
        product.stop()


def asked(twilio: TwilioStandIn) -> int:
    """Count the requests to send."""
    return sum(method == "POST" for method, _path, _form in twilio.requests)


def unfinished(product: Product) -> list[object]:
    """Return the jobs that are under way, but for those that wait for a day to come."""
    return product.rows(
        "SELECT kind FROM job WHERE state = 'running' OR kind = 'notify' AND state = 'waiting'"
    )
