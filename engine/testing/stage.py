"""One instance, played in memory and saved and loaded between all its steps: for tests of drawings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from engine.machine import Environment, Run, dump, effects, load, parse, step, stimuli
from engine.machine.migrate import blockers, migrate
from engine.machine.token import Token
from engine.sandbox import Sandbox
from engine.testing.sketch import sketch
from engine.values import Json

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_SANDBOX = Sandbox()


def _run_script(source: str, view: Mapping[str, Any], *, seed: str) -> Any:
    return _SANDBOX.run(source, inputs=view, now=NOW, seed=seed)


def _evaluate_script(source: str, view: Mapping[str, Any], *, seed: str) -> Any:
    return _SANDBOX.evaluate(source, inputs=view, now=NOW, seed=seed)


class Play:
    """Plays a drawing; what it asks for is kept in order.

    Args:
        drawn: A sketch, or a whole BPMN file.
        options: What the environment has beside the time and the sandbox.
    """

    def __init__(self, drawn: str | bytes, **options: Any) -> None:
        content = sketch(drawn) if isinstance(drawn, str) else drawn
        self.spec = next(iter(parse("p.bpmn", content).processes.values()))
        self.environment = Environment(
            now=NOW, run_script=_run_script, evaluate_script=_evaluate_script, **options
        )
        self.run = Run(self.spec, self.environment)
        self.asked: list[effects.Effect] = []
        self.decided: set[str] = set()

    def step(self, stimulus: stimuli.Stimulus, *, held: bool = False) -> Play:
        """Let something happen, and go on until everything waits; held, nothing goes on."""
        asked = step(self.run, stimulus, held=held)
        self.asked += asked
        self._reload()
        while any(isinstance(one, effects.Continue) for one in asked):
            asked = step(self.run, stimuli.Proceed())
            self.asked += asked
            self._reload()
        return self

    def _reload(self) -> None:
        self.run = load(self.spec, dump(self.run), self.environment)

    # -- what happens ------------------------------------------------------------------------------------

    def start(self, event: str | None = None, **variables: Json) -> Play:
        """Begin, by a start event where one is named."""
        return self.step(stimuli.Start(event=event, variables=variables))

    def done(self, element: str, outcome: str = "done", by: str = "ann", **variables: Json) -> Play:
        """Finish the first open task of an element."""
        return self.step(
            stimuli.TaskDone(
                visit=self._waits(effects.OpenUserTask, element).visit,
                outcome=outcome,
                by=by,
                at="2026-03-02T01:00:00Z",
                variables=variables,
            )
        )

    def decide(
        self, by: str, outcome: str = "approved", element: str | None = None, **variables: Json
    ) -> Play:
        """Let somebody who is asked decide at an approval, the first where they are asked at several."""
        asked = [
            one
            for one in self.waiting(effects.OpenUserTask, element)
            if by == one.assignee or by in one.candidate_users
        ]
        assert asked, f"{by} is not asked"
        self.decided.add(asked[0].task)
        return self.step(
            stimuli.TaskDone(
                visit=asked[0].visit,
                task=asked[0].task,
                outcome=outcome,
                by=by,
                at="2026-03-02T01:00:00Z",
                opinion=f"{by} says {outcome}",
                variables=variables,
            )
        )

    def signer(self, person: str) -> dict[str, Any]:
        """What an approval keeps of somebody who is asked, or was: the last one of them."""
        return next(
            one
            for token in reversed(list(self.run.tasks.values()))
            for one in token.memory.get("signers", ())
            if person in (one["person"], *one.get("candidates", ()))
        )

    def add(self, element: str, person: str, where: Any = "beside", task: str | None = None) -> Play:
        """Let somebody else be asked at an approval too."""
        return self.step(
            stimuli.AddSigner(visit=self.visit(element), person=person, by="boss", where=where, task=task)
        )

    def take_back(self, visit: str, task: str) -> Play:
        """Let somebody take back what they decided at an approval that is open."""
        # They are asked again only if it is their turn.
        self.asked = [one for one in self.asked if getattr(one, "task", None) != task]
        self.decided.discard(task)
        return self.step(stimuli.TakeBack(visit=visit, task=task))

    def send_back(self, element: str, to: str, again: Any = "through", by: str = "ann") -> Play:
        """Send a step back to an earlier one."""
        return self.step(
            stimuli.Return(
                visit=self.visit(element),
                to=to,
                again=again,
                by=by,
                at="2026-03-02T01:00:00Z",
                opinion="once more",
            )
        )

    def choose(self, element: str, activity: str) -> Play:
        """Begin an activity of an ad-hoc sub-process in which people choose."""
        visit = self._waits(effects.OpenUserTask, element).visit
        return self.step(stimuli.Chosen(visit=visit, element=activity))

    def tick(self, element: str) -> Play:
        """Let the timer of an element fire."""
        return self.step(stimuli.TimerFired(visit=self._waits(effects.SetTimer, element).visit))

    def tell(self, name: str, **payload: Json) -> Play:
        """Bring a message or a signal to everything that waits for it."""
        waits = self.waiting(effects.Await, name=name)
        assert waits, f"nothing waits for {name}"
        for one in waits:
            if one.visit in self.run.tasks:
                self.step(stimuli.Arrived(visit=one.visit, payload=payload))
        return self

    def served(self, element: str, result: Json = None) -> Play:
        """Bring what a service task returned."""
        visit = self._waits(effects.CallService, element).visit
        return self.step(stimuli.ServiceDone(visit=visit, result=result))

    def returned(self, element: str, **variables: Json) -> Play:
        """End a called process."""
        visit = self._waits(effects.CallProcess, element).visit
        return self.step(stimuli.ProcessDone(visit=visit, variables=variables))

    def failed(self, element: str, code: str) -> Play:
        """End a called process or a service task in a modelled error."""
        visit = self._waits((effects.CallProcess, effects.CallService), element).visit
        return self.step(stimuli.ErrorThrown(visit=visit, code=code))

    def escalated(self, element: str, code: str) -> Play:
        """Let a called process escalate something that it does not hear itself."""
        visit = self._waits(effects.CallProcess, element).visit
        return self.step(stimuli.Escalated(visit=visit, code=code))

    def retry(self, element: str, **variables: Json) -> Play:
        """Try an element again that an incident stopped, with corrected variables."""
        failed = [one for one in self.asked if isinstance(one, effects.Failed) and one.element == element]
        return self.step(stimuli.Retry(visit=failed[-1].visit, variables=variables))

    def skip(self, element: str, *, held: bool = False, **variables: Json) -> Play:
        """Leave an element as if it had been done."""
        return self.step(stimuli.Skip(visit=self.visit(element), variables=variables), held=held)

    def move(self, element: str, to: str, *, held: bool = False) -> Play:
        """Take the token of an element to another one."""
        return self.step(stimuli.Move(visit=self.visit(element), to=to), held=held)

    def migrate(self, drawn: str, since: Mapping[str, datetime] | None = None, **mapping: str) -> Play:
        """Go on in another version of the drawing."""
        spec = next(iter(parse("p.bpmn", sketch(drawn)).processes.values()))
        assert not blockers(self.run, spec, mapping)
        self.run, given_up, asked = migrate(self.run, spec, self.environment, mapping, since or {})
        self.spec = spec
        self.asked += [*given_up, *asked]
        self._reload()
        return self

    # -- what is waited for ------------------------------------------------------------------------------

    def waiting(self, kind: Any, element: str | None = None, name: str | None = None) -> list[Any]:
        """Return what was asked for and is still waited for."""
        over = {one.visit for one in self.asked if isinstance(one, effects.StopWaiting | effects.Left)}
        found: dict[Any, Any] = {}
        for one in self.asked:
            if isinstance(one, effects.CloseUserTasks):
                found = {key: other for key, other in found.items() if key not in one.tasks}
            fits = isinstance(one, kind) and one.visit not in over and element in (None, one.element)
            if fits and name in (None, getattr(one, "name", None)):
                found[getattr(one, "task", None) or id(one)] = one
        return [one for key, one in found.items() if key not in self.decided]

    def _waits(self, kind: Any, element: str) -> Any:
        waits = self.waiting(kind, element)
        assert waits, f"{element} does not wait"
        return waits[0]

    def visit(self, element: str) -> str:
        """The visit that is going on at an element, the first where there are several."""
        found: list[Token] = [token for token in self.run.tasks.values() if token.node.element_id == element]
        assert found, f"nothing is going on at {element}"
        return min(found, key=lambda token: (token.body, token.watching, token.id)).id

    @property
    def open(self) -> list[str]:
        """The elements whose tasks are open."""
        return [one.element for one in self.waiting(effects.OpenUserTask)]

    @property
    def people(self) -> list[str | None]:
        """Who is asked now, in order."""
        return [one.assignee for one in self.waiting(effects.OpenUserTask)]

    @property
    def awaited(self) -> list[str]:
        """The elements that wait for a message, a signal or an instant."""
        return sorted({one.element for one in self.waiting((effects.Await, effects.SetTimer))})

    # -- what happened -----------------------------------------------------------------------------------

    @property
    def path(self) -> list[str]:
        """The elements in the order in which they were entered."""
        return [one.element for one in self.asked if isinstance(one, effects.Entered)]

    @property
    def log(self) -> list[str]:
        """What scripts logged."""
        return [one.text for one in self.asked if isinstance(one, effects.Logged)]

    def left(self, element: str) -> list[str]:
        """How the visits of an element ended."""
        visits = {
            one.visit for one in self.asked if isinstance(one, effects.Entered) and one.element == element
        }
        return [one.state for one in self.asked if isinstance(one, effects.Left) and one.visit in visits]

    @property
    def ended(self) -> str | None:
        """How the instance ended; None while it lives."""
        return next((one.state for one in self.asked if isinstance(one, effects.End)), None)

    @property
    def stopped_at(self) -> list[str]:
        """The elements that an incident stopped."""
        return [one.element for one in self.asked if isinstance(one, effects.Failed)]

    @property
    def thrown(self) -> list[str]:
        """The messages and signals that left the instance."""
        return [one.name for one in self.asked if isinstance(one, effects.Throw)]

    def __getitem__(self, name: str) -> Json:
        """Return a variable of the instance."""
        return self.run.read(name)
