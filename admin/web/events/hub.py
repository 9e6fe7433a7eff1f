"""One reader for each web process: it reads new events and passes each on to those who may hear of it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from admin.web.events.audience import Audience, audience_of
from admin.web.events.watch import watch
from engine.context import SYSTEM, Busy, Centre, Context
from engine.push import Event

log = logging.getLogger(__name__)

# A web process has 300 threads, a stream takes one: the rest is for pages.
MOST_LISTENERS = 250
_MOST_WAITING = 500
_MOST_READ = 1000
# How long a transaction that took its number early may take to commit, in seconds.
_LATE_S = 30.0
_JOIN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event as a page hears of it."""

    seq: int
    topic: str
    ref: str


@dataclass(slots=True, kw_only=True, eq=False)
class Listener:
    """An open page and whose it is.

    Args:
        key: The person's key.
        groups: The groups the person is in.
        permissions: What the person may do.
    """

    key: str
    groups: frozenset[str]
    permissions: frozenset[str]
    waiting: queue.Queue[Told | None] = field(default_factory=lambda: queue.Queue(_MOST_WAITING))

    def may_hear(self, audience: Audience) -> bool:
        """Whether the page may hear of something."""
        return (
            self.key in audience.persons
            or not self.groups.isdisjoint(audience.groups)
            or not self.permissions.isdisjoint(audience.permissions)
        )

    def tell(self, told: Told | None) -> None:
        """Put an event into the page's queue, None for the end; a page that does not read is let go."""
        try:
            self.waiting.put_nowait(told)
        except queue.Full:
            while not self.waiting.empty():
                self.waiting.get_nowait()
            self.waiting.put_nowait(None)


class Hub:
    """Passes events on while somebody listens; with nobody there it does nothing at all."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._thread: threading.Thread | None = None
        self._last = 0
        self._missing: dict[int, float] = {}

    @property
    def full(self) -> bool:
        """Whether there are as many listeners as this process can serve."""
        return len(self._listeners) >= MOST_LISTENERS

    @property
    def last(self) -> int:
        """The number of the last event that was passed on."""
        return self._last

    def join(self, listener: Listener) -> None:
        """Let a page listen from now on."""
        with self._lock:
            self._listeners.add(listener)
            if self._thread is None:
                self._last = self._newest()
                self._missing.clear()
                self._thread = threading.Thread(target=self._work, name="events", daemon=True)
                self._thread.start()

    def leave(self, listener: Listener) -> None:
        """Let a page go."""
        with self._lock:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Let every page go, because the process ends; the pages come again to the next one."""
        with self._lock:
            listeners, thread = list(self._listeners), self._thread
            self._listeners.clear()
        for listener in listeners:
            listener.tell(None)
        if thread is not None:
            thread.join(_JOIN_S)

    def missed(self, listener: Listener, after: int) -> list[Told]:
        """Return what happened since a page last listened, as far as it may hear of it."""
        with self._context().read() as ctx:
            rows = ctx.connection.execute(
                select(Event.__table__).where(Event.seq > after).order_by(Event.seq.desc()).limit(_MOST_READ)
            ).all()
            return [told for told, audience in _told(ctx, reversed(rows)) if listener.may_hear(audience)]

    def _context(self) -> Context:
        return Context(centre=self._centre, actor=SYSTEM)

    def _newest(self) -> int:
        with self._context().read() as ctx:
            return ctx.connection.execute(select(func.max(Event.seq))).scalar() or 0

    def _work(self) -> None:
        while True:
            try:
                with watch(self._centre.database) as watched:
                    self._pass_on()
                    while self._listeners:
                        if watched.wait(1.0):
                            self._pass_on()
            except (SQLAlchemyError, psycopg.Error, Busy) as error:
                log.warning("The event stream waits for the database: %s", error)
                time.sleep(1.0)
            except Exception:
                log.exception("The event stream begins anew")
                time.sleep(1.0)
            with self._lock:
                if not self._listeners:
                    self._thread = None
                    return

    def _pass_on(self) -> None:
        """Read what is new and tell it to whoever may hear of it."""
        more = True
        while more:
            with self._context().read() as ctx:
                rows = ctx.connection.execute(
                    select(Event.__table__)
                    .where(or_(Event.seq > self._last, Event.seq.in_(list(self._missing))))
                    .order_by(Event.seq)
                    .limit(_MOST_READ)
                ).all()
                told = _told(ctx, rows)
            self._note([row.seq for row in rows])
            with self._lock:
                listeners = list(self._listeners)
            for one, audience in told:
                for listener in listeners:
                    if listener.may_hear(audience):
                        listener.tell(one)
            more = len(rows) == _MOST_READ

    def _note(self, numbers: list[int]) -> None:
        """Remember how far was read, and on PostgreSQL the numbers between that may still be committed."""
        now = time.monotonic()
        for number in numbers:
            self._missing.pop(number, None)
        newest = max(numbers, default=self._last)
        if self._centre.database.dialect == "postgresql":
            gaps = set(range(max(self._last + 1, newest - _MOST_READ), newest)) - set(numbers)
            self._missing.update(dict.fromkeys(gaps, now))
            self._missing = {seq: at for seq, at in self._missing.items() if now - at < _LATE_S}
        self._last = max(self._last, newest)


def _told(ctx: Context, rows: Iterable[Any]) -> list[tuple[Told, Audience]]:
    known: dict[tuple[str, str], Audience] = {}
    told = []
    for row in rows:
        about = (row.topic, row.ref)
        if about not in known:
            known[about] = audience_of(ctx, *about)
        told.append((Told(seq=row.seq, topic=row.topic, ref=row.ref), known[about]))
    return told
