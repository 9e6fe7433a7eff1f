"""Saying something to somebody: a row of the transaction that made it worth saying; sent after its commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from engine.context import Context, verb
from engine.db import equal_to, order_by, page_of
from engine.errors import NotFound
from engine.i18n import _, translate
from engine.ids import new_id
from engine.instance import ProcessInstance
from engine.jobs import enqueue, open_incident
from engine.notify.countries import has_address, sms_mode
from engine.notify.gateways import gateway_for
from engine.notify.models import Notification
from engine.notify.recipients import Recipient, opted_out
from engine.notify.sms_text import sms_size
from engine.notify.templates import MessageTemplate, Say, render, short_instant
from engine.people import next_digest
from engine.push import publish
from engine.values import Json

NOTIFY = "notify"
"""The kind of the job that sends a notification."""

DIGEST = "digest"
"""The kind of the job that says together what can wait."""

NEXT = "next"
"""The kind of the job that tells the next candidate of a task."""

NOTIFICATION_SORTS = {
    "created_at": Notification.created_at,
    "sent_at": Notification.sent_at,
    "state": Notification.state,
    "channel": Notification.channel,
    "event": Notification.event,
    "person_key": Notification.person_key,
}


@verb
def notify(
    ctx: Context,
    *,
    event: str,
    to: Recipient,
    channel: str,
    message: MessageTemplate,
    scope: Mapping[str, Any],
    say: Say = translate,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    instance_id: str | None = None,
    task_id: str | None = None,
    element_id: str | None = None,
    unique_key: str | None = None,
    target: str | None = None,
    can_wait: bool = False,
) -> str | None:
    """Say something to somebody, within the transaction of what made it worth saying.

    Args:
        ctx: Who causes it.
        event: What happened: ``created``, ``urged``, ``result``…
        to: Whom it is said to.
        channel: The channel that the designer chose, or ``preferred``; where it does not reach them, the
            next one that does.
        message: What is said.
        scope: What the message's holes may name; ``recipient``, ``centre`` and ``now`` are added, instants
            in ``task`` and ``due`` are written for the reader.
        say: The catalogue of whoever the message belongs to.
        functions: FEEL functions that the holes may call.
        instance_id, task_id, element_id: What it is about.
        unique_key: Said once, however often it is asked for.
        target: The page inside the product that it leads to, a path.
        can_wait: Whoever wants to be told of such things together with others is told then.

    Returns:
        The notification's id; None where it was said before.
    """
    if unique_key is not None and _said(ctx, unique_key):
        return None
    if to.phone and opted_out(ctx, to.phone):
        to = replace(to, phone_trouble="opted out")
    now = ctx.now.astimezone(ZoneInfo(to.time_zone) if to.time_zone else ctx.settings.zone)
    whole = _scope(ctx, scope, to, now)
    mode = sms_mode(ctx, to.phone)
    texts = []
    barred = ""
    for by in to.channels(channel):
        if not is_carried(ctx, by, to.address(by)):
            barred = "no gateway carries SMS to their country"
            continue
        said = render(
            message, by, locale=to.locale, say=say, scope=whole, functions=functions, now=now, mode=mode
        )
        if by == "sms" and mode == "code only" and has_address(said.text):
            # No carrier there delivers it: the next channel says it.
            barred = "an SMS to their country may have no link"
            continue
        texts.append({"channel": by, "address": to.address(by), "subject": said.subject, "text": said.text})
    row = {
        "event": event,
        "message_key": message.key,
        "secret": message.secret,
        "person_key": to.key,
        "locale": to.locale,
        "target": target,
        "instance_id": instance_id,
        "task_id": task_id,
        "element_id": element_id,
        "unique_key": unique_key,
    }
    if texts and can_wait and to.digest is not None and texts[0]["channel"] != "in_app":
        return _hold(ctx, row, texts[0], next_digest(to.digest, now))
    if texts:
        return put(ctx, row, texts)
    if barred:
        open_incident(
            ctx,
            code="nobody_reached",
            message=_("Somebody could not be told of “%(event)s” by any channel: %(reason)s"),
            params={"event": event, "reason": barred},
            instance_id=instance_id,
            process_key=process_key_of(ctx, instance_id),
            element_id=element_id,
        )
    # Else nobody is to blame: they left no number and no mailbox and have no login.
    nowhere = {"channel": channel, "gateway": "", "body": "", "state": "failed", "error": _("no address")}
    return _insert(ctx, {**row, **nowhere})


def _hold(ctx: Context, row: Mapping[str, Any], said: Mapping[str, Any], until: datetime) -> str:
    """Write a notification that is said together with others, and ask for that once for all of them."""
    gateway = gateway_for(ctx, said["channel"], said["address"])
    assert gateway is not None, "only what is carried is held"
    enqueue(
        ctx,
        kind=DIGEST,
        payload={"person": row["person_key"]},
        due_at=until,
        unique_key=f"{DIGEST}:{row['person_key']}:{until.astimezone(UTC).isoformat()}",
    )
    return _insert(
        ctx,
        {
            **row,
            "channel": said["channel"],
            "address": said["address"],
            "subject": said["subject"],
            "body": said["text"],
            "gateway": gateway.name,
            "state": "held",
        },
    )


def _said(ctx: Context, unique_key: str) -> bool:
    return (
        ctx.connection.execute(select(Notification.id).where(Notification.unique_key == unique_key)).first()
        is not None
    )


def _scope(ctx: Context, scope: Mapping[str, Any], to: Recipient, now: datetime) -> dict[str, Any]:
    def written(value: Any) -> Any:
        return short_instant(value, locale=to.locale, now=now) if isinstance(value, datetime) else value

    whole = {**scope, "due": written(scope.get("due"))}
    if isinstance(scope.get("task"), Mapping):
        whole["task"] = {name: written(value) for name, value in scope["task"].items()}
    whole["recipient"] = {"name": to.name}
    whole["centre"] = ctx.settings.centre_name
    whole["now"] = written(now)
    return whole


def is_carried(ctx: Context, channel: str, address: str | None) -> bool:
    """Whether something carries a channel to an address; what stays in the product needs nothing."""
    return channel == "in_app" or gateway_for(ctx, channel, address) is not None


def put(ctx: Context, row: Mapping[str, Any], texts: Sequence[Json]) -> str:
    """Write a notification that says the first of its texts, within the open transaction.

    Args:
        ctx: The open write transaction.
        row: What is the same for every channel.
        texts: ``channel``, ``address``, ``subject``, ``text``: the others are said, in order, if it fails. Of
            the first the gateway is looked for: something must carry it (``is_carried``).

    Returns:
        The notification's id.
    """
    said = texts[0]
    made = {
        **row,
        "channel": said["channel"],
        "address": said["address"],
        "subject": said["subject"],
        "body": said["text"],
        "fallback": list(texts[1:]) or None,
    }
    if said["channel"] == "in_app":
        here = {"gateway": "in_app", "state": "delivered", "sent_at": ctx.now, "delivered_at": ctx.now}
        return _insert(ctx, {**made, **here, "fallback": None})
    gateway = gateway_for(ctx, said["channel"], said["address"])
    assert gateway is not None, "whoever puts it asked whether it is carried"
    notification_id = _insert(
        ctx,
        {
            **made,
            "gateway": gateway.name,
            "segment_count": sms_size(said["text"]).segment_count if said["channel"] == "sms" else 1,
            "state": "waiting",
        },
    )
    ask_to_send(ctx, notification_id, row["instance_id"], row["element_id"])
    return notification_id


def _insert(ctx: Context, row: Mapping[str, Any]) -> str:
    notification_id = new_id()
    ctx.connection.execute(insert(Notification).values(id=notification_id, created_at=ctx.now, **row))
    publish(ctx, "notification", row["person_key"] or notification_id)
    return notification_id


def ask_to_send(ctx: Context, notification_id: str, instance_id: str | None, element_id: str | None) -> None:
    """Ask the worker to send a notification, within the open transaction."""
    enqueue(
        ctx,
        kind=NOTIFY,
        payload={"notification": notification_id},
        unique_key=f"{NOTIFY}:{notification_id}",
        instance_id=instance_id,
        process_key=process_key_of(ctx, instance_id),
        element_id=element_id,
    )


def withdraw_unsent(ctx: Context, task_ids: Sequence[str]) -> None:
    """Leave unsaid what was to be said of tasks that are not needed any more, within the open transaction."""
    ctx.connection.execute(
        update(Notification)
        .where(Notification.task_id.in_(task_ids), Notification.state.in_(("waiting", "held")))
        .values(state="failed", error=_("not needed any more"))
    )


def next_key(task_id: str, person_key: str) -> str:
    """Return the unique key of the job that waits for somebody to take a task before the next one is told."""
    return f"{NEXT}:{task_id}:{person_key}"


def process_key_of(ctx: Context, instance_id: str | None) -> str | None:
    """Return the process key of an instance."""
    if instance_id is None:
        return None
    key = select(ProcessInstance.process_key).where(ProcessInstance.id == instance_id)
    return ctx.connection.execute(key).scalar()


@verb
def mark_read(ctx: Context, *, person_key: str, notification_id: str | None = None) -> int:
    """Mark what a person was told inside the product as read.

    Args:
        ctx: Who reads.
        person_key: Whose.
        notification_id: Only this one; all of them where omitted.

    Returns:
        How many were unread.
    """
    unread = update(Notification).where(
        Notification.person_key == person_key,
        Notification.channel == "in_app",
        Notification.state == "delivered",
    )
    if notification_id is not None:
        unread = unread.where(Notification.id == notification_id)
    count = ctx.connection.execute(unread.values(state="read", read_at=ctx.now)).rowcount
    if count:
        publish(ctx, "notification", person_key)
    return count


def get_notification(ctx: Context, notification_id: str) -> dict[str, Any]:
    """Return a notification.

    Raises:
        NotFound: There is none of this id.
    """
    row = (
        ctx.connection.execute(select(Notification.__table__).where(Notification.id == notification_id))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound()
    return dict(row)


def list_notifications(
    ctx: Context,
    *,
    person_key: str | None = None,
    channel: str | None = None,
    gateway: str | None = None,
    state: str | None = None,
    instance_id: str | None = None,
    sort: str = "-created_at",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many notifications there are and one page of them.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = equal_to(
        {
            Notification.person_key: person_key,
            Notification.channel: channel,
            Notification.gateway: gateway,
            Notification.state: state,
            Notification.instance_id: instance_id,
        }
    )
    return page_of(
        ctx.connection,
        select(Notification.__table__).where(*wanted),
        order_by(sort, NOTIFICATION_SORTS, last=Notification.id),
        page=page,
        page_size=page_size,
    )
