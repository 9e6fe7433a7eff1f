"""The people of the errands: they begin them and do their step, and ask again where they are told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import select

from engine import runtime
from engine.context import Busy, Centre
from engine.testing import person, system
from engine.work import UserTask
from tests.chaos import drawing

_PATIENCE_S = 60.0


def do_errand(centre: Centre, number: int, *, reached_by: str = "") -> None:
    """Begin an errand and do its person's step, by the verbs; its citizen has a number, a mailbox or both."""
    ref = again(
        lambda: runtime.start_process(
            system(centre),
            process_key=drawing.KEY,
            variables=drawing.variables(number, reached_by=reached_by),
        )
    )
    ctx = system(centre)
    with ctx.read():
        wanted = select(UserTask.id).where(UserTask.instance_id == ref.id)
        task_id = ctx.connection.execute(wanted).scalar_one()
    again(lambda: runtime.complete_task(person(centre, "agent"), task_id=task_id))


def again(act: Callable[[], runtime.InstanceRef]) -> runtime.InstanceRef:
    """Do something as soon as the product is not busy."""
    end_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return act()
        except Busy:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.5)


@contextmanager
def crowd(act: Callable[[int], None], numbers: Iterable[int], size: int) -> Iterator[Callable[[], int]]:
    """Let several people act beside, one number after the other; yields how many numbers are done.

    Args:
        act: What is done with a number.
        numbers: All of them.
        size: How many people.
    """
    waiting = iter(numbers)
    lock = threading.Lock()
    done: list[int] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set() and not failed:
            with lock:
                number = next(waiting, None)
            if number is None:
                return
            try:
                act(number)
            except BaseException as error:
                failed.append(error)
                return
            done.append(number)

    def count() -> int:
        if failed:
            raise failed[0]
        return len(done)

    threads = [threading.Thread(target=work, name=f"person-{one}", daemon=True) for one in range(size)]
    for thread in threads:
        thread.start()
    try:
        yield count
        for thread in threads:
            thread.join(_PATIENCE_S)
        count()
    finally:
        over.set()
