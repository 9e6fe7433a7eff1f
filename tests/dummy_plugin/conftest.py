"""A whole product with the dummy plug-ins installed beside nothing else."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from admin.app import create_app
from admin.centre import open_centre
from admin.identity.logins import keep_password, sync_login
from admin.identity.passwords import hash_password
from admin.identity.setup import init_security
from engine.clock import MovableClock
from engine.context import Centre
from engine.db import metadata
from engine.people import put_person
from engine.settings import Settings
from engine.testing import START, system
from hatch_build import compile_catalogues

PACKAGE = "plugins_dummy"
PEOPLE = (("mei", "agent", "zh_Hant"), ("greeter", "greeter", "en"), ("kit", "hr", "en"))
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the package, its catalogues compiled; nothing of it stays behind."""
    root = tmp_path_factory.mktemp("installed")
    shutil.copytree(Path(__file__).parent / PACKAGE, root / PACKAGE)
    compile_catalogues(sorted(root.rglob("*.po")))
    known = set(metadata.tables)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    yield root
    sys.path.remove(str(root))
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]
    for name in set(metadata.tables) - known:
        if name.startswith("dummy_"):
            metadata.remove(metadata.tables[name])


@pytest.fixture(scope="module")
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture(scope="module")
def centre(root: Path, clock: MovableClock) -> Iterator[Centre]:
    settings = Settings(
        data_dir=root / "var", public_url="http://localhost:8080", time_zone="Asia/Hong_Kong", secret_key="k"
    )
    centre = open_centre(settings, web=True, clock=clock, packages=(PACKAGE,))
    with system(centre).write() as ctx:
        metadata.create_all(ctx.connection)
    yield centre
    centre.database.dispose()


@pytest.fixture(scope="module")
def app(centre: Centre) -> Flask:
    app = create_app(centre)
    init_security(app)
    kept = hash_password(PASSWORD)
    with system(centre).write() as ctx:
        for key, role, locale in (
            ("mei", "agent", "zh_Hant"),
            ("greeter", "greeter", "en"),
            ("kit", "hr", "en"),
        ):
            person = put_person(ctx, key=key, name=key.title(), locale=locale)
            sync_login(ctx, person=person, roles=(role,))
            keep_password(ctx, person_key=key, kept=kept)
    return app
