"""What one can do with a task beside finishing it: send back, hand over, lend, ask others, take back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from admin.kit.current import context
from admin.kit.errors import flash_refusal
from admin.kit.names import Texts
from admin.kit.permissions import needs
from admin.kit.views import View, expose, fields_of, see_other
from engine import runtime
from engine.context import Context
from engine.definition import get_definition_by_id
from engine.errors import CallwrightError
from engine.people import Person
from engine.work import Involvement, Task, TaskAction, actions_of, candidates_of, parts_at

MOST_SUGGESTED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a task's page offers beside its form.

    Args:
        buttons: What one can do now, by name, and what the step calls it; empty for its usual name.
        returns: Where it can be sent back to: element id and name.
        signers: Who is asked at an approval, in order.
        asked: Who was asked a question or lent a hand at it, in order.
        can_go_back: Whether others may take it, so that it can be put back.
        people: Keys and names that are suggested.
        sent_back: The return, or the rejection that turned it round, by which it came here; None for others.
    """

    buttons: dict[str, str]
    returns: list[tuple[str, str]]
    signers: list[runtime.SignerState]
    asked: Sequence[Involvement]
    can_go_back: bool
    people: list[Any]
    sent_back: TaskAction | None


def step_of(ctx: Context, task: Task, texts: Texts, *, mine: bool) -> Step:
    """Return what a task's page offers to who looks at it."""
    signers = runtime.signers_of(ctx, task.id) if task.visit_id else []
    spec = get_definition_by_id(ctx, task.definition_id).spec
    buttons = {
        one.name: texts.say(task.definition_id, one.label) for one in runtime.offered_now(ctx, task.id)
    }
    returns = runtime.returns_of(ctx, task.id) if "return" in buttons else []
    people = select(Person.key, Person.name).where(Person.closed_at.is_(None)).order_by(Person.name)
    return Step(
        buttons=buttons,
        returns=[(one, texts.say(task.definition_id, spec.node(one).element_name or one)) for one in returns],
        signers=signers,
        asked=parts_at(ctx, task.id),
        can_go_back=task.assignee is not None and task.owner is None and bool(candidates_of(ctx, task.id)),
        people=list(ctx.connection.execute(people.limit(MOST_SUGGESTED))) if mine else [],
        sent_back=_sent_back(ctx, task, spec),
    )


def _sent_back(ctx: Context, task: Task, spec: Any) -> TaskAction | None:
    """Return what somebody did in the very step in which this task was opened again."""

    def turns(one: TaskAction) -> bool:
        if one.action != "decide" or one.element_id is None:
            return one.action == "return"
        step = spec.node(one.element_id).settings.task
        rejects = any(known.name == one.outcome and known.counts == "rejected" for known in step.outcomes)
        return rejects and step.approval is not None and step.approval.if_rejected not in ("goOn", "end")

    done = actions_of(ctx, task.instance_id)
    return next((one for one in done if one.at == task.created_at and turns(one)), None)


class StepView(View):
    """A task as a step that can go another way."""

    route_base = "/tasks"

    @expose("/<task_id>/return", methods=["POST"])
    @needs()
    def send_back(self, task_id: str) -> Any:
        """Send it back to an earlier step."""
        said = fields_of("to", "again", "return_opinion")

        def act() -> None:
            runtime.return_task(
                context(),
                task_id=task_id,
                to=said["to"],
                again="back" if said["again"] == "back" else "through",
                opinion=said["return_opinion"],
            )

        return _tried(task_id, act, gettext("Sent back."))

    @expose("/<task_id>/transfer", methods=["POST"])
    @needs()
    def hand_over(self, task_id: str) -> Any:
        """Hand it over to somebody else for good."""
        said = fields_of("transfer_to", "transfer_opinion")

        def act() -> None:
            runtime.transfer_task(
                context(), task_id=task_id, to=said["transfer_to"], opinion=said["transfer_opinion"] or None
            )

        return _tried(task_id, act, gettext("Handed over."))

    @expose("/<task_id>/delegate", methods=["POST"])
    @needs()
    def delegate(self, task_id: str) -> Any:
        """Lend it to somebody who helps and gives it back."""
        said = fields_of("delegate_to", "delegate_opinion")

        def act() -> None:
            runtime.delegate_task(
                context(), task_id=task_id, to=said["delegate_to"], opinion=said["delegate_opinion"] or None
            )

        return _tried(task_id, act)

    @expose("/<task_id>/give-back", methods=["POST"])
    @needs()
    def give_back(self, task_id: str) -> Any:
        """Give it back with what one thinks, or fetch what one has lent."""
        opinion = fields_of("opinion")["opinion"]
        return _tried(
            task_id, lambda: runtime.give_back_task(context(), task_id=task_id, opinion=opinion or "")
        )

    @expose("/<task_id>/questions", methods=["POST"])
    @needs()
    def ask(self, task_id: str) -> Any:
        """Ask somebody about it."""
        said = fields_of("asked", "question")

        def act() -> None:
            runtime.consult(context(), task_id=task_id, person_key=said["asked"], question=said["question"])

        return _tried(task_id, act)

    @expose("/<task_id>/signers", methods=["POST"])
    @needs()
    def add(self, task_id: str) -> Any:
        """Let somebody else be asked too."""
        said = fields_of("signer", "where", "signer_opinion")
        where: Any = said["where"] if said["where"] in ("before", "after") else "beside"

        def act() -> None:
            runtime.add_signer(
                context(),
                task_id=task_id,
                person_key=said["signer"],
                where=where,
                opinion=said["signer_opinion"] or None,
            )

        return _tried(task_id, act)

    @expose("/<task_id>/signers/<signer_id>/remove", methods=["POST"])
    @needs()
    def remove(self, task_id: str, signer_id: str) -> Any:
        """Let somebody be asked no more."""
        return _tried(task_id, lambda: runtime.remove_signer(context(), task_id=task_id, signer_id=signer_id))

    @expose("/<task_id>/take-back", methods=["POST"])
    @needs()
    def take_back(self, task_id: str) -> Any:
        """Take back what one decided."""
        return _tried(task_id, lambda: runtime.take_back_decision(context(), task_id=task_id))


def _tried(task_id: str, act: Callable[[], Any], done: str | None = None) -> Response:
    """Do something; lead to the list where the task is gone by it, else to the task again."""
    try:
        act()
    except CallwrightError as error:
        flash_refusal(error)
        return see_other("TaskView.show", task_id=task_id)
    if done is None:
        return see_other("TaskView.show", task_id=task_id)
    flash(done, "success")
    return see_other("TaskView.list")
