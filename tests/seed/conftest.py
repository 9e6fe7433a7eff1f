"""A product with tables, roles and processes in a folder of its own, at a present that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from admin.app import create_app
from admin.centre import open_centre
from admin.cli.init import OFFICE_HOURS, deploy_shipped
from admin.cli.tables import owners
from admin.identity.setup import init_security
from engine.clock import MovableClock
from engine.context import SYSTEM, Centre, Context
from engine.db.migrations import migrate
from engine.plugin import Gateway
from engine.settings import Settings
from engine.worktime import save_calendar

Prepare = Callable[..., Flask]


@pytest.fixture(scope="session")
def prepare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepare]:
    """Prepare an empty product: ``prepare(present, gateways=[...])``."""
    opened: list[Centre] = []

    def make(present: datetime, *, gateways: Sequence[Gateway] = ()) -> Flask:
        folder: Path = tmp_path_factory.mktemp("world")
        settings = Settings(data_dir=folder, public_url="http://localhost:8080", time_zone="Asia/Hong_Kong")
        centre = open_centre(settings, clock=MovableClock(present))
        if gateways:
            registry = replace(centre.registry, gateways={gateway.name: gateway for gateway in gateways})
            centre = replace(centre, registry=registry)
        opened.append(centre)
        migrate(centre.database, owners(centre))
        app = create_app(centre)
        init_security(app)
        ctx = Context(centre=centre, actor=SYSTEM)
        save_calendar(
            ctx, key="default", name="Office hours", zone=settings.time_zone, bands=OFFICE_HOURS, region="HK"
        )
        deploy_shipped(ctx)
        return app

    yield make
    for centre in opened:
        centre.database.dispose()
