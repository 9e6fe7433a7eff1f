"""Databases with the tables of a release, made once and copied for each run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql

from admin.centre import open_centre
from admin.cli.tables import owners
from engine.db import Database, Mode, metadata
from engine.db.migrations import migrate
from engine.settings import Settings
from tests.chaos.golden import rows
from tests.chaos.report import Skipped
from tests.conftest import SERVER

NEWEST = ("heads",)


@dataclass(frozen=True, kw_only=True)
class Place:
    """An empty database.

    Args:
        folder: Its data folder.
        revisions: What it is at.
        database_url: SQLite in the folder where empty.
    """

    folder: Path
    revisions: Sequence[str]
    database_url: str = ""

    def load(self, kept: rows.Rows) -> None:
        """Write what an instance of that release left, and migrate it to this one."""
        database = Database(Settings(data_dir=self.folder, database_url=self.database_url).database)
        try:
            transaction = database.begin(Mode.WRITE)
            rows.load(transaction.connection, kept)
            transaction.commit()
            migrate(database, _owners())
        finally:
            database.dispose()


class Places:
    """Makes places, each a copy of the first.

    Args:
        folder: Where they are made.
        revisions: What they are at.
    """

    SERVER = "SQLite"

    def __init__(self, folder: Path, revisions: Sequence[str] = NEWEST) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True)
        self._file = folder / "first.db"
        self.revisions = _bring_up(f"sqlite:///{self._file}", revisions)

    def close(self) -> None:
        """Leave nothing behind but what lies in the folder."""

    @contextmanager
    def make(self, name: str) -> Iterator[Place]:
        """Make a place, gone afterwards."""
        folder = self.folder / name
        folder.mkdir()
        shutil.copy(self._file, folder / "callwright.db")
        yield Place(folder=folder, revisions=self.revisions)
        shutil.rmtree(folder)


class PlacesOnPostgresql(Places):
    """Makes places on this machine's PostgreSQL server.

    Raises:
        Skipped: There is none.
    """

    SERVER = "PostgreSQL"

    def __init__(self, folder: Path, revisions: Sequence[str] = NEWEST) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True)
        self._first = f"callwright_golden_{os.getpid()}"
        self._copy = f"{self._first}_copy"
        try:
            self._server = psycopg.connect(SERVER, autocommit=True, connect_timeout=2)
        except psycopg.OperationalError:
            raise Skipped(
                "no PostgreSQL on this machine (CALLWRIGHT_TEST_POSTGRESQL names another)"
            ) from None
        self._do("CREATE DATABASE {}", self._first)
        self.revisions = _bring_up(self._url(self._first), revisions)
        self._do("CREATE DATABASE {} TEMPLATE {}", self._copy, self._first)

    def close(self) -> None:
        """Leave nothing behind but what lies in the folder."""
        for name in (self._copy, self._first):
            self._do("DROP DATABASE {} WITH (FORCE)", name)
        self._server.close()

    @contextmanager
    def make(self, name: str) -> Iterator[Place]:
        """Make a place, gone afterwards."""
        folder = self.folder / name
        folder.mkdir()
        yield Place(folder=folder, revisions=self.revisions, database_url=self._url(self._copy))
        if not self._emptied():
            self._do("DROP DATABASE {} WITH (FORCE)", self._copy)
            self._do("CREATE DATABASE {} TEMPLATE {}", self._copy, self._first)

    def _emptied(self) -> bool:
        """Empty the place for the next one; false where it is at other revisions by now."""
        # A database that is dropped waits for the server's next checkpoint.
        with psycopg.connect(self._url(self._copy)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            if sorted(row[0] for row in found) != self.revisions:
                return False
            for table in reversed(metadata.sorted_tables):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        return True

    def _do(self, statement: str, *names: str) -> None:
        self._server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]

    def _url(self, name: str) -> str:
        return f"{SERVER.rsplit('/', 1)[0]}/{name}"


def _bring_up(url: str, revisions: Sequence[str]) -> list[str]:
    database = Database(url)
    try:
        return sorted(migrate(database, _owners(), to=revisions))
    finally:
        database.dispose()


@cache
def _owners() -> Mapping[str, Path]:
    with TemporaryDirectory() as folder:
        centre = open_centre(Settings(data_dir=Path(folder), secret_key="golden"), web=False)
        centre.database.dispose()
        return owners(centre)
