"""The path before it is taken: which steps would follow, and whose they would be, given these data.

The very machine that runs an instance is played in memory, with the people, decisions and calendar of now;
nothing is written and nobody is told. Everybody who is asked is taken to approve. What a plug-in or another
process would answer is not known, and so the path ends where something that follows from it cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.context import Context
from engine.definition import Definition, get_definition_by_id, get_startable
from engine.definition.environment import environment
from engine.feel.temporal import from_instant
from engine.ids import new_id
from engine.instance import given_names
from engine.machine import Run, load, step, stimuli
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
from engine.machine.nodes.activities import DEFAULT_OUTCOME
from engine.machine.nodes.approvals import ApprovalTask
from engine.people import members_of
from engine.runtime.advance import INSTANCE, NewInstance
from engine.runtime.announce import whom
from engine.runtime.instances import check_may_hand_in
from engine.values import Json
from engine.work import get_task

# A drawing that goes round in circles is not followed for ever.
MOST_STEPS = 100


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
        unknown: The name of the element behind which it cannot be told; None where the end was reached.
        reason: Why it cannot be told: a source text with its parameters, where there is one.
    """

    steps: tuple[PreviewedStep, ...]
    unknown: str | None = None
    reason: tuple[str, Mapping[str, Any]] | None = None


def preview_start(
    ctx: Context,
    *,
    process_key: str,
    variables: Mapping[str, Json],
    version: int | None = None,
    start_event: str | None = None,
    initiator: str | None = None,
) -> Preview:
    """Tell what would follow if a process were started.

    Args:
        ctx: Who would start it.
        process_key: Which process.
        variables: What it would begin with.
        version: The latest where omitted.
        start_event: Which start event.
        initiator: Whose request it would be, where it is not the actor's own.

    Raises:
        NotFound: There is no such process, version or person.
        Forbidden: The actor may not hand in for them.
    """
    with ctx.read():
        definition = get_startable(ctx, key=process_key, version=version)
        check_may_hand_in(ctx, initiator)
        instance_id = new_id()
        row = NewInstance(
            id=instance_id,
            process_key=definition.key,
            definition_id=definition.id,
            business_key=None,
            title=definition.title,
            initiator=initiator or ctx.actor.key,
            submitter=ctx.actor.key if initiator else None,
            root_id=instance_id,
            parent_id=None,
            parent_visit=None,
            started_at=ctx.now,
        )
        run = Run(definition.spec, environment(ctx, definition, given_names(row)))
        walk = _Walk(ctx, definition, row, run)
        return walk.go(stimuli.Start(event=start_event, variables=dict(variables)))


def preview_task(
    ctx: Context, *, task_id: str, outcome: str | None = None, variables: Mapping[str, Json] | None = None
) -> Preview:
    """Tell what would follow if a task were finished so; what else waits in its instance comes too.

    Args:
        ctx: Who would finish it.
        task_id: Which task.
        outcome: With which button; approved where it is left out.
        variables: What would be handed in.

    Raises:
        NotFound: There is no such task.
    """
    with ctx.read():
        task = get_task(ctx, task_id)
        row = ctx.connection.execute(select(INSTANCE).where(INSTANCE.c.id == task.instance_id)).one()
        if not task.open or row.state != "active":
            return Preview(steps=())
        definition = get_definition_by_id(ctx, row.definition_id)
        run = load(definition.spec, row.machine_state, environment(ctx, definition, given_names(row)))
        walk = _Walk(ctx, definition, row, run)
        walk.take_over()
        by = ctx.actor.name
        walk.pending.pop(task.id, None)
        walk.decided.add(task.id)
        return walk.go(
            walk.done(task.visit, task.visit_id and task.id, by, outcome=outcome, variables=variables)
        )


class _Walk:
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

    def go(self, stimulus: stimuli.Stimulus) -> Preview:
        """Play on until nothing waits, or it cannot be told any more."""
        self._play(stimulus)
        while self.failed is None and self.pending and len(self.steps) < MOST_STEPS:
            key = next(iter(self.pending))
            waiting = self.pending.pop(key)
            answer = self._answer(key, waiting)
            if answer is None:
                return self._ended(waiting.element)  # type: ignore[union-attr]
            self._play(answer)
        return self._ended(self.failed.element if self.failed is not None else None)

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
                case CallService() | CallProcess() | SetTimer() | Await():
                    token = self.run.tasks.get(effect.visit)
                    if token is not None and not token.watching:
                        self.pending[effect.visit] = effect
                case Failed():
                    self.failed = self.failed or effect

    def _open(self, effect: OpenUserTask) -> None:
        self.pending[effect.task or effect.visit] = effect
        if effect.visit in self.seen:
            return
        self.seen.add(effect.visit)
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
                return stimuli.ServiceDone(visit=waiting.visit, result={})
            case CallProcess():
                return stimuli.ProcessDone(visit=waiting.visit)
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

    def _ended(self, unknown: str | None) -> Preview:
        node = self.definition.spec.node(unknown) if unknown is not None else None
        reason = (self.failed.message, self.failed.params) if self.failed is not None else None
        return Preview(
            steps=tuple(self.steps),
            unknown=(node.element_name or node.element_id) if node is not None else None,
            reason=reason,
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
