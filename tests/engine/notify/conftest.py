import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Make a database of our own on the PostgreSQL of this machine; skips where there is none."""
    address, name = (
        os.environ.get("TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432"),
        f"notify_{os.getpid()}",
    )
    try:
        server = psycopg.connect(f"{address}/postgres", autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL on this machine")
    server.execute(f"CREATE DATABASE {name}")
    yield f"{address}/{name}"
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def centre(
    request: pytest.FixtureRequest, tmp_path: Path, clock: MovableClock, gateway: RecordingGateway
) -> Iterator[Centre]:
    url = request.getfixturevalue("postgresql") if request.param == "postgresql" else ""
    settings = Settings(
        data_dir=tmp_path, database_url=url, time_zone="Asia/Hong_Kong", centre_name="City desk"
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
    if url:
        with Context(centre=centre, actor=SYSTEM).write() as ctx:
            metadata.drop_all(ctx.connection)
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
