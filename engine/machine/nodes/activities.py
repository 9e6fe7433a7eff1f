"""Activities: work for people, for plug-ins, for the sandbox, for decisions and for other processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine import feel
from engine.errors import BpmnError, CallwrightError, DefinitionError
from engine.feel.temporal import from_instant
from engine.i18n import _
from engine.machine.effects import CallProcess, CallService, Decided, Logged, OpenUserTask
from engine.machine.nodes import compensation, data, rounds
from engine.machine.nodes.appointed import appointed_at
from engine.machine.nodes.approved import forget_what_came_before
from engine.machine.nodes.base import Node
from engine.machine.nodes.between import way_back
from engine.machine.nodes.clocks import clock_of
from engine.machine.nodes.events import CatchEvent, Event, hand_over, take_over, throw
from engine.machine.nodes.notices import tell
from engine.machine.nodes.watchers import watch_again
from engine.machine.run import ExpressionFailed
from engine.machine.spec import Formula
from engine.machine.timers import due_instant
from engine.values import Json

if TYPE_CHECKING:
    from engine.machine.run import Run
    from engine.machine.token import Token


# How a task is finished that has no buttons.
DEFAULT_OUTCOME = "completed"
# What a token remembers of a step that was done before.
_AGAIN = {"returned", "reopened"}


class Activity(Node):
    """Something is done here, once or in rounds; what waits at its border waits while it is."""

    def enter(self, run: Run, token: Token) -> bool:
        """Run the script before it, begin it, and arm its border where it takes time."""
        data.bring_in(run, token)
        if token.body:
            if rounds.begin(run, token):
                return True
            self._arm(run, token)
            return False
        if self.settings.before:
            run_script(run, token, self.settings.before)
        if self.begin(run, token):
            data.bring_out(run, token, {})
            return True
        # What began may have ended it, such as a rejection that sends it back.
        if token.round is None and token.id in run.tasks and self.takes_time(run):
            self._arm(run, token)
        return False

    def _arm(self, run: Run, token: Token) -> None:
        if "reopened" in token.memory:
            watch_again(run, token)
            return
        watched = {inner.node for inner in token.inner}
        for event in self.boundary:
            if event not in watched:
                event.watch(run, token)

    def begin(self, run: Run, token: Token) -> bool:
        """Begin the work; True where it is done at once."""
        return True

    def takes_time(self, run: Run) -> bool:
        """Whether anything can happen between its beginning and its end."""
        return True

    def leave(self, run: Run, token: Token) -> None:
        """Run the script after it, then go on, or to the next round."""
        if self.settings.after and not token.body and not {"skipped", "after"} & set(token.memory):
            run_script(run, token, self.settings.after)
            # Where leaving fails behind it, it is not run again.
            token.memory["after"] = True
        if token.body:
            data.bring_out(run, token, {})
        if token.round is not None:
            rounds.over(run, token)
            return
        back = way_back(token)
        flows = [] if back else self.open_flows(run, token) * self.settings.completion_quantity
        compensation.keep(run, token)
        if back and token.scope is not None:
            run.place(back["from"], token.scope, memory={"returned": back["then"] or {"by": back["by"]}})
        run.leave(token, flows)

    def inputs(self, run: Run, token: Token) -> dict[str, Json]:
        """Evaluate what is handed over to the work."""
        return data.values(run, token, self.settings.inputs)

    def resume(self, run: Run, token: Token, payload: Mapping[str, Any]) -> None:
        """The work is done: take over what it brought."""
        hand_over(run, token, payload)
        token.complete()


class PlainTask(Activity):
    """A task of no kind: passed at once."""


class UserTask(Activity):
    """A person does it."""

    def begin(self, run: Run, token: Token) -> bool:
        """Find out who and until when, and wait; True where what started the process counts as done."""
        if self._done_by_start(run, token):
            return True
        named = ask_people(run, token, self)
        if run.environment.given.get("initiator") in named and not self._says_hand_in():
            token.memory["hands_in"] = True
        return False

    def _done_by_start(self, run: Run, token: Token) -> bool:
        """Keep the start as this step's first decision; a step that comes again is done by somebody."""
        settings, given = self.settings.task, run.environment.given
        if not settings.start_counts or given.get("initiator") is None or token.memory.keys() & _AGAIN:
            return False
        if self.element_id in (run.read("decisions") or {}):
            return False
        by = given.get("submitter") or given["initiator"]
        outcome = settings.outcomes[0].name if settings.outcomes else DEFAULT_OUTCOME
        at = str(from_instant(given["started_at"]))
        keep_decision(run, token, {"outcome": outcome, "by": by, "at": at, "opinion": None})
        return True

    def asked(self, token: Token) -> list[str | None]:
        """Return the tasks of those who are asked now; None stands for that of the step itself."""
        return [None]

    def done(
        self, run: Run, token: Token, decision: Mapping[str, Json], variables: Mapping[str, Json]
    ) -> None:
        """A person finished it: keep the decision and the form's data, and go on."""
        hands_in = self.hands_in(token)
        keep_decision(run, token, decision)
        self.write(run, token, variables)
        data.bring_out(run, token, variables)
        if hands_in:
            forget_what_came_before(run)
        tell(run, token, self, "completed")
        token.complete()

    def hands_in(self, token: Token) -> bool:
        """Whether the drawing gives this step to the initiator, whoever does it for them: a hand-in.

        Where it says so in other words than ``initiator``, it was remembered when the step opened.
        """
        return self._says_hand_in() or "hands_in" in token.memory

    def _says_hand_in(self) -> bool:
        task = self.settings.task
        return task.start_counts or (task.assignee is not None and task.assignee.source == "initiator")

    def write(self, run: Run, token: Token, variables: Mapping[str, Json]) -> None:
        """Keep what a person handed in."""
        into = self.settings.task.into
        if into and variables:
            run.write(token, into, dict(variables))
        else:
            for name, value in variables.items():
                run.write(token, name, value)


class ReceiveTask(Activity, CatchEvent):
    """Waits for a message, as long as what waits at its border lets it."""

    def begin(self, run: Run, token: Token) -> bool:
        """Say what is waited for, unless it came already."""
        if "brought" in token.memory:
            take_over(run, token)
            return True
        if "begun" in token.memory:
            return True
        self.arm(run, token)
        return False

    def enter(self, run: Run, token: Token) -> bool:
        """Wait as an activity."""
        return Activity.enter(self, run, token)

    def resume(self, run: Run, token: Token, payload: Mapping[str, Any]) -> None:
        """It came: take over what it brought and go on."""
        CatchEvent.resume(self, run, token, payload)


class SendTask(Activity, Event):
    """Throws a message, or tells people something."""

    def begin(self, run: Run, token: Token) -> bool:
        """Throw it."""
        return throw(run, token, self)


class ServiceTask(Activity):
    """A plug-in does it."""

    def begin(self, run: Run, token: Token) -> bool:
        """Ask for the call and wait for its result."""
        if self.settings.service is None:
            return True
        run.effects.append(
            CallService(
                visit=token.id,
                element=self.element_id,
                name=self.settings.service,
                inputs=self.inputs(run, token),
                retries_s=self.settings.retries_s,
            )
        )
        return False

    def takes_time(self, run: Run) -> bool:
        """An inline service task is over within the same transaction."""
        return self.settings.service is None or run.environment.service_mode(self.settings.service) == "job"


class ScriptTask(Activity):
    """The sandbox does it."""

    def begin(self, run: Run, token: Token) -> bool:
        """Run the script; what it assigns becomes variables."""
        if self.settings.script:
            run_script(run, token, self.settings.script)
        return True


class BusinessRuleTask(Activity):
    """A decision does it."""

    def begin(self, run: Run, token: Token) -> bool:
        """Evaluate the decision over what is handed in, or over everything that is visible."""
        settings = self.settings
        if settings.decision is None:
            return True
        context = self.inputs(run, token) if settings.inputs else dict(run.view(token))
        environment = run.environment
        try:
            model = environment.decision(settings.decision)
        except KeyError:
            raise DefinitionError(
                _("There is no decision %(key)s in this deployment."), key=settings.decision
            ) from None
        result = model.evaluate(
            settings.decision, context, functions=environment.functions, now=environment.now
        )
        if result.value is None and result.warnings:
            raise ExpressionFailed(
                _("Decision %(key)s gives no value: %(reason)s"),
                key=settings.decision,
                reason=feel.reasons(result.warnings),
            )
        run.effects.append(Decided(visit=token.id, decision=settings.decision, matched=result.matched))
        value = feel.to_json(result.value)
        if settings.result:
            run.write(token, settings.result, value)
        for item in settings.outputs:
            run.write(
                token,
                item.name,
                run.evaluate(token, item.source, value if isinstance(value, dict) else {"result": value}),
            )
        return True


class CallActivity(Activity):
    """Another process does it."""

    def begin(self, run: Run, token: Token) -> bool:
        """Ask for the called process and wait for its end."""
        if self.settings.called is None:
            return True
        run.effects.append(
            CallProcess(
                visit=token.id,
                element=self.element_id,
                process_key=self.settings.called,
                variables={**data.brought_in(run, token), **self.inputs(run, token)},
            )
        )
        return False


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def ask_people(run: Run, token: Token, node: Node) -> tuple[str, ...]:
    """Ask for a person: who may do what an element is, until when, how urgent it is.

    Returns:
        The people whom the drawing names, whoever is asked.
    """
    settings = node.settings.task
    groups = keys(run, token, settings.candidate_groups)
    if settings.candidate_groups is None and settings.lane and settings.assignee is None:
        groups = (settings.lane,)
    drawn, users = keys(run, token, settings.assignee), keys(run, token, settings.candidate_users)
    named = drawn + users
    # Taken back, it is whose it was, until when it was; they were told of it before.
    again = token.memory.get("reopened")
    assignee = (again["by"],) if again else drawn
    appointed = appointed_at(run, node.element_id)
    if appointed and not again:
        groups, assignee = (), appointed if len(appointed) == 1 else ()
        users = appointed if len(appointed) > 1 else ()
    open_task(
        run,
        token,
        node,
        assignee=assignee[0] if assignee else None,
        candidate_groups=groups,
        candidate_users=users,
    )
    if not again:
        tell(run, token, node, "created")
    return named


def open_task(
    run: Run,
    token: Token,
    node: Node,
    *,
    assignee: str | None,
    candidate_groups: tuple[str, ...] = (),
    candidate_users: tuple[str, ...] = (),
    task: str | None = None,
    covers_for: str | None = None,
) -> None:
    """Wait for a person, or for one of several, at an element."""
    settings, again = node.settings.task, token.memory.get("reopened")
    due_at = _instant(again["due_at"]) if again else due_at_of(run, token, settings.due)
    opened = OpenUserTask(
        visit=token.id,
        element=node.element_id,
        title=run.render(token, settings.title) if settings.title else node.element_name or "",
        assignee=assignee,
        candidate_groups=candidate_groups,
        candidate_users=candidate_users,
        due_at=due_at,
        priority=_priority(run, token, settings.priority),
        task=task,
        covers_for=covers_for,
    )
    clock = clock_of(run, node)
    # Of a task that is taken back the clock goes on where it stood.
    if clock is not None and due_at is not None and not again:
        clock.begin(run, token, due_at, task)
    run.effects.append(opened)


def keep_decision(run: Run, token: Token, decision: Mapping[str, Json]) -> None:
    """Write how a person finished what waited for one."""
    decisions = dict(run.read("decisions") or {})
    decisions[token.node.element_id] = dict(decision)
    if token.round is not None and token.scope is not None:
        # Of several signers everyone's decision is kept, beside the last one.
        made = token.scope.memory.setdefault("decisions", [])
        made.append(dict(decision))
        decisions[token.node.element_id]["list"] = list(made)
    run.write(None, "decisions", decisions)


def due_at_of(run: Run, token: Token, formula: Formula | None) -> datetime | None:
    """Evaluate until when something is to be done; None where nothing is said of it."""
    value = None if formula is None else run.evaluate(token, formula)
    return None if formula is None or value is None else due_instant(run, value, formula.source)


def _priority(run: Run, token: Token, formula: Formula | None) -> int:
    value = None if formula is None else run.evaluate(token, formula)
    if formula is None or value is None:
        return 50
    try:
        return max(0, min(100, int(value)))
    except (TypeError, ValueError, OverflowError):
        raise ExpressionFailed(
            _("The priority %(expression)s is no number from 0 to 100."), expression=formula.source
        ) from None


def keys(run: Run, token: Token, formula: Any) -> tuple[str, ...]:
    """Evaluate an expression that names people or groups: one key, or a list of them."""
    value = None if formula is None else run.evaluate(token, formula)
    if value is None:
        return ()
    return tuple(str(key) for key in value if key) if isinstance(value, list) else (str(value),)


def run_script(run: Run, token: Token, source: str) -> None:
    """Run a script with the names it uses; what it assigns is written, what it logs is kept."""
    view = run.view(token)
    try:
        result = run.environment.run_script(source, view, seed=token.id)
    except (BpmnError, CallwrightError) as error:
        _tell_log(run, token, getattr(error, "log", ()))
        raise
    _tell_log(run, token, result.log)
    for name, value in result.values.items():
        if name == "decisions":
            raise ExpressionFailed(_("A script must not write to decisions: only finished tasks do."))
        run.write(token, name, value)


def _tell_log(run: Run, token: Token, lines: Iterable[str]) -> None:
    run.effects += [Logged(visit=token.id, text=line) for line in lines]
