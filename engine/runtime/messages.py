"""Messages and signals between instances, and from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from engine.context import Context, verb
from engine.definition import get_definition_by_id, paused_since
from engine.definition.models import StartSubscription
from engine.errors import AmbiguousCorrelation, NotFound
from engine.i18n import _
from engine.instance import MessageSubscription, ProcessInstance
from engine.jobs import enqueue
from engine.machine.stimuli import Arrived
from engine.runtime.advance import InstanceRef, advance
from engine.runtime.instances import begin
from engine.values import Json


class Unmatched(NotFound):
    """Nothing waits for this message."""

    code = "unmatched"


@verb
def correlate_message(
    ctx: Context,
    *,
    name: str,
    payload: Mapping[str, Json] | None = None,
    correlation: str | None = None,
    business_key: str | None = None,
    instance_id: str | None = None,
) -> InstanceRef:
    """Bring a message to the one instance that waits for it.

    Args:
        ctx: Who brings it.
        name: The message's name in the drawing.
        payload: What it brings.
        correlation: The key that the waiting event computed.
        business_key: The instance's key.
        instance_id: The instance itself, or one that it called.

    Raises:
        Unmatched: Nothing waits for it.
        AmbiguousCorrelation: Several wait for it: without a key to tell them apart none gets it.
    """
    found = waiting_for(
        ctx,
        kind="message",
        name=name,
        correlation=correlation,
        business_key=business_key,
        instance_id=instance_id,
    )
    if not found:
        raise Unmatched()
    if len(found) > 1:
        raise AmbiguousCorrelation()
    return advance(ctx, found[0].instance_id, Arrived(visit=found[0].visit_id, payload=payload or {}))


def waiting_for(
    ctx: Context,
    *,
    kind: str,
    name: str,
    correlation: str | None = None,
    business_key: str | None = None,
    instance_id: str | None = None,
) -> Sequence[Any]:
    """Return the subscriptions that a message or signal is meant for.

    A subscription with a key takes only a message that brings the same; one without a key takes any that is
    addressed to its instance, or that nobody else waits for. An empty key is none that a message can bring.
    """
    wanted = (
        select(MessageSubscription.__table__)
        .join(ProcessInstance, ProcessInstance.id == MessageSubscription.instance_id)
        .where(
            MessageSubscription.kind == kind,
            MessageSubscription.name == name,
            ProcessInstance.state == "active",
        )
        .order_by(MessageSubscription.id)
    )
    if instance_id is not None:
        root = select(ProcessInstance.root_id).where(ProcessInstance.id == instance_id).scalar_subquery()
        wanted = wanted.where(ProcessInstance.root_id == root)
    if business_key is not None:
        roots = select(ProcessInstance.root_id).where(ProcessInstance.business_key == business_key)
        wanted = wanted.where(ProcessInstance.root_id.in_(roots))
    if correlation:
        wanted = wanted.where(
            (MessageSubscription.correlation == correlation) | MessageSubscription.correlation.is_(None)
        )
    elif instance_id is None and business_key is None and kind == "message":
        wanted = wanted.where(MessageSubscription.correlation.is_(None))
    return ctx.connection.execute(wanted).all()


@verb
def start_by_message(
    ctx: Context, *, name: str, payload: Mapping[str, Json] | None = None, business_key: str | None = None
) -> InstanceRef:
    """Start the process whose latest version begins with this message.

    Raises:
        Unmatched: No process begins with it.
        AmbiguousCorrelation: Several do.
    """
    starts = ctx.connection.execute(
        select(StartSubscription.__table__).where(
            StartSubscription.kind == "message", StartSubscription.name == name
        )
    ).all()
    # Of several, one that is paused leaves it to the others.
    if len(starts) > 1:
        awake = [start for start in starts if paused_since(ctx, start.definition_id) is None]
        starts = awake or starts
    if not starts:
        raise Unmatched(_("No process begins with the message %(name)s."), name=name)
    if len(starts) > 1:
        raise AmbiguousCorrelation(_("Several processes begin with the message %(name)s."), name=name)
    return begin(
        ctx,
        get_definition_by_id(ctx, starts[0].definition_id),
        variables=payload or {},
        business_key=business_key,
        start_event=starts[0].element_id,
        came=("message", name),
    )


@verb
def broadcast_signal(
    ctx: Context, *, name: str, payload: Mapping[str, Json] | None = None, thrown_by: str | None = None
) -> int:
    """Bring a signal to everything that waits for it; each instance takes it in its own transaction.

    Args:
        ctx: Who throws it.
        name: The signal's name in the drawing.
        payload: What it brings.
        thrown_by: The instance whose own events heard it in the step that threw it.

    Returns:
        How many instances wait for it or begin with it.
    """
    waiting = [
        subscription
        for subscription in waiting_for(ctx, kind="signal", name=name)
        if subscription.instance_id != thrown_by
    ]
    for subscription in waiting:
        enqueue(
            ctx,
            kind="signal",
            payload={"payload": dict(payload or {})},
            instance_id=subscription.instance_id,
            visit_id=subscription.visit_id,
            element_id=subscription.element_id,
        )
    starts = ctx.connection.execute(
        select(StartSubscription.__table__).where(
            StartSubscription.kind == "signal", StartSubscription.name == name
        )
    ).all()
    # A signal is for whoever hears it: a version that is paused does not.
    starts = [
        start
        for start in starts
        if paused_since(ctx, start.definition_id) is None and not _rest_awaited(ctx, start, waiting)
    ]
    for start in starts:
        begin(
            ctx,
            get_definition_by_id(ctx, start.definition_id),
            variables=payload or {},
            start_event=start.element_id,
            came=("signal", name),
        )
    return len(waiting) + len(starts)


def _rest_awaited(ctx: Context, start: Any, waiting: Sequence[Any]) -> bool:
    """Whether an instance that another trigger of a start event began waits there for this one."""
    there = [one.instance_id for one in waiting if one.element_id == start.element_id]
    same = select(ProcessInstance.id).where(
        ProcessInstance.id.in_(there), ProcessInstance.process_key == start.process_key
    )
    return bool(there) and ctx.connection.execute(same).first() is not None
