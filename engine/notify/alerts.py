"""Somebody who works here takes no messages any more: operators and their manager hear of it."""

from __future__ import annotations

from engine.context import Context
from engine.history import mask
from engine.i18n import _
from engine.jobs import open_incident
from engine.notify.outbox import notify
from engine.notify.recipients import person_recipient
from engine.notify.templates import MessageTemplate, MessageText
from engine.people import get_person, manager_of

UNREACHABLE = MessageTemplate(
    key="unreachable",
    title=_("Somebody takes no messages"),
    texts={
        "in_app": MessageText(
            text=_(
                "{{ person }} takes no messages by {{ channel }} any more. Other channels are used; ask why."
            )
        )
    },
)


def alert_unreachable(ctx: Context, *, person_key: str, channel: str, reason: str, code: str) -> None:
    """Raise the alarm within the open transaction: an incident, and a notice to the person's manager.

    Args:
        ctx: The open write transaction.
        person_key: Who is not reached any more.
        channel: By which channel: ``sms`` or ``email``.
        reason: Why, as the provider says; numbers in it are masked.
        code: The incident's: ``opted_out`` or ``address_refused``.
    """
    open_incident(
        ctx,
        code=code,
        message=_(
            "%(person)s takes no messages by %(channel)s any more (%(reason)s). Other channels are used."
        ),
        params={"person": person_key, "channel": channel, "reason": mask(reason)},
    )
    manager = manager_of(ctx, person_key)
    if manager is not None:
        notify(
            ctx,
            event="unreachable",
            to=person_recipient(manager),
            channel="in_app",
            message=UNREACHABLE,
            scope={"person": get_person(ctx, person_key).name, "channel": channel},
        )
