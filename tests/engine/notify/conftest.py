from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import engine.definition.models
import engine.work.models  # noqa: F401 - tables that others point to
from engine import parameters
from engine.clock import MovableClock
from engine.context import SYSTEM, Centre, Context
from engine.db import Database, metadata
from engine.notify.countries import SETTINGS
from engine.notify.sending import SEND
from engine.people import create_person
from engine.plugin import JobKind, Registry
from engine.settings import Settings
from engine.testing.recording import RecordingGateway

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def gateway() -> RecordingGateway:
    return RecordingGateway()


@pytest.fixture
def centre(
    database_url: str, tmp_path: Path, clock: MovableClock, gateway: RecordingGateway
) -> Iterator[Centre]:
    settings = Settings(
        data_dir=tmp_path, database_url=database_url, time_zone="Asia/Hong_Kong", centre_name="City desk"
    )
    database = Database(settings.database)
    registry = Registry()
    parameters.register(registry)
    registry.add_gateway(gateway)
    registry.add_job_kind(SEND)
    for spec in SETTINGS:
        registry.add_setting(spec)
    registry.add_job_kind(JobKind(name="receive", title="Receive", function=lambda ctx, job: None))
    centre = Centre(settings=settings, database=database, clock=clock, registry=registry)
    with Context(centre=centre, actor=SYSTEM).write() as ctx:
        metadata.create_all(ctx.connection)
    yield centre
    database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return Context(centre=centre, actor=SYSTEM)


@pytest.fixture
def handler(ctx: Context) -> str:
    create_person(
        ctx,
        key="handler_water",
        name="Wong",
        phone="+85251230001",
        email="wong@example.org",
        locale="zh_Hant",
    )
    return "handler_water"


@pytest.fixture
def centre_without_account(centre: Centre) -> Context:
    registry = Registry()
    parameters.register(registry)
    registry.add_job_kind(SEND)
    for spec in SETTINGS:
        registry.add_setting(spec)
    return Context(centre=replace(centre, registry=registry), actor=SYSTEM)
