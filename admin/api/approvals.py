"""What people do with a task beside finishing it: send back, ask others too, hand over, take back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from admin.api.fields import Body, Fields, Instant, Items, ListArgs, Row, Text, Whole, sort_of
from admin.api.instances import need_seen
from admin.api.operation import Api, Page, changes, lists
from admin.api.paging import page_of
from admin.api.tasks import TaskSchema, seen_task, task_row
from engine.context import Context
from engine.definition import get_definition_by_id
from engine.runtime import (
    add_signer,
    remove_signer,
    return_task,
    returns_of,
    signers_of,
    take_back_decision,
    transfer_task,
)
from engine.work import ACTIONS, actions_of, get_task

_OPINION = {"description": "What you say about it; kept for ever."}
_IN_ORDER: dict[str, Any] = {"position": lambda row: row["position"]}


class ReturnSchema(Row):
    """A step that a task can be sent back to."""

    position = Whole()
    element_id = Text()
    name = Text()


class ReturnBody(Body):
    """Where a task is sent back to, and why."""

    to = Text(required=True, least=1, metadata={"description": "The element id of a step it has passed."})
    again = Text(
        known=("through", "back"),
        load_default="through",
        metadata={
            "description": "through: everything between is done again then; back: it comes straight back to "
            "this step."
        },
    )
    opinion = Text(required=True, least=1, most=10_000, metadata=_OPINION)


class TransferBody(Body):
    """Who gets a task for good."""

    to = Text(required=True, least=1, metadata={"description": "A person's key."})
    opinion = Text(most=10_000, metadata=_OPINION)


class SignerSchema(Row):
    """Somebody at an approval."""

    position = Whole()
    id = Text()
    person = Text(allow_none=True)
    state = Text(known=("asked", "waits", "approved", "rejected", "removed"))
    why = Text(
        allow_none=True,
        metadata={
            "description": "initiator, again or cover: why it is they, or their approval is given; timer: "
            "it was decided without them, by time-out."
        },
    )
    instead_of = Text(allow_none=True)
    added_by = Text(allow_none=True)


class SignerBody(Body):
    """Who is asked too."""

    person = Text(required=True, least=1, metadata={"description": "A person's key."})
    where = Text(
        known=("before", "after", "beside"),
        load_default="beside",
        metadata={"description": "Before you decide, after you have, or beside everybody."},
    )
    opinion = Text(most=10_000, metadata=_OPINION)


class RemoveBody(Body):
    """Why somebody is asked no more."""

    opinion = Text(most=10_000, metadata=_OPINION)


class ActionSchema(Row):
    """What somebody did at a step."""

    position = Whole()
    task_id = Text(allow_none=True, metadata={"description": "Null: to the instance as a whole."})
    element_id = Text(allow_none=True)
    action = Text(known=ACTIONS)
    actor = Text()
    person = Text(allow_none=True, metadata={"description": "Whom it concerns beside the actor."})
    outcome = Text(allow_none=True)
    opinion = Text(allow_none=True)
    files = Items(Fields(), metadata={"description": "What was attached to a decision."})
    signature = Fields(allow_none=True, metadata={"description": "The picture, where it was signed."})
    at = Instant()


_KEPT = ("task_id", "element_id", "action", "actor", "person", "outcome", "opinion", "signature", "at")


class AllArgs(ListArgs):
    """What a list in its own order takes."""

    sort = sort_of(_IN_ORDER, "position")


def _page(rows: list[dict[str, Any]], said: dict[str, Any]) -> Page:
    return page_of([{"position": at, **row} for at, row in enumerate(rows, 1)], said, _IN_ORDER)


class ApprovalsApi(Api):
    """Tasks as steps of an approval."""

    resource_name = "tasks"

    @lists("/<uuid:task_id>/returns", answer=ReturnSchema, args=AllArgs)
    def returns(self, ctx: Context, said: dict[str, Any], task_id: str) -> Page:
        """List the steps to which a task can be sent back, in the order in which it passed them."""
        task = seen_task(ctx, task_id)
        definition = get_definition_by_id(ctx, task.definition_id)
        names = {one: definition.spec.node(one).element_name or one for one in returns_of(ctx, task_id)}
        rows = [{"element_id": one, "name": definition.text(ctx.locale, name)} for one, name in names.items()]
        return _page(rows, said)

    @changes("/<uuid:task_id>/return", body=ReturnBody, answer=TaskSchema)
    def send_back(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Send a task back to a step that it has passed."""
        seen_task(ctx, task_id)
        return_task(ctx, task_id=task_id, **said)
        return task_row(ctx, get_task(ctx, task_id))

    @changes("/<uuid:task_id>/transfer", body=TransferBody, answer=TaskSchema)
    def transfer(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Hand a task over to somebody else for good."""
        seen_task(ctx, task_id)
        return task_row(ctx, transfer_task(ctx, task_id=task_id, **said))

    @changes("/<uuid:task_id>/take-back", answer=TaskSchema)
    def take_back(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Take back what you decided at an approval that is still open."""
        seen_task(ctx, task_id)
        take_back_decision(ctx, task_id=task_id)
        return task_row(ctx, get_task(ctx, task_id))

    @lists("/<uuid:task_id>/signers", answer=SignerSchema, args=AllArgs)
    def signers(self, ctx: Context, said: dict[str, Any], task_id: str) -> Page:
        """List who is asked at the approval of a task, in their order; nobody once it is over."""
        seen_task(ctx, task_id)
        return _page([asdict(one) for one in signers_of(ctx, task_id)], said)

    @changes("/<uuid:task_id>/signers", body=SignerBody, answer=TaskSchema)
    def add(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Let somebody else be asked too at the approval of your task."""
        seen_task(ctx, task_id)
        add_signer(ctx, task_id=task_id, person_key=said.pop("person"), **said)
        return task_row(ctx, get_task(ctx, task_id))

    @changes("/<uuid:task_id>/signers/<uuid:signer_id>/remove", body=RemoveBody, answer=TaskSchema)
    def remove(self, ctx: Context, said: dict[str, Any], task_id: str, signer_id: str) -> dict[str, Any]:
        """Let somebody be asked no more who has not decided."""
        seen_task(ctx, task_id)
        remove_signer(ctx, task_id=task_id, signer_id=signer_id, **said)
        return task_row(ctx, get_task(ctx, task_id))


class ActionsApi(Api):
    """What people did at the steps of an instance."""

    resource_name = "process-instances"

    @lists("/<uuid:instance_id>/actions", answer=ActionSchema, args=AllArgs)
    def actions(self, ctx: Context, said: dict[str, Any], instance_id: str) -> Page:
        """List what people decided, sent back, handed over, added, removed and took back, in order."""
        need_seen(ctx, instance_id)
        rows = [
            {**{name: getattr(one, name) for name in _KEPT}, "files": one.files or []}
            for one in actions_of(ctx, instance_id)
        ]
        return _page(rows, said)
