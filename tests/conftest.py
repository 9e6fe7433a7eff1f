"""What every test may use: a folder in memory, and an empty PostgreSQL database where there is a server."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

# What takes longest begins first, so that no worker is left with it when the others are done.
LONGEST = ("chaos", "stories", "browser", "seed", "architecture", "admin/scaffold")
SERVER = os.environ.get("CALLWRIGHT_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test")

MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3
# Tables stay where they were made: to make them takes longer than most tests.
EMPTY = """
DO $$ DECLARE one regclass; BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('DELETE FROM %s', one);
    END LOOP;
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' LOOP
        PERFORM setval(one, 1, false);
    END LOOP;
END $$
"""


def pytest_configure() -> None:
    """Put the folders of tests into memory where it has room: what is killed here is never the machine."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the rest stays in its order."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).as_posix()
        return next((at for at, name in enumerate(LONGEST) if folder.startswith(f"{name}/")), len(LONGEST))

    items.sort(key=place)


@contextmanager
def new_database(name: str) -> Iterator[str]:
    """Make a database without tables and take it away again; skips where there is no server."""
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL on this machine (CALLWRIGHT_TEST_POSTGRESQL names another)")
    server.execute(f"CREATE DATABASE {name}")
    yield f"{SERVER.rsplit('/', 1)[0]}/{name}"
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


@pytest.fixture(scope="session")
def postgresql_of_process() -> Iterator[str]:
    """Make a database for this test process; skips where there is no server."""
    with new_database(f"callwright_{os.getpid()}") as address:
        yield address


@pytest.fixture
def bare_postgresql() -> Iterator[str]:
    """The address of a database without tables, for this test alone."""
    with new_database(f"callwright_bare_{os.getpid()}") as address:
        yield address


@pytest.fixture
def postgresql(postgresql_of_process: str) -> Iterator[str]:
    """The address of a database without a row in it; tables that an earlier test made are there."""
    yield postgresql_of_process
    with psycopg.connect(postgresql_of_process, autocommit=True) as server:
        server.execute(EMPTY)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database: SQLite in the test's folder, then PostgreSQL."""
    return request.getfixturevalue("postgresql") if request.param == "postgresql" else ""
