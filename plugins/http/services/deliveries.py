"""Deliveries: an event of a process becomes a row in its own transaction, and a job sends it afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from engine import values
from engine.context import Context, verb
from engine.db import equal_to, order_by, page_of
from engine.errors import Conflict, NotFound, TechnicalFailure
from engine.feel.temporal import from_instant
from engine.history import audit
from engine.i18n import _
from engine.instance import ProcessInstance
from engine.jobs import RETRIES_S, ClaimedJob, enqueue, finish, hold, resolve_incidents_of_job
from engine.parameters import parameter
from engine.plugin import ProcessEvent
from plugins.http import rules
from plugins.http.models import Delivery, Webhook
from plugins.http.services.call import Call, call
from plugins.http.services.fence import target_of
from plugins.http.services.secrets import read_secret
from plugins.http.services.webhooks import get_webhook

DELIVER = "http.deliver"
KEPT = "http.deliveries_kept"
TEST = "webhook.test"
DELIVERY_SORTS = {"created_at": Delivery.created_at, "tried_at": Delivery.tried_at, "state": Delivery.state}
# Asked in every step, so made once.
_HEARING = select(Webhook.id, Webhook.events, Webhook.process_key).where(Webhook.state == "active")


class NotTaken(TechnicalFailure):
    """Another system did not take what it wants to hear."""

    code = "webhook_not_taken"


def note_event(ctx: Context, event: ProcessEvent) -> None:
    """Write within the open transaction a delivery for every webhook that wants to hear of an event."""
    for webhook in ctx.transaction.once(_HEARING):
        if event.name in webhook.events and webhook.process_key in (None, event.process_key):
            _put(ctx, webhook.id, event)


def _put(ctx: Context, webhook_id: str, event: ProcessEvent) -> Delivery:
    delivery = Delivery(webhook_id=webhook_id, event=event.name, state="waiting", created_at=ctx.now, body="")
    ctx.session.add(delivery)
    ctx.session.flush()
    key = select(ProcessInstance.business_key).where(ProcessInstance.id == event.instance_id)
    delivery.body = values.dumps(
        {
            "id": delivery.id,
            "event": event.name,
            "at": str(from_instant(ctx.now)),
            "process_key": event.process_key,
            "instance_id": event.instance_id,
            "business_key": ctx.connection.execute(key).scalar() if event.instance_id else None,
            **{name: value for name, value in event.about.items() if value is not None},
        }
    )
    _ask_to_send(ctx, delivery)
    return delivery


def _ask_to_send(ctx: Context, delivery: Delivery) -> None:
    # It belongs to no instance: one that ends withdraws its jobs, and what happened is told all the same.
    delivery.job_id = enqueue(
        ctx,
        kind=DELIVER,
        payload={"delivery": delivery.id},
        unique_key=f"delivery:{delivery.id}",
        lane="batch",
    )
    ctx.session.flush()


def deliver(ctx: Context, job: ClaimedJob) -> None:
    """Send a delivery once, signed; what is not taken is tried again, and is an incident in the end.

    Args:
        ctx: The worker's; no transaction is open.
        job: Its payload names the delivery.

    Raises:
        NotTaken: The other system did not answer 2xx.
        TechnicalFailure: It could not be reached, or may not be.
    """
    delivery_id = job.payload["delivery"]
    with ctx.read():
        found = ctx.connection.execute(
            select(Delivery.event, Delivery.body, Webhook.url, Webhook.secret_name)
            .join(Webhook, Webhook.id == Delivery.webhook_id)
            .where(Delivery.id == delivery_id)
        ).first()
        sent_at_s = int(ctx.now.timestamp())
    if found is None:
        return  # its webhook was removed
    status = None
    try:
        answer = call(ctx, _signed(ctx, delivery_id, found, sent_at_s))
        status = answer.status
        if not 200 <= status < 300:
            with ctx.read():
                wait_s = answer.retry_after_s(ctx.now)
            raise NotTaken(
                _("%(host)s answered with the status %(status)s."),
                retry_after_s=wait_s,
                host=answer.host,
                status=status,
            )
    except TechnicalFailure as error:
        retries_s = job.retries_s if job.retries_s is not None else RETRIES_S
        given_up = error.permanent or job.attempt_count > len(retries_s)
        params = {name: str(value) for name, value in error.params.items()}
        _note(
            ctx,
            job,
            state="failed" if given_up else "waiting",
            status=status,
            error=error.message,
            error_params=params,
        )
        raise
    with ctx.write():
        _note(ctx, job, state="delivered", status=status, error=None, error_params=None, delivered_at=ctx.now)
        finish(ctx, job)


def _signed(ctx: Context, delivery_id: str, found: Any, sent_at_s: int) -> Call:
    body = found.body.encode()
    headers = {
        "User-Agent": "Callwright",
        "Content-Type": "application/json",
        "Callwright-Event": found.event,
        "Callwright-Delivery": delivery_id,
        "Callwright-Signature": rules.signature(read_secret(found.secret_name), sent_at_s, body),
    }
    return Call(method="POST", target=target_of(ctx, found.url), headers=headers, body=body, redirects=0)


def _note(ctx: Context, job: ClaimedJob, **what: Any) -> None:
    with ctx.write():
        hold(ctx, job)
        ctx.connection.execute(
            update(Delivery)
            .where(Delivery.id == job.payload["delivery"])
            .values(try_count=Delivery.try_count + 1, tried_at=ctx.now, **what)
        )


@verb
def redeliver(ctx: Context, *, delivery_id: str) -> Delivery:
    """Send a delivery again, under the same id: whoever took it already can tell.

    Raises:
        NotFound: There is no such delivery.
        Conflict: It waits to be sent already.
    """
    delivery = ctx.session.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound(_("There is no such delivery."))
    if delivery.state == "waiting":
        raise Conflict(_("It waits to be sent already."))
    if delivery.job_id is not None:
        resolve_incidents_of_job(ctx, delivery.job_id)
    delivery.state = "waiting"
    _ask_to_send(ctx, delivery)
    audit(ctx, "webhook.redeliver", "webhook", delivery.webhook_id, {"delivery": delivery_id})
    return delivery


@verb
def send_test(ctx: Context, *, webhook_id: str) -> Delivery:
    """Send a webhook an event that means nothing, to see whether it arrives.

    Raises:
        NotFound: There is no such webhook.
    """
    webhook = get_webhook(ctx, webhook_id)
    return _put(ctx, webhook.id, ProcessEvent(name=TEST, instance_id=None, process_key=webhook.process_key))


def list_deliveries(
    ctx: Context,
    *,
    webhook_id: str | None = None,
    state: str | None = None,
    event: str | None = None,
    sort: str = "-created_at",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many deliveries there are and one page of them.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = equal_to(
        {
            Delivery.webhook_id: webhook_id,
            Delivery.state: state,
            Delivery.event: event,
        }
    )
    return page_of(
        ctx.connection,
        select(Delivery.__table__).where(*wanted),
        order_by(sort, DELIVERY_SORTS, last=Delivery.id),
        page=page,
        page_size=page_size,
    )


@verb
def forget_deliveries(ctx: Context) -> int:
    """Delete what was delivered longer ago than the parameter says.

    Returns:
        How many there were.
    """
    kept_days = int(parameter(ctx, KEPT))
    until = ctx.now - timedelta(days=kept_days)
    gone = ctx.connection.execute(
        delete(Delivery).where(Delivery.state == "delivered", Delivery.created_at < until)
    )
    return int(gone.rowcount)
