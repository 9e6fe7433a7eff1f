"""A whole product on a temporary database, its web app, and people who sign in."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from admin.app import create_app
from admin.centre import open_centre
from admin.identity import models as identity_models  # noqa: F401
from admin.identity.logins import keep_password, sync_login
from admin.identity.passwords import hash_password
from admin.identity.setup import init_security
from engine.context import SYSTEM, Centre, Context
from engine.db import metadata
from engine.people import put_person
from engine.settings import Settings

PASSWORD = "correct horse battery staple"


@functools.cache
def _hashed(password: str) -> str:
    return hash_password(password)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, public_url="http://localhost:8080", time_zone="Asia/Hong_Kong")


def _prepare(app: Flask, centre: Centre) -> None:
    with Context(centre=centre, actor=SYSTEM).write() as ctx:
        metadata.create_all(ctx.connection)
    init_security(app)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make once an SQLite database with all tables and roles; each test works on a copy."""
    folder = tmp_path_factory.mktemp("prepared")
    centre = open_centre(Settings(data_dir=folder), web=True)
    _prepare(create_app(centre), centre)
    centre.database.dispose()
    return folder / "callwright.db"


@pytest.fixture
def centre(settings: Settings) -> Iterator[Centre]:
    centre = open_centre(settings, web=True)
    yield centre
    centre.database.dispose()


@pytest.fixture
def app(centre: Centre, prepared: Path) -> Iterator[Flask]:
    app = create_app(centre)
    # Templates are compiled once for all tests.
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(prepared.parent))
    if centre.settings.embedded:
        shutil.copy(prepared, centre.settings.data_dir / "callwright.db")
        yield app
        return
    _prepare(app, centre)
    yield app


@pytest.fixture
def ctx(app: Flask, centre: Centre) -> Context:
    return Context(centre=centre, actor=SYSTEM)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def make_person(ctx: Context) -> Callable[..., Any]:
    """Make somebody with a login: ``make_person("mei", "supervisor", name="Mei Chan")``."""

    def make(key: str, *roles: str, password: str = PASSWORD, **said: Any) -> Any:
        with ctx.write():
            person = put_person(ctx, key=key, name=said.pop("name", key.title()), **said)
            sync_login(ctx, person=person, roles=roles)
            keep_password(ctx, person_key=key, kept=_hashed(password))
        return person

    return make


@pytest.fixture
def enter(app: Flask) -> Callable[..., FlaskClient]:
    """Sign somebody in with a browser of their own: ``enter("mei")``."""

    def sign_in(key: str, password: str = PASSWORD) -> FlaskClient:
        browser = app.test_client()
        answer = browser.post(
            "/login/", data={"username": key, "password": password, "csrf_token": form_token(browser)}
        )
        assert answer.status_code == 303, answer.text
        return browser

    return sign_in


def form_token(browser: FlaskClient, path: str = "/login/") -> str:
    """Read the form token of a page."""
    text = browser.get(path).text
    return text.split('name="csrf-token" content="', 1)[1].split('"', 1)[0]


@pytest.fixture
def token_of() -> Callable[..., str]:
    """Read the form token that a browser's page carries: ``token_of(browser)``."""
    return lambda browser, path="/account": form_token(browser, path)
