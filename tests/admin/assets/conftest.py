"""A bare web app over the shell's templates, and a browser to look at it."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, Response, render_template, request
from flask_babel import Babel
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from admin.kit.formats import install_formats

ADMIN = Path(__file__).parents[3] / "admin"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SAID = {"This is needed.": "必須填寫。", "Search": "搜尋", "Choose": "請選擇", "Open": "待辦"}


@pytest.fixture(scope="session")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    catalogue = Catalog(locale="zh_Hant")
    for english, said in SAID.items():
        catalogue.add(english, said)
    path = folder / "zh_Hant" / "LC_MESSAGES" / "messages.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as target:
        write_mo(target, catalogue)
    return folder


@pytest.fixture
def pages() -> dict[str, str]:
    """Templates of the test, by name; each is shown at ``/page/<name>``."""
    return {}


@pytest.fixture
def posted() -> list[tuple[dict[str, str], dict[str, list[str | None]]]]:
    """What was sent to ``/post``: the fields, and the names of the files."""
    return []


@pytest.fixture
def shell(pages: dict[str, str], posted: list[Any], catalogues: Path) -> Flask:
    app = Flask("pages", static_folder=str(ADMIN / "static"), static_url_path="/static")
    app.jinja_loader = ChoiceLoader([DictLoader(pages), FileSystemLoader(ADMIN / "templates")])
    Babel(
        app,
        default_translation_directories=str(catalogues),
        locale_selector=lambda: request.args.get("lang", "en"),
    )
    app.secret_key = "of no weight"
    app.jinja_env.globals["asset"] = lambda name: f"/static/bundles/{name}?v={_digest(name)}"
    app.jinja_env.filters["is_menu_visible"] = bool  # the login library's
    install_formats(app, region="HK")
    app.jinja_env.globals["csrf_token"] = lambda: "the-token"

    @app.context_processor
    def said_everywhere() -> dict[str, object]:
        person = SimpleNamespace(name="Chan Tai Man", key="agent", initials="CT")
        return {
            "centre_name": "City Hotline",
            "current_person": None if "anonymous" in request.args else person,
            "current_locale": request.args.get("lang", "en"),
            "locales": [("en", "English"), ("zh_Hant", "繁體中文")],
        }

    @app.get("/page/<name>")
    def show(name: str) -> str:
        return render_template(name, **app.config.get("SAID", {}))

    @app.post("/post")
    def take() -> str:
        files = {name: [file.filename for file in request.files.getlist(name)] for name in request.files}
        posted.append((request.form.to_dict(), files))
        return "<p id=taken>taken</p>"

    @app.get("/events")
    def events() -> Response:
        return Response('data: {"topic": "task", "ref": "1"}\n\n', mimetype="text/event-stream")

    return app


def _digest(name: str) -> str:
    return hashlib.sha256((ADMIN / "static" / "bundles" / name).read_bytes()).hexdigest()[:8]


@pytest.fixture
def address(shell: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, shell, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*arguments, "--no-first-run"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Page]:
    """A browser's tab that fails the test on an error of a script or a request to anywhere else."""
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(8000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else wrong.append(asked.url),
    )
    yield page
    context.close()
    assert wrong == []
