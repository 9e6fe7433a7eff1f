"""The worker: runs due jobs in threads, renews their leases, sweeps. The only room that knows Celery.

The database is the truth: a broker's message is a hint that something is due. Without a broker the worker
looks every second, with one every ten.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, select, update

from engine.context import SYSTEM, Busy, Centre, Context
from engine.i18n import _
from engine.ids import new_id
from engine.instance import MessageSubscription, ProcessInstance
from engine.jobs import (
    HEARTBEAT,
    ClaimedJob,
    Incident,
    Job,
    claim,
    drop_dead_workers,
    drop_lease,
    enqueue,
    give_back,
    hold_lease,
    let_go,
    open_incident,
    return_expired,
    run_claimed,
)
from engine.jobs.claiming import LEASE_S
from engine.push import Event
from engine.runtime.deadlines import DEADLINE
from engine.work import OPEN_STATES, UserTask

log = logging.getLogger(__name__)

QUEUE = "callwright"
TASK = "callwright.wake"
POLL_S = 1.0
POLL_WITH_BROKER_S = 10.0
SWEEP_S = 30.0
STOP_WITHIN_S = 20.0
EVENTS_KEPT = timedelta(hours=1)


class Worker:
    """Claims and runs jobs until it is told to stop.

    Args:
        centre: The product.
        thread_count: Jobs that run at once.
    """

    def __init__(self, centre: Centre, *, thread_count: int = 4) -> None:
        self.centre = centre
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()[-8:]}"
        self.thread_count = thread_count
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._free = threading.Semaphore(thread_count)
        self._held: dict[threading.Thread, ClaimedJob] = {}
        self._unended: deque[str] = deque()

    def wake(self) -> None:
        """Look for due jobs now."""
        self._due.set()

    def stop(self) -> None:
        """Claim nothing more; ``run`` returns once what runs is done, or gives it back."""
        self._stopping.set()
        self._due.set()

    def run(self) -> None:
        """Claim and run jobs; returns after ``stop``."""
        poll_s = POLL_WITH_BROKER_S if self.centre.settings.broker_url else POLL_S
        keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        keeper.start()
        log.info("the worker is looking for jobs", extra={"worker": self.owner})
        while not self._stopping.is_set():
            try:
                found = self._claim_and_run()
            except Busy as busy:
                # Two workers on SQLite, or a database that begins again: it is tried again after the wait.
                log.warning("The worker could not look for jobs: %s", busy)
                found = False
            except Exception:
                log.exception("The worker could not look for jobs")
                found = False
            if not found:
                self._due.wait(self._wait_s(poll_s))
                self._due.clear()
        self._finish()

    def _claim_and_run(self) -> bool:
        """Claim as many jobs as threads are free; True where there was one."""
        self._let_go()
        free = 0
        while free < self.thread_count and self._free.acquire(blocking=free == 0):
            free += 1
        claimed: list[ClaimedJob] = []
        try:
            claimed = claim(
                self._context(),
                owner=self.owner,
                limit=free,
                held=list(self._held.values()),
                # However slow the services of one process are, a thread is left for the others.
                share=max(1, self.thread_count - 1),
            )
        finally:
            for _unused in range(free - len(claimed)):
                self._free.release()
        for job in claimed:
            thread = threading.Thread(target=self._run_one, args=(job,), name=f"job-{job.kind}")
            self._held[thread] = job
            thread.start()
        return bool(claimed)

    def _let_go(self) -> None:
        """Let go of what could not be ended: who waits for its lease to run out waits in vain."""
        if unended := list(self._unended):
            let_go(self._context(), owner=self.owner, job_ids=unended)
            for _job_id in unended:
                self._unended.popleft()

    def _run_one(self, job: ClaimedJob) -> None:
        try:
            run_claimed(self._context(), job)
        except Exception:
            # The database is away, most likely: it is told as soon as it is back.
            log.exception("a job could not be ended", extra=job.marks)
            self._unended.append(job.id)
        finally:
            self._held.pop(threading.current_thread())
            self._free.release()
            self._due.set()

    def _wait_s(self, poll_s: float) -> float:
        """Return the seconds until the next look: sooner where a job is due before the next poll."""
        ctx = self._context()
        try:
            with ctx.read():
                due_at = ctx.connection.execute(
                    select(Job.due_at).where(Job.state == "waiting").order_by(Job.due_at).limit(1)
                ).scalar()
                if due_at is None:
                    return poll_s
                return min(poll_s, max(0.05, (due_at - ctx.now).total_seconds()))
        except Exception:
            return poll_s

    def _keep(self) -> None:
        """Renew leases, take back those of silent workers, and sweep now and then."""
        next_sweep = time.monotonic() + LEASE_S / 4
        while True:
            try:
                self._renew()
                hold_lease(self._context(), name=HEARTBEAT + self.owner, owner=self.owner)
                if return_expired(self._context()):
                    self.wake()
                if time.monotonic() >= next_sweep:
                    sweep(self._context())
                    next_sweep = time.monotonic() + SWEEP_S
                    self.wake()
            except Exception:
                log.exception("The worker could not sweep")
            if self._stopping.wait(LEASE_S / 4):
                return

    def _renew(self) -> None:
        """Renew the leases of what runs here; of what was claimed and does not run, nobody would hear."""
        held = [job.id for job in list(self._held.values())]
        if not held:
            return
        ctx = self._context()
        # Whose row is locked is about to end; to wait for it would let the leases of all others run out.
        free = select(Job.id).where(Job.id.in_(held)).with_for_update(skip_locked=True)
        with ctx.write():
            ctx.connection.execute(
                update(Job)
                .where(Job.id.in_(free), Job.state == "running", Job.owner == self.owner)
                .values(lease_until=ctx.now + timedelta(seconds=LEASE_S))
            )

    def _finish(self) -> None:
        """Wait for what runs, then give back what is still held."""
        until = time.monotonic() + STOP_WITHIN_S
        for thread in list(self._held):
            thread.join(max(0.0, until - time.monotonic()))
        give_back(self._context(), owner=self.owner)
        drop_lease(self._context(), name=HEARTBEAT + self.owner, owner=self.owner)
        log.info("the worker has stopped", extra={"worker": self.owner})

    def _context(self) -> Context:
        return Context(centre=self.centre, actor=SYSTEM)


def sweep(ctx: Context) -> None:
    """Put right what a lost worker left, start the clockwork, look for what was forgotten."""
    return_expired(ctx)
    drop_dead_workers(ctx)
    with ctx.write():
        for kind in ctx.registry.job_kinds.values():
            if kind.every_s is not None:
                _enqueue_clockwork(ctx, kind.name, kind.every_s, kind.lane)
        ctx.connection.execute(delete(Event).where(Event.at < ctx.now - EVENTS_KEPT))
    look_for_forgotten(ctx)


def _enqueue_clockwork(ctx: Context, name: str, every_s: float, lane: str) -> None:
    last = ctx.connection.execute(
        select(Job.ended_at).where(Job.kind == name).order_by(Job.id.desc()).limit(1)
    ).scalar()
    due_at = ctx.now if last is None else max(ctx.now, last + timedelta(seconds=every_s))
    enqueue(ctx, kind=name, due_at=due_at, unique_key=f"clockwork:{name}", lane=lane)


def look_for_forgotten(ctx: Context) -> int:
    """Make an incident of every open instance that nothing will ever move again.

    Each open instance must own at least one of: a job, an open task, a message subscription, a called
    instance, an open incident.

    Returns:
        How many were found.
    """
    inner = ProcessInstance.__table__.alias()
    forgotten = select(ProcessInstance.id, ProcessInstance.process_key).where(
        ProcessInstance.state == "active",
        # A deadline only watches: it brings nothing forward.
        ~exists().where(
            Job.instance_id == ProcessInstance.id,
            Job.state.in_(("waiting", "running")),
            Job.kind != DEADLINE,
        ),
        ~exists().where(UserTask.instance_id == ProcessInstance.id, UserTask.state.in_(OPEN_STATES)),
        ~exists().where(MessageSubscription.instance_id == ProcessInstance.id),
        ~exists().where(Incident.instance_id == ProcessInstance.id, Incident.state == "open"),
        ~exists().where(inner.c.parent_id == ProcessInstance.id, inner.c.state.in_(("active", "suspended"))),
    )
    with ctx.read():
        if ctx.connection.execute(forgotten.limit(1)).first() is None:
            return 0
    with ctx.write():
        rows = ctx.connection.execute(forgotten).all()
        for row in rows:
            open_incident(
                ctx,
                code="forgotten",
                message=_("The process is open, but waits for nothing. Look at its history and cancel it."),
                instance_id=row.id,
                process_key=row.process_key,
            )
    return len(rows)


def celery_app(broker_url: str) -> Any:
    """Make the Celery application that carries hints.

    Args:
        broker_url: Redis or RabbitMQ.
    """
    from celery import Celery

    app = Celery(QUEUE, broker=broker_url, set_as_current=False)
    app.conf.update(
        task_default_queue=QUEUE,
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"socket_timeout": 2, "socket_connect_timeout": 2},
        broker_connection_timeout=2,
        worker_hijack_root_logger=False,
    )
    return app


class _Presence:
    """Whether the broker is there, as it was seen last: a change is said once, without the password."""

    def __init__(self, app: Any) -> None:
        self.address = app.connection().as_uri()
        self.is_away = False

    def away(self, reason: Exception) -> None:
        if not self.is_away:
            log.warning(
                "the broker %s cannot be reached: %s. Work goes on, each step up to %g s later. Start it, or "
                "correct CALLWRIGHT_BROKER_URL.",
                self.address,
                reason,
                POLL_WITH_BROKER_S,
            )
        self.is_away = True

    def there(self) -> None:
        if self.is_away:
            log.warning("the broker %s is back", self.address)
        self.is_away = False


def waker(broker_url: str) -> Callable[[str | None], None]:
    """Return what tells workers that something is due; losing it costs one poll interval.

    A thread of its own sends: a commit never waits for a broker, and many commits are one hint.
    """
    app = celery_app(broker_url)
    presence = _Presence(app)
    asked: deque[str | None] = deque(maxlen=1)
    due = threading.Event()

    def send() -> None:
        while True:
            due.wait()
            due.clear()
            try:
                app.send_task(TASK, args=list(asked), ignore_result=True, retry=False, expires=60)
                presence.there()
            except Exception as error:
                presence.away(error)
                time.sleep(1)

    def wake(instance_id: str | None) -> None:
        asked.append(instance_id)
        due.set()

    threading.Thread(target=send, name="hints-out", daemon=True).start()
    return wake


def listen(worker: Worker, broker_url: str) -> None:
    """Let a broker's hints wake a worker, in a thread of its own. The broker may come and go."""

    def heard(_body: Any, message: Any) -> None:
        message.ack()
        worker.wake()

    # Not in the thread: Celery loads its parts when asked, and of two threads that ask one gets none.
    app = celery_app(broker_url)
    presence = _Presence(app)

    def consume() -> None:
        while True:
            try:
                with app.connection() as connection:
                    queue = app.amqp.queues[QUEUE](connection.channel())
                    presence.there()
                    with connection.Consumer([queue], callbacks=[heard]):
                        while True:
                            try:
                                connection.drain_events(timeout=5)
                            except TimeoutError:
                                connection.heartbeat_check()
            except Exception as error:
                presence.away(error)
                time.sleep(2)

    threading.Thread(target=consume, name="hints", daemon=True).start()
