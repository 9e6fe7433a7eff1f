"""The worker pool of this process.

Its native runtime does not survive a fork: in a child every use would hang for ever, even of a new pool.
So the first use marks the process, and a child of it is refused at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from engine.sandbox.errors import SandboxBusy, SandboxForked, SandboxUnavailable

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontySession


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a script may have. The sandbox itself has no limits but those it is given.

    Args:
        feed_s: Running time, waiting for the host not counted.
        memory_bytes: Its own memory.
        recursion_count: Calls inside calls.
        host_call_count: Calls of host functions.
        request_s: When a worker that does not answer is killed.
        log_length: Characters of log and print.
        session_count: Scripts a worker runs before another takes its place.
        worker_count: Workers at most.
        wait_s: How long a script waits for a free worker.
    """

    feed_s: float = 1.0
    memory_bytes: int = 64 * 1024 * 1024
    recursion_count: int = 100
    host_call_count: int = 100
    request_s: float = 3.0
    log_length: int = 16_000
    session_count: int = 500
    worker_count: int = 4
    wait_s: float = 10.0


# Facts about the process, not state of the product: which process has started the native runtime.
_started_in: int | None = None
_lock = Lock()


def binary() -> str | None:
    """Return where the sandbox's program is, or None where it is missing."""
    try:
        from pydantic_monty._binary import find_monty_binary

        path = find_monty_binary()
    except (ImportError, FileNotFoundError):
        return None
    return path if os.access(path, os.X_OK) else None


def check_process() -> None:
    """Refuse to go on in the forked child of a process that has run a script.

    Raises:
        SandboxForked: This is one.
    """
    if _started_in not in (None, os.getpid()):
        raise SandboxForked()


def start(limits: Limits) -> Monty:
    """Start a pool; its workers end with it or with this process.

    Raises:
        SandboxForked: An ancestor of this process has run a script and forked.
        SandboxUnavailable: The program is missing.
    """
    global _started_in
    check_process()
    path = binary()
    if path is None:
        raise SandboxUnavailable()
    from pydantic_monty import Monty

    with _lock:
        _started_in = os.getpid()
    pool = Monty(
        binary_path=path,
        min_processes=1,
        max_processes=limits.worker_count,
        checkout_timeout=limits.wait_s,
        request_timeout=limits.request_s,
        max_checkouts_per_worker=limits.session_count,
    )
    return pool.__enter__()


@contextmanager
def session(pool: Monty, limits: Limits, **options: Any) -> Iterator[MontySession]:
    """Open a session in a free worker.

    Workers that died while they were idle (short of memory, say) are passed over: no script did that.

    Args:
        pool: Where.
        limits: What the session may have.
        options: Further options of ``Monty.checkout``.

    Raises:
        SandboxBusy: No worker was free in time.
    """
    from pydantic_monty import MontyCrashedError

    for attempt in range(limits.worker_count + 1):
        made = pool.checkout(
            script_name="script",
            limits={
                "max_feed_duration_secs": limits.feed_s,
                "max_memory": limits.memory_bytes,
                "max_recursion_depth": limits.recursion_count,
                "max_suspensions": limits.host_call_count,
                "max_total_sleep_secs": 0.0,
            },
            **options,
        )
        try:
            opened = made.__enter__()
        except TimeoutError:
            raise SandboxBusy() from None
        except MontyCrashedError:
            if attempt == limits.worker_count:
                raise
            continue
        try:
            yield opened
        finally:
            made.__exit__(None, None, None)
        return
