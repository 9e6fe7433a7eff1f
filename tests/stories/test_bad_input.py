"""Bad input: a clear message in the person's language that says where and what to do, and nothing done."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests

from engine.testing import drawing, end, start, task
from engine.testing.twilio_standin import TwilioStandIn
from tests.stories.furnishing import PEOPLE
from tests.stories.product import Product, Rest, copy_of, until
from tests.stories.story import DESK, HANDLER, Story, account, now, texts_to

LOCALES = ("en", "zh_Hant", "zh_Hans")
DESIGNERS = {"en": "designer", "zh_Hant": "designer_hant", "zh_Hans": "designer_hans"}
HANDLERS = {"en": "handler_water", "zh_Hant": "handler_hant", "zh_Hans": "handler_hans"}
ASKED = {"en": "en-GB", "zh_Hant": "zh-HK", "zh_Hans": "zh-CN"}

# What a refused request may not have touched.
TABLES = (
    "deployment", "deployed_file", "process_definition", "process_instance", "element_visit",
    "variable_write", "user_task", "comment", "submission", "stored_file", "notification",
    "inbound_message", "receipt_event", "message_subscription", "tickets_ticket", "tickets_entry",
)  # fmt: skip

GOOD = drawing(f"{start()}\n{task('ask')}\n{end()}\nbegin -> ask\nask -> over", key="good")
_MISTYPED = task("mend", "serviceTask", inside='<callwright:service name="tickets.opne"/>')
MISTYPED = drawing(f"{start()}\n{_MISTYPED}\n{end()}\nbegin -> mend\nmend -> over", key="mistyped")
NO_CONDITION = drawing(
    f"{start()}\n<bpmn:exclusiveGateway id='which'/>\n{task('ask')}\n{end()}\n"
    "begin -> which\nwhich -> ask [amount >> 3]\nwhich* -> over\nask -> over",
    key="unread",
)


@pytest.fixture(scope="module")
def story(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A ticket that waits for its handler, in a running product."""
    with TwilioStandIn(now=now, callbacks=True) as twilio:
        product = copy_of(furnished, tmp_path_factory.mktemp("desk"), **account(twilio))
        try:
            product.up()
            story = Story(product, twilio)
            story.report()
            story.wait_for(story.is_dispatched)
            settled(story)
            yield story
            product.stop()
        finally:
            product.abandon()


def settled(story: Story) -> None:
    """Wait until nothing goes on by itself: all was sent, and all receipts have come."""

    def is_quiet() -> bool:
        return all(one["state"] == "delivered" for one in story.notifications(gateway="twilio"))

    until(is_quiet, "all SMS were delivered")


@pytest.fixture
def untouched(story: Story) -> Iterator[None]:
    """See that a test changes nothing of what is kept."""
    before = kept(story.product)
    yield
    assert kept(story.product) == before


def kept(product: Product) -> dict[str, int]:
    files = [path for path in (product.data_dir / "files").rglob("*") if path.is_file()]
    return {**product.counts(*TABLES), "files": len(files)}


def refused(answer: requests.Response, status: int, code: str, locale: str) -> list[tuple[str, str]]:
    """See that a program is refused in a language; return path and message of each detail."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    check_language(error["message"], locale)
    for detail in error["details"]:
        check_language(detail["message"], locale)
    return [(detail["path"], detail["message"]) for detail in error["details"]]


def check_language(said: str, locale: str) -> None:
    """See that a text is in a language, and only in it."""
    chinese = re.search("[\u4e00-\u9fff]", said)
    if locale == "en":
        assert said
        assert not chinese, said
        return
    assert chinese, said
    assert not re.search(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", said), said
    said.encode({"zh_Hant": "big5hkscs", "zh_Hans": "gb18030"}[locale])
    if locale == "zh_Hans":
        said.replace("“", "").replace("”", "").encode("gb2312")


def deploy(story: Story, locale: str, name: str, content: bytes) -> requests.Response:
    designer = Rest(story.product, DESIGNERS[locale])
    return designer.ask("POST", "deployments", files=[("files", (name, content))])


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.usefixtures("untouched")
def test_a_broken_drawing_is_refused_with_the_place_where_it_breaks(story: Story, locale: str) -> None:
    broken = deploy(story, locale, "broken.bpmn", GOOD[:-40])
    ((path, said),) = refused(broken, 422, "definition_error", locale)
    assert path == "broken.bpmn"
    assert str(GOOD[:-40].count(b"\n") + 1) in said
    refused(deploy(story, locale, "picture.bpmn", b"\x89PNG\r\n"), 422, "definition_error", locale)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.usefixtures("untouched")
def test_an_unknown_service_task_is_refused_with_its_element_and_those_there_are(
    story: Story, locale: str
) -> None:
    answer = deploy(story, locale, "mistyped.bpmn", MISTYPED)
    ((path, said),) = refused(answer, 422, "definition_error", locale)
    assert path == "mistyped.bpmn#mend"
    assert "tickets.opne" in said
    assert "tickets.open" in said


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.usefixtures("untouched")
def test_every_problem_of_a_deployment_is_told_at_once_and_none_of_it_is_deployed(
    story: Story, locale: str
) -> None:
    designer = Rest(story.product, DESIGNERS[locale])
    files = [("files", (f"{name}.bpmn", content)) for name, content in
             (("good", GOOD), ("mistyped", MISTYPED), ("unread", NO_CONDITION))]  # fmt: skip
    details = refused(designer.ask("POST", "deployments", files=files), 422, "definition_error", locale)
    assert {path for path, _said in details} >= {"unread.bpmn#flow_1"}
    assert "amount >> 3" in dict(details)["unread.bpmn#flow_1"]
    missing = designer.ask("GET", "process-definitions/good")
    refused(missing, 404, "not_found", locale)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.usefixtures("untouched")
def test_a_form_field_of_the_wrong_type_is_refused_with_its_name(story: Story, locale: str) -> None:
    handler = Rest(story.product, HANDLERS[locale])
    task_id = story.open_task("handle")["id"]
    said = {
        "outcome": "extension",
        "opinion": "the valve has not come",
        "data": {"extension_until": "tomorrow", "note": 5, "colour": "red"},
    }
    answer = handler.ask("POST", f"tasks/{task_id}/complete", json=said)
    details = refused(answer, 422, "invalid_submission", locale)
    assert {path for path, _said in details} == {"extension_until", "note", "colour"}
    assert "2026-03-02T14:30" in dict(details)["extension_until"]
    outcome = handler.ask("POST", f"tasks/{task_id}/complete", json={"outcome": "repaired"})
    ((path, said_of_it),) = refused(outcome, 422, "invalid_submission", locale)
    assert path == "outcome"
    assert "not_ours" in said_of_it
    assert story.task("handle")["state"] == "open"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.usefixtures("untouched")
def test_a_body_that_is_none_is_refused(story: Story, locale: str) -> None:
    designer = Rest(story.product, DESIGNERS[locale])
    begin = "process-definitions/ticket_routing/start"
    json = {"Content-Type": "application/json"}
    refused(designer.ask("POST", begin, json={"variables": 5}), 422, "invalid_submission", locale)
    refused(designer.ask("POST", begin, json=["variables"]), 400, "bad_request", locale)
    refused(designer.ask("POST", begin, json={"variabels": {}}), 400, "bad_request", locale)
    refused(designer.ask("POST", begin, data="<a/>", headers={"Content-Type": "text/xml"}), 415,
            "unsupported_media_type", locale)  # fmt: skip
    cut = designer.ask("POST", begin, data='{"variables"', headers=json)
    assert (cut.status_code, cut.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.usefixtures("untouched")
def test_a_forged_webhook_is_refused(story: Story, locale: str) -> None:
    url = f"{story.product.url}/webhooks/twilio/sms"
    form = story.twilio.inbound_form(sender=HANDLER, recipient=DESK, body="2 done")
    headers = {"Accept-Language": ASKED[locale], "X-Twilio-Signature": "Zm9yZ2Vk"}
    answer = requests.post(url, form, headers=headers, timeout=10)
    refused(answer, 403, "forbidden", locale)
    assert "CALLWRIGHT_PUBLIC_URL" in answer.json()["error"]["message"]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.usefixtures("untouched")
def test_an_attachment_that_is_too_large_is_refused_with_its_name_and_the_limit(
    story: Story, locale: str
) -> None:
    handler = Rest(story.product, HANDLERS[locale])
    answer = handler.ask("POST", "files", files={"file": ("pipe.jpg", bytes(21 << 20))})
    ((path, said),) = refused(answer, 422, "too_large", locale)
    assert path == "file#pipe.jpg"
    assert "20 MB" in said


@pytest.mark.usefixtures("untouched")
def test_a_request_beyond_every_limit_is_answered_before_it_is_read(story: Story) -> None:
    handler = Rest(story.product, "handler_water")
    answer = handler.ask("POST", "files", files={"file": ("pipe.jpg", bytes(65 << 20))})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.usefixtures("untouched")
def test_an_expired_link_says_so_and_does_nothing(story: Story, locale: str) -> None:
    number = next(one.phone for one in PEOPLE if one.key == HANDLERS[locale])
    assert number is not None
    (text,) = [said for said in story.texts_to(number, story.number) if "/t/" in said]
    found = re.search(r"/t/(\w+)", text)
    assert found is not None
    page = f"{story.product.url}/t/{found[1]}"
    asked = {"Accept-Language": ASKED[locale]}
    good = requests.get(page, headers=asked, timeout=10)
    assert good.status_code == 200
    until_then = expire(story.product, found[1])
    answers = [
        requests.get(page, headers=asked, timeout=10),
        requests.post(page, {"verb": "on_it", "number": "0" * 32}, headers=asked, timeout=10),
    ]
    until_then()
    shown = plain(answers[0].text)
    assert answers[0].status_code == 410, shown
    check_language(shown, locale)
    assert 400 <= answers[1].status_code < 500
    assert story.task("handle")["acknowledged_by"] is None


def expire(product: Product, token: str) -> Callable[[], Any]:
    """Let a link's time be over; the answer undoes it."""
    whose = {"hash": hashlib.sha256(token.encode()).hexdigest()}
    ((was,),) = product.rows("SELECT expires_at FROM task_link WHERE token_hash = :hash", **whose)
    change = "UPDATE task_link SET expires_at = :at WHERE token_hash = :hash"
    product.change(change, at="2026-01-01 00:00:00.000000", **whose)
    return lambda: product.change(change, at=was, **whose)


def plain(page: str) -> str:
    """Return the text of a page's main part."""
    found = re.search(r"<main.*?</main>", page, re.DOTALL)
    assert found is not None, page
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", found[0])).split())


@pytest.mark.parametrize(
    ("locale", "body"), [("en", "2 valve replaced"), ("zh_Hant", "2 閥門換好了"), ("zh_Hans", "2 阀门换好了")]
)
def test_a_strangers_answer_changes_no_ticket_and_is_answered_in_its_language(
    story: Story, locale: str, body: str
) -> None:
    untouchable = ("process_instance", "element_visit", "variable_write", "comment", "tickets_entry")
    before = story.product.counts(*untouchable)
    stranger = f"+8525123990{LOCALES.index(locale)}"
    story.write(stranger, body)
    (said,) = until(lambda: texts_to(story.twilio, stranger, ""), "the stranger is answered")
    check_language(said, locale)
    assert story.product.counts(*untouchable) == before
    assert story.task("handle")["state"] == "open"
    settled(story)
