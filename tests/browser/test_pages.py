"""Every page in three languages, wide and narrow: no error, no outside request, no sideways scroll."""

from __future__ import annotations

import pytest

from admin.centre import open_centre
from engine.chinese import foreign_characters
from engine.definition import deploy
from engine.runtime import start_process
from engine.settings import read_settings
from engine.testing import system
from engine.testing.sketch import sketch
from engine.work import list_tasks
from tests.stories.product import environment

ANY_ORDER = """
start begin
adhoc work name="Whatever is needed" groups='["agents"]'
  user call name="Call the guest"
  user note name="Write it down"
begin -> work
"""

PAGES = (
    "/", "/tasks/", "/tasks/?view=done", "/tasks/?view=all", "/instances/", "/messages/",
    "/messages/?view=inbound", "/incidents/", "/incidents/jobs", "/start/", "/parameters/", "/account",
    "/organisation/people",
    "/organisation/units", "/organisation/groups", "/report", "/report/state",
)  # fmt: skip
# What a finger presses is 44 px high.
PRESSED = ".btn, .form-control, .form-select, .cw-icon-btn, .cw-tabs a, .cw-pages a"
TOO_LOW = """pressed => [...document.querySelectorAll(pressed)]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
    .map((one) => one.outerHTML.slice(0, 90))"""
LANGUAGES = {"en": "en", "zh_Hans": "zh-Hans", "zh_Hant": "zh-Hant"}


def look_at(window, locale, width, paths):
    """Open pages in a language and a width, and see that each is whole."""
    admin = window("admin", width=width)
    admin.open(f"/language/{locale}?next=/")
    for path in paths:
        answer = admin.page.goto(admin.product.url + path)
        assert answer.status == 200, f"{path}: {answer.status}"
        assert admin.page.get_attribute("html", "lang") == LANGUAGES[locale], path
        assert admin.overflow() <= 0, f"{path} scrolls sideways at {width}"
        assert admin.page.locator("h1").count() == 1, f"{path} needs one first heading"
        if width == 390:
            assert admin.page.evaluate(TOO_LOW, PRESSED) == [], path
        said = admin.page.inner_text("body")
        if locale != "en":
            assert any("\u4e00" <= letter <= "\u9fff" for letter in said), f"{path} says nothing in Chinese"
            titles = said.replace("简体中文", "").replace("繁體中文", "")
            wrong = foreign_characters(locale, titles)
            assert not wrong, f"{path}: {wrong}"
        name = path.strip("/").replace("/", "_").replace("?", "_") or "home"
        admin.shoot(f"{locale}-{width}-{name}")
    assert admin.errors == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_every_page_is_whole_in_every_language_and_width(window, locale, width):
    look_at(window, locale, width, PAGES)


@pytest.fixture(scope="module")
def any_order(product) -> list[str]:
    """Begin a process in which people choose what is done next; return the pages that show it."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    try:
        deploy(system(centre), files={"any_order.bpmn": sketch(ANY_ORDER, key="any_order")})
        begun = start_process(system(centre), process_key="any_order")
        reading = system(centre)
        with reading.read():
            [task] = list_tasks(reading, instance_id=begun.id)[1]
    finally:
        centre.database.dispose()
    return [f"/tasks/{task.id}", f"/instances/{begun.id}", "/processes/any_order"]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_choosing_what_is_next_and_pausing_a_version_are_whole_too(window, any_order, locale, width):
    look_at(window, locale, width, any_order)
