"""What one does to a request as a whole: hurry, take back, cancel, follow, send copies; open it again."""

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
from admin.kit.permissions import ADMINISTERS, needs
from admin.kit.views import View, expose, fields_of, see_other
from engine import runtime
from engine.context import Context
from engine.errors import CallwrightError
from engine.machine.nodes.activities import UserTask
from engine.people import Person
from engine.work import Involvement, may_operate, parts_of

MOST_SUGGESTED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an instance's page offers for the request as a whole.

    Args:
        allowed: ``urge``, ``withdraw``, ``cancel``: what whoever looks may do.
        follows: Whether they follow it.
        parts: Who has a part in it beside its tasks.
        remindable: Those of these parts, by their ids, of which they can be reminded.
        again: The steps at which it can go on where it has ended.
        later: The steps for which somebody else can be named.
        people: Keys and names that are suggested.
    """

    allowed: list[str]
    follows: bool
    parts: Sequence[Involvement]
    remindable: list[str]
    again: list[str]
    later: list[str]
    people: list[Any]


def request_of(ctx: Context, instance: Any, definition: Any, visits: Any) -> Request:
    """Return what an instance's page offers to who looks at it."""
    parts = parts_of(ctx, instance["id"])
    operates = definition is not None and may_operate(ctx, instance["process_key"])
    ended = instance["state"] not in ("active", "suspended")
    steps = [
        node.element_id
        for node in (definition.spec.nodes if operates else ())
        if isinstance(node, UserTask) and not node.begun_otherwise
    ]
    inside = {node.element_id for node in definition.spec.nodes if node.within} if operates else set()
    came = {visit["element_id"] for visit in visits}
    active = {visit["element_id"] for visit in visits if visit["state"] == "active"}
    people = select(Person.key, Person.name).where(Person.closed_at.is_(None)).order_by(Person.name)
    return Request(
        allowed=runtime.allowed(ctx, instance),
        follows=any(
            one.kind == "follow" and one.ended_at is None and one.person_key == ctx.actor.key for one in parts
        ),
        parts=parts,
        remindable=runtime.remindable(ctx, instance, parts),
        again=[one for one in steps if one in came and one not in inside]
        if ended and instance["parent_id"] is None
        else [],
        later=[] if ended else [one for one in steps if one not in active],
        people=[*ctx.connection.execute(people.limit(MOST_SUGGESTED))],
    )


def offers_again(ctx: Context, instance: Any) -> bool:
    """Whether whoever looks can begin anew with what a request was."""
    own = ctx.actor.key is not None and ctx.actor.key in (instance["initiator"], instance["submitter"])
    ended = instance["state"] not in ("active", "suspended")
    return bool(own and ended and instance["parent_id"] is None)


class RequestView(View):
    """An instance as somebody's request."""

    route_base = "/instances"

    @expose("/<instance_id>/urge", methods=["POST"])
    @needs()
    def urge(self, instance_id: str) -> Any:
        """Ask those whom it waits for to hurry."""
        text = fields_of("urge_text")["urge_text"]
        return _tried(
            instance_id,
            lambda: runtime.urge(context(), instance_id=instance_id, text=text or ""),
            gettext("They were asked to hurry."),
        )

    @expose("/<instance_id>/parts/<part_id>/remind", methods=["POST"])
    @needs()
    def remind(self, instance_id: str, part_id: str) -> Any:
        """Remind somebody of what they have not read or answered."""
        return _tried(
            instance_id, lambda: runtime.remind(context(), part_id=part_id), gettext("They were reminded.")
        )

    @expose("/<instance_id>/withdraw", methods=["POST"])
    @needs()
    def withdraw(self, instance_id: str) -> Any:
        """Take it back to change it."""
        reason = fields_of("withdraw_reason")["withdraw_reason"]
        return _tried(
            instance_id,
            lambda: runtime.withdraw_request(context(), instance_id=instance_id, reason=reason or ""),
            gettext("Taken back. Change it and hand it in again."),
        )

    @expose("/<instance_id>/cancel", methods=["POST"])
    @needs()
    def cancel(self, instance_id: str) -> Any:
        """End it before its time."""
        reason = fields_of("reason")["reason"]
        return _tried(
            instance_id,
            lambda: runtime.cancel_request(context(), instance_id=instance_id, reason=reason or ""),
        )

    @expose("/<instance_id>/<any(follow,unfollow):verb>", methods=["POST"])
    @needs()
    def follow(self, instance_id: str, verb: str) -> Any:
        """Hear of what becomes of it, or no more."""
        return _tried(
            instance_id,
            lambda: runtime.follow(context(), instance_id=instance_id, follows=verb == "follow"),
        )

    @expose("/<instance_id>/circulate", methods=["POST"])
    @needs()
    def circulate(self, instance_id: str) -> Any:
        """Send it to people to be read."""
        said = fields_of("readers", "circulate_text")
        readers = [word.strip() for word in (said["readers"] or "").replace("，", ",").split(",")]
        return _tried(
            instance_id,
            lambda: runtime.circulate(
                context(),
                instance_id=instance_id,
                to=[word for word in readers if word],
                text=said["circulate_text"] or None,
            ),
            gettext("Sent."),
        )

    @expose("/<instance_id>/reopen", methods=["POST"])
    @needs("instances.operate", ADMINISTERS)
    def reopen(self, instance_id: str) -> Any:
        """Let it go on after its end."""
        said = fields_of("reopen_to", "reopen_reason")
        return _tried(
            instance_id,
            lambda: runtime.reopen_request(
                context(), instance_id=instance_id, to=said["reopen_to"], reason=said["reopen_reason"]
            ),
            gettext("It goes on."),
        )

    @expose("/<instance_id>/appoint", methods=["POST"])
    @needs("instances.operate", ADMINISTERS)
    def appoint(self, instance_id: str) -> Any:
        """Say who does a later step of it."""
        said = fields_of("appoint_at", "appointed", "appoint_reason")
        people = [word.strip() for word in (said["appointed"] or "").replace("，", ",").split(",")]
        return _tried(
            instance_id,
            lambda: runtime.appoint_people(
                context(),
                instance_id=instance_id,
                element_id=said["appoint_at"],
                people=[word for word in people if word],
                reason=said["appoint_reason"],
            ),
            gettext("It is so when the step begins."),
        )


def _tried(instance_id: str, act: Callable[[], Any], done: str | None = None) -> Response:
    try:
        act()
        if done is not None:
            flash(done, "success")
    except CallwrightError as error:
        flash_refusal(error)
    return see_other("InstanceView.show", instance_id=instance_id)
