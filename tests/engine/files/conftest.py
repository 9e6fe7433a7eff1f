from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.clock import MovableClock
from engine.context import Actor, Centre, Context
from engine.db import Base, Database
from engine.files import StoredFile
from engine.plugin import Registry
from engine.settings import Settings


def sees_instance(ctx: Context, owner_id: str) -> bool:
    return ctx.actor.key == "head" and owner_id == "i1"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(datetime.now(UTC))


@pytest.fixture
def centre(tmp_path: Path, clock: MovableClock) -> Iterator[Centre]:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    settings = Settings(data_dir=tmp_path)
    registry = Registry()
    registry.add_port("may_see_instance", sees_instance)
    centre = Centre(settings=settings, database=database, clock=clock, registry=registry)
    with Context(centre=centre, actor=Actor(key="maker", kind="person")).write() as ctx:
        Base.metadata.create_all(ctx.connection, tables=[StoredFile.__table__])
    yield centre
    database.dispose()


@pytest.fixture
def by(centre: Centre) -> Callable[[str], Context]:
    """A context of a person."""
    return lambda key: Context(centre=centre, actor=Actor(key=key, kind="person"))
