"""Whatever is drawn from well-formed blocks and however it is played, nothing is lost or doubled."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import TechnicalFailure
from engine.machine import Budget, Environment, Run, dump, effects, load, parse, step, stimuli
from engine.testing.play import NOW
from engine.testing.sketch import sketch

ASKS = (effects.OpenUserTask, effects.CallService, effects.CallProcess, effects.SetTimer, effects.Await)
Variables = dict[str, bool | None]
ERROR, ESCALATION, SIGNAL = "error=e", "escalation=x", "signal=s"


class Drawer:
    """Draws blocks with one way in and one way out, a scope within a scope."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.count = 0

    def id(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def process(self) -> str:
        return "\n".join(self.scope(0, 3, in_transaction=False))

    def scope(self, indent: int, depth: int, *, in_transaction: bool) -> list[str]:
        lines: list[str] = []
        pad = " " * indent
        start, end = self.id("start"), self.id("end")
        lines.append(f"{pad}start {start}")
        first, last = self.block(lines, indent, depth)
        ends = ["", "", "", "terminate", ERROR, ESCALATION, SIGNAL, "compensate"]
        ends += ["cancel", "cancel"] if in_transaction else []
        lines.append(f"{pad}end {end} {self.chance.choice(ends)}")
        lines.append(f"{pad}{start} -> {first}")
        lines.append(f"{pad}{last} -> {end}")
        if depth and self.chance.random() < 0.4:
            self.guard(lines, indent, depth - 1)
        return lines

    def guard(self, lines: list[str], indent: int, depth: int) -> None:
        pad = " " * indent
        kind = self.chance.choice([ERROR, ESCALATION, SIGNAL, "message=g", "timer=PT2H", "when=flag"])
        beside = " beside" if kind != ERROR and self.chance.random() < 0.5 else ""
        lines.append(f"{pad}guard {self.id('guard')}")
        start, end = self.id("gstart"), self.id("gend")
        lines.append(f"{pad} start {start} {kind}{beside}")
        first, last = self.block(lines, indent + 1, depth)
        lines.append(f"{pad} end {end} {self.chance.choice(['', 'terminate', 'compensate'])}")
        lines.append(f"{pad} {start} -> {first}")
        lines.append(f"{pad} {last} -> {end}")

    def block(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        kinds = [self.work] if depth == 0 else [
            self.work, self.sequence, self.exclusive, self.parallel, self.inclusive, self.loop, self.sub,
            self.undone, self.events, self.complex, self.throw,
        ]  # fmt: skip
        return self.chance.choice(kinds)(lines, indent, depth)

    def work(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        kind = self.chance.choice(
            ["user", "user", "task", "service service=s.do", "receive message=m", "catch timer=PT1H",
             "catch signal=s", "catch when=flag", "catch all message=a,b", "catch message=c timer=PT1H"]
        )  # fmt: skip
        name, _space, options = kind.partition(" ")
        one = self.id(name)
        rounds = ""
        if name in ("user", "task", "service", "receive"):
            rounds = self.rounds()
        lines.append(f"{' ' * indent}{name} {one} {options} {rounds}")
        if name in ("user", "service", "receive"):
            self.border(lines, indent, one)
        return one, one

    def rounds(self) -> str:
        return self.chance.choice(
            ["", "", "", "parallel=2", "sequential=2", "loop= maximum=2", 'parallel=3 until="flag"',
             'parallel=2 until="maybe"', 'sequential=2 until="maybe"',
             "startQuantity=1 completionQuantity=2"]
        )  # fmt: skip

    def border(self, lines: list[str], indent: int, host: str) -> None:
        pad = " " * indent
        for _one in range(self.chance.choice([0, 0, 1, 2])):
            kind = self.chance.choice(
                [ERROR, ESCALATION, SIGNAL, "timer=PT1H", "cycle=R2/PT1H", "message=b", "when=flag",
                 "all message=p,q"]
            )  # fmt: skip
            beside = " beside" if kind != ERROR and self.chance.random() < 0.5 else ""
            event, end = self.id("border"), self.id("bend")
            after = self.id("after")
            lines += [
                f"{pad}boundary {event} on={host} {kind}{beside}",
                f"{pad}user {after}" if self.chance.random() < 0.5 else f"{pad}throw {after} compensate",
                f"{pad}end {end} {self.chance.choice(['', '', ERROR, ESCALATION])}",
                f"{pad}{event} -> {after} -> {end}",
            ]

    def sequence(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        first, middle = self.block(lines, indent, depth - 1)
        then, last = self.block(lines, indent, depth - 1)
        lines.append(f"{' ' * indent}{middle} -> {then}")
        return first, last

    def exclusive(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        return self.split(lines, indent, depth, "xor", "xor")

    def parallel(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        return self.split(lines, indent, depth, "and", self.chance.choice(["and", "or"]))

    def inclusive(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        return self.split(lines, indent, depth, "or", "or")

    def complex(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        return self.split(lines, indent, depth, "and", 'complex activation="activationCount >= 1"')

    def split(self, lines: list[str], indent: int, depth: int, kind: str, meets: str) -> tuple[str, str]:
        pad = " " * indent
        parts, (name, _space, options) = self.id(kind), meets.partition(" ")
        joins = self.id(name)
        lines += [f"{pad}{kind} {parts}", f"{pad}{name} {joins} {options}"]
        for number in range(self.chance.choice([2, 2, 3])):
            first, last = self.block(lines, indent, depth - 1)
            asked = " *" if number == 0 else self.chance.choice([" [flag]", " [flag]", " [maybe]"])
            condition = "" if kind == "and" else asked
            lines += [f"{pad}{parts} -> {first}{condition}", f"{pad}{last} -> {joins}"]
        return parts, joins

    def loop(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        pad = " " * indent
        again, ask, over = self.id("again"), self.id("user"), self.id("over")
        lines += [f"{pad}xor {again}", f"{pad}user {ask}", f"{pad}xor {over}"]
        first, last = self.block(lines, indent, depth - 1)
        out = self.id("task")
        lines += [
            f"{pad}task {out}",
            f"{pad}{again} -> {ask} -> {first}",
            f"{pad}{last} -> {over}",
            f"{pad}{over} -> {again} [again]",
            f"{pad}{over} -> {out} *",
        ]
        return again, out

    def sub(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        kind = self.chance.choice(["sub", "sub", "transaction"])
        one = self.id(kind)
        lines.append(f"{' ' * indent}{kind} {one} {self.rounds()}")
        lines += self.scope(indent + 1, depth - 1, in_transaction=kind == "transaction")
        self.border(lines, indent, one)
        if kind == "transaction":
            event, end = self.id("cancelled"), self.id("cend")
            pad = " " * indent
            lines += [f"{pad}boundary {event} on={one} cancel", f"{pad}end {end}", f"{pad}{event} -> {end}"]
        return one, one

    def undone(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        pad = " " * indent
        done, event, undo = self.id("done"), self.id("undoable"), self.id("undo")
        lines += [
            f"{pad}{self.chance.choice(['task', 'user'])} {done} {self.rounds()}",
            f"{pad}{self.chance.choice(['task', 'user', 'service'])} {undo} undoes service=s.undo",
            f"{pad}boundary {event} on={done} compensate undone_by={undo}",
        ]
        return done, done

    def throw(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        one = self.id("throw")
        kind = self.chance.choice([ESCALATION, SIGNAL, "compensate", "message=t"])
        lines.append(f"{' ' * indent}throw {one} {kind}")
        return one, one

    def events(self, lines: list[str], indent: int, depth: int) -> tuple[str, str]:
        pad = " " * indent
        gateway, joins = self.id("event"), self.id("xor")
        lines += [f"{pad}event {gateway}", f"{pad}xor {joins}"]
        for kind in ("catch timer=PT1H", "catch message=w", "receive message=r", "catch when=flag"):
            one = self.id("ev")
            lines += [f"{pad}{kind.replace(' ', f' {one} ')}", f"{pad}{gateway} -> {one} -> {joins}"]
        return gateway, joins


class Watched:
    """One play; what it asks for is checked while it goes on."""

    def __init__(self, drawn: bytes, *, saved: bool, budget: Budget) -> None:
        self.spec = next(iter(parse("p.bpmn", drawn).processes.values()))
        self.environment = Environment(now=NOW, budget=budget)
        self.run = Run(self.spec, self.environment)
        self.saved = saved
        self.waits: dict[str, Any] = {}
        self.failed: dict[str, effects.Failed] = {}
        self.inside: dict[str, str] = {}
        self.left: set[str] = set()
        self.names: dict[str, int] = {}
        self.ended = False

    def step(self, stimulus: stimuli.Stimulus) -> list[Any]:
        told: list[Any] = []
        while True:
            asked = step(self.run, stimulus)
            told += [self._named(one) for one in asked]
            self._check(asked)
            if self.saved:
                self.run = load(self.spec, dump(self.run), self.environment)
            if not any(isinstance(one, effects.Continue) for one in asked):
                break
            stimulus = stimuli.Proceed()
        assert set(self.failed) <= set(self.run.tasks)
        assert self.ended or self.waits or self.failed, "nothing is waited for, and it has not ended"
        return told

    def _check(self, asked: list[Any]) -> None:
        stopped: set[str] = set()
        for one in asked:
            assert not self.ended, f"{one} after the end"
            match one:
                case effects.Entered(visit=visit, element=element):
                    assert visit not in self.inside
                    assert visit not in self.left
                    self.inside[visit] = element
                case effects.Left(visit=visit):
                    assert visit in self.inside, f"left without having been entered, or twice: {one}"
                    self.left.add(visit)
                    self.waits.pop(visit, None)
                    self.failed.pop(visit, None)
                    del self.inside[visit]
                case effects.StopWaiting(visit=visit):
                    stopped.add(visit)
                    self.waits.pop(visit, None)
                    self.failed.pop(visit, None)
                case effects.Failed(visit=visit):
                    self.failed[visit] = one
                case effects.End():
                    assert not self.inside, f"still inside at the end: {self.inside}"
                    assert not self.waits, f"still waited for at the end: {self.waits}"
                    self.ended = True
                case _ if isinstance(one, ASKS):
                    assert one.visit not in stopped, f"asked for after it was given up: {one}"
                    assert one.visit not in self.waits, f"asked for twice: {one}"
                    self.waits[one.visit] = one

    def _named(self, one: Any) -> Any:
        """Return an effect with its visits numbered in the order in which they appear."""
        changed = {
            field.name: self.names.setdefault(value, len(self.names))
            for field in fields(one)
            if field.name in ("visit", "scope") and isinstance(value := getattr(one, field.name), str)
        }
        return replace(one, **changed)


def stimulus(play: Watched, visit: str, choice: float, variables: Variables) -> stimuli.Stimulus:
    """Answer something that is waited for, in one of the ways it can be answered."""
    if visit in play.failed:
        del play.failed[visit]
        return stimuli.Retry(visit=visit, variables=variables)
    asked = play.waits[visit]
    if not isinstance(asked, effects.Await):
        del play.waits[visit]
    match asked:
        case effects.OpenUserTask():
            return stimuli.TaskDone(visit=visit, outcome="done", by="ann", at="now", variables=variables)
        case effects.CallService() if choice < 0.2:
            return stimuli.ErrorThrown(visit=visit, code="e")
        case effects.CallService() if choice < 0.4:
            return stimuli.Broke(visit=visit, error=TechnicalFailure())
        case effects.CallService():
            return stimuli.ServiceDone(visit=visit, result=variables)
        case effects.SetTimer():
            return stimuli.TimerFired(visit=visit)
    return stimuli.Arrived(visit=visit, payload=variables)


def moves(chance: random.Random) -> Iterator[tuple[int, float, Variables]]:
    for number in range(60):
        late = number > 30
        yield (
            chance.randrange(1000),
            chance.random(),
            {
                "flag": chance.random() < 0.5,
                "again": not late and chance.random() < 0.4,
                # What is neither true nor false stops where it is asked for.
                "maybe": None if not late and chance.random() < 0.4 else chance.random() < 0.5,
            },
        )


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.sampled_from([3, 500]))
def test_nothing_is_lost_doubled_or_forgotten_and_saving_changes_nothing(seed: int, step_count: int) -> None:
    chance = random.Random(seed)
    text = Drawer(chance).process()
    drawn = sketch(text)
    budget = Budget(step_count=step_count, continue_count=2_000, token_count=60)
    plays = [Watched(drawn, saved=saved, budget=budget) for saved in (True, False)]
    begin = stimuli.Start(variables={"flag": False, "again": False})
    told, untold = (play.step(begin) for play in plays)
    assert told == untold
    for number, choice, variables in moves(chance):
        if plays[0].ended:
            break
        if choice > 0.995:
            stimulate: list[stimuli.Stimulus] = [stimuli.Cancel(), stimuli.Cancel()]
        else:
            stimulate = []
            for play in plays:
                open_ = [*play.waits, *play.failed]
                stimulate.append(stimulus(play, open_[number % len(open_)], choice, variables))
        told, untold = (play.step(one) for play, one in zip(plays, stimulate, strict=True))
        assert told == untold
