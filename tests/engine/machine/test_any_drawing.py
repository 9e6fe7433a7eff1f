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
from engine.testing.sketch import sketch
from engine.testing.stage import NOW
from tests.engine.machine.drawer import Drawer

ASKS = (effects.OpenUserTask, effects.CallService, effects.CallProcess, effects.SetTimer, effects.Await)
Variables = dict[str, bool | None]


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
    # A loop in which nothing waits is stopped soon: some are drawn, and would take minutes.
    budget = Budget(step_count=step_count, continue_count=50, token_count=60)
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
