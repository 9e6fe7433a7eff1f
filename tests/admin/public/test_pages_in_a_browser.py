"""The pages on a telephone, with and without script."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from engine.context import Context
from engine.work import list_tasks

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*arguments, "--no-first-run"])
        yield browser
        browser.close()


@pytest.fixture
def telephone(browser: Browser, address: str, request: Any) -> Iterator[Page]:
    context = browser.new_context(
        base_url=address,
        viewport={"width": 390, "height": 844},
        java_script_enabled=getattr(request, "param", True),
    )
    page = context.new_page()
    page.set_default_timeout(8000)
    yield page
    context.close()


def small_targets(page: Page) -> list[str]:
    """Return what one presses and is lower than 48 px."""
    found = []
    for target in page.locator("button, summary, .btn, select, input:not([type=hidden])").all():
        box = target.bounding_box()
        if box is not None and box["width"] > 1 and 0 <= box["x"] < 390 and round(box["height"]) < 48:
            found.append(target.evaluate("element => element.outerHTML"))
    return found


@pytest.mark.parametrize("telephone", [False], indirect=True)
def test_a_handler_acts_without_script_on_a_telephone(
    hotline: Context, telephone: Page, link: str, tmp_path: Path
) -> None:
    photo = tmp_path / "valve.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 60)
    telephone.goto(link)
    assert small_targets(telephone) == []
    assert not telephone.evaluate(SIDEWAYS)
    telephone.get_by_role("button", name="On it").click()
    expect(telephone.get_by_text("You are on it.")).to_be_visible()
    telephone.locator("#finish > summary").click()
    telephone.get_by_label("What was done?").fill("Valve replaced")
    telephone.get_by_label("Photos").first.set_input_files(photo)
    assert not telephone.evaluate(SIDEWAYS)
    telephone.locator("#finish button").click()
    expect(telephone.get_by_text("Recorded. Thank you.")).to_be_visible()
    with hotline.read():
        done = [one for one in list_tasks(hotline, state=["completed"])[1] if one.element_id == "handle"]
    assert [one.outcome for one in done] == ["done"]


def test_what_was_typed_outlives_the_page_until_it_is_sent(telephone: Page, link: str) -> None:
    telephone.goto(link)
    telephone.locator("#note > summary").click()
    telephone.get_by_label("Note").fill("Half a sent")
    telephone.goto(link)
    expect(telephone.get_by_label("Note")).to_have_value("Half a sent")
    telephone.locator("#note button").click()
    expect(telephone.get_by_text("Your note was added.")).to_be_visible()
    expect(telephone.locator("#note_text")).to_have_value("")


@pytest.mark.parametrize("telephone", [False], indirect=True)
def test_the_public_form_fits_a_telephone(hotline: Context, telephone: Page) -> None:
    for language in ("en", "zh_Hans", "zh_Hant"):
        telephone.goto(f"/report?lang={language}")
        assert not telephone.evaluate(SIDEWAYS)
        assert small_targets(telephone) == []
