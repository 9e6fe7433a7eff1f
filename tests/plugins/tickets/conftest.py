from datetime import UTC, datetime

import pytest

from engine.clock import MovableClock
from engine.context import SYSTEM, Centre, Context
from engine.db import Base, Database, Mode
from engine.plugin import Registry
from engine.settings import Settings
from plugins.tickets.models import Ticket, TicketEntry


@pytest.fixture
def clock():
    return MovableClock(datetime(2026, 3, 2, 1, tzinfo=UTC))


@pytest.fixture
def ctx(tmp_path, clock):
    database = Database(f"sqlite:///{tmp_path / 'callwright.db'}")
    transaction = database.begin(Mode.WRITE)
    Base.metadata.create_all(transaction.connection, tables=[Ticket.__table__, TicketEntry.__table__])
    transaction.commit()
    yield Context(
        centre=Centre(
            settings=Settings(data_dir=tmp_path), database=database, clock=clock, registry=Registry()
        ),
        actor=SYSTEM,
    )
    database.dispose()
