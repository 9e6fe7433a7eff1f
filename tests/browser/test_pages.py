"""Every page in three languages, wide and narrow: no error, no outside request, no sideways scroll."""

from __future__ import annotations

import pytest

from engine.chinese import foreign_characters

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


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_every_page_is_whole_in_every_language_and_width(product, window, locale, width):
    admin = window("admin", width=width)
    admin.open(f"/language/{locale}?next=/")
    for path in PAGES:
        answer = admin.page.goto(product.url + path)
        if answer.status == 404:
            pytest.fail(f"{path} is not there")
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
        admin.shoot(f"{locale}-{width}-{path.strip('/').replace('/', '_').replace('?', '_') or 'home'}")
    assert admin.errors == []
