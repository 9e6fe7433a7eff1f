"""A stored file is handed out to whoever may see what it belongs to."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from engine.context import Actor, Context
from engine.files import store
from engine.history import AuditEntry

PNG = b"\x89PNG\r\n\x1a\n" + bytes.fromhex("0000000d4948445200000001000000010802000000907753de") + b"x" * 40


@pytest.fixture
def keep(ctx: Context) -> Any:
    """Store something that is Mei's: ``keep(b"...", "a.png")``."""

    def put(content: bytes, name: str) -> str:
        as_mei = ctx.as_actor(Actor(key="mei", kind="person"))
        return str(store(as_mei, content=content, name=name, owner_kind="person", owner_id="mei").id)

    return put


def test_a_picture_is_shown_where_nothing_in_it_can_run(
    ctx: Context, make_person: Any, enter: Any, keep: Any
) -> None:
    make_person("mei", "agent")
    with enter("mei").get(f"/files/{keep(PNG, 'pipe.png')}") as answer:
        assert answer.data == PNG
        assert answer.headers["Content-Disposition"].startswith("inline")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("content", [b"<html><script>1</script>", b"<svg onload=x></svg>", b"%PDF-1.7"])
def test_everything_else_is_only_saved(make_person: Any, enter: Any, keep: Any, content: bytes) -> None:
    make_person("mei", "agent")
    with enter("mei").get(f"/files/{keep(content, 'innocent.png')}") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_whoever_may_not_see_it_hears_that_there_is_none(
    client: FlaskClient, make_person: Any, enter: Any, keep: Any
) -> None:
    make_person("mei", "agent")
    make_person("tom", "agent")
    file_id = keep(PNG, "pipe.png")
    assert enter("tom").get(f"/files/{file_id}").status_code == 404
    assert enter("tom").get("/files/nothing").status_code == 404
    assert client.get(f"/files/{file_id}").status_code == 302


def test_each_reading_is_written_down(ctx: Context, make_person: Any, enter: Any, keep: Any) -> None:
    make_person("mei", "agent")
    file_id = keep(PNG, "pipe.png")
    enter("mei").get(f"/files/{file_id}").close()
    with ctx.read():
        found = ctx.connection.execute(select(AuditEntry.actor).where(AuditEntry.action == "file.read"))
        assert found.scalars().all() == ["mei"]
