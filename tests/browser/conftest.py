"""A real browser on the real product; skips with the reason where no Chromium is found."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.product import PASSWORD, Product, copy_of, furnished_folder

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
)  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Start Debian's Chromium, or whichever CALLWRIGHT_TEST_CHROMIUM names."""
    found = os.environ.get("CALLWRIGHT_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    if found is None:
        pytest.skip("no Chromium on this machine: apt install chromium fonts-noto-cjk")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product, running, with the people of the stories."""
    furnished = furnished_folder(tmp_path_factory.getbasetemp())
    made = copy_of(furnished, tmp_path_factory.mktemp("browser"))
    made.up()
    yield made
    made.abandon()


class Window:
    """Somebody's browser window, which minds errors and outside requests.

    Args:
        page: Playwright's page.
        product: What it looks at.
    """

    def __init__(self, page: Any, product: Product) -> None:
        self.page = page
        self.product = product
        self.errors: list[str] = []
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        page.on("console", self._said)
        page.on("request", self._asked)

    def _said(self, message: Any) -> None:
        if message.type == "error" and "401" not in message.text:
            self.errors.append(f"{self.page.url}: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.product.url, "data:", "blob:")):
            self.errors.append(f"outside request: {request.url}")

    def open(self, path: str) -> Any:
        """Open a page of the product."""
        answer = self.page.goto(path if path.startswith("http") else self.product.url + path)
        assert answer is None or answer.status < 400, f"{path}: {answer.status}"
        return self.page

    def sign_in(self, person: str) -> None:
        """Sign in by the page."""
        self.open("/login/")
        self.page.fill("input[name=username]", person)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url(lambda url: "/login" not in url)

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return int(
            self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        )

    def shoot(self, name: str) -> None:
        """Keep a picture where CALLWRIGHT_TEST_PICTURES names a folder."""
        folder = os.environ.get("CALLWRIGHT_TEST_PICTURES")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.fixture
def window(chromium: Any, product: Product) -> Iterator[Callable[..., Window]]:
    """Open windows: ``window("handler_water", width=390)``; nobody is signed in where none is named."""
    opened: list[Any] = []

    def make(person: str | None = None, *, width: int = 1280, locale: str = "en-US") -> Window:
        context = chromium.new_context(viewport={"width": width, "height": 850}, locale=locale)
        opened.append(context)
        made = Window(context.new_page(), product)
        if person is not None:
            made.sign_in(person)
        return made

    yield make
    for context in opened:
        context.close()
