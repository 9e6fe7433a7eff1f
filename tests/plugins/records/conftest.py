"""A centre with the plug-in on SQLite and PostgreSQL, open on weekdays but for Hong Kong's holidays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.context import Centre, Context
from engine.people import create_person
from engine.testing import make_centre, system
from engine.worktime import save_calendar


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Iterator[Centre]:
    made = make_centre(tmp_path, plugins=("plugins",), database_url=database_url)
    with system(made).write() as ctx:
        save_calendar(
            ctx,
            key="default",
            name="Centre",
            zone="Asia/Hong_Kong",
            bands={"mon-fri": ["09:00-18:00"]},
            region="HK",
        )
        for key in ("ann", "bob"):
            create_person(ctx, key=key, name=key.title())
    yield made
    made.database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return system(centre)
