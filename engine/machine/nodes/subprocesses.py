"""Processes within the process: embedded, guarding, transactional, and without an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import BudgetExceeded, Conflict
from engine.i18n import _
from engine.machine.effects import StopWaiting
from engine.machine.nodes import compensation, data
from engine.machine.nodes.activities import Activity, ask_people, keep_decision
from engine.machine.nodes.base import Node
from engine.machine.nodes.events import StartEvent
from engine.machine.nodes.notices import tell
from engine.values import Json

if TYPE_CHECKING:
    from engine.machine.nodes.watchers import EventSubProcessStart
    from engine.machine.run import Run
    from engine.machine.token import Token


class SubProcess(Activity):
    """A process within the process, with variables of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.starts: list[StartEvent] = []
        # Where it begins without a start event.
        self.entries: list[Node] = []
        self.depth = 0

    def begin(self, run: Run, token: Token) -> bool:
        """Open its scope and begin at its start event, or at everything that nothing leads to."""
        starts = [start for start in self.starts if start.trigger.kind == "none"]
        begun = starts or self.entries
        if not begun:
            return True
        # Tried again after a failure, it begins anew.
        run.clear(token)
        self.open(run, token)
        for guard in self.guards:
            guard.watch(run, token)
        self.place(run, token, begun)
        return False

    def open(self, run: Run, token: Token) -> None:
        """Open its scope with what is mapped into it."""
        if token.id not in run.scopes.texts:
            run.scopes.open(token.id, token.variable_scope())
        for name, value in data.values(run, token, self.settings.inputs).items():
            run.write(token, name, value, local=True)

    def place(self, run: Run, token: Token, begun: list[Any]) -> None:
        """Put tokens on what it begins with."""
        for node in begun:
            run.place(node.element_id, token)

    def emptied(self, run: Run, token: Token) -> None:
        """All is done inside: hand over and go on. Being undone, it undoes what it did before that."""
        if "compensating" in token.memory:
            if compensation.undo_next(run, token):
                compensation.undone(run, token)
            return
        for name, value in data.values(run, token, self.settings.outputs).items():
            run.write(token.scope, name, value)
        data.bring_out(run, token, {})
        token.complete()


class EventSubProcess(SubProcess):
    """Guards the scope it is drawn in: begins when its start event comes, beside it or in its place."""

    begun_otherwise = True
    guarding = True
    goes_first = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_starts: list[EventSubProcessStart] = []

    def begin(self, run: Run, token: Token) -> bool:
        """Begin at the start event that came, with what it brought."""
        run.clear(token)
        self.open(run, token)
        for guard in self.guards:
            guard.watch(run, token)
        run.place(token.memory["start"], token, memory={"brought": token.memory["brought"]})
        return False


class Transaction(SubProcess):
    """A sub-process that a cancel event undoes as a whole."""


class NotEnabled(Conflict):
    """This cannot be done next."""

    code = "not_enabled"


class AdHocSubProcess(SubProcess):
    """Activities in no order: each is done once, and all again until its condition is true.

    Where the designer says who chooses, nothing begins by itself: it waits for these people like a task, they
    begin one activity after another, and say when it is complete where no condition does.

    Args:
        sequential: Whether one is done after another.
        cancels_remaining: Whether the condition ends what is still being done.
    """

    sequential: bool = False
    cancels_remaining: bool = True

    @property
    def chosen(self) -> bool:
        """Whether people choose what is done next."""
        task = self.settings.task
        return any((task.assignee, task.candidate_groups, task.candidate_users))

    def choose(self, run: Run, token: Token, element_id: str) -> None:
        """Begin an activity that somebody chose.

        Raises:
            NotEnabled: It cannot be done now; the message says why.
        """
        if element_id not in [node.element_id for node in self.entries]:
            raise NotEnabled(_("There is no activity %(element)s to choose here."), element=element_id)
        if token.memory.get("complete"):
            raise NotEnabled(_("It is complete: what was begun is done to its end, nothing more begins."))
        if self.sequential and any(not inner.watching for inner in token.inner):
            raise NotEnabled(_("Here one thing is done after the other: finish what was begun first."))
        run.place(element_id, token)

    def check_done(self) -> None:
        """Make sure that people say when it is complete.

        Raises:
            NotEnabled: Its condition does.
        """
        if self.settings.condition is not None:
            raise NotEnabled(_("It is complete once its condition is true; nobody can say so by hand."))

    def done(
        self, run: Run, token: Token, decision: Mapping[str, Json], variables: Mapping[str, Json]
    ) -> None:
        """Somebody said that it is complete."""
        keep_decision(run, token, decision)
        for name, value in variables.items():
            run.write(token, name, value)
        tell(run, token, self, "completed")
        token.memory["complete"] = True
        if self.cancels_remaining:
            run.clear(token)
        run.settle(token)

    def place(self, run: Run, token: Token, begun: list[Any]) -> None:
        """Begin the first one, or all; where people choose, ask them."""
        if self.chosen:
            ask_people(run, token, self)
            return
        todo = [node.element_id for node in begun]
        token.memory["todo"] = todo[1:] if self.sequential else []
        for element_id in todo[:1] if self.sequential else todo:
            run.place(element_id, token)

    def left(self, run: Run, token: Token) -> bool:
        """Something was done: look at the condition."""
        condition = self.settings.condition
        if condition is None or "compensating" in token.memory or not run.is_true(token, condition):
            return False
        token.memory["complete"] = True
        if not self.cancels_remaining:
            return False
        run.clear(token)
        run.settle(token)
        return True

    def emptied(self, run: Run, token: Token) -> None:
        """Nothing is being done: do the next, or all again, or end."""
        todo = token.memory.get("todo")
        if "compensating" in token.memory:
            super().emptied(run, token)
        elif token.memory.get("complete"):
            if self.chosen:
                run.effects.append(StopWaiting(visit=token.id))
            super().emptied(run, token)
        elif self.chosen:
            return
        elif todo:
            run.place(todo.pop(0), token)
        elif self.settings.condition is None:
            super().emptied(run, token)
        else:
            token.memory["turns"] = token.memory.get("turns", 0) + 1
            limit = run.environment.budget.loop_count
            if token.memory["turns"] > limit:
                raise BudgetExceeded(_("The activity has more than %(limit)s rounds."), limit=limit)
            self.place(run, token, self.entries)
