"""A run that is played on in memory with the people, decisions and calendar of now, as if everybody approved.

Nothing is written and nobody is told. Plug-ins are asked what only looks things up. What else a plug-in or
another process would answer is not known, and so a branch ends where something that follows from it cannot be
told, or where it comes round to where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.context import Context
from engine.definition import Definition
from engine.errors import BpmnError, CallwrightError
from engine.feel.temporal import from_instant
from engine.machine import Run, step, stimuli
from engine.machine.effects import (
    Await,
    CallProcess,
    CallService,
    CloseUserTasks,
    Continue,
    Effect,
    Entered,
    Failed,
    Left,
    Notify,
    OpenUserTask,
    SetTimer,
    StopWaiting,
)
from engine.machine.nodes.activities import DEFAULT_OUTCOME, keys
from engine.machine.nodes.approvals import ApprovalTask, NobodyToAsk
from engine.notify import render
from engine.people import members_of
from engine.runtime.advance import facts_of_run
from engine.runtime.announce import whom, words_of
from engine.runtime.services import call_service
from engine.values import Json

# A drawing that goes round and counts is not followed for ever.
MOST_STEPS = 100
_MOST_ANSWERS = 5 * MOST_STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedStep:
    """A step that would come.

    Args:
        element_id: Which.
        name: What the drawing calls it, in the drawing's words.
        people: Whose it would be, by their keys, in their order.
        groups: Whose it would be for the taking.
        kind: ``task``: somebody does it; ``approval``: people decide; ``copy``: people get it to read.
        given: Whether it would count as decided, without anybody being asked.
    """

    element_id: str
    name: str
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    kind: str = "task"
    given: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would follow.

    Args:
        steps: In the order in which they would come.
        unknown: The name of the first element behind which it cannot be told; None where the end was reached.
        reason: Why it cannot be told: a source text with its parameters, where there is one.
        facts: What lists would say of it by then, each with its label.
        told: What the initiator would hear at once, before anybody is asked, in the reader's language.
    """

    steps: tuple[PreviewedStep, ...]
    unknown: str | None = None
    reason: tuple[str, Mapping[str, Any]] | None = None
    facts: Sequence[Mapping[str, str]] = ()
    told: tuple[str, ...] = ()


class Walk:
    """One run, played on as if everybody approved."""

    def __init__(self, ctx: Context, definition: Definition, row: Any, run: Run) -> None:
        self.ctx = ctx
        self.definition = definition
        self.row = row
        self.run = run
        self.steps: list[PreviewedStep] = []
        self.pending: dict[str, Effect] = {}
        self.decided: set[str] = set()
        self.failed: Failed | None = None
        self.seen: set[str] = set()
        # At which element and with which variables a task was opened.
        self.stood: set[tuple[str, str]] = set()
        self.told: list[str] = []
        self.answer_count = 0
        # Behind which element it cannot be told how a branch goes on: the first of them.
        self.unknown: str | None = None
        # At which approval nobody is found, where that refuses what is handed in.
        self.refused: str | None = None

    def take_over(self) -> None:
        """Know what waits in a run that is under way already."""
        for token in self.run.tasks.values():
            if token.waiting and isinstance(token.node, ApprovalTask):
                for one in token.memory.get("signers", ()):
                    if one["asked"] and not one["decision"]:
                        candidates = tuple(one.get("candidates", ()))
                        self.pending[one["id"]] = _opened(
                            token.id, token.node.element_id, one["person"], candidates, one["id"]
                        )
                self.seen.add(token.id)
            elif token.waiting and not token.watching and token.visited:
                self.pending[token.id] = _opened(token.id, token.node.element_id, None, (), None)
                self.seen.add(token.id)

    def finish(self, task_id: str, done: stimuli.TaskDone) -> Preview:
        """Play on from a task that is finished so, in a run that is under way already."""
        self.take_over()
        self.pending.pop(task_id, None)
        self.decided.add(task_id)
        return self.go(done)

    def go(self, stimulus: stimuli.Stimulus) -> Preview:
        """Play on until nothing waits, or it cannot be told any more."""
        self._play(stimulus)
        while self.pending and len(self.steps) < MOST_STEPS and self.answer_count < _MOST_ANSWERS:
            key = next(iter(self.pending))
            waiting = self.pending.pop(key)
            answer = self._answer(key, waiting)
            if answer is None:
                self.unknown = self.unknown or waiting.element  # type: ignore[union-attr]
                continue
            self.answer_count += 1
            self._play(answer)
        return self._ended()

    def _play(self, stimulus: stimuli.Stimulus) -> None:
        asked = step(self.run, stimulus)
        self._hear(asked)
        while any(isinstance(one, Continue) for one in asked):
            asked = step(self.run, stimuli.Proceed())
            self._hear(asked)

    def _hear(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case StopWaiting() | Left():
                    gone = [key for key, one in self.pending.items() if one.visit == effect.visit]  # type: ignore[union-attr]
                    for key in gone:
                        del self.pending[key]
                case CloseUserTasks():
                    for task in effect.tasks:
                        self.pending.pop(task, None)
                case OpenUserTask():
                    self._open(effect)
                case Entered():
                    self._given(effect)
                case Notify() if effect.circulates:
                    self._copy(effect)
                case Notify() if effect.to == "initiator" and not self.steps:
                    self._tell(effect)
                case CallService() | CallProcess() | SetTimer() | Await():
                    token = self.run.tasks.get(effect.visit)
                    if token is not None and not token.watching:
                        self.pending[effect.visit] = effect
                case Failed():
                    if self.unknown is None:
                        self.failed, self.unknown = effect, effect.element
                    if effect.code == NobodyToAsk.code and self._refuses(effect):
                        self.refused = self.refused or effect.element

    def _refuses(self, effect: Failed) -> bool:
        """Whether what is handed in is refused by it: not where the people are named only on the way."""
        token = self.run.tasks[effect.visit]
        approval = token.node.settings.task.approval
        if approval is None or approval.if_nobody != "refuse":
            return False
        known = self.run.environment.given.keys() | self.run.environment.functions.keys()
        return self.answer_count == 0 or all(
            keys(self.run, token, of)
            or (of is not None and of.feel is not None and of.feel.names_used <= known)
            for of in (approver.of for approver in approval.approvers if approver.role == "approver")
        )

    def _open(self, effect: OpenUserTask) -> None:
        self.pending[effect.task or effect.visit] = effect
        if effect.visit in self.seen:
            return
        self.seen.add(effect.visit)
        stands = (effect.element, repr([*self._values()]))
        if stands in self.stood:
            del self.pending[effect.task or effect.visit]
            self.unknown = self.unknown or effect.element
            return
        self.stood.add(stands)
        node = self.definition.spec.node(effect.element)
        token = self.run.tasks.get(effect.visit)
        people = [effect.assignee] if effect.assignee else list(effect.candidate_users)
        if token is not None and effect.task is not None:
            signers = token.memory.get("signers", ())
            people = [
                key
                for one in signers
                for key in ([one["person"]] if one["person"] else one.get("candidates", ()))
            ]
        self.steps.append(
            PreviewedStep(
                element_id=effect.element,
                name=node.element_name or effect.element,
                people=tuple(people),
                groups=effect.candidate_groups,
                kind="approval" if effect.task is not None else "task",
            )
        )

    def _values(self) -> Iterator[tuple[str | None, str, str]]:
        """Yield what the run knows beside who decided what: by that alone it does not come any further."""
        for scope, texts in self.run.scopes.texts.items():
            for name, text in texts.items():
                if name != "decisions":
                    yield scope, name, text

    def _given(self, effect: Entered) -> None:
        """Tell of an approval that counts as decided as soon as it is reached."""
        node = self.definition.spec.node(effect.element)
        if not isinstance(node, ApprovalTask) or effect.visit in self.run.tasks or effect.visit in self.seen:
            return
        decisions: Any = self.run.read("decisions") or {}
        votes = decisions.get(effect.element, {}).get("list", [])
        self.seen.add(effect.visit)
        self.steps.append(
            PreviewedStep(
                element_id=effect.element,
                name=node.element_name or effect.element,
                people=tuple(vote["by"] for vote in votes if vote.get("by")),
                kind="approval",
                given=True,
            )
        )

    def _copy(self, notice: Notify) -> None:
        readers = whom(self.ctx, self.definition, self.row, notice)
        people = tuple(reader.key for reader in readers if reader.key is not None)
        if people:
            node = self.definition.spec.node(notice.element)
            name = node.element_name or notice.element
            self.steps.append(PreviewedStep(element_id=notice.element, name=name, people=people, kind="copy"))

    def _tell(self, notice: Notify) -> None:
        message, say = words_of(self.definition.package, notice.message or None, None)
        if message is not None:
            now = self.ctx.now.astimezone(self.ctx.settings.zone)
            said = render(message, "in_app", locale=self.ctx.locale, say=say, scope=notice.scope, now=now)
            self.told.append(said.text)

    def _answer(self, key: str, waiting: Effect) -> stimuli.Stimulus | None:
        """Return how what waits would go on; None where nobody can tell."""
        match waiting:
            case OpenUserTask():
                self.decided.add(key)
                return self.done(waiting.visit, waiting.task, self._somebody(waiting))
            case SetTimer():
                return stimuli.TimerFired(visit=waiting.visit)
            case Await() if waiting.kind != "conditional":
                return stimuli.Arrived(visit=waiting.visit)
            case CallService():
                return self._looked_up(waiting)
            case CallProcess():
                return stimuli.ProcessDone(visit=waiting.visit)
        return None

    def _looked_up(self, call: CallService) -> stimuli.Stimulus | None:
        """Ask a plug-in what only looks things up; what it does otherwise brings nothing yet."""
        offer = self.ctx.registry.service_tasks.get(call.name)
        if offer is None or not offer.looks:
            return stimuli.ServiceDone(visit=call.visit, result={})
        try:
            return stimuli.ServiceDone(
                visit=call.visit, result=call_service(self.ctx, call.name, call.inputs)
            )
        except BpmnError as error:
            return stimuli.ErrorThrown(visit=call.visit, code=error.code, message=error.message)
        except CallwrightError:
            return None

    def done(
        self,
        visit: str,
        task: str | None,
        by: str,
        *,
        outcome: str | None = None,
        variables: Mapping[str, Json] | None = None,
    ) -> stimuli.TaskDone:
        """Return that somebody finishes a task, by approving where they say nothing else."""
        settings = self.run.tasks[visit].node.settings.task
        approving = (one.name for one in settings.outcomes if one.counts == "approved")
        return stimuli.TaskDone(
            visit=visit,
            task=task,
            outcome=outcome or next(approving, DEFAULT_OUTCOME),
            by=by,
            at=str(from_instant(self.ctx.now)),
            variables=variables or {},
        )

    def _somebody(self, task: OpenUserTask) -> str:
        """Return who would do a task, where that can be told."""
        if task.assignee:
            return task.assignee
        people = list(task.candidate_users)
        people += [person.key for group in task.candidate_groups for person in members_of(self.ctx, group)]
        return people[0] if len(set(people)) == 1 else ""

    def _ended(self) -> Preview:
        node = self.definition.spec.node(self.unknown) if self.unknown is not None else None
        reason = (self.failed.message, self.failed.params) if self.failed is not None else None
        return Preview(
            steps=tuple(self.steps),
            unknown=(node.element_name or node.element_id) if node is not None else None,
            reason=reason,
            facts=facts_of_run(self.ctx, self.definition, self.row, self.run),
            told=tuple(self.told),
        )


def _opened(
    visit: str, element: str, assignee: str | None, candidates: tuple[str, ...], task: str | None
) -> OpenUserTask:
    return OpenUserTask(
        visit=visit,
        element=element,
        title="",
        assignee=assignee,
        candidate_groups=(),
        candidate_users=candidates,
        due_at=None,
        priority=50,
        task=task,
    )
