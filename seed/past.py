"""The past: one transaction in which time passes, and an agenda of what happens when."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from sqlalchemy import select

from engine.clock import MovableClock
from engine.context import Context
from engine.errors import CallwrightError
from engine.jobs import Incident, Job, claim, run_claimed

_OWNER = "history"
_AT_ONCE = 50


@dataclass(kw_only=True)
class Past(Context):
    """A context whose clock is read anew each time.

    A verb's transaction stands at one instant; a history's one transaction goes from its beginning to the
    present, so that a database holds all of it or nothing.
    """

    @property
    def now(self) -> datetime:
        """Where the clock stands."""
        return self.centre.clock.now(self.connection)


@dataclass(kw_only=True)
class Agenda:
    """What happens when, the jobs that fall due on the way among it.

    Args:
        ctx: The open write transaction, the product's own.
        clock: Its clock.
        until: The present.
    """

    ctx: Past
    clock: MovableClock
    until: datetime
    _entries: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def add(self, at: datetime, act: Callable[[], None]) -> None:
        """Let something happen at an instant; what lies beyond the present does not."""
        if at <= self.until:
            heapq.heappush(self._entries, (max(at, self.clock.now()), next(self._numbers), act))

    def happen(self) -> None:
        """Let it all happen, in order, and stop at the present.

        Raises:
            CallwrightError: Something failed on the way.
        """
        while self._entries:
            at, _number, act = heapq.heappop(self._entries)
            self._pass(at)
            act()
        self._pass(self.until)

    def work_off(self) -> None:
        """Run every job that is due.

        Raises:
            CallwrightError: Something failed.
        """
        self.ctx.transaction.flush()
        while claimed := claim(self.ctx, owner=_OWNER, limit=_AT_ONCE):
            for job in claimed:
                run_claimed(self.ctx, job)
            self.ctx.transaction.flush()
        failed = self.ctx.connection.execute(select(Incident.element_id, Incident.message).limit(1)).first()
        if failed is not None:
            raise CallwrightError(f"The history failed at {failed.element_id}: {failed.message}")

    def _pass(self, at: datetime) -> None:
        """Let time pass: what falls due on the way happens at its instant."""
        while True:
            self.ctx.transaction.flush()  # what the last act left behind is read here, before any commit
            due_at = self.ctx.connection.execute(
                select(Job.due_at)
                .where(Job.state == "waiting", Job.due_at <= at)
                .order_by(Job.due_at)
                .limit(1)
            ).scalar()
            if due_at is None:
                break
            self.clock.set(max(due_at, self.clock.now()))
            self.work_off()
        self.clock.set(at)
