"""Models that would never end or grow without end: refused when deployed, or stopped by an incident.

Each bomb is deployed and set off in a worker of its own, and an ordinary process beside it has to go on.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from engine.clock import DatabaseClock
from engine.context import Centre
from engine.definition import deploy
from engine.errors import CallwrightError, DefinitionError
from engine.instance import ProcessInstance
from engine.jobs import Incident, Job
from engine.runtime import start_process
from engine.testing import make_centre, system
from engine.testing.sketch import sketch
from engine.worker import Worker
from tests.chaos.report import Report

WITHIN_S = 6.0
KILLS = False
# A process with a job in it: whatever runs jobs still does.
ORDINARY = sketch("start begin\ncatch wait timer=PT0.1S\nend over\nbegin -> wait -> over", key="ordinary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bomb:
    """A model.

    Args:
        drawn: What is deployed, by process.
        variables: What it is set off with.
        runs: Whether it is no bomb here: it ends as it is drawn.
        waits: Whether it is harmless: it goes on, a tick at a time.
        begins: Whether it is started by hand; else by its own timer.
    """

    drawn: Mapping[str, str]
    variables: Mapping[str, Any] = field(default_factory=dict)
    runs: bool = False
    waits: bool = False
    begins: bool = True


def _one(text: str, **said: Any) -> Bomb:
    return Bomb(drawn={"bomb": text}, **said)


def _behind(element: str, **said: Any) -> Bomb:
    name = element.split()[1]
    return _one(f"start begin\n{element}\nend over\nbegin -> {name} -> over", **said)


def _chain(count: int, kind: str = "task") -> Bomb:
    tasks = "\n".join(f"{kind} t{number}" for number in range(count))
    flows = " -> ".join(["begin", *(f"t{number}" for number in range(count)), "over"])
    return _one(f"start begin\n{tasks}\nend over\n{flows}", runs=True)


def _nested(depth: int) -> Bomb:
    lines = []
    for level in range(depth):
        pad = " " * level
        lines += [f"{pad}start s{level}", f"{pad}sub sub{level}", f"{pad}end e{level}",
                  f"{pad}s{level} -> sub{level} -> e{level}"]  # fmt: skip
    pad = " " * depth
    # What is inside stands behind its sub-process's own line.
    ordered = []
    for level in range(depth):
        ordered.append(lines[4 * level + 1])
    text = "".join(f"{line}\n" for line in ordered)
    text += f"{pad}start in\n{pad}end out\n{pad}in -> out\n"
    for level in reversed(range(depth)):
        text += f"{lines[4 * level]}\n{lines[4 * level + 2]}\n{lines[4 * level + 3]}\n"
    return _one(text)


BOMBS: dict[str, Bomb] = {
    # What the requirements name.
    "calls itself": _behind("call again calls=bomb"),
    "loop without a wait": _one("start begin\nxor loop\nbegin -> loop\ntask work\nloop -> work -> loop"),
    "100,000 ticks at once": _behind("catch late cycle=R100000/PT0S"),
    "ten billion months": _behind("catch late timer=P9999999999M"),
    "a million rounds at once": _behind("task many parallel=1000000"),
    "500 tasks in a row": _chain(500),
    # Ours: calls.
    "two that call each other": Bomb(
        drawn={
            "bomb": "start begin\ncall there calls=other\nend over\nbegin -> there -> over",
            "other": "start begin\ncall back calls=bomb\nend over\nbegin -> back -> over",
        }
    ),
    "calls itself 1,000 times at once": _behind("call again calls=bomb parallel=1000"),
    "calls itself twice at once": _behind("call again calls=bomb parallel=2"),
    "calls itself by a name it computes": _one(
        "start begin\nxor which\ncall one calls=bomb\ncall two calls=bomb\nend over\nbegin -> which\n"
        "which -> one [true]\nwhich -> two *\none -> over\ntwo -> over"
    ),
    # Ours: messages and signals.
    "a signal that starts its own thrower": _one(
        "start begin\nstart woken signal=s\nend over signal=s\nbegin -> over\nwoken -> over"
    ),
    "a signal that starts two of its throwers": _one(
        "start begin\nstart woken signal=s\nstart other signal=s\nend over signal=s\n"
        "begin -> over\nwoken -> over\nother -> over"
    ),
    "a message that starts its own thrower": _one(
        "start begin\nstart woken message=m\nend over message=m\nbegin -> over\nwoken -> over"
    ),
    "a guard that throws what begins it": _one(
        "start begin\nuser ask\nend over\nbegin -> ask -> over\nguard g\n start heard signal=s beside\n"
        " throw again signal=s\n end out\n heard -> again -> out\nguard h\n start e escalation=x beside\n"
        " end e2\n e -> e2\nthrow first signal=s\nand both\nbegin -> both\nboth -> first",
        # What a process throws is not heard by what it begins.
        waits=True,
    ),
    "a condition that is always true": _one(
        "start begin\nscript set run='n = 1'\nuser ask\nend over\nbegin -> set -> ask -> over\n"
        "guard g\n start seen when='n > 0' beside\n script more run='n = n + 1'\n end out\n"
        " seen -> more -> out",
        # It begins when it becomes true, not as long as it is.
        waits=True,
    ),
    # Ours: loops and rounds.
    "loop of scripts": _one(
        "start begin\nxor loop\nbegin -> loop\nscript work run='n = n + 1'\nloop -> work -> loop",
        variables={"n": 0},
    ),
    "loop that doubles its data": _one(
        "start begin\nxor loop\nbegin -> loop\nsub work output='x:x + x'\n start in\n end out\n in -> out\n"
        "loop -> work -> loop",
        variables={"x": "ten letters"},
    ),
    "loop that lengthens a list": _one(
        "start begin\nxor loop\nbegin -> loop\nsub work output='x:concatenate(x, x)'\n"
        " start in\n end out\n in -> out\nloop -> work -> loop",
        variables={"x": [1, 2, 3, 4]},
    ),
    "loop that makes ever more tokens": _one(
        "start begin\nxor loop\nand two\nbegin -> loop -> two\ntwo -> loop\ntwo -> loop"
    ),
    "loop that opens ever more tasks": _one(
        "start begin\nxor loop\nand two\nuser ask\nbegin -> loop -> two\ntwo -> loop\ntwo -> ask"
    ),
    "loop over a sub-process": _one(
        "start begin\nxor loop\nsub work\n start in\n task do\n end out\n in -> do -> out\n"
        "begin -> loop -> work -> loop"
    ),
    "loop of an error that is caught": _one(
        "start begin\nxor loop\nsub work\n start in\n end out error=e\n in -> out\n"
        "boundary caught on=work error=e\nbegin -> loop -> work\ncaught -> loop"
    ),
    "link that jumps back": _one(
        "start begin\nthrow back link=l\ncatch here link=l\nbegin -> back\nhere -> back"
    ),
    "a million rounds one after another": _behind("task many sequential=1000000"),
    "a million rounds of a loop": _behind("task many loop=true maximum=1000000"),
    "a loop without end": _behind("task many loop=true"),
    "1,000 rounds of 1,000 rounds": _one(
        "start begin\nsub many parallel=1000\n start in\n task more parallel=1000\n end out\n"
        " in -> more -> out\nend over\nbegin -> many -> over"
    ),
    "1,000 rounds of 1,000 rounds, one after another": _one(
        "start begin\nsub many sequential=1000\n start in\n task more sequential=1000\n end out\n"
        " in -> more -> out\nend over\nbegin -> many -> over"
    ),
    "rounds by an endless number": _behind("task many parallel='10 ** 400'"),
    "rounds over a computed list": _behind("task many parallel= over='for(i,1..99999)'"),
    # Ours: timers.
    "a tick every millisecond": _behind("catch late cycle=R/PT0.001S"),
    "a period of no length": _behind("catch late cycle=R5/P0D"),
    "a period before now": _behind("catch late cycle=R5/-PT1H"),
    "ticks beside a task": _one(
        "start begin\nuser ask\nend over\nend out\nbegin -> ask -> over\n"
        "boundary tick on=ask cycle=R/PT0S beside\ntick -> out"
    ),
    "a timer of a trillion hours": _behind("catch late timer=PT999999999999H"),
    "a timer in the year 99999999": _behind("catch late date=99999999-01-01T00:00:00Z"),
    "a loop over a timer that is over": _one(
        "start begin\nxor loop\ncatch soon timer=PT0S\nbegin -> loop -> soon -> loop", waits=True
    ),
    "a start every millisecond": _one("start begin cycle=R/PT0.001S\nend over\nbegin -> over", begins=False),
    # Ours: depth, length, expressions.
    "5,000 tasks in a row": _chain(5_000),
    "100 sub-processes within each other": _nested(100),
    "a condition that counts to a trillion": _one(
        "start begin\nxor which\nend over\nend out\nbegin -> which\n"
        "which -> over [count(for a in 1..9999, b in 1..9999, c in 1..9999 return 1) > 1]\nwhich -> out *"
    ),
    "a condition that searches without end": _one(
        'start begin\nxor which\nend over\nend out\nbegin -> which\n'
        'which -> over [matches(x, "^(a|a|a)*(a|aa)*$")]\nwhich -> out *',
        variables={"x": "a" * 5000 + "b"},
    ),
    "a script that never ends": _behind("script hang run='while True: pass'"),
    "1,000 scripts that never end": _behind("script hang run='while True: pass' parallel=1000"),
    "undoing what undoes": _one(
        "start begin\ntask done\nboundary back on=done compensate undone_by=undo\n"
        "sub undo undoes\n throw inner compensate\n"
        "throw now compensate\nend over\nbegin -> done -> now -> over",
        runs=True,
    ),
}  # fmt: skip


@dataclass(kw_only=True)
class Outcome:
    """What became of a bomb.

    Args:
        how: ``refused``, ``incident``, ``completed``, ``failed``, ``waiting``.
        said: In the product's words.
        after_s: Seconds until that was so.
        instance_count: Instances that came to be.
        ordinary_s: How long the ordinary process beside it took; None where it never ended.
    """

    how: str
    said: str
    after_s: float
    instance_count: int = 0
    ordinary_s: float | None = None


def set_off(centre: Centre, bomb: Bomb, *, within_s: float = WITHIN_S) -> Outcome:
    """Deploy a bomb, start it, and see what becomes of it while a worker runs."""
    ctx = system(centre)
    deploy(ctx, files={"ordinary.bpmn": ORDINARY})
    began_s = time.monotonic()
    files = {f"{key}.bpmn": sketch(text, key=key) for key, text in bomb.drawn.items()}
    try:
        deploy(ctx, files=files)
    except DefinitionError as error:
        said = "; ".join(str(problem) for problem in error.problems)
        return Outcome(how="refused", said=said, after_s=time.monotonic() - began_s)
    worker = Worker(centre, thread_count=2)
    running = threading.Thread(target=worker.run)
    running.start()
    try:
        begun = None
        try:
            if bomb.begins:
                begun = start_process(ctx, process_key="bomb", variables=dict(bomb.variables)).id
        except CallwrightError as error:
            return Outcome(how="refused", said=str(error), after_s=time.monotonic() - began_s)
        outcome = _become(centre, begun, began_s, within_s)
        outcome.ordinary_s = _go_on(centre)
        with ctx.read():
            outcome.instance_count = ctx.connection.execute(
                select(func.count()).select_from(ProcessInstance)
            ).scalar_one()
        return outcome
    finally:
        worker.stop()
        running.join()


def _become(centre: Centre, instance_id: str | None, began_s: float, within_s: float) -> Outcome:
    ctx = system(centre)
    while True:
        with ctx.read():
            incident = ctx.connection.execute(select(Incident.__table__)).first()
            state = ctx.connection.execute(
                select(ProcessInstance.state).where(ProcessInstance.id == instance_id)
            ).scalar()
            busy = ctx.connection.execute(
                select(func.count()).where(Job.kind == "throw", Job.state.in_(("waiting", "running")))
            ).scalar_one()
        after_s = time.monotonic() - began_s
        if incident is not None:
            said = f"{incident.code}: {incident.message % (incident.params or {})}"
            return Outcome(how="incident", said=said, after_s=after_s)
        if state not in ("active", None) and not busy:
            return Outcome(how=str(state), said="", after_s=after_s)
        if after_s > within_s:
            return Outcome(how="waiting", said="", after_s=after_s)
        time.sleep(0.05)


def _go_on(centre: Centre) -> float | None:
    """Start the ordinary process and wait for its end."""
    ctx = system(centre)
    began_s = time.monotonic()
    ordinary = None
    while time.monotonic() - began_s < 30:
        try:
            ordinary = ordinary or start_process(ctx, process_key="ordinary").id
        except CallwrightError:
            continue
        with ctx.read():
            state = ctx.connection.execute(
                select(ProcessInstance.state).where(ProcessInstance.id == ordinary)
            ).scalar()
        if state == "completed":
            return time.monotonic() - began_s
        time.sleep(0.05)
    return None


def is_held(bomb: Bomb, outcome: Outcome) -> bool:
    """Whether a bomb did no harm."""
    if outcome.how != "refused" and outcome.ordinary_s is None:
        return False
    if bomb.runs:
        return outcome.how == "completed"
    if bomb.waits:
        return outcome.how in ("waiting", "incident")
    return outcome.how in ("refused", "incident")


COUNT, UNIT = len(BOMBS), "models"


def run(report: Report, count: int = COUNT) -> None:
    """Run it with so many models, from the first."""
    missed = 0
    for name, bomb in list(BOMBS.items())[:count]:
        with tempfile.TemporaryDirectory(prefix="callwright-bomb-") as folder:
            centre = make_centre(Path(folder), clock=DatabaseClock())
            try:
                outcome = set_off(centre, bomb)
            finally:
                centre.database.dispose()
        held = is_held(bomb, outcome)
        missed += not held
        ordinary = "-" if outcome.ordinary_s is None else f"{outcome.ordinary_s:.1f}"
        report.say(
            f"{'held  ' if held else 'MISSED'} {name:50} {outcome.how:9} {outcome.after_s:5.2f} s, "
            f"{outcome.instance_count} instances, ordinary {ordinary} s: {outcome.said[:160]}"
        )
    report.equal("models that were not held", missed, 0)
