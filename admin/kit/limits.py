"""Limits on how often somebody may try something, counted in the database so that all processes agree."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Integer, String, case, delete, update
from sqlalchemy.orm import Mapped, mapped_column

from engine.context import Context, verb
from engine.db import Base, Instant, upsert
from engine.errors import TooManyRequests
from engine.i18n import _


class Tries(Base):
    """How often something was tried within a window of time."""

    __tablename__ = "admin_tries"

    # A hash: what is counted (an address, a number, a name) is nobody's business here.
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)


@verb
def take_try(ctx: Context, *, name: str, of: str, most: int, within_s: int) -> None:
    """Count one try and refuse it where there were too many.

    Args:
        ctx: The context; a refused try changes nothing.
        name: What is tried: ``login``, ``report``…
        of: By whom: an address, a telephone number, both.
        most: Tries within the window.
        within_s: The window's length in seconds; it begins with its first try.

    Raises:
        TooManyRequests: Says how long to wait.
    """
    over = Tries.ends_at <= ctx.now
    fresh = ctx.now + timedelta(seconds=within_s)
    statement = upsert(Tries.__table__, ctx.connection.dialect.name).values(  # type: ignore[arg-type]
        key=_key(name, of), count=1, ends_at=fresh
    )
    changed = {
        "count": case((over, 1), else_=Tries.count + 1),
        "ends_at": case((over, fresh), else_=Tries.ends_at),
    }
    count, ends_at = ctx.connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_=changed).returning(
            Tries.count, Tries.ends_at
        )
    ).one()
    if count > most:
        raise too_many(ends_at - ctx.now)
    ctx.connection.execute(delete(Tries).where(Tries.ends_at < ctx.now - timedelta(days=1)))


@verb
def return_try(ctx: Context, *, name: str, of: str) -> None:
    """Give one try back: it went well, but others may share what is counted."""
    ctx.connection.execute(
        update(Tries).where(Tries.key == _key(name, of), Tries.count > 0).values(count=Tries.count - 1)
    )


@verb
def forget_tries(ctx: Context, *, name: str, of: str) -> None:
    """Begin to count anew: it went well, or somebody lifted the limit."""
    ctx.connection.execute(delete(Tries).where(Tries.key == _key(name, of)))


def too_many(wait: timedelta) -> TooManyRequests:
    """Make the error that says how long to wait."""
    seconds = max(1, int(wait.total_seconds()))
    return TooManyRequests(
        _("Too many tries. Wait %(minutes)s min and try again."),
        retry_after_s=seconds,
        minutes=-(-seconds // 60),
    )


def _key(name: str, of: str) -> str:
    return hashlib.sha256(f"{name}\0{of}".encode()).hexdigest()
