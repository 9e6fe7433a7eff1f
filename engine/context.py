"""The Context: who acts, when, in which transaction. First argument of every verb."""

from __future__ import annotations

import functools
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.db import Database, Mode, Transaction
from engine.errors import TechnicalFailure
from engine.plugin import Registry
from engine.settings import Settings

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_TRIES = 5


class Busy(TechnicalFailure):
    """The product is busy: try again in a moment."""

    code = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts.

    Args:
        key: The person's key; None for the product itself and for the public.
        kind: A *person* with a login or a link, the *system* (worker, scheduler), the *public*, or the
            *timer*: what is done at a step because its time is over.
        permissions: What the person may do beyond their own work: ``instances.operate``, …
        channel: How they act: ``web``, ``rest``, ``sms``, ``link``, ``email``, ``cli``, ``worker``,
            ``timer``.
    """

    key: str | None
    kind: Literal["person", "system", "public", "timer"]
    permissions: frozenset[str] = frozenset()
    channel: str = "web"

    @property
    def name(self) -> str:
        """The name history keeps: the person's key, or what the actor is."""
        return self.key or self.kind

    def may(self, permission: str) -> bool:
        """Whether the actor has a permission; the product itself has all."""
        return self.kind in ("system", "timer") or permission in self.permissions


SYSTEM = Actor(key=None, kind="system", channel="worker")
TIMER = Actor(key=None, kind="timer", channel="timer")
PUBLIC = Actor(key=None, kind="public", channel="web")


@dataclass(frozen=True, kw_only=True)
class Centre:
    """One running product, put together: what every context of it shares."""

    settings: Settings
    database: Database
    clock: Clock
    registry: Registry
    # Tells the workers that something is due; they find it by themselves too, a little later.
    wake: Callable[[str | None], None] = lambda _instance_id: None


@dataclass(kw_only=True)
class Context:
    """Who acts, in which language, in which transaction.

    A verb opens a write transaction by ``ctx.write()``; a verb inside a verb joins it, and only the
    outermost commits. Time is read once per transaction.
    """

    centre: Centre
    actor: Actor
    locale: str = "en"
    # Names the work of a service task's job to whoever is outside: the same at every try, never twice.
    idempotency_key: str | None = None
    # How many processes began one by the other's message or signal up to here, none of which waited.
    cascade: int = 0
    _transaction: Transaction | None = field(default=None, repr=False)
    _now: datetime | None = field(default=None, repr=False)

    @property
    def registry(self) -> Registry:
        """What the installed plug-ins offer."""
        return self.centre.registry

    @property
    def settings(self) -> Settings:
        """What the product was told before it started."""
        return self.centre.settings

    @property
    def transaction(self) -> Transaction:
        """The open transaction.

        Raises:
            RuntimeError: None is open: the caller forgot ``ctx.read()`` or ``ctx.write()``.
        """
        if self._transaction is None:
            raise RuntimeError("no transaction is open: use ctx.read() or ctx.write()")
        return self._transaction

    @property
    def connection(self) -> Connection:
        """The open transaction's connection, for SQLAlchemy Core."""
        return self.transaction.connection

    @property
    def session(self) -> Session:
        """The open transaction's session, for the ORM."""
        return self.transaction.session

    @property
    def now(self) -> datetime:
        """The time of the open transaction, the same until it ends."""
        if self._now is None:
            self._now = self.centre.clock.now(self.connection)
        return self._now

    @property
    def writing(self) -> bool:
        """Whether a write transaction is open."""
        return self._transaction is not None and self._transaction.mode is Mode.WRITE

    @contextmanager
    def read(self) -> Iterator[Context]:
        """Read within one transaction; joins the open one, whichever its mode."""
        with self._within(Mode.READ):
            yield self

    @contextmanager
    def write(self) -> Iterator[Context]:
        """Write within one transaction, committed at the end by whoever opened it.

        Raises:
            RuntimeError: A read transaction is open: writing cannot begin in the middle of it.
            Busy: The database stayed locked.
        """
        with self._within(Mode.WRITE):
            yield self

    @contextmanager
    def _within(self, mode: Mode) -> Iterator[None]:
        if self._transaction is not None:
            if mode is Mode.WRITE and self._transaction.mode is Mode.READ:
                raise RuntimeError("a read transaction is open: write before or after it, not inside")
            yield
            return
        try:
            self._transaction = self.centre.database.begin(mode)
        except (OperationalError, NoConnection) as error:
            raise Busy() from error
        try:
            yield
        except BaseException:
            self._end().rollback()
            raise
        ended = self._end()
        if mode is Mode.READ:
            ended.rollback()
            return
        try:
            ended.commit()
        except BaseException:
            ended.rollback()
            raise

    def _end(self) -> Transaction:
        ended = self.transaction
        self._transaction, self._now = None, None
        return ended

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Do something within the open transaction that leaves nothing behind where it fails.

        It is the session's savepoint, not the connection's: what was added and not yet sent is forgotten too.
        """
        with self.session.begin_nested():
            # Begun now: the session itself waits until it is used, and Core does not use it.
            self.session.connection()
            yield
            self.session.flush()

    def gather(self, statement: Executable, row: Mapping[str, Any]) -> None:
        """Write a row at the end of the open transaction, with all others of the same statement."""
        self.transaction.gather(statement, row)

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do something once the open transaction is safe."""
        self.transaction.after_commit(act)

    def as_actor(self, actor: Actor) -> Context:
        """The same transaction, acted in by somebody else."""
        return replace(self, actor=actor)


def verb(act: Callable[Concatenate[Context, P], R]) -> Callable[Concatenate[Context, P], R]:
    """Make a function a verb: one write transaction, tried again where the database says so.

    Deadlocks and serialisation failures are nobody's fault and cost nothing: the whole verb runs again in
    a new transaction. Inside another verb it joins and leaves the trying again to the outermost.
    """

    @functools.wraps(act)
    def run(ctx: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if ctx.writing:
            return act(ctx, *args, **kwargs)
        for attempt in range(1, _TRIES + 1):
            try:
                with ctx.write():
                    return act(ctx, *args, **kwargs)
            except DBAPIError as error:
                if attempt == _TRIES or not _passing(error):
                    if _passing(error):
                        raise Busy() from error
                    raise
                time.sleep(random.uniform(0.005, 0.02) * 2**attempt)
        raise AssertionError("unreachable")

    return run


def _passing(error: DBAPIError) -> bool:
    """Whether the database asks us to try again: deadlock, serialisation failure, lock time-out."""
    state = getattr(error.orig, "sqlstate", None)
    if state in ("40001", "40P01", "55P03"):
        return True
    return isinstance(error, OperationalError) and "locked" in str(error.orig)
