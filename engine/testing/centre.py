"""A whole centre in a folder, with a clock that stands still: for tests, scenarios and dry runs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine import runtime
from engine.clock import Clock, MovableClock
from engine.context import SYSTEM, Actor, Centre, Context
from engine.db import Database, Mode, metadata
from engine.jobs import run_due
from engine.plugin import Gateway, Registry
from engine.plugin.loader import load_plugins
from engine.settings import Settings

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def make_centre(
    folder: Path,
    *,
    clock: Clock | None = None,
    plugins: Sequence[str] = (),
    gateways: Sequence[Gateway] = (),
    floors: Sequence[Callable[[Registry], Any]] = (),
    database_url: str = "",
    time_zone: str = "Asia/Hong_Kong",
    web: bool = False,
    tables: bool = True,
    **settings: Any,
) -> Centre:
    """Put a centre together and make its tables.

    Args:
        folder: Its data folder.
        clock: One that stands at 2 March 2026, nine o'clock in Hong Kong, where omitted.
        plugins: Packages whose folders are plug-ins: ``plugins``.
        gateways: What carries messages instead of the plug-ins' gateways.
        floors: What higher floors register: ``forms.register``.
        database_url: SQLite in the folder where empty.
        time_zone: The centre's.
        web: Whether web rooms are loaded.
        tables: Whether they are made; another process has made them where not.
        settings: Any other setting.
    """
    registry = Registry()
    runtime.register(registry)
    for register in floors:
        register(registry)
    load_plugins(registry, plugins, web=web)
    for gateway in gateways:
        registry.add_gateway(gateway)
    registry.close()
    made = Settings(
        data_dir=folder, database_url=database_url, time_zone=time_zone, secret_key="test", **settings
    )
    database = Database(made.database)
    if tables:
        _make_tables(database)
    return Centre(settings=made, database=database, clock=clock or MovableClock(START), registry=registry)


def _make_tables(database: Database) -> None:
    file = database.url.database
    if database.dialect == "sqlite" and file and not Path(file).exists():
        Path(file).write_bytes(_tables(frozenset(metadata.tables)))
    else:
        metadata.create_all(database.engine_for(Mode.WRITE))


@functools.cache
def _tables(_names: frozenset[str]) -> bytes:
    """Make an SQLite file with these tables and no row: once for all centres of a process."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "tables.db"
        database = Database(f"sqlite:///{file}")
        metadata.create_all(database.engine_for(Mode.WRITE))
        database.dispose()
        return file.read_bytes()


def system(centre: Centre) -> Context:
    """Return a context of the product itself."""
    return Context(centre=centre, actor=SYSTEM)


def person(
    centre: Centre, key: str, *, channel: str = "web", locale: str = "en", permissions: Sequence[str] = ()
) -> Context:
    """Return a context of a person."""
    return Context(
        centre=centre,
        actor=Actor(key=key, kind="person", channel=channel, permissions=frozenset(permissions)),
        locale=locale,
    )


def work_off(centre: Centre) -> int:
    """Run every job that is due, and those that they make, until nothing is.

    Returns:
        How many ran.
    """
    return run_due(system(centre))
