"""Webhooks: who wants to hear what. An administrator registers, pauses and removes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from engine.context import Context, verb
from engine.db import order_by, page_of
from engine.definition import get_definition
from engine.errors import CallwrightError, InvalidSubmission, NotFound, Problem
from engine.history import audit
from engine.i18n import _
from engine.plugin import PROCESS_EVENTS
from plugins.http.models import Delivery, Webhook
from plugins.http.services.fence import target_of
from plugins.http.services.secrets import read_secret

WEBHOOK_SORTS = {"created_at": Webhook.created_at, "url": Webhook.url, "state": Webhook.state}


@verb
def put_webhook(
    ctx: Context,
    *,
    webhook_id: str | None = None,
    url: str,
    events: Sequence[str],
    secret_name: str,
    process_key: str | None = None,
) -> Webhook:
    """Register a webhook, or change one.

    Args:
        ctx: Who registers it.
        webhook_id: Which one is changed; None for a new one.
        url: Where events go: a host that may be called.
        events: Names of process events.
        secret_name: The secret that signs: what follows ``CALLWRIGHT_SECRET_`` in the environment.
        process_key: Only events of this process; None for all.

    Raises:
        NotFound: There is no such webhook.
        InvalidSubmission: Something cannot be; ``problems`` lists everything.
    """
    webhook = get_webhook(ctx, webhook_id) if webhook_id is not None else None
    _check(ctx, url, events, secret_name, process_key)
    if webhook is None:
        webhook = Webhook(state="active", created_at=ctx.now, created_by=ctx.actor.name)
        ctx.session.add(webhook)
    webhook.url, webhook.secret_name, webhook.process_key = url, secret_name, process_key
    webhook.events = [name for name in PROCESS_EVENTS if name in events]
    ctx.session.flush()
    detail = {"events": webhook.events, "process_key": process_key, "secret_name": secret_name}
    audit(ctx, "webhook.put", "webhook", webhook.id, detail)
    return webhook


def _check(ctx: Context, url: str, events: Sequence[str], secret_name: str, process_key: str | None) -> None:
    problems = []
    unknown = [name for name in events if name not in PROCESS_EVENTS]
    if unknown or not events:
        known = ", ".join(PROCESS_EVENTS)
        problems.append(
            Problem(path="events", message=_("Choose some of: %(known)s."), params={"known": known})
        )
    for path, look in (
        ("url", lambda: target_of(ctx, url)),
        ("secret_name", lambda: read_secret(secret_name)),
        ("process_key", lambda: process_key is None or get_definition(ctx, key=process_key)),
    ):
        try:
            look()
        except CallwrightError as error:
            problems.append(Problem(path=path, message=error.message, params=error.params))
    if problems:
        raise InvalidSubmission(problems=problems)


@verb
def set_webhook_state(ctx: Context, *, webhook_id: str, active: bool) -> Webhook:
    """Pause a webhook, so that it hears of nothing new, or let it hear again.

    Raises:
        NotFound: There is no such webhook.
    """
    webhook = get_webhook(ctx, webhook_id)
    webhook.state = "active" if active else "paused"
    audit(ctx, "webhook.resume" if active else "webhook.pause", "webhook", webhook_id)
    return webhook


@verb
def remove_webhook(ctx: Context, *, webhook_id: str) -> None:
    """Remove a webhook and the log of what it was sent; what is under way is not sent any more.

    Raises:
        NotFound: There is no such webhook.
    """
    webhook = get_webhook(ctx, webhook_id)
    ctx.session.execute(delete(Delivery).where(Delivery.webhook_id == webhook.id))
    ctx.session.delete(webhook)
    audit(ctx, "webhook.remove", "webhook", webhook_id)


def get_webhook(ctx: Context, webhook_id: str) -> Webhook:
    """Return a webhook.

    Raises:
        NotFound: There is none of this id.
    """
    webhook = ctx.session.get(Webhook, webhook_id)
    if webhook is None:
        raise NotFound(_("There is no such webhook."))
    return webhook


def list_webhooks(
    ctx: Context, *, sort: str = "created_at", page: int = 1, page_size: int = 25
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many webhooks there are and one page of them.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    return page_of(
        ctx.connection,
        select(Webhook.__table__),
        order_by(sort, WEBHOOK_SORTS, last=Webhook.id),
        page=page,
        page_size=page_size,
    )
