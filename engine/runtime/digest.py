"""What can wait is said in one message, when whoever reads it wants it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from engine.context import Context
from engine.i18n import _
from engine.jobs import ClaimedJob, enqueue, finish
from engine.notify import (
    DIGEST,
    MessageTemplate,
    MessageText,
    Notification,
    notify,
    person_recipient,
)
from engine.people import Person, get_person, quiet_until
from engine.push import publish
from engine.work import OPEN_STATES, UserTask

# What asks somebody to do something: it is no news once somebody did it.
_ASKS = ("created", "transferred", "delegated", "given_back")
_ADDRESS = re.compile(r"https?://\S+")
_MOST_BY_SMS = 3

TOGETHER = MessageTemplate(
    key="digest",
    title=_("News for you: {{ count }}"),
    texts={
        "sms": MessageText(
            text=_(
                "News for you: {{ count }}. {{#loop first}}{{ text }} {{/loop}}"
                "{{#if more > 0}}And {{ more }} more. {{/if}}{{ link }}"
            ),
            text_code=_("News for you: {{ count }}. {{#loop first}}{{ text }} {{/loop}}"),
        ),
        "email": MessageText(
            text=_("{{#loop items}}- {{ text }} {{ link }}\n{{/loop}}\nAll messages: {{ link }}")
        ),
    },
)


def tell_together(ctx: Context, job: ClaimedJob) -> None:
    """Say in one message what waited for it: the function of the job kind ``digest``.

    What was asked for and is done already is left out; whoever rests is told when they do not any more.

    Args:
        ctx: The worker's; no transaction is open.
        job: Its payload names the person.
    """
    with ctx.write():
        finish(ctx, job)
        person = get_person(ctx, job.payload["person"])
        until = quiet_until(ctx, person)
        if until is not None:
            enqueue(
                ctx, kind=DIGEST, payload=job.payload, due_at=until, unique_key=f"{DIGEST}:{person.key}:quiet"
            )
            return
        held = select(Notification.__table__).where(
            Notification.person_key == person.key, Notification.state == "held"
        )
        rows = ctx.connection.execute(held.order_by(Notification.id).with_for_update()).all()
        over = {row.id for row in rows if person.closed_at is not None} or _over(ctx, person, rows)
        _set(ctx, over, state="failed", error=_("not needed any more"))
        news = [row for row in rows if row.id not in over]
        if news:
            digest_id = _say(ctx, person, news)
            _set(ctx, {row.id for row in news}, state="gathered", digest_id=digest_id, sent_at=ctx.now)
        publish(ctx, "notification", person.key)


def _over(ctx: Context, person: Person, rows: Sequence[Any]) -> set[str]:
    """Return those of some notifications that ask for what is done, or is somebody else's by now."""
    tasks = {row.task_id for row in rows if row.event in _ASKS and row.task_id is not None}
    still = select(UserTask.id, UserTask.assignee).where(
        UserTask.id.in_(tasks), UserTask.state.in_(OPEN_STATES)
    )
    open_ = {row.id for row in ctx.connection.execute(still) if row.assignee in (None, person.key)}
    return {row.id for row in rows if row.task_id in tasks - open_ and row.event in _ASKS}


def _set(ctx: Context, ids: set[str], **values: Any) -> None:
    if ids:
        ctx.connection.execute(update(Notification).where(Notification.id.in_(ids)).values(**values))


def _say(ctx: Context, person: Person, rows: Sequence[Any]) -> str | None:
    public_url = ctx.settings.public_url
    items = [
        {
            "text": _ADDRESS.sub("", row.body).strip(),
            "link": f"{public_url}{row.target}" if row.target else "",
        }
        for row in rows
    ]
    preferred = person.preferred_channel
    return notify(
        ctx,
        event="digest",
        to=person_recipient(person),
        channel=preferred if preferred in ("sms", "email") else rows[-1].channel,
        message=TOGETHER,
        scope={
            "items": items,
            "first": items[:_MOST_BY_SMS],
            "more": len(items) - _MOST_BY_SMS,
            "count": len(items),
            "link": f"{public_url}/messages/?view=mine",
        },
        target="/messages/?view=mine",
    )
