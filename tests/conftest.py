"""What every test may use: a PostgreSQL database of its own where this machine has a server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

# What takes longest begins first, so that no worker is left with it when the others are done.
LONGEST = ("chaos", "stories", "browser", "seed", "architecture", "admin/scaffold")
SERVER = os.environ.get("CALLWRIGHT_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the rest stays in its order."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).as_posix()
        return next((at for at, name in enumerate(LONGEST) if folder.startswith(f"{name}/")), len(LONGEST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Make a database for this test process; skips where there is no server."""
    name = f"callwright_{os.getpid()}"
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL on this machine (CALLWRIGHT_TEST_POSTGRESQL names another)")
    server.execute(f"CREATE DATABASE {name}")
    yield f"{SERVER.rsplit('/', 1)[0]}/{name}"
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database: SQLite in the test's folder, then PostgreSQL."""
    return request.getfixturevalue("postgresql") if request.param == "postgresql" else ""
