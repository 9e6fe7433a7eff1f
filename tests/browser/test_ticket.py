"""One ticket in a real browser: reported, dispatched, handled from a phone, reviewed, answered."""

from __future__ import annotations

import base64
import re

from tests.stories.product import until

PHOTO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
REPORTER = "+85251234567"


def said_to(product, number, part):
    """The newest text to a number with something in it."""
    rows = product.rows(
        "SELECT body FROM notification WHERE address = :number ORDER BY created_at DESC, id DESC",
        number=number,
    )
    return next((row.body for row in rows if part in row.body), None)


def test_a_ticket_from_the_first_word_to_the_last(product, window):
    # A citizen reports a burst pipe, on a phone, without a login.
    citizen = window(width=390)
    page = citizen.open("/report")
    page.select_option("#field-category", "water")
    page.fill("#field-summary", "Burst pipe")
    page.fill("#field-description", "Water shoots out of the pavement.")
    page.fill("#field-address", "12 Shanghai Street")
    page.fill("#field-reporter_name", "Chan Tai Man")
    page.fill("#field-reporter_phone", REPORTER)
    assert citizen.overflow() == 0
    citizen.shoot("report")
    # A person needs more than a moment to fill it in; who does not is no person.
    page.wait_for_timeout(4_000)
    page.click("form.card button.btn-primary")

    # The number is confirmed by a code, which the console gateway shows on the outbox page.
    page.wait_for_selector("[name=code]")
    code = until(lambda: said_to(product, REPORTER, "code"), "the code's SMS")
    page.fill("[name=code]", re.search(r"\b(\d{6})\b", code)[1])
    page.click("button[value=confirm]")
    page.wait_for_selector(".big-number")
    number = page.inner_text(".big-number").strip()
    assert re.fullmatch(r"T-\d{6}-\d{4}", number)
    citizen.shoot("reported")

    # The handler sees the ticket; the supervisor sees its SMS.
    handler = window("handler_water")
    page = handler.open("/tasks/")
    page.wait_for_selector(f"text={number}")
    handler.shoot("tasks")
    supervisor = window("supervisor")
    until(lambda: said_dispatch(product, number), "the dispatch SMS")
    page = supervisor.open("/messages/")
    page.wait_for_selector(f"text={number}")
    supervisor.shoot("messages")
    link = re.search(r"http\S+/t/\w+", said_dispatch(product, number))[0]

    # The link, on a phone, without a login: on it, then done with a note and a photo.
    phone = window(width=390)
    page = phone.open(link)
    assert phone.overflow() == 0
    phone.shoot("link")
    page.locator("input[name=verb][value=on_it] ~ button").click()
    page.wait_for_selector("[data-done]")
    page.locator("details.act summary").first.click()
    page.locator("details.act[open] textarea").first.fill("Valve replaced")
    page.locator("details.act[open] input[type=file]").first.set_input_files(
        {"name": "valve.png", "mimeType": "image/png", "buffer": PHOTO}
    )
    page.locator("details.act[open] button[name=outcome][value=done]").click()
    page.wait_for_selector("[data-done=finish]")
    phone.shoot("done")

    # The reviewer approves; the reporter hears the result.
    reviewer = window("qa")
    page = reviewer.open("/tasks/")
    page.locator(f"tr:has-text('{number}') a").first.click()
    page.wait_for_selector(".fjs-container, [data-place] form, [data-place] > *")
    reviewer.shoot("review")
    page.locator("button[name=outcome][value=approved]").click()
    page.wait_for_url(lambda url: "/complete" not in url)
    result = until(lambda: said_to(product, REPORTER, "Valve replaced"), "the result's SMS")
    assert number in result

    # The drawing shows the way it took.
    page = supervisor.open("/instances/")
    page.locator(f"tr:has-text('{number}') a").first.click()
    page.wait_for_selector("[data-element-id=handle]")
    page.wait_for_function("document.querySelectorAll('.djs-element.cw-done').length > 5")
    assert "Valve replaced" in page.inner_text("main")
    supervisor.shoot("instance")
    for someone in (citizen, handler, supervisor, phone, reviewer):
        assert someone.errors == []


def said_dispatch(product, number):
    """The dispatch SMS of a ticket to the English-speaking handler."""
    query = "SELECT body FROM notification WHERE person_key = 'handler_water' AND body LIKE :like"
    rows = product.rows(query, like=f"%{number}%/t/%")
    return rows[0].body if rows else None
