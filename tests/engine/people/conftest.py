from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import parameters
from engine.clock import MovableClock
from engine.context import SYSTEM, Centre, Context
from engine.db import Database, metadata
from engine.plugin import Registry
from engine.settings import Settings


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))


@pytest.fixture
def ctx(database_url: str, tmp_path: Path, clock: MovableClock) -> Iterator[Context]:
    settings = Settings(data_dir=tmp_path, database_url=database_url, time_zone="Asia/Hong_Kong")
    database = Database(settings.database)
    registry = Registry()
    parameters.register(registry)
    centre = Centre(settings=settings, database=database, clock=clock, registry=registry)
    ctx = Context(centre=centre, actor=SYSTEM)
    with ctx.write():
        metadata.create_all(ctx.connection)
    yield ctx
    database.dispose()
