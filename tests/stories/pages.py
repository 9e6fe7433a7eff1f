"""Pages without a login, used as a browser does that runs no script."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

import requests

from tests.stories.product import until
from tests.stories.story import Story

# Whoever sends a form sooner than this is taken for a program.
_READING_S = 3.2
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def hidden(page: str, name: str) -> str:
    """Read a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, (name, page)
    return unescape(found[1])


def report(story: Story) -> None:
    """Somebody from the public reports a burst pipe and confirms their number by the code of an SMS."""
    browser = requests.Session()
    page = f"{story.product.url}/report"
    shown = browser.get(page, timeout=20).text
    time.sleep(_READING_S)
    said = {
        "field-category": "water",
        "field-summary": "Burst pipe",
        "field-description": "Water shoots out of the pavement.",
        "field-address": "12 Shanghai Street",
        "field-reporter_name": "Chan Tai Man",
        "field-reporter_phone": story.reporter,
        "field-reporter_locale": "zh_Hant",
    }
    token = hidden(shown, "csrf_token")
    asked = browser.post(
        page, {"csrf_token": token, "page": hidden(shown, "page"), **said}, timeout=20, allow_redirects=False
    )
    assert asked.status_code == 200, asked.text
    (text,) = until(lambda: story.texts_to(story.reporter, "#"), "the code has come by SMS")
    code = text.rpartition("#")[2].strip()
    confirmation = {"csrf_token": token, "held": hidden(asked.text, "held"), "code": code, "step": "confirm"}
    # Pressed twice, as people do: it counts once.
    for _press in range(2):
        sent = browser.post(page, confirmation, timeout=20)
        assert sent.status_code == 200, sent.text
    found = re.search(r'class="big-number">([^<]+)<', sent.text)
    assert found is not None, sent.text
    instances = story.supervisor.get("process-instances", key="ticket_routing", business_key=found[1])
    (story.instance,) = instances["result"]
    browser.close()


def press(link: str, verb: str, *, files: dict[str, Any] | None = None, **said: str) -> str:
    """Press a button of a handler's link; return the page that comes then."""
    shown = requests.get(link, timeout=20)
    assert shown.status_code == 200, shown.text
    given = {"verb": verb, "number": hidden(shown.text, "number"), **said}
    answer = requests.post(link, given, files=files, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.text


def finish(link: str, note: str) -> str:
    """Press *Done* with a note and a photo."""
    return press(
        link,
        "finish",
        files={"finish-photos": ("valve.png", PNG, "image/png")},
        part="finish",
        fields="finish-note finish-photos",
        outcome="done",
        **{"finish-note": note},
    )
