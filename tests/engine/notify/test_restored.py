"""A database that is an older copy of itself: what may be out already is asked for, not sent again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.clock import MovableClock
from engine.context import Centre, Context
from engine.jobs import Incident, run_due
from engine.notify import doubt_unsent, list_notifications, notify, settle
from engine.notify.recipients import Recipient
from engine.notify.templates import MessageTemplate, MessageText
from engine.testing import RecordingGateway, make_centre, system

NEWS = MessageTemplate(key="news", title="News", texts={"sms": MessageText(text="There is news.")})
CITIZEN = Recipient(name="Chan", locale="en", phone="+85251230009")


@pytest.fixture
def gateway() -> RecordingGateway:
    return RecordingGateway()


@pytest.fixture
def open_product(tmp_path: Path, gateway: RecordingGateway) -> Callable[[], Centre]:
    """Open the product on whatever database lies in its folder."""
    clock = MovableClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
    return lambda: make_centre(tmp_path / "data", clock=clock, gateways=(gateway,))


def restored(open_product: Callable[[], Centre], tmp_path: Path, *, sent_since: bool) -> Context:
    """Back a product up while a message waits, let it go on, and restore it."""
    centre = open_product()
    backup, database = tmp_path / "backup.db", tmp_path / "data" / "callwright.db"
    notify(system(centre), event="news", to=CITIZEN, channel="sms", message=NEWS, scope={})
    centre.database.dispose()
    shutil.copy(database, backup)
    if sent_since:
        centre = open_product()
        run_due(system(centre))
        centre.database.dispose()
    shutil.copy(backup, database)
    return system(open_product())


def state(ctx: Context) -> str:
    with ctx.read():
        return str(list_notifications(ctx)[1][0]["state"])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()


def test_what_was_sent_after_the_backup_is_not_sent_again(open_product, tmp_path, gateway) -> None:
    ctx = restored(open_product, tmp_path, sent_since=True)
    assert doubt_unsent(ctx) == 1
    run_due(ctx)
    assert (state(ctx), len(gateway.taken)) == ("sent", 1)


def test_what_was_not_sent_after_the_backup_is_sent(open_product, tmp_path, gateway) -> None:
    ctx = restored(open_product, tmp_path, sent_since=False)
    doubt_unsent(ctx)
    run_due(ctx)
    assert (state(ctx), len(gateway.taken)) == ("sent", 1)


def test_what_no_provider_can_tell_waits_for_a_person(open_product, tmp_path, gateway) -> None:
    gateway.tellable = False
    ctx = restored(open_product, tmp_path, sent_since=True)
    doubt_unsent(ctx)
    for _try in range(10):
        ctx.centre.clock.advance(timedelta(days=1))
        run_due(ctx)
    with ctx.read():
        assert ctx.connection.execute(select(Incident.state)).scalars().all() == ["open"]
        message = list_notifications(ctx)[1][0]
    assert (message["state"], len(gateway.taken)) == ("unknown", 1)
    settle(ctx, notification_id=message["id"], taken=True, reason="they have read it")
    assert state(ctx) == "sent"
