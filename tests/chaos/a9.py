"""Random processes under the real engine, killed at commits: they end as if nobody had interrupted them.

Each drawing is played twice over, in one centre, by the same decisions: once in peace, once by workers that
die before or after commits, so that every step begins from what is written. Both must end alike and pass
the same elements in the same ways; and after each commit an open instance has something to wait for.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import orjson
from sqlalchemy import func, select

from engine.clock import MovableClock
from engine.context import Centre, Context
from engine.db.database import Transaction
from engine.definition import deploy
from engine.history import ElementVisit
from engine.instance import MessageSubscription, ProcessInstance
from engine.jobs import Incident, Job, return_expired, run_due
from engine.machine import NotWaiting
from engine.machine.stimuli import Arrived
from engine.plugin import Registry, service_task
from engine.runtime import cancel_instance, complete_task, retry_incident, start_process
from engine.runtime.advance import advance
from engine.testing import START, make_centre, system
from engine.testing.crash import killed_at
from engine.testing.sketch import sketch
from engine.work import UserTask
from engine.worker import look_for_forgotten
from tests.chaos.report import Report
from tests.engine.machine.drawer import Drawer

COUNT, UNIT = 2_000, "drawings"
WITHIN_S = 480.0
KILLS = True
_A_CENTRE = 100
_SAY_EVERY = 100
MOVES = 25
LIVES = ("active", "suspended")


@service_task("do", title="Do it")
def do(ctx: Context) -> None:
    """Do what a drawing asks for."""


@service_task("undo", title="Undo it")
def undo(ctx: Context) -> None:
    """Undo it."""


def offer(registry: Registry) -> None:
    """Offer what drawings ask for."""
    for name, function in (("do", do), ("undo", undo)):
        registry.service_tasks[f"s.{name}"] = function.__service_task__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a play went: the state it ended in, how often each element was passed how, what failed there."""

    state: str
    passed: Counter[tuple[str, str]]
    failed: Counter[tuple[str, str]]


class Play:
    """One instance, played by decisions that hang on nothing but a seed.

    Args:
        centre: Where.
        seed: Of the decisions.
        killer: Whoever kills the workers; None plays in peace.
    """

    def __init__(self, centre: Centre, seed: int, killer: random.Random | None) -> None:
        self.centre = centre
        self.ctx = system(centre)
        self.chance = random.Random(seed)
        self.killer = killer
        self.kill_count = 0
        self.id = ""

    def run(self) -> Ended:
        """Start the process, answer what it waits for, and look at what has become of it."""
        self.clock.set(START)
        start = {"flag": False, "again": False, "maybe": True}

        def begin() -> None:
            self.id = start_process(self.ctx, process_key="p", variables=start).id

        earlier = self._latest()
        self.do(begin, begun=lambda: self._latest() != earlier)
        self.id = self._latest()
        for number in range(MOVES):
            if self._state() not in LIVES:
                break
            self._move(late=number > MOVES // 2)
        ended = self._ended()
        if ended.state in LIVES:
            cancel_instance(self.ctx, instance_id=self.id, reason="over")
            run_due(self.ctx)
        return ended

    @property
    def clock(self) -> MovableClock:
        """The centre's clock."""
        return cast(MovableClock, self.centre.clock)

    def do(self, act: Any, begun: Any = None) -> None:
        """Let something happen and work off what follows; whoever works may be killed at a commit."""
        if self.killer is None or self.killer.random() < 0.3:
            act()
            run_due(self.ctx)
            return
        commit = self.killer.choice([1, 1, 2, 3, 4, 5, 6])
        when = self.killer.choice(["before", "after"])
        over = False
        with killed_at(commit, when=when):  # type: ignore[arg-type]
            act()
            run_due(self.ctx)
            over = True
        if over:
            return
        self.kill_count += 1
        return_expired(self.ctx, everybody=True)
        if commit == 1 and when == "before" and not (begun and begun()):
            act()
        run_due(self.ctx)

    def _move(self, *, late: bool) -> None:
        """Answer one thing that is waited for."""
        waits = self._waits()
        assert waits, "nothing is waited for, and it has not ended"
        _element, kind, of = waits[self.chance.randrange(1000) % len(waits)]
        said = {
            "flag": self.chance.random() < 0.5,
            "again": not late and self.chance.random() < 0.4,
            "maybe": None if not late and self.chance.random() < 0.3 else self.chance.random() < 0.5,
        }
        if kind == "task":
            self.do(lambda: complete_task(self.ctx, task_id=of, data=said))
        elif kind == "incident":
            self.do(lambda: retry_incident(self.ctx, incident_id=of, variables=said))
        elif kind == "timer":
            self.clock.set(max(self.clock.now(), self._due_at(of)))
            self.do(lambda: None)
        else:
            self.do(lambda: self._arrive(of, said))

    def _arrive(self, visit: str, said: Any) -> None:
        with self.ctx.write():
            try:
                advance(self.ctx, self.id, Arrived(visit=visit, payload=said))
            except NotWaiting:
                return

    # -- looking -----------------------------------------------------------------------------------------

    def _waits(self) -> list[tuple[str, str, str]]:
        asked = (
            ("task", UserTask.id, UserTask, UserTask.state.in_(("open", "claimed"))),
            ("timer", Job.id, Job, Job.state.in_(("waiting",))),
            ("incident", Incident.id, Incident, Incident.state == "open"),
            ("message", MessageSubscription.visit_id, MessageSubscription, True),
        )
        found: list[tuple[str, str, str]] = []
        with self.ctx.read():
            for kind, column, table, which in asked:
                rows = self.ctx.connection.execute(
                    select(table.element_id, column).where(table.instance_id == self.id, which)  # type: ignore[attr-defined]
                )
                found += [(row[0] or "", kind, row[1]) for row in rows]
        return sorted(found)

    def _due_at(self, job_id: str) -> Any:
        with self.ctx.read():
            return self.ctx.connection.execute(select(Job.due_at).where(Job.id == job_id)).scalar_one()

    def _latest(self) -> str:
        with self.ctx.read():
            return (
                self.ctx.connection.execute(
                    select(ProcessInstance.id).order_by(ProcessInstance.id.desc()).limit(1)
                ).scalar()
                or ""
            )

    def _state(self) -> str:
        with self.ctx.read():
            return str(
                self.ctx.connection.execute(
                    select(ProcessInstance.state).where(ProcessInstance.id == self.id)
                ).scalar_one()
            )

    def _ended(self) -> Ended:
        with self.ctx.read():
            passed = self.ctx.connection.execute(
                select(ElementVisit.element_id, ElementVisit.state).where(ElementVisit.instance_id == self.id)
            ).all()
            failed = self.ctx.connection.execute(
                select(Incident.element_id, Incident.code).where(Incident.instance_id == self.id)
            ).all()
        return Ended(
            state=self._state(),
            passed=Counter((row[0], row[1]) for row in passed),
            failed=Counter((row[0] or "", row[1]) for row in failed),
        )


@contextmanager
def watched(centre: Centre) -> Iterator[None]:
    """See after every commit that each open instance has something to wait for, and that nothing is stuck."""
    commit_really = Transaction.commit
    looking = False

    def commit(transaction: Transaction) -> None:
        nonlocal looking
        commit_really(transaction)
        if looking:
            return
        looking = True
        try:
            ctx = system(centre)
            assert look_for_forgotten(ctx) == 0, "an open instance waits for nothing"
            with ctx.read():
                for row in ctx.connection.execute(
                    select(ProcessInstance.id, ProcessInstance.machine_state).where(
                        ProcessInstance.state == "active"
                    )
                ):
                    ready = orjson.loads(row.machine_state)[4]
                    steps = select(func.count()).where(
                        Job.instance_id == row.id, Job.kind == "step", Job.state.in_(("waiting", "running"))
                    )
                    assert not ready or ctx.connection.execute(steps).scalar_one(), (
                        "what is ready is forgotten"
                    )
        finally:
            looking = False

    with patch.object(Transaction, "commit", commit):
        yield


def centre_in(folder: Path) -> Centre:
    """A centre that offers what drawings ask for."""
    folder.mkdir(parents=True)
    return make_centre(folder, floors=(offer,))


def interrupt(centre: Centre, seed: int) -> int:
    """Play a random drawing in peace and with kills, and hold both against each other.

    Returns:
        How often a worker was killed.
    """
    drawn = sketch(Drawer(random.Random(seed)).process())
    deploy(system(centre), files={"p.bpmn": drawn})
    in_peace = Play(centre, seed, None).run()
    restless = Play(centre, seed, random.Random(seed + 1))
    with watched(centre):
        killed = restless.run()
    assert killed == in_peace, f"seed {seed}: {killed}\nin peace: {in_peace}"
    return restless.kill_count


def run(report: Report, count: int = COUNT) -> None:
    """Run it with so many drawings."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="callwright-interruptions-") as folder:
        for number in range(count):
            # A fresh centre now and then: what was played stays in its tables.
            if number % _A_CENTRE == 0:
                centre = centre_in(Path(folder) / str(number))
            try:
                report.kill_count += interrupt(centre, report.seed + number)
            except Exception as error:
                failed += 1
                report.say(f"drawing {report.seed + number}: {type(error).__name__} {error}"[:1_000])
                centre = centre_in(Path(folder) / f"{number} anew")
            if (number + 1) % _SAY_EVERY == 0:
                report.say(f"{number + 1:,} of {count:,} are played, {report.kill_count} kills")
    report.most("seconds", report.since_s, WITHIN_S)
    report.equal("drawings that ended in another way, or broke", failed, 0)
