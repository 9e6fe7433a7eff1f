"""Limits on how often somebody may try something, counted in the database so that all processes agree."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Integer, String, case, delete, select
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
    # A hash too: the account that is tried, so that somebody can lift the limit whatever the address.
    subject: Mapped[str | None] = mapped_column(String(64), index=True)
    count: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)


@verb
def take_try(
    ctx: Context, *, name: str, of: str, most: int, within_s: int, subject: str | None = None
) -> None:
    """Count one try and refuse it where there were too many.

    Args:
        ctx: The context; a refused try changes nothing.
        name: What is tried: ``login``, ``report``…
        of: By whom: an address, a telephone number, both.
        most: Tries within the window.
        within_s: The window's length in seconds; it begins with its first try.
        subject: What is tried to get at, by which the limit may be lifted: an account.

    Raises:
        TooManyRequests: Says how long to wait.
    """
    over = Tries.ends_at <= ctx.now
    fresh = ctx.now + timedelta(seconds=within_s)
    statement = upsert(Tries.__table__, ctx.connection.dialect.name).values(  # type: ignore[arg-type]
        key=_key(name, of),
        subject=None if subject is None else _key(name, subject),
        count=1,
        ends_at=fresh,
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


def need_tries_left(ctx: Context, *, name: str, of: str, most: int) -> None:
    """Refuse where too much was tried already; nothing is counted.

    Args:
        ctx: The context.
        name, of, most: As ``take_try`` counts them.

    Raises:
        TooManyRequests: Says how long to wait.
    """
    with ctx.read():
        spent = select(Tries.ends_at).where(
            Tries.key == _key(name, of), Tries.count >= most, Tries.ends_at > ctx.now
        )
        ends_at = ctx.connection.execute(spent).scalar()
        if ends_at is not None:
            raise too_many(ends_at - ctx.now)


@verb
def forget_tries(ctx: Context, *, name: str, of: str) -> None:
    """Begin to count anew: it went well, or somebody lifted the limit."""
    ctx.connection.execute(delete(Tries).where(Tries.key == _key(name, of)))


@verb
def lift_limit(ctx: Context, *, name: str, subject: str) -> None:
    """Begin to count anew for an account, wherever its tries came from."""
    ctx.connection.execute(delete(Tries).where(Tries.subject == _key(name, subject)))


def is_limited(ctx: Context, *, name: str, subject: str, most: int) -> bool:
    """Whether an account's tries have run out from at least one place."""
    with ctx.read():
        found = ctx.connection.execute(
            select(Tries.key)
            .where(Tries.subject == _key(name, subject))
            .where(Tries.count >= most, Tries.ends_at > ctx.now)
            .limit(1)
        ).first()
    return found is not None


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
